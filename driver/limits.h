// What this machine can do at most, measured with code for the target that is benchmarked: multiply-adds in registers,
// and reading memory of a given size again and again. Tested by tests/driver/bench_test.cpp.
#pragma once

#include "driver/loaded_model.h"
#include "driver/samples.h"

namespace rondo {

class MachineLimits {
 public:
  static Result<MachineLimits> prepare(const Target& target);
  /// Floating-point operations a second, in f32 or f64; measured when first asked for.
  Result<double> flops(DType dtype);
  /// Bytes read a second, when `bytes` are read in turn; measured when first asked for.
  Result<double> bandwidth(int64_t bytes);

 private:
  MachineLimits(Target target, LoadedModel reader) : target_(std::move(target)), reader_(std::move(reader)) {}
  Target target_;
  LoadedModel reader_;
  std::map<DType, double> flops_;
  std::map<int64_t, double> bandwidths_;
};

}  // namespace rondo
