// An empty piece of assembly takes an address and the loops' variables and gives an address, which may be any for what
// LLVM knows. Tested by loop_test.cpp.
#include "codegen/emit/pinned.h"

#include <llvm/IR/InlineAsm.h>

namespace rondo::emit {
namespace {

bool is_weight(const Plan& plan, const Instr& instr, const Dependence& depends) {
  return instr.kind == Instr::Kind::load && depends.nest >= 0 &&
         plan.buffers[instr.buffer].kind == Buffer::Kind::constant;
}

class Concealing {
 public:
  Concealing(Emitter& emitter, const std::map<int, Value*>& vars) : b_(emitter.b), layout_(emitter.module.getDataLayout()) {
    for (const auto& [var, value] : vars)
      if (!llvm::isa<llvm::Constant>(value)) varying_.push_back(value);
  }
  bool possible() const { return !varying_.empty(); }

  /// The same address; those at constant distances from each other stay so.
  Value* conceal(Value* address) {
    llvm::APInt offset(layout_.getIndexTypeSizeInBits(address->getType()), 0);
    Value* base = address->stripAndAccumulateConstantOffsets(layout_, offset, true);
    auto [found, is_new] = bases_.try_emplace(base, nullptr);
    if (is_new) found->second = same(base);
    return b_.CreateGEP(b_.getInt8Ty(), found->second, b_.getInt(offset));
  }

 private:
  Value* same(Value* base) {
    llvm::SmallVector<Value*> arguments{base};
    arguments.append(varying_);
    llvm::SmallVector<llvm::Type*> types;
    std::string constraints = "=r,0";
    for (Value* argument : arguments) types.push_back(argument->getType());
    for (size_t i = 0; i < varying_.size(); ++i) constraints += ",r";
    auto* type = llvm::FunctionType::get(b_.getPtrTy(), types, false);
    auto* call = b_.CreateCall(type, llvm::InlineAsm::get(type, "", constraints, false), arguments);
    call->setDoesNotAccessMemory();
    call->setDoesNotThrow();
    return call;
  }

  llvm::IRBuilder<>& b_;
  const llvm::DataLayout& layout_;
  llvm::SmallVector<Value*> varying_;
  std::map<Value*, Value*> bases_;
};

}  // namespace

Pinned::Pinned(Emitter& emitter, Frame& frame, const Plan& plan, const Kernel& kernel, const KernelFacts& facts)
    : frame_(frame), outside_(frame.buffers) {
  if (!kernel.schedule.flat || kernel.schedule.keep) return;
  Concealing concealing(emitter, frame.vars);
  if (!concealing.possible()) return;
  std::set<int> weights;
  for (size_t i = 0; i < kernel.body.size(); ++i)
    if (is_weight(plan, kernel.body[i], facts.depends[i])) weights.insert(kernel.body[i].buffer);
  for (int buffer : weights) frame.buffers.at(buffer) = concealing.conceal(frame.buffers.at(buffer));
}

Pinned::~Pinned() { frame_.buffers = outside_; }

}  // namespace rondo::emit
