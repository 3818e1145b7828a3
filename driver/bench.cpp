// rondo bench: the time of one call on this machine, and how it divides among the kernels. Entry: bench.
// Tested by tests/driver/bench_test.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "driver/bench_report.h"
#include "driver/dims.h"
#include "driver/inputs.h"

namespace rondo {
namespace {

constexpr int64_t kMostElements = int64_t{1} << 28;

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

}  // namespace

Status bench(const BenchOptions& options) {
  RONDO_TRY(std::vector<NamedTensor> given, read_inputs(options.inputs));
  RONDO_TRY(Parsed source, read_source(options.model));
  RONDO_TRY(Target target, host_target(options.model.target));
  RONDO_TRY(Plan plan, lower_to_plan(std::move(source), options.model, target));
  RONDO_TRY(LoadedModel model, LoadedModel::build(plan, target, options.model));
  auto work = [&]() -> Status {
    Dim::Values dims;
    RONDO_TRY(std::vector<Tensor> inputs, choose_inputs(model, given, dims));
    RONDO_TRY(CallTime time, time_kernels(plan, target, options.model, model, dims, inputs, options.seconds));
    fmt::print("{}", options.json ? bench_json(options.model.model, time) : bench_text(options.model.model, time));
    return Done{};
  };
  return about_file(work(), options.model.model);
}

}  // namespace rondo
