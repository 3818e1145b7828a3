// alternate_order: a kernel that runs again and again (in a loop, or once a call of a model with state) and reads more
// weights than the first cache holds walks them forwards in one run and backwards in the next, so that each run begins with
// what the one before it read last. Cyclic order would find nothing: what is needed next is what was read longest ago.
//
// Tiles are walked in another order, elements are computed in the same: results are bit-identical. Between calls the
// direction is kept in the state, in a buffer of kind turn. Tested by alternate_test.cpp, turn_test.cpp.
#include "passes/plan/lowering.h"
#include "passes/plan/tile.h"

namespace rondo {
namespace {

class Alternation {
 public:
  Alternation(Plan& plan, const TargetFacts& target) : plan_(plan), target_(target) {}

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
    return tiles >= 2 && bytes > static_cast<double>(target_.l1_bytes);
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
  const TargetFacts& target_;
  int turn_ = -1;
};

}  // namespace

void alternate_order(Plan& plan, const TargetFacts& target) { Alternation(plan, target).run(); }

}  // namespace rondo
