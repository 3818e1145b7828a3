// The figures of rondo bench as text and as JSON. Tested by tests/driver/bench_test.cpp.
#pragma once

#include "driver/beside_ort.h"
#include "driver/saved_run.h"

namespace rondo {

struct BenchReport {
  std::string model;
  CallTime time;
  std::optional<SavedRun> before;     // --compare
  std::optional<BesideOrt> beside;  // --vs-ort
};

std::string bench_text(const BenchReport& report);
std::string bench_json(const BenchReport& report);

}  // namespace rondo
