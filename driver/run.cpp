// rondo run: compiles a model, calls it once or once a step, and prints or writes its outputs. Entry: run.
// Tested by tests/driver/sample_test.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "driver/inputs.h"
#include "driver/play.h"
#include "driver/settle.h"
#include "frontend/npy.h"

namespace rondo {
namespace {

constexpr int64_t kMostPrinted = 1000;  // elements of one output

std::string element_text(const Tensor& tensor, int64_t i) {
  return is_float(tensor.dtype()) ? fmt::format("{:.7g}", tensor.double_at(i)) : fmt::format("{}", tensor.int_at(i));
}

/// "y f32[2, 3]" and a line for each row of the last axis.
void print_tensor(const NamedTensor& output) {
  const Tensor& tensor = output.value;
  fmt::print("{} {}\n", output.name, to_string(tensor.type()));
  const int64_t row = tensor.shape().empty() ? 1 : tensor.shape().back();
  const int64_t shown = std::min(tensor.count(), kMostPrinted);
  for (int64_t i = 0; i < shown; ++i)
    fmt::print("{}{}", element_text(tensor, i), (i + 1) % row == 0 || i + 1 == shown ? "\n" : " ");
  if (shown < tensor.count())
    fmt::print("... {} more; --output={}=FILE.npy writes all\n", tensor.count() - shown, output.name);
}

Status write_outputs(const std::vector<NamePair>& files, const Played& played) {
  std::vector<const Tensor*> values;
  for (const auto& [name, file] : files) {
    auto output = std::find_if(played.outputs.begin(), played.outputs.end(),
                               [&](const NamedTensor& one) { return one.name == name; });
    if (output == played.outputs.end()) return invalid(fmt::format("the model has no output '{}'", name));
    values.push_back(&output->value);
  }
  for (size_t i = 0; i < files.size(); ++i) RONDO_CHECK(write_npy(files[i].second, *values[i]));
  return Done{};
}

}  // namespace

Result<std::vector<NamedTensor>> read_inputs(const std::vector<NamePair>& files) {
  std::vector<NamedTensor> inputs;
  for (const auto& [name, file] : files) {
    RONDO_TRY(Tensor tensor, read_tensor_file(file));
    inputs.push_back({name, std::move(tensor)});
  }
  return inputs;
}

Status run(const RunOptions& options) {
  Recording recording;
  RONDO_TRY(recording.inputs, read_inputs(options.inputs));
  if (options.steps) {
    if (recording.inputs.empty()) return invalid("--steps needs an input, whose leading axis is the steps");
    for (const NamedTensor& input : recording.inputs) {
      const auto& shape = input.value.shape();
      if (shape.empty() || shape[0] < 1 || shape[0] != recording.steps.value_or(shape[0]))
        return invalid(fmt::format("is {}; with --steps all inputs have the same leading axis of at least 1",
                                   to_string(input.value.type())),
                       "'" + input.name + "'");
      recording.steps = shape[0];
    }
  }
  RONDO_TRY(Parsed source, read_source(options.model));
  Settled settled;
  RONDO_TRY(LoadedModel model, build_settled<LoadedModel>(source, given_by(recording, options.model.states), settled,
                                                          [&](Parsed copied) {
                                                            return LoadedModel::build(std::move(copied), options.model);
                                                          }));
  report_settled(settled, options.model.model);
  RONDO_TRY(Played played, about_file(play(model, recording, names_of(settled)), options.model.model));
  if (!options.outputs.empty()) return write_outputs(options.outputs, played);
  for (const NamedTensor& output : played.outputs) print_tensor(output);
  return Done{};
}

}  // namespace rondo
