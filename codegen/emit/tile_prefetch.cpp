// While a block of rows works on one panel of weights, it asks for its share of the next one. Tested by schedule_test.cpp.
#include <algorithm>

#include "codegen/emit/tile.h"

namespace rondo::emit {
namespace {

constexpr int64_t kLineBytes = 64;

}  // namespace

// Where the share of the next panel begins that this block of rows asks for. Shares lie one after the other, since memory
// is fastest when it is read forward, and begin again where blocks are more than shares. Addresses beyond the last panel
// are harmless: a prefetch does not fault.
void TileEmitter::start_prefetching() {
  const Schedule& s = kernel_.schedule;
  share_ = nullptr;
  const Panel weights = s.prefetch > 0 && s.row_axis >= 0 && next_panel_ ? panel_of_nest() : Panel{};
  if (!weights.first) return;
  auto& b = emitter_.b;
  Dim share = s.prefetch * kLineBytes;
  for (const Axis& axis : axes()) share *= axis.extent;
  share = max(share, Dim(1));
  for (const Axis& axis : axes()) frame_.vars[axis.var] = emitter_.word_constant(0);
  Value*& panel = frame_.vars.at(s.vector_axis);
  Value* here = std::exchange(panel, b.CreateAdd(panel, next_panel_));
  Value* next = access_.address_of(*weights.first, {});
  panel = here;
  for (const Axis& axis : axes()) frame_.vars.erase(axis.var);
  Value* shares = frame_.dim(max(floor_div(weights.bytes + share - Dim(1), share), Dim(1)));
  Value* block = emitter_.divide(frame_.vars.at(s.row_axis), emitter_.word_constant(s.rows), false);
  Value* turn = b.CreateSub(block, b.CreateMul(emitter_.divide(block, shares, false), shares));
  share_ = b.CreateGEP(b.getInt8Ty(), next, b.CreateMul(turn, frame_.dim(share)));
}

// The nest's packed weights, if it has any.
TileEmitter::Panel TileEmitter::panel_of_nest() const {
  Panel panel;
  const auto place = [](const Instr& load) { return load.index.constant.constant().value_or(0); };
  for (size_t i = 0; i < kernel_.body.size(); ++i) {
    const Instr& instr = kernel_.body[i];
    if (instr.kind != Instr::Kind::load || facts_.depends[i].nest != static_cast<int>(nest_)) continue;
    for (const IndexTerm& term : instr.index.terms)
      if (term.var == kernel_.schedule.vector_axis && term.panel > 0 && (!panel.first || place(instr) < place(*panel.first)))
        panel = {&instr, term.panel_stride * Dim(byte_size(plan_.buffers[instr.buffer].dtype))};
  }
  return panel;
}

void TileEmitter::prefetch() {
  auto& b = emitter_.b;
  Value* step = emitter_.word_constant(0);
  for (const Axis& axis : axes())
    step = b.CreateAdd(b.CreateMul(step, frame_.dim(axis.extent)), frame_.vars.at(axis.var));
  const int64_t bytes = kLineBytes * kernel_.schedule.prefetch;
  Value* place = b.CreateGEP(b.getInt8Ty(), share_, b.CreateMul(step, emitter_.word_constant(bytes)));
  for (int i = 0; i < kernel_.schedule.prefetch * mode_.steps; ++i) {
    Value* line = b.CreateGEP(b.getInt8Ty(), place, emitter_.word_constant(kLineBytes * i));
    b.CreateIntrinsic(llvm::Intrinsic::prefetch, {b.getPtrTy()}, {line, b.getInt32(0), b.getInt32(2), b.getInt32(1)});
  }
}

}  // namespace rondo::emit
