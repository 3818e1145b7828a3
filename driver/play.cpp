// See play.h.
#include "driver/play.h"

#include <fmt/format.h>

#include <algorithm>

#include "driver/dims.h"

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

class Player {
 public:
  Player(const LoadedModel& model, const Recording& recording) : model_(model), recording_(recording) {}

  Status check_names(const std::set<std::string>& frozen) const {
    Diagnostics errors;
    std::string missing;
    for (const Slot& slot : model_.inputs())
      if (!find(recording_.inputs, slot.name))
        missing += fmt::format("{}'{}' {}", missing.empty() ? "" : ", ", slot.name, to_string(slot.type));
    if (!missing.empty()) errors.push_back(invalid("no values for the inputs " + missing));
    for (const NamedTensor& input : recording_.inputs)
      if (!find(model_.inputs(), input.name) && !find(model_.states(), input.name) && !frozen.count(input.name))
        errors.push_back(invalid(fmt::format("values are given for '{}', which is no input of the model", input.name)));
    if (!errors.empty()) return errors;
    return Done{};
  }

  Result<Played> play() const {
    RONDO_TRY(Instance instance, prepare());
    const int64_t steps = recording_.steps.value_or(1);
    std::vector<std::vector<Tensor>> by_output(model_.outputs().size());
    for (int64_t step = 0; step < steps; ++step) {
      RONDO_TRY(std::vector<Tensor> outputs, instance.call(inputs_at(step)));
      for (size_t i = 0; i < outputs.size(); ++i) {
        if (step > 0 && outputs[i].shape() != by_output[i][0].shape())
          return unsupported(fmt::format("is {} in step {}, and was {} in the first; the steps of an output are put "
                                         "together where they have one size",
                                         to_string(outputs[i].type()), step, to_string(by_output[i][0].type())),
                             "output '" + model_.outputs()[i].name + "'");
        by_output[i].push_back(std::move(outputs[i]));
      }
    }
    Played played;
    for (size_t i = 0; i < by_output.size(); ++i)
      played.outputs.push_back(
          {model_.outputs()[i].name, recording_.steps ? stack_steps(by_output[i]) : by_output[i][0]});
    for (const Slot& slot : model_.states()) {
      RONDO_TRY(Tensor state, instance.state(slot.name));
      played.states.push_back({slot.name, std::move(state)});
    }
    return played;
  }

 private:
  Tensor at_step(const Tensor& recorded, int64_t step) const {
    return recording_.steps ? slice_step(recorded, step) : recorded;
  }

  std::vector<Tensor> inputs_at(int64_t step) const {
    std::vector<Tensor> inputs;
    for (const Slot& slot : model_.inputs()) inputs.push_back(at_step(*find(recording_.inputs, slot.name), step));
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

  Result<Instance> prepare() const {
    DimSolver solver;
    const std::vector<Tensor> inputs = inputs_at(0);
    for (size_t i = 0; i < inputs.size(); ++i)
      RONDO_CHECK(solver.add(model_.inputs()[i].name, model_.inputs()[i].type, inputs[i]));
    for (const Slot& slot : model_.states())
      if (auto initial = initial_state(slot.name)) RONDO_CHECK(solver.add(slot.name, slot.type, *initial));
    RONDO_CHECK(solver.finish(model_.symbols()));
    RONDO_TRY(Instance instance, model_.instantiate(solver.values()));
    for (const Slot& slot : model_.states())
      if (auto initial = initial_state(slot.name)) RONDO_CHECK(instance.set_state(slot.name, *initial));
    return instance;
  }

  const LoadedModel& model_;
  const Recording& recording_;
};

}  // namespace

Result<Played> play(const LoadedModel& model, const Recording& recording, const std::set<std::string>& frozen) {
  Player player(model, recording);
  RONDO_CHECK(player.check_names(frozen));
  return player.play();
}

}  // namespace rondo
