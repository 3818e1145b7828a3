// The table of a profiled build (codegen.h's ProfileEntry), read over several samples.
// Tested by tests/driver/bench_test.cpp.
#pragma once

#include "driver/loaded_model.h"
#include "driver/samples.h"

namespace rondo {

class TickTable {
 public:
  /// `kernels`: how many the plan has.
  static Result<TickTable> find(const LoadedModel& model, const std::string& prefix, size_t kernels);

  /// Runs `sample`, which makes `calls` calls, and keeps what each kernel took, less what reading the counter took.
  void take(int64_t calls, const std::function<void()>& sample);

  /// In one call, the median over the samples. Kernels are in the plan's order.
  double ticks(size_t kernel) const { return median(ticks_[kernel]); }
  double runs(size_t kernel) const { return runs_[kernel]; }
  size_t kernels() const { return ticks_.size(); }

 private:
  TickTable(ProfileEntry* rows, size_t kernels) : rows_(rows), ticks_(kernels), runs_(kernels) {}
  ProfileEntry* rows_;
  std::vector<std::vector<double>> ticks_;
  std::vector<double> runs_;
};

}  // namespace rondo
