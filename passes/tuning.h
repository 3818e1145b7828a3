// Tuning: schedules that were measured rather than estimated, kept by kernel so that a later build makes the same
// choice. A kernel is known by its name and by a fingerprint of what it computes: what was measured for another kernel
// is an error, never silently used. Tested by tests/passes/tuning_test.cpp.
#pragma once

#include "ir/plan.h"
#include "ir/target_facts.h"

namespace rondo {

/// The numbers of a Schedule; its axes are the planner's.
struct Tile {
  int lanes = 1, vectors = 1, rows = 1, unroll = 1;
  friend bool operator==(const Tile&, const Tile&) = default;
};

struct TunedKernel {
  std::string kernel;
  uint64_t fingerprint = 0;
  Tile tile;
  friend bool operator==(const TunedKernel&, const TunedKernel&) = default;
};
/// All of a plan's kernels that have a choice, in the plan's order.
using Tuning = std::vector<TunedKernel>;

struct KernelChoices {
  std::string kernel;
  uint64_t fingerprint = 0;
  std::vector<Tile> tiles;  // at least two, the first is the planner's own; then the best by estimate
};

}  // namespace rondo
