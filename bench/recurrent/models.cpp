// Real models beside ONNX Runtime (see models.h).
#include "bench/recurrent/models.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "driver/compare.h"
#include "driver/data.h"
#include "driver/dims.h"
#include "driver/ort_run.h"

namespace rondo::benchmark {
namespace {

namespace fs = std::filesystem;
constexpr int64_t kCheckedSteps = 3;
// Of float32 outputs; deep models lose a few bits more than one cell does.
constexpr Tolerance kTolerance{.absolute = 1e-4, .relative = 1e-3};

const Tensor* find(const std::vector<NamedTensor>& tensors, const std::string& name) {
  for (const NamedTensor& one : tensors)
    if (one.name == name) return &one.value;
  return nullptr;
}

/// The recording to run: a stream if there is one.
Result<Recording> choose(const std::string& folder, const Interface& interface) {
  RONDO_TRY(std::vector<Recording> recordings, recorded_data(folder, interface));
  for (Recording& one : recordings)
    if (one.steps) return std::move(one);
  return std::move(recordings.front());
}

Tensor at_step(const Recording& recording, const Tensor& tensor, int64_t step) {
  return recording.steps ? slice_step(tensor, step % *recording.steps) : tensor;
}

/// `--dim` for each symbol, and `--state` for each pair.
Result<std::vector<std::string>> options_for(const LoadedModel& model, const Recording& recording) {
  DimSolver solver;
  for (const Slot& slot : model.inputs()) {
    if (const Tensor* tensor = find(recording.inputs, slot.name))
      RONDO_CHECK(solver.add(slot.name, slot.type, at_step(recording, *tensor, 0)));
    for (const RecordedState& state : recording.states)
      if (state.input == slot.name) RONDO_CHECK(solver.add(slot.name, slot.type, state.initial));
  }
  RONDO_CHECK(solver.finish(model.symbols()));
  std::vector<std::string> options;
  for (const auto& [name, value] : solver.values()) options.push_back(fmt::format("--dim={}={}", name, value));
  for (const RecordedState& state : recording.states) options.push_back("--state=" + state.input + "=" + state.output);
  return options;
}

/// What the recording has of these, at its first step.
std::vector<NamedTensor> at_first_step(const Recording& recording, const std::vector<NamedTensor>& recorded,
                                       const std::vector<Slot>& slots) {
  std::vector<NamedTensor> tensors;
  for (const Slot& slot : slots)
    if (const Tensor* tensor = find(recorded, slot.name)) tensors.push_back({slot.name, at_step(recording, *tensor, 0)});
  return tensors;
}

std::vector<Tensor> inputs_at(const LoadedModel& model, const Recording& recording, int64_t step) {
  std::vector<Tensor> inputs;
  for (const Slot& slot : model.inputs())
    if (const Tensor* tensor = find(recording.inputs, slot.name)) inputs.push_back(at_step(recording, *tensor, step));
  return inputs;
}

/// A few calls of both; an error says which output differs.
Status compare_calls(const LoadedModel& model, Instance& instance, OrtRun& ort, const Recording& recording) {
  for (int64_t step = 0; step < (recording.steps ? kCheckedSteps : 1); ++step) {
    const std::vector<Tensor> inputs = inputs_at(model, recording, step);
    for (size_t i = 0; i < inputs.size(); ++i) ort.set_input(model.inputs()[i].name, inputs[i]);
    RONDO_TRY(std::vector<Tensor> got, instance.call(inputs));
    RONDO_CHECK(ort.call());
    const std::vector<NamedTensor> want = ort.outputs();
    for (size_t i = 0; i < got.size(); ++i) {
      const Tensor* other = find(want, model.outputs()[i].name);
      if (!other) continue;
      const Comparison comparison = compare(got[i], *other, is_float(got[i].dtype()) ? kTolerance : Tolerance{});
      if (!comparison.good())
        return invalid(fmt::format("output '{}' differs from ONNX Runtime's: {}", model.outputs()[i].name,
                                   describe(comparison, got[i], *other)));
    }
  }
  return Done{};
}

Status run(ModelResult& result, const std::string& folder, const RondoOptions& options, const Ort& ort,
           const Timing& timing) {
  const std::string path = folder + "/model.onnx";
  RONDO_TRY(CompiledModel open_ended, compile_model(options, path, result.name + "_any", {}));
  RONDO_TRY(LoadedModel general, LoadedModel::open(open_ended.library, kPrefix));
  Interface interface {
    .inputs = general.inputs(), .outputs = {}
  };
  for (const Slot& slot : general.outputs()) interface.outputs.push_back(slot.name);
  RONDO_TRY(Recording recording, choose(folder, interface));
  RONDO_TRY(std::vector<std::string> further, options_for(general, recording));
  RONDO_TRY(result.compiled, compile_model(options, path, result.name, further));
  RONDO_TRY(LoadedModel model, LoadedModel::open(result.compiled.library, kPrefix));
  RONDO_TRY(Instance instance, model.instantiate({}));
  for (const RecordedState& state : recording.states) RONDO_CHECK(instance.set_state(state.input, state.initial));
  result.keeps_state = !recording.states.empty();
  RONDO_TRY(OrtRun other, OrtRun::make(ort, path, 1, at_first_step(recording, recording.inputs, general.inputs()),
                                       recording.states,
                                       at_first_step(recording, recording.outputs, general.outputs())));
  RONDO_CHECK(compare_calls(model, instance, other, recording));
  const std::vector<double> seconds =
      measure({{"rondo", [&] { (void)instance.call_again(); }}, {"ORT", [&] { (void)other.call(); }}}, timing);
  result.rondo = seconds[0], result.ort = seconds[1];
  return Done{};
}

}  // namespace

ModelResult run_model(const std::string& folder, const RondoOptions& options, const Ort& ort, const Timing& timing) {
  ModelResult result{.name = fs::path(folder).filename().string()};
  Status status = run(result, folder, options, ort, timing);
  if (!status) result.problem = to_string(status.errors().front());
  result.problem.resize(std::min(result.problem.size(), result.problem.find('\n')));
  return result;
}

std::string models_head() {
  return fmt::format("microseconds per call, medians\n{:<28} {:>10} {:>10} {:>10} {:>9} {:>8}\n", "model", "rondo",
                     "ORT", "ORT/rondo", "compile", "text");
}

std::string models_line(const ModelResult& result) {
  const std::string name = result.name + (result.keeps_state ? " (stream)" : "");
  if (!result.problem.empty()) return fmt::format("{:<28} error: {}\n", name, result.problem);
  return fmt::format("{:<28} {:>10.2f} {:>10.2f} {:>10.2f} {:>8.2f}s {:>7.1f}K\n", name, result.rondo * 1e6,
                     result.ort * 1e6, result.ratio(), result.compiled.seconds,
                     static_cast<double>(result.compiled.text_bytes) / 1024);
}

std::string models_summary(const std::vector<ModelResult>& results) {
  double product = 0;
  int count = 0, slower = 0;
  for (const ModelResult& result : results)
    if (result.ratio() > 0) product += std::log(result.ratio()), ++count, slower += result.ratio() < 1;
  return fmt::format(
      "{} models, geometric mean of ORT / rondo {:.2f}; rondo is slower on {}; {} could not be measured\n", count,
      count ? std::exp(product / count) : 0, slower, results.size() - static_cast<size_t>(count));
}

std::string models_markdown(const std::vector<ModelResult>& results) {
  std::string text = "| model | rondo | ORT | ORT / rondo | compile | code |\n|---|---|---|---|---|---|\n";
  for (const ModelResult& r : results)
    text += r.problem.empty() ? fmt::format("| {}{} | {:.1f} | {:.1f} | {:.2f} | {:.2f} s | {:.1f} KB |\n", r.name,
                                            r.keeps_state ? " (stream)" : "", r.rondo * 1e6, r.ort * 1e6, r.ratio(),
                                            r.compiled.seconds, static_cast<double>(r.compiled.text_bytes) / 1024)
                              : fmt::format("| {} | error | | | | |\n", r.name);
  return text + "\n" + models_summary(results);
}

}  // namespace rondo::benchmark
