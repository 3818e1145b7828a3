// Tiles: how many rows and vectors a kernel with reductions computes together, and how many partial results it keeps of
// each. Internal to the schedules.
#pragma once

#include "ir/plan.h"
#include "ir/target_facts.h"

namespace rondo {

/// Extents as numbers; those that only the run knows count as 32.
double estimate(const Dim& extent);
double estimate(const std::vector<Axis>& axes);

bool depends(const Index& index, int var);
/// By instruction: the nest inside which it is computed, or -1.
std::vector<int> nests_of_body(const Kernel& kernel);
/// By instruction: whether it differs along an axis.
std::vector<bool> varies_along(const Kernel& kernel, int var);
bool sums_floats_only(const Kernel& kernel);
/// Bytes of the elements that a load reads in one run of the kernel.
double footprint(const Kernel& kernel, const Instr& load);

struct PricedTile {
  double price = 0;  // cycles of the kernel; of short code, its length
  Schedule schedule;
};
/// How the order of a sum is chosen: as suits the target, or by the model alone.
enum class Sums : uint8_t { as_suits, same_everywhere };

/// The schedules that choose_tile chooses from, smaller tiles first; none if a reduction runs along the lanes.
std::vector<PricedTile> tiles_of(const Plan& plan, const Kernel& kernel, int row, const TargetFacts& target,
                                 Sums sums = Sums::as_suits);

/// Sets vectors, rows, unroll and flat. `row` is the variable of the axis that may be blocked, or -1. Of the tiles, those
/// of so many `vectors` are preferred, if there are any; 0: no preference. Gives the number of tiles that it chose from.
size_t choose_tile(const Plan& plan, Kernel& kernel, int row, const TargetFacts& target, Sums sums, int vectors = 0);

}  // namespace rondo
