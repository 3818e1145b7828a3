// What the user fixes of a model before it is compiled: dimensions, outputs that feed inputs, and ragged batches.
// Entries: bind_dims, bind_state, bind_ragged. Tested by expand_driver_test.cpp.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "passes/expand/expand.h"
#include "passes/pipeline.h"
#include "support/closest.h"

namespace rondo {
namespace {

/// The symbols a caller can see: those of the inputs' and states' types.
std::set<std::string> visible_symbols(const Graph& graph) {
  std::set<std::string> names;
  for (const auto& param : graph.params) {
    if (!param->type) continue;
    for (const Dim& dim : param->type->shape) dim.collect_symbols(names);
  }
  return names;
}

/// What there is, and what of it the user may have meant.
std::string listed(const std::string& wanted, const std::vector<std::string>& names) {
  return names.empty() ? "none" : fmt::format("'{}'{}", fmt::join(names, "', '"), did_you_mean(wanted, names));
}

}  // namespace

Status bind_dims(Graph& model, const std::map<std::string, int64_t>& values) {
  const std::set<std::string> known = visible_symbols(model);
  std::map<std::string, Dim> bindings;
  Diagnostics errors;
  for (const auto& [name, value] : values) {
    if (!known.count(name)) {
      errors.push_back(invalid(
          fmt::format("no symbolic dimension '{}'; the model has: {}", name, listed(name, {known.begin(), known.end()}))));
    } else if (value < 1) {
      errors.push_back(invalid(fmt::format("dimension '{}' cannot be {}; at least 1 is needed", name, value)));
    } else {
      bindings.emplace(name, Dim(value));
    }
  }
  if (!errors.empty()) return errors;
  substitute(model, bindings);
  return Done{};
}

Status bind_state(Graph& model, const std::string& input, const std::string& output) {
  std::vector<Value*> inputs = model.inputs();
  auto named = [&](const Value* value) { return value->name == input; };
  auto param = std::find_if(inputs.begin(), inputs.end(), named);
  if (param == inputs.end()) {
    std::vector<std::string> names;
    for (const Value* value : inputs) names.push_back(value->name);
    return invalid(fmt::format("no input '{}' to make a state of; the model has: {}", input, listed(input, names)));
  }
  auto place = std::find(model.output_names.begin(), model.output_names.end(), output);
  if (place == model.output_names.end()) {
    return invalid(
        fmt::format("no output '{}' to make a state of; the model has: {}", output, listed(output, model.output_names)));
  }
  const size_t index = place - model.output_names.begin();
  std::erase_if(model.timing, [&](const Timing& timing) { return timing.name == input; });
  model.states.push_back({input, *param, model.outputs[index], std::nullopt});
  model.outputs.erase(model.outputs.begin() + index);
  model.output_names.erase(place);
  if (index < model.declared_outputs.size()) model.declared_outputs.erase(model.declared_outputs.begin() + index);
  // States' values come after the inputs.
  auto owner = std::find_if(model.params.begin(), model.params.end(),
                            [&](const auto& candidate) { return candidate.get() == *param; });
  std::rotate(owner, owner + 1, model.params.end());
  for (size_t i = 0; i < model.params.size(); ++i) model.params[i]->index = static_cast<int>(i);
  return Done{};
}

namespace {

/// Sets the attribute in the graph and its regions; how many layers have lengths of sequences.
int set_ragged(Graph& graph, const std::string& ragged) {
  constexpr size_t kLengths = 4;  // the operand
  int layers = 0;
  for (const auto& node : graph.nodes) {
    for (const auto& region : node->regions) layers += set_ragged(*region, ragged);
    const bool recurrent = node->op == Op::LSTM || node->op == Op::GRU || node->op == Op::RNN;
    if (!recurrent || node->operands.size() <= kLengths || !node->operands[kLengths]) continue;
    node->attributes.set("ragged", ragged);
    ++layers;
  }
  return layers;
}

}  // namespace

Status bind_ragged(Graph& model, const std::string& ragged) {
  if (model.level == Level::core)
    return invalid("the text is at the core level, where --ragged comes too late");
  if (set_ragged(model, ragged) > 0) return Done{};
  return invalid("--ragged is for models whose recurrent layers are given lengths of sequences (sequence_lens); this one "
                 "has none");
}

}  // namespace rondo
