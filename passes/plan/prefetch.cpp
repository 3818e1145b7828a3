// prefetch_weights: while a block of rows works on one panel of weights, the next panel is on its way from memory.
//
// Only for packed weights that together exceed the second cache, in kernels that walk several blocks of rows over a panel:
// there the first block would wait for memory and the others would leave it idle. Each block asks for its share of the next
// panel's lines, `prefetch` of them in each step of a reduction. (A prefetch for what a near cache holds only costs
// instructions.) Tested by prefetch_test.cpp, schedule_test.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "passes/plan/lowering.h"
#include "passes/plan/tile.h"

namespace rondo {
namespace {

constexpr double kLine = 64;     // bytes
constexpr double kFastFar = 16;  // bytes a cycle from behind the second cache

/// Where what lies behind the second cache is fast, blocks that ask for several lines in a step cost more than they gain:
/// with 26 bytes a cycle, two blocks took up to 8 % longer, while six took 3 to 7 % less time.
double least_blocks(const TargetFacts& target) { return target.far_bytes_per_cycle >= kFastFar ? 3 : 2; }

struct Weights {
  double bytes = 0;        // of all panels
  double step_bytes = 0;   // that one step of a nest reads, the largest of the nests
};

Weights packed_weights(const Plan& plan, const Kernel& kernel) {
  const Schedule& s = kernel.schedule;
  const std::vector<int> inside = nests_of_body(kernel);
  std::vector<double> steps(kernel.reductions.size(), 0);
  Weights weights;
  for (size_t i = 0; i < kernel.body.size(); ++i) {
    const Instr& instr = kernel.body[i];
    if (instr.kind != Instr::Kind::load || inside[i] < 0) continue;
    for (const IndexTerm& term : instr.index.terms) {
      if (term.var != s.vector_axis || term.panel == 0) continue;
      weights.bytes += footprint(kernel, instr);
      steps[inside[i]] += s.lanes * s.vectors * byte_size(plan.buffers[instr.buffer].dtype);
    }
  }
  for (double bytes : steps) weights.step_bytes = std::max(weights.step_bytes, bytes);
  return weights;
}

/// Blocks of rows that walk over each panel; 1 if the rows are outside the panels.
double blocks_of(const Kernel& kernel) {
  const Schedule& s = kernel.schedule;
  double blocks = 1;
  bool inside = false;
  for (const Axis& axis : kernel.parallel) {
    if (inside && axis.var == s.row_axis) blocks = std::ceil(estimate(axis.extent) / s.rows);
    inside = inside || axis.var == s.vector_axis;
  }
  return blocks;
}

}  // namespace

void prefetch_weights(Plan& plan, const StageContext& context) {
  for_each_kernel(plan.steps, [&](Kernel& kernel) {
    if (kernel.schedule.matrix > 0) return;
    const Weights weights = packed_weights(plan, kernel);
    const double blocks = blocks_of(kernel);
    if (blocks < least_blocks(context.target) || weights.bytes <= static_cast<double>(context.target.l2_bytes)) return;
    kernel.schedule.prefetch = static_cast<int>(std::ceil(weights.step_bytes / kLine / blocks));
    note(context, kernel, fmt::format("asks for its next panel early: {:.0f} bytes of weights are more than the second cache's {}",
                                      weights.bytes, context.target.l2_bytes));
  });
}

}  // namespace rondo
