// A row from beginning to end: compile it, check every peer's numbers, then time those that are right.
// Entry: run_row.
#pragma once

#include "bench/recurrent/measure.h"
#include "bench/recurrent/result.h"

namespace rondo::benchmark {

struct RowOptions {
  RondoOptions rondo;
  std::vector<PeerKind> peers;  // the first whose numbers are there is what the others are compared with
  Timing timing;
  int core = 0;
  int accuracy_steps = 1000;  // of a step row, against float64; 0: none
  std::function<void(int)> set_threads = [](int) {};
};

constexpr int kCheckedSteps = 5;     // of a step row, when outputs are compared with each other
constexpr double kTolerance = 1e-4;  // absolute; all outputs lie in [-1, 1]

/// What a peer computes from the row's input; in a step row of `steps` calls with a new input each.
std::vector<float> outputs_of(Peer& peer, const Problem& problem, int steps);
/// Infinite where the sizes differ or a number is not one.
double largest_difference(const std::vector<float>& got, const std::vector<float>& want);

RowResult run_row(const Row& row, const RowOptions& options);

}  // namespace rondo::benchmark
