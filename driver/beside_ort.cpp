// See beside_ort.h.
#include "driver/beside_ort.h"

#include <fmt/format.h>

#include "driver/compare.h"
#include "driver/files.h"
#include "driver/ort_run.h"

namespace rondo {
namespace {

constexpr int kComparedCalls = 3;  // the later ones show that state is carried along
// Of floats: two ways of computing a deep model differ by more than one of them does from what is right.
constexpr Tolerance kTolerance{.absolute = 1e-4, .relative = 1e-3};

/// The pairs that the options name, from where the compiled state begins.
Result<std::vector<RecordedState>> states_of(const ModelOptions& options, const Instance& instance) {
  std::vector<RecordedState> states;
  for (const auto& [input, output] : options.states) {
    RONDO_TRY(Tensor initial, instance.state(input));
    states.push_back({input, output, std::move(initial), {}});
  }
  return states;
}

Result<std::vector<NamedTensor>> frozen_by_options(const ModelOptions& options) {
  std::vector<NamedTensor> frozen;
  for (const auto& [input, value] : options.constants) {
    if (!is_tensor_file(value))
      return invalid(fmt::format("--vs-ort gives ONNX Runtime the constants too: write --const={}=FILE.npy", input));
    RONDO_TRY(Tensor tensor, read_tensor_file(value));
    frozen.push_back({input, std::move(tensor)});
  }
  return frozen;
}

Status compare_outputs(const LoadedModel& model, const std::vector<Tensor>& got, const std::vector<NamedTensor>& want) {
  for (size_t i = 0; i < got.size(); ++i) {
    const Comparison comparison = compare(got[i], want[i].value, is_float(got[i].dtype()) ? kTolerance : Tolerance{});
    if (!comparison.good())
      return invalid(fmt::format("output '{}' differs from ONNX Runtime's: {}", model.outputs()[i].name,
                                 describe(comparison, got[i], want[i].value)));
  }
  return Done{};
}

}  // namespace

Status check_for_ort(const std::string& model) {
  if (has_ending(model, ".onnx")) return Done{};
  return invalid("--vs-ort measures a model beside ONNX Runtime, which reads .onnx files alone");
}

Result<BesideOrt> measure_beside_ort(const std::string& library, const ModelOptions& options, const LoadedModel& model,
                                     const Dim::Values& dims, const std::vector<Tensor>& inputs,
                                     const std::vector<NamedTensor>& frozen, double seconds) {
  RONDO_TRY(Ort ort, Ort::open(library));
  RONDO_TRY(Instance instance, model.instantiate(dims));
  RONDO_TRY(std::vector<RecordedState> states, states_of(options, instance));
  RONDO_TRY(std::vector<NamedTensor> all_inputs, frozen_by_options(options));
  all_inputs.insert(all_inputs.end(), frozen.begin(), frozen.end());
  for (size_t i = 0; i < inputs.size(); ++i) all_inputs.push_back({model.inputs()[i].name, inputs[i]});
  RONDO_TRY(std::vector<Tensor> got, instance.call(inputs));
  std::vector<NamedTensor> outputs;
  for (size_t i = 0; i < got.size(); ++i) outputs.push_back({model.outputs()[i].name, got[i]});
  RONDO_TRY(OrtRun other, OrtRun::make(ort, options.model, options.threads, all_inputs, states, outputs));
  for (int call = 0; call < kComparedCalls; ++call) {
    if (call > 0) {
      RONDO_TRY(got, instance.call(inputs));
    }
    RONDO_CHECK(other.call());
    RONDO_CHECK(compare_outputs(model, got, other.outputs()));
  }
  const std::vector<Samples> samples =
      measure_in_turn({[&] { (void)instance.call_again(); }, [&] { (void)other.call(); }}, seconds / 2);
  return BesideOrt{ort.version(), samples[0], samples[1]};
}

}  // namespace rondo
