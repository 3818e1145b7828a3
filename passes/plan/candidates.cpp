// Which other schedules a kernel could have, and in which order they look good: those of tile.h at full and at half
// width; more vectors for kernels without reductions; more or fewer vectors and partial results where a reduction runs
// along the lanes. Tested by tests/passes/tuning_test.cpp.
#include <algorithm>

#include "passes/plan/lowering.h"
#include "passes/plan/tile.h"
#include "passes/plan/tuning.h"

namespace rondo {
namespace {

constexpr int kMostVectors = 4, kMostChains = 8;

const Axis* parallel_axis(const Kernel& kernel, int var) {
  for (const Axis& axis : kernel.parallel)
    if (axis.var == var) return &axis;
  return nullptr;
}

/// The planner's own; or a parallel axis along which something that a reduction reads along the lanes does not change.
int row_axis(const Kernel& kernel) {
  const Schedule& schedule = kernel.schedule;
  if (schedule.row_axis >= 0) return schedule.row_axis;
  const std::vector<int> inside = nests_of_body(kernel);
  for (auto axis = kernel.parallel.rbegin(); axis != kernel.parallel.rend(); ++axis) {
    if (axis->var == schedule.vector_axis || axis->extent.is(1)) continue;
    for (size_t i = 0; i < kernel.body.size(); ++i) {
      const Instr& instr = kernel.body[i];
      if (instr.kind == Instr::Kind::load && inside[i] >= 0 && depends(instr.index, schedule.vector_axis) &&
          !depends(instr.index, axis->var))
        return axis->var;
    }
  }
  return -1;
}

std::vector<Schedule> best_tiles(const Plan& plan, const Kernel& kernel, const TargetFacts& target) {
  std::vector<PricedTile> tiles;
  for (int lanes : {kernel.schedule.lanes, kernel.schedule.lanes / 2}) {
    if (lanes < 4 && lanes < kernel.schedule.lanes) continue;
    Kernel narrow = kernel;
    narrow.schedule.lanes = lanes;
    for (PricedTile& tile : tiles_of(plan, narrow, row_axis(kernel), target)) tiles.push_back(std::move(tile));
  }
  std::stable_sort(tiles.begin(), tiles.end(), [](const auto& a, const auto& b) { return a.price < b.price; });
  std::vector<Schedule> schedules;
  for (const PricedTile& tile : tiles) schedules.push_back(tile.schedule);
  return schedules;
}

std::vector<Schedule> more_vectors(const Kernel& kernel, const Axis& along) {
  std::vector<Schedule> schedules;
  for (int vectors = 1; vectors <= kMostVectors; vectors *= 2) {
    Schedule schedule = kernel.schedule;
    schedule.vectors = vectors;
    if (vectors == 1 || estimate(along.extent) >= vectors * schedule.lanes) schedules.push_back(schedule);
  }
  return schedules;
}

std::vector<Schedule> more_chains(const Kernel& kernel) {
  std::vector<Schedule> schedules;
  const double steps = estimate(kernel.reductions[0].back().extent) / kernel.schedule.lanes;
  for (int vectors = 1; vectors <= kMostVectors; vectors *= 2)
    for (int partials = 1; vectors * partials <= kMostChains; partials *= 2) {
      Schedule schedule = kernel.schedule;
      schedule.vectors = vectors, schedule.unroll = partials;
      if (steps >= vectors * partials) schedules.push_back(schedule);
    }
  return schedules;
}

}  // namespace

std::vector<Schedule> other_schedules(const Plan& plan, const Kernel& kernel, const TargetFacts& target) {
  if (kernel.schedule.vector_axis < 0) return {};
  const Axis* along = parallel_axis(kernel, kernel.schedule.vector_axis);
  std::vector<Schedule> schedules = !along                      ? more_chains(kernel)
                                    : kernel.reductions.empty() ? more_vectors(kernel, *along)
                                                                : best_tiles(plan, kernel, target);
  std::erase(schedules, kernel.schedule);
  return schedules;
}

}  // namespace rondo
