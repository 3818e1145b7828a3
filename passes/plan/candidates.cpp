// Which other schedules a kernel could have, and in which order they look good.
//
// Estimate for one tile of r rows and v vectors, with R reductions, u partial results each: a step of the reduction
// takes the longest of R r v / 2 (two multiply-adds a cycle), (R v + r) / 2 (two loads) and 4 / u (latency of a chain),
// plus half a cycle for the loop. A kernel without reductions is one step a tile. Tested by
// tests/passes/tuning_test.cpp.
#include <algorithm>
#include <cmath>

#include "passes/plan/lowering.h"
#include "passes/plan/tuning.h"

namespace rondo {
namespace {

constexpr int kVectors[] = {1, 2, 3, 4, 6, 8}, kRows[] = {1, 2, 3, 4, 6, 8, 12}, kPartials[] = {1, 2, 4};
constexpr double kAssumedExtent = 32;

class Candidates {
 public:
  Candidates(const Kernel& kernel, const TargetFacts& target) : kernel_(kernel), target_(target) {
    for (const Instr& instr : kernel.body) {
      if (instr.kind != Instr::Kind::reduce) continue;
      ++reductions_;
      floats_ = floats_ && is_float(instr.dtype);
    }
    vector_ = axis_of(kernel.schedule.vector_axis);
    row_ = vector_ ? row_axis() : nullptr;
  }

  std::vector<Schedule> all() const {
    if (kernel_.schedule.vector_axis < 0) return {};
    std::vector<std::pair<double, Schedule>> priced;
    const int lanes = kernel_.schedule.lanes;
    for (int half : {lanes, lanes / 2})
      if (half == lanes || half >= 4) add_tiles(half, priced);
    std::stable_sort(priced.begin(), priced.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<Schedule> schedules;
    for (auto& [price, schedule] : priced) schedules.push_back(std::move(schedule));
    return schedules;
  }

 private:
  const Axis* axis_of(int var) const {
    for (const Axis& axis : kernel_.parallel)
      if (axis.var == var) return &axis;
    return nullptr;
  }

  /// The planner's own; or a parallel axis along which something that is read along the lanes does not change.
  const Axis* row_axis() const {
    if (kernel_.schedule.row_axis >= 0) return axis_of(kernel_.schedule.row_axis);
    if (reductions_ == 0) return nullptr;
    for (auto axis = kernel_.parallel.rbegin(); axis != kernel_.parallel.rend(); ++axis) {
      if (axis->var == vector_->var || axis->extent.is(1)) continue;
      for (const Instr& instr : kernel_.body)
        if (instr.kind == Instr::Kind::load && !coefficient(instr.index, vector_->var).is(0) &&
            coefficient(instr.index, axis->var).is(0))
          return &*axis;
    }
    return nullptr;
  }

  static double estimate(const Axis* axis) {
    if (!axis) return 1;
    return axis->extent.constant() ? static_cast<double>(*axis->extent.constant()) : kAssumedExtent;
  }

  void add_tiles(int lanes, std::vector<std::pair<double, Schedule>>& priced) const {
    for (int vectors : kVectors)
      for (int rows : kRows)
        for (int partials : kPartials) {
          if (vector_ && (vectors - 1) * lanes >= estimate(vector_)) continue;
          if (rows > 1 && (!row_ || rows > estimate(row_))) continue;
          if (partials > 1 && (reductions_ == 0 || !floats_ || !enough_steps(lanes, vectors, partials))) continue;
          if (!fits(rows, vectors, partials)) continue;
          Schedule schedule = kernel_.schedule;
          schedule.lanes = lanes, schedule.vectors = vectors, schedule.rows = rows, schedule.unroll = partials;
          schedule.row_axis = rows > 1 ? row_->var : -1;
          if (!(schedule == kernel_.schedule)) priced.emplace_back(price(schedule), schedule);
        }
  }

  bool enough_steps(int lanes, int vectors, int partials) const {
    const double steps = estimate(&kernel_.reduction.back());
    return steps >= 2.0 * partials * (vector_ ? 1 : lanes * vectors);
  }

  bool fits(int rows, int vectors, int partials) const {
    if (rows * vectors * partials == 1) return true;
    const int operands = vector_ ? std::min(vectors, rows) + 1 : 2;
    return std::max(1, reductions_) * rows * vectors * partials + operands <= std::max(4, target_.vector_registers);
  }

  double price(const Schedule& s) const {
    const double sums = std::max(1, reductions_);
    const double products = sums * s.rows * s.vectors, loads = sums * s.vectors + s.rows;
    const double chains = reductions_ > 0 ? 4.0 / (s.unroll * (vector_ ? 1 : s.vectors)) : 0;
    const double step = std::max({products / 2, loads / 2, chains}) + 0.5 / s.unroll;
    if (!vector_) return step / (s.lanes * s.vectors);
    return std::ceil(estimate(vector_) / (s.lanes * s.vectors)) * std::ceil(estimate(row_) / s.rows) * step;
  }

  const Kernel& kernel_;
  const TargetFacts& target_;
  int reductions_ = 0;
  bool floats_ = true;
  const Axis* vector_ = nullptr;  // null: a reduction runs along the lanes
  const Axis* row_ = nullptr;
};

}  // namespace

std::vector<Schedule> other_schedules(const Kernel& kernel, const TargetFacts& target) {
  return Candidates(kernel, target).all();
}

}  // namespace rondo
