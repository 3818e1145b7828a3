// rondo bench: the time of one call on this machine. Samples are batches of calls, long enough for the clock; median,
// best and spread are over the samples. Entry: bench. Tested by tests/driver/bench_test.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "driver/dims.h"
#include "driver/inputs.h"

namespace rondo {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double kShortestSample = 2e-4;  // seconds: far above the clock's resolution
constexpr int64_t kMostElements = int64_t{1} << 28;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// Noise in [-1, 1) for floats, the same in every run; ones for the rest, so that indices and lengths are valid.
Tensor made_up(DType dtype, const std::vector<int64_t>& shape, int64_t count) {
  if (!is_float(dtype)) return Tensor::from_ints(dtype, shape, std::vector<int64_t>(count, 1));
  std::vector<double> values(count);
  uint64_t random = 0x9e3779b97f4a7c15;
  for (double& value : values) {
    random ^= random << 13, random ^= random >> 7, random ^= random << 17;
    value = static_cast<double>(random >> 11) * 0x1p-52 - 1;
  }
  return Tensor::from_doubles(dtype, shape, values);
}

Result<std::vector<Tensor>> choose_inputs(const LoadedModel& model, const std::vector<NamedTensor>& given,
                                          Dim::Values& dims) {
  DimSolver solver;
  for (const NamedTensor& input : given) {
    auto slot =
        std::find_if(model.inputs().begin(), model.inputs().end(), [&](const Slot& s) { return s.name == input.name; });
    if (slot == model.inputs().end()) return invalid(fmt::format("the model has no input '{}'", input.name));
    RONDO_CHECK(solver.add(input.name, slot->type, input.value));
  }
  RONDO_CHECK(solver.finish(model.symbols()));
  dims = solver.values();
  std::vector<Tensor> inputs;
  for (const Slot& slot : model.inputs()) {
    auto found =
        std::find_if(given.begin(), given.end(), [&](const NamedTensor& one) { return one.name == slot.name; });
    if (found != given.end()) {
      inputs.push_back(found->value);
      continue;
    }
    std::vector<int64_t> shape;
    for (const Dim& dim : slot.type.shape) {
      RONDO_TRY(int64_t size, dim.evaluate(dims));
      shape.push_back(size);
    }
    RONDO_TRY(int64_t count, element_count(Shape(shape.begin(), shape.end())).evaluate({}));
    if (count > kMostElements)
      return invalid(fmt::format("{} elements are too many to make up", count), "'" + slot.name + "'");
    inputs.push_back(made_up(slot.type.dtype, shape, count));
  }
  return inputs;
}

/// Seconds per call, one entry a sample.
std::vector<double> measure(const Instance& instance, double seconds) {
  int64_t calls = 1;
  for (;; calls *= 2) {
    auto start = Clock::now();
    for (int64_t i = 0; i < calls; ++i) (void)instance.call_again();
    if (seconds_since(start) >= kShortestSample) break;
  }
  std::vector<double> samples;
  for (auto begin = Clock::now(); samples.size() < 5 || seconds_since(begin) < seconds;) {
    auto start = Clock::now();
    for (int64_t i = 0; i < calls; ++i) (void)instance.call_again();
    samples.push_back(seconds_since(start) / static_cast<double>(calls));
  }
  std::sort(samples.begin(), samples.end());
  return samples;
}

std::string time_text(double seconds) {
  if (seconds < 1e-6) return fmt::format("{:.1f} ns", seconds * 1e9);
  if (seconds < 1e-3) return fmt::format("{:.2f} us", seconds * 1e6);
  if (seconds < 1) return fmt::format("{:.3f} ms", seconds * 1e3);
  return fmt::format("{:.3f} s", seconds);
}

}  // namespace

Status bench(const BenchOptions& options) {
  RONDO_TRY(std::vector<NamedTensor> given, read_inputs(options.inputs));
  RONDO_TRY(Parsed source, read_source(options.model));
  RONDO_TRY(LoadedModel model, LoadedModel::build(std::move(source), options.model));
  auto work = [&]() -> Status {
    Dim::Values dims;
    RONDO_TRY(std::vector<Tensor> inputs, choose_inputs(model, given, dims));
    RONDO_TRY(Instance instance, model.instantiate(dims));
    RONDO_TRY(std::vector<Tensor> first, instance.call(inputs));
    const std::vector<double> samples = measure(instance, options.seconds);
    const size_t last = samples.size() - 1;
    const double median = samples[last / 2];
    fmt::print("{} per call: median {}, best {}, spread {:.1f}% ({} to {}, 10th to 90th of 100; {} samples)\n",
               options.model.model, time_text(median), time_text(samples[0]),
               (samples[last * 9 / 10] - samples[last / 10]) / median * 100, time_text(samples[last / 10]),
               time_text(samples[last * 9 / 10]), samples.size());
    return Done{};
  };
  return about_file(work(), options.model.model);
}

}  // namespace rondo
