// alternate_order: a kernel that runs again and again (in a loop, or once a call of a model with state) and reads more
// weights than the first cache holds walks them forwards in one run and backwards in the next, so that each run begins with
// what the one before it read last. Cyclic order would find nothing: what is needed next is what was read longest ago.
//
// Tiles are walked in another order, elements are computed in the same: results are bit-identical. Between calls the
// direction is kept in the state, in a buffer of kind turn. Tested by alternate_test.cpp, turn_test.cpp.
#include <fmt/format.h>

#include "ir/target_facts.h"
#include "passes/plan/lowering.h"
#include "passes/plan/tile.h"

namespace rondo {
namespace {

class Alternation {
 public:
  Alternation(Plan& plan, const StageContext& context) : plan_(plan), context_(context) {}

  void run() {
    visit(plan_.steps, -1);
    if (turn_ >= 0) plan_.steps.push_back({change_turn()});
  }

 private:
  void visit(std::vector<Step>& steps, int loop_var) {
    for (Step& step : steps) {
      const auto* loop = std::get_if<Loop>(&step.what);
      for_each_nested(step, [&](std::vector<Step>& nested) { visit(nested, loop ? loop->var : loop_var); });
      auto* kernel = std::get_if<Kernel>(&step.what);
      if (kernel && (loop_var >= 0 || !plan_.states.empty()) && pays(*kernel)) alternate(*kernel, loop_var);
    }
  }

  bool pays(const Kernel& kernel) const {
    const Schedule& s = kernel.schedule;
    if (s.lanes < 2 || s.vector_axis < 0 || nest_of(kernel, s.vector_axis) >= 0) return false;  // scalar: no such caches
    double bytes = 0, tiles = 1;
    const std::vector<int> inside = nests_of_body(kernel);
    for (size_t i = 0; i < kernel.body.size(); ++i) {
      const Instr& instr = kernel.body[i];
      if (instr.kind == Instr::Kind::load && inside[i] >= 0 && depends(instr.index, s.vector_axis) &&
          plan_.buffers[instr.buffer].kind == Buffer::Kind::constant)
        bytes += footprint(kernel, instr);
    }
    for (const Axis& axis : kernel.parallel)
      if (axis.var == s.vector_axis) tiles = estimate(axis.extent) / (s.lanes * s.vectors);
    if (bytes == 0) return false;
    const bool far = bytes > static_cast<double>(context_.target.l1_bytes);
    note(context_, kernel,
         fmt::format("each run reads {:.0f} bytes of weights, of which the first cache holds {}: {}", bytes,
                     context_.target.l1_bytes,
                     !far         ? "in the same order every time"
                     : tiles >= 2 ? "every other run walks them backwards"
                                  : "in the same order every time, since one tile is all of them"));
    return far && tiles >= 2;
  }

  void alternate(Kernel& kernel, int loop_var) {
    kernel.schedule.alternate = loop_var;
    if (plan_.states.empty()) return;
    if (turn_ < 0) {
      turn_ = static_cast<int>(plan_.buffers.size());
      plan_.buffers.push_back({Buffer::Kind::turn, DType::i32, Dim(1), "turn", 0, Dim(0), {}});
    }
    kernel.schedule.turn = turn_;
  }

  /// turn = 1 - turn
  Kernel change_turn() const {
    Kernel kernel;
    kernel.name = "change_turn";
    Instr one{Instr::Kind::immediate}, turn{Instr::Kind::load}, other{Instr::Kind::pointwise};
    one.dtype = turn.dtype = other.dtype = DType::i32;
    one.integer = 1;
    turn.buffer = turn_;
    other.op = Op::sub;
    other.operands = {0, 1};
    kernel.body = {one, turn, other};
    kernel.stores = {{2, turn_, {}}};
    return kernel;
  }

  Plan& plan_;
  const StageContext& context_;
  int turn_ = -1;
};

}  // namespace

void alternate_order(Plan& plan, const StageContext& context) { Alternation(plan, context).run(); }

}  // namespace rondo
