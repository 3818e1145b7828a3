// Numbers that are the same in all lanes, from vectors in registers. Tested by spread_test.cpp.
#include <llvm/IR/InlineAsm.h>

#include "codegen/emit/tile.h"

namespace rondo::emit {
namespace {

constexpr int kQuarter = 4;  // lanes

}  // namespace

// The same value, of which LLVM knows nothing: it would load each number by itself again.
Value* TileEmitter::opaque(Value* vector) {
  auto* type = llvm::FunctionType::get(vector->getType(), {vector->getType()}, false);
  auto* call = emitter_.b.CreateCall(type, llvm::InlineAsm::get(type, "", "=v,0", false), {vector});
  call->setDoesNotAccessMemory();
  call->setDoesNotThrow();
  return call;
}

// Null where the instruction is no load of successive numbers along the only axis, or where those of a whole vector are
// not all among what the reduction reads.
Value* TileEmitter::spread(int index, Instance at, int lanes) {
  if (lanes * byte_size(DType::f32) != emitter_.machine.facts.vector_bytes) return nullptr;  // a whole register
  const Instr& instr = kernel_.body[index];
  const Dependence& depends = facts_.depends[index];
  if (instr.kind != Instr::Kind::load || instr.dtype != DType::f32 || depends.vector || !depends.step) return nullptr;
  if (axes().size() != 1 || !instr.indirect.empty() || plan_.buffers[instr.buffer].dtype != DType::f32) return nullptr;
  const int var = axes()[0].var;
  const IndexTerm* term = term_of(instr.index, var);
  auto* step = llvm::dyn_cast<llvm::ConstantInt>(frame_.vars.at(var));
  if (!term || term->panel > 0 || !term->coefficient.is(1) || !step) return nullptr;
  const int64_t element = step->getSExtValue() + at.step, first = element / lanes * lanes;
  if (first + lanes > axes()[0].extent.constant().value_or(0)) return nullptr;

  auto& b = emitter_.b;
  const uint64_t load = key(index, {at.row, 0, 0});
  Value*& whole = spread_[{load, first}];
  if (!whole) {
    Value* here = std::exchange(frame_.vars.at(var), emitter_.word_constant(first));
    Value* address = access_.address_of(instr, {at.row, 0, 0});
    frame_.vars.at(var) = here;
    whole = opaque(b.CreateAlignedLoad(llvm::FixedVectorType::get(b.getFloatTy(), lanes), address, llvm::Align(4)));
  }
  const int lane = static_cast<int>(element - first), quarter = lane / kQuarter;
  llvm::SmallVector<int> from_quarter, from_lane;
  for (int i = 0; i < lanes; ++i) {
    from_quarter.push_back(quarter * kQuarter + i % kQuarter);
    from_lane.push_back(i / kQuarter * kQuarter + lane % kQuarter);
  }
  Value*& in_quarters = spread_[{load, -1 - element / kQuarter}];
  if (!in_quarters) in_quarters = opaque(b.CreateShuffleVector(whole, from_quarter));
  return b.CreateShuffleVector(in_quarters, from_lane);
}

}  // namespace rondo::emit
