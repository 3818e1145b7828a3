// The measuring kernels are plans like any other, so that they use what the target has. See limits.h.
#include "driver/limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace rondo {
namespace {

constexpr double kSeconds = 0.04;                                         // for each number
constexpr int64_t kFewestBytes = 1 << 14, kMostBytes = int64_t{1} << 28;  // of a working set
constexpr int64_t kBytesInCall = 1 << 20, kManyPlaces = 1 << 23, kBlock = 4096;
constexpr int kSteps = 1024, kRounds = 16;

int lanes_of(const Target& target, DType dtype) { return std::max(1, target.facts().vector_bytes / byte_size(dtype)); }

/// Vectors of the tile: two sums for each, and the operands, stay in registers.
int vectors_of(const Target& target) { return target.facts().vector_registers >= 32 ? 6 : 4; }

std::string peak_plan(const Target& target, DType dtype) {
  const int lanes = lanes_of(target, dtype), vectors = vectors_of(target);
  return fmt::format(R"(plan "limit" {{
  memory constants 0, state 0, scratch 0
  buffer x = input {type}[{both}] slot 0
  buffer w = input {type}[{width}] slot 1
  buffer y = output {type}[{width}] slot 0
  input "x": {type}[{both}] in x
  input "w": {type}[{width}] in w
  output "y": {type}[{width}] in y
  loop rounds: i2 < {rounds} {{
    kernel peak {{
      parallel i0 < {width}
      reduction i1 < {steps}
      schedule vector=i0 lanes={lanes} vectors={vectors}
      %0 = load w[i0]: {type}
      %1 = load x[i1]: {type}
      %2 = mul %0, %1: {type}
      %3 = reduce sum %2: {type}
      %4 = load x[i1 + {steps}]: {type}
      %5 = mul %0, %4: {type}
      %6 = reduce sum %5: {type}
      %7 = add %3, %6: {type}
      store y[i0] = %7
    }}
  }}
}}
)",
                     fmt::arg("type", to_string(dtype)), fmt::arg("both", 2 * kSteps),
                     fmt::arg("width", lanes * vectors), fmt::arg("rounds", kRounds), fmt::arg("steps", kSteps),
                     fmt::arg("lanes", lanes), fmt::arg("vectors", vectors));
}

/// Reads state, which is aligned as constants and scratch are: N blocks of 4096 bytes, forwards and then backwards, R
/// times over; the way that finds most of it in the caches.
std::string read_plan(const Target& target) {
  return fmt::format(R"(plan "limit" {{
  symbols N, R
  memory constants 0, state 4096*N, scratch 0
  buffer x = state f32[1024*N] slot 0 at 0
  buffer y = output f32[2*R] slot 0
  output "y": f32[2*R] in y
  state "x": f32[1024*N] in x
  loop rounds: i1 < R {{
    kernel forwards {{
      reduction i0 < N, i2 < 1024
      schedule vector=i2 lanes={lanes} vectors=8
      %0 = load x[i0*1024 + i2]: f32
      %1 = reduce sum %0: f32
      store y[i1*2] = %1
    }}
    kernel backwards {{
      reduction i3 < N, i4 < 1024
      schedule vector=i4 lanes={lanes} vectors=8
      %0 = load x[i3*{{-1024}} + i4 + {{1024*N - 1024}}]: f32
      %1 = reduce sum %0: f32
      store y[i1*2 + 1] = %1
    }}
  }}
}}
)",
                     fmt::arg("lanes", lanes_of(target, DType::f32)));
}

Result<LoadedModel> build(const std::string& text, const Target& target) {
  RONDO_TRY(Parsed parsed, parse(text));
  return LoadedModel::build(*parsed.plan, target, ModelOptions{});
}

/// The best of `places` instances: which pages of memory one gets makes a difference.
Result<double> best_seconds(const LoadedModel& model, const Dim::Values& dims, const std::vector<Tensor>& inputs,
                            int places) {
  std::vector<Instance> instances;  // all alive, so that they differ
  double best = INFINITY;
  for (int i = 0; i < places; ++i) {
    RONDO_TRY(Instance instance, model.instantiate(dims));
    RONDO_TRY(std::vector<Tensor> outputs, instance.call(inputs));
    best = std::min(best, measure([&] { (void)instance.call_again(); }, kSeconds / places).best);
    instances.push_back(std::move(instance));
  }
  return best;
}

}  // namespace

Result<MachineLimits> MachineLimits::prepare(const Target& target) {
  RONDO_TRY(LoadedModel reader, build(read_plan(target), target));
  return MachineLimits(target, std::move(reader));
}

Result<double> MachineLimits::flops(DType dtype) {
  if (auto found = flops_.find(dtype); found != flops_.end()) return found->second;
  RONDO_TRY(LoadedModel model, build(peak_plan(target_, dtype), target_));
  const int64_t width = int64_t{lanes_of(target_, dtype)} * vectors_of(target_);
  const std::vector<double> ones(2 * kSteps, 1);
  std::vector<Tensor> inputs{Tensor::from_doubles(dtype, {2 * kSteps}, ones),
                             Tensor::from_doubles(dtype, {width}, std::vector<double>(width, 1))};
  RONDO_TRY(double seconds, best_seconds(model, {}, inputs, 1));
  return flops_[dtype] = 4.0 * static_cast<double>(width) * kSteps * kRounds / seconds;
}

Result<double> MachineLimits::bandwidth(int64_t bytes) {
  const int64_t count = std::clamp(bytes, kFewestBytes, kMostBytes) / kBlock;
  bytes = count * kBlock;
  if (auto found = bandwidths_.find(bytes); found != bandwidths_.end()) return found->second;
  const int64_t rounds = std::max<int64_t>(1, kBytesInCall / bytes);
  RONDO_TRY(double seconds, best_seconds(reader_, {{"N", count}, {"R", rounds}}, {}, bytes <= kManyPlaces ? 4 : 1));
  return bandwidths_[bytes] = static_cast<double>(2 * bytes * rounds) / seconds;
}

}  // namespace rondo
