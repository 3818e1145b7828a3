// How a model's time divides among its kernels, from a build that times each, and what the machine would allow them.
// Tested by tests/driver/bench_test.cpp.
#pragma once

#include <algorithm>

#include "driver/limits.h"
#include "ir/cost.h"

namespace rondo {

struct KernelTime {
  std::string kernel, place;
  double share = 0;                                 // of the time spent in kernels
  double seconds = 0;                               // in one call
  double runs = 0;                                  // in one call
  double flops = 0, bytes = 0, constant_bytes = 0;  // in one call
  /// The least seconds the machine could take for a call's runs. Memory: constants, read as fast as all that goes by
  /// until the kernel runs again can be read; and what was computed just before and after, as fast as it can be alone.
  double arithmetic_seconds = 0, memory_seconds = 0;
  bool limited_by_memory() const { return memory_seconds > arithmetic_seconds; }
  double least_seconds() const { return std::max(memory_seconds, arithmetic_seconds); }
};

struct CallTime {
  Samples samples;                  // of whole calls, of the build without timing
  double peak_flops = 0;            // of the machine, in f32
  double bandwidth = 0;             // of the machine, reading all that goes by in a call
  std::vector<KernelTime> kernels;  // in the plan's order
  double least_seconds() const;
};

/// Calls the model with these inputs, in two builds of the plan, for `seconds` altogether.
Result<CallTime> time_kernels(const Plan& plan, const Target& target, const ModelOptions& options,
                              const LoadedModel& model, const Dim::Values& dims, const std::vector<Tensor>& inputs,
                              double seconds);

}  // namespace rondo
