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

RowResult run_row(const Row& row, const RowOptions& options);

}  // namespace rondo::benchmark
