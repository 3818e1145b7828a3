// See play.h.
#include "driver/play.h"

#include <fmt/format.h>

#include <algorithm>

#include "driver/dims.h"
#include "driver/frames.h"

namespace rondo {
namespace {

const Tensor* find(const std::vector<NamedTensor>& tensors, const std::string& name) {
  auto found = std::find_if(tensors.begin(), tensors.end(), [&](const NamedTensor& one) { return one.name == name; });
  return found == tensors.end() ? nullptr : &found->value;
}

const Slot* find(const std::vector<Slot>& slots, const std::string& name) {
  auto found = std::find_if(slots.begin(), slots.end(), [&](const Slot& slot) { return slot.name == name; });
  return found == slots.end() ? nullptr : &*found;
}

class ScriptWriter {
 public:
  ScriptWriter(const Ports& ports, const Recording& recording) : ports_(ports), recording_(recording) {}

  Status check_names(const std::set<std::string>& frozen) const {
    Diagnostics errors;
    std::string missing;
    for (const Slot& slot : ports_.inputs)
      if (!find(recording_.inputs, slot.name))
        missing += fmt::format("{}'{}' {}", missing.empty() ? "" : ", ", slot.name, to_string(slot.type));
    if (!missing.empty()) errors.push_back(invalid("no values for the inputs " + missing));
    for (const NamedTensor& input : recording_.inputs)
      if (!find(ports_.inputs, input.name) && !find(ports_.states, input.name) && !frozen.count(input.name))
        errors.push_back(invalid(fmt::format("values are given for '{}', which is no input of the model", input.name)));
    if (!errors.empty()) return errors;
    return Done{};
  }

  Result<Script> script() const {
    Script script;
    script.stream = recording_.steps.has_value();
    for (int64_t step = 0; step < recording_.steps.value_or(1); ++step) script.steps.push_back(inputs_at(step));
    DimSolver solver;
    const std::vector<Tensor> inputs = inputs_at(0);
    for (size_t i = 0; i < inputs.size(); ++i)
      RONDO_CHECK(solver.add(ports_.inputs[i].name, ports_.inputs[i].type, inputs[i]));
    for (const Slot& slot : ports_.states)
      if (auto initial = initial_state(slot.name)) {
        RONDO_CHECK(solver.add(slot.name, slot.type, *initial));
        script.initial.push_back({slot.name, std::move(*initial)});
      }
    RONDO_CHECK(solver.finish(ports_.symbols));
    script.dims = solver.values();
    return script;
  }

 private:
  Tensor at_step(const Tensor& recorded, int64_t step) const {
    return recording_.steps ? slice_step(recorded, step) : recorded;
  }

  std::vector<Tensor> inputs_at(int64_t step) const {
    std::vector<Tensor> inputs;
    for (const Slot& slot : ports_.inputs) inputs.push_back(at_step(*find(recording_.inputs, slot.name), step));
    return inputs;
  }

  /// The recorded value from which a state starts: that of the pair, or of the input that it was.
  std::optional<Tensor> initial_state(const std::string& name) const {
    for (const RecordedState& state : recording_.states)
      if (state.input == name) return state.initial;
    const Tensor* input = find(recording_.inputs, name);
    if (!input) return std::nullopt;
    return at_step(*input, 0);
  }

  const Ports& ports_;
  const Recording& recording_;
};

Result<Instance> prepare(const LoadedModel& model, const Script& script) {
  RONDO_TRY(Instance instance, model.instantiate(script.dims));
  for (const NamedTensor& state : script.initial) RONDO_CHECK(instance.set_state(state.name, state.value));
  return instance;
}

}  // namespace

Result<Script> make_script(const Ports& ports, const Recording& recording, const std::set<std::string>& frozen) {
  ScriptWriter writer(ports, recording);
  RONDO_CHECK(writer.check_names(frozen));
  return writer.script();
}

Ports ports_of(const LoadedModel& model) {
  return {model.inputs(), model.outputs(), model.states(), model.symbols()};
}

/// `cut`: the steps are a sequence's; of outputs without time axis only the last is kept, whose size may be another one.
static Result<Played> play_steps(const LoadedModel& model, const Script& script, bool cut) {
  RONDO_TRY(Instance instance, prepare(model, script));
  std::vector<std::vector<Tensor>> by_output(model.outputs().size());
  for (const std::vector<Tensor>& inputs : script.steps) {
    RONDO_TRY(std::vector<Tensor> outputs, instance.call(inputs));
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (cut && model.outputs()[i].time_axis < 0) by_output[i].clear();
      if (!by_output[i].empty() && outputs[i].shape() != by_output[i][0].shape())
        return unsupported(fmt::format("is {} in step {}, and was {} in the first; the steps of an output are put together "
                                       "where they have one size",
                                       to_string(outputs[i].type()), by_output[i].size(), to_string(by_output[i][0].type())),
                           "output '" + model.outputs()[i].name + "'");
      by_output[i].push_back(std::move(outputs[i]));
    }
  }
  Played played;
  for (size_t i = 0; i < by_output.size(); ++i)
    played.outputs.push_back({model.outputs()[i].name, script.stream ? stack_steps(by_output[i]) : by_output[i][0]});
  for (const Slot& slot : model.states()) {
    RONDO_TRY(Tensor state, instance.state(slot.name));
    played.states.push_back({slot.name, std::move(state)});
  }
  return played;
}

Result<Played> play(const LoadedModel& model, const Recording& recording, const std::set<std::string>& frozen) {
  const Ports ports = ports_of(model);
  const bool cut = needs_steps(ports, recording);
  RONDO_TRY(const Recording steps, cut ? cut_into_steps(ports, recording, frozen) : recording);
  RONDO_TRY(const Script script, make_script(ports, steps, frozen));
  RONDO_TRY(Played played, play_steps(model, script, cut));
  return cut ? put_together(ports, played) : played;
}

}  // namespace rondo
