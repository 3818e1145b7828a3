// bench --compare: what `bench --json` said earlier, and how a run differs from it.
// Tested by tests/driver/bench_test.cpp.
#pragma once

#include "driver/kernel_times.h"

namespace rondo {

struct SavedRun {
  std::string file, model;
  Samples samples;
  std::vector<std::pair<std::string, double>> kernels;  // names and seconds in a call, in their order
};

Result<SavedRun> read_saved_run(const std::string& path);

/// A kernel then and now; empty where there is none of its name.
struct KernelChange {
  std::string kernel;
  std::optional<double> before, now;  // seconds in a call
};

/// In the order of this run's kernels; then those that vanished.
std::vector<KernelChange> changes_since(const SavedRun& before, const CallTime& now);

}  // namespace rondo
