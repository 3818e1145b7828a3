// keep_weights: a step of a loop whose weights the registers nearly hold does not read them again: they stay there from
// one step to the next.
//
// Measured with 32 registers of 16 floats and with 16 of 8: up to twice as many vectors as registers gain (an RNN of 16
// units and a GRU of 8 units take 5 to 7 % less time a step; what does not fit is read in the loop), and at three times
// as many all is lost, since they are copied to the stack and back. Kernels of one loop share the registers. Tested by
// plan_test.cpp.
#include <fmt/format.h>

#include <cmath>

#include "passes/plan/lowering.h"
#include "passes/plan/tile.h"

namespace rondo {
namespace {

constexpr double kRoom = 2;         // vectors for each register
constexpr double kScalarShare = 4;  // numbers one by one leave to others three of four registers' room

/// Vectors of weights that a run of the kernel reads.
double weight_vectors(const Plan& plan, const Kernel& kernel) {
  const std::vector<int> inside = nests_of_body(kernel);
  double count = 0;
  for (size_t i = 0; i < kernel.body.size(); ++i) {
    const Instr& instr = kernel.body[i];
    if (instr.kind != Instr::Kind::load || inside[i] < 0 || plan.buffers[instr.buffer].kind != Buffer::Kind::constant)
      continue;
    const bool in_vectors = depends(instr.index, kernel.schedule.vector_axis);
    count += std::ceil(footprint(kernel, instr) / byte_size(instr.dtype) / (in_vectors ? kernel.schedule.lanes : 1));
  }
  return count;
}

class Keeper {
 public:
  Keeper(Plan& plan, const StageContext& context) : plan_(plan), context_(context) {}

  /// `free`: vectors for which the loop around has room; 0 outside loops, where nothing is read again.
  void visit(std::vector<Step>& steps, double free) {
    for (Step& step : steps) {
      const double room = std::holds_alternative<Loop>(step.what) ? kRoom * context_.target.vector_registers : free;
      for_each_nested(step, [&](std::vector<Step>& nested) { visit(nested, room); });
      if (auto* kernel = std::get_if<Kernel>(&step.what)) free -= keep(*kernel, free);
    }
  }

 private:
  /// The vectors that it keeps.
  double keep(Kernel& kernel, double free) {
    const Schedule& s = kernel.schedule;
    if (!s.flat || free <= 0) return 0;
    const double vectors = weight_vectors(plan_, kernel);
    if (vectors == 0 || vectors > (s.lanes > 1 ? free : free / kScalarShare)) return 0;
    kernel.schedule.keep = true;
    note(context_, kernel, fmt::format("keeps its {} vectors of weights in registers from step to step", vectors));
    return vectors;
  }

  Plan& plan_;
  const StageContext& context_;
};

}  // namespace

void keep_weights(Plan& plan, const StageContext& context) { Keeper(plan, context).visit(plan.steps, 0); }

}  // namespace rondo
