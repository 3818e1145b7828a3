// spread_numbers: numbers that all lanes multiply are loaded sixteen at a time and spread from registers.
//
// A tile of one row loads a vector of weights for every multiply-add, and a number for every few of them: where the
// weights are near, it waits for loads alone. Spreading a number from a register takes 5/4 shuffles instead of a load
// (a quarter of the register to all quarters, then one lane to its quarter), which is for nothing where shuffles have a
// port that multiply-adds leave free. But the first number then has a longer way, so that there must be enough of them.
// Measured on a Zen 5: LSTM 32 takes 0.94 of the time, RNN 32 and 64 0.92, GRU 32 0.97; layers of 16 units would
// take 1.03 to 1.09. In loops nothing is spread: there LLVM orders the shuffles so that registers do not suffice (LSTM
// 32 took twice as long). Tested by spread_test.cpp.
#include <fmt/format.h>

#include "passes/plan/lowering.h"
#include "passes/plan/tile.h"

namespace rondo {
namespace {

constexpr double kLongerWay = 4;  // latencies of a multiply-add

/// Numbers that a tile loads for all lanes and could spread: those of whole vectors, along reductions of one axis.
double spreadable(const Kernel& kernel, const std::vector<int>& inside) {
  const Schedule& s = kernel.schedule;
  double count = 0;
  for (size_t i = 0; i < kernel.body.size(); ++i) {
    const Instr& instr = kernel.body[i];
    if (instr.kind != Instr::Kind::load || inside[i] < 0 || instr.dtype != DType::f32) continue;
    const std::vector<Axis>& axes = kernel.reductions[inside[i]];
    if (axes.size() != 1 || depends(instr.index, s.vector_axis) || !coefficient(instr.index, axes[0].var).is(1))
      continue;
    count += static_cast<double>(axes[0].extent.constant().value_or(0) / s.lanes * s.lanes);
  }
  return count;
}

/// Sums that are alive in a nest, of the nest with most of them.
int most_sums(const Kernel& kernel) {
  std::vector<int> sums(kernel.reductions.size(), 0);
  for (const Instr& instr : kernel.body)
    if (instr.kind == Instr::Kind::reduce) sums[instr.nest] += kernel.schedule.vectors * kernel.schedule.unroll;
  return *std::max_element(sums.begin(), sums.end());
}

bool pays(const Plan& plan, const Kernel& kernel, const TargetFacts& target) {
  const Schedule& s = kernel.schedule;
  if (!s.flat || s.rows != 1 || s.vector_axis < 0 || nest_of(kernel, s.vector_axis) >= 0) return false;
  if (s.lanes * byte_size(DType::f32) != target.vector_bytes || 2 * most_sums(kernel) > target.vector_registers)
    return false;
  const std::vector<int> inside = nests_of_body(kernel);
  double weights = 0;
  for (size_t i = 0; i < kernel.body.size(); ++i) {
    const Instr& instr = kernel.body[i];
    if (instr.kind == Instr::Kind::load && inside[i] >= 0 && depends(instr.index, s.vector_axis))
      weights += plan.buffers[instr.buffer].kind == Buffer::Kind::constant ? footprint(kernel, instr) : 0;
  }
  const bool near = weights > 0 && weights <= static_cast<double>(target.l1_bytes);
  return near && spreadable(kernel, inside) / target.loads > kLongerWay * target.latency;
}

}  // namespace

void spread_numbers(Plan& plan, const StageContext& context) {
  if (context.target.shuffles == 0) return;
  for (Step& step : plan.steps) {
    auto* kernel = std::get_if<Kernel>(&step.what);
    if (!kernel || kernel->reductions.empty() || !pays(plan, *kernel, context.target)) continue;
    kernel->schedule.spread = true;
    note(context, *kernel, "spreads numbers from registers: it would wait for their loads");
  }
}

}  // namespace rondo
