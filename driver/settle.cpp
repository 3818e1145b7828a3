// See settle.h. The errors say which inputs and dimensions are wanted (Diagnostic); nothing here knows operators.
#include "driver/settle.h"

#include <fmt/format.h>

#include <algorithm>

#include "driver/constants.h"
#include "driver/dims.h"
#include "driver/report.h"

namespace rondo {
namespace {

constexpr int64_t kMostShown = 8;  // elements in a description

const NamedTensor* find(const std::vector<NamedTensor>& tensors, const std::string& name) {
  auto found = std::find_if(tensors.begin(), tensors.end(), [&](const NamedTensor& one) { return one.name == name; });
  return found == tensors.end() ? nullptr : &*found;
}

/// The dimensions that the shapes of the given values tell; what contradicts is left to the call, which reports it.
Dim::Values given_dims(const Graph& graph, const Given& given) {
  DimSolver solver;
  for (const Value* input : graph.inputs()) {
    const NamedTensor* value = find(given.inputs, input->name);
    if (!value || !input->type) continue;
    if (!solver.add(input->name, *input->type, value->value)) break;
  }
  return solver.values();
}

std::string elements_of(const Tensor& tensor) {
  std::string text;
  for (int64_t i = 0; i < std::min(tensor.count(), kMostShown); ++i)
    text += is_float(tensor.dtype()) ? fmt::format(" {:.7g}", tensor.double_at(i))
                                     : fmt::format(" {}", tensor.int_at(i));
  return text + (tensor.count() > kMostShown ? " ..." : "");
}

}  // namespace

Parsed copy(const Parsed& source) {
  Parsed result;
  if (source.plan) result.plan = source.plan;
  if (source.graph) result.graph = std::move(*source.graph->clone());
  return result;
}

Status settle(Parsed& source, const Settled& settled) {
  if (!source.graph) return Done{};
  for (const auto& [name, value] : settled.inputs) RONDO_CHECK(bind_constant(*source.graph, name, value));
  // A dimension may have gone with an input that was frozen.
  std::map<std::string, int64_t> left;
  for (const Value* input : source.graph->inputs()) {
    std::set<std::string> symbols;
    if (!input->type) continue;
    for (const Dim& dim : input->type->shape) dim.collect_symbols(symbols);
    for (const auto& entry : settled.dims)
      if (symbols.count(entry.first)) left.insert(entry);
  }
  return bind_dims(*source.graph, left);
}

bool take_wanted(const Parsed& source, const Diagnostics& errors, const Given& given, Settled& settled) {
  if (!source.graph) return false;
  bool found = false;
  for (const Diagnostic& error : errors)
    for (const std::string& name : error.wanted_inputs) {
      const NamedTensor* value = find(given.inputs, name);
      if (!value || given.states.count(name) || find(settled.inputs, name)) continue;
      settled.inputs.push_back(*value);
      found = true;
    }
  if (found) return true;  // the dimensions may follow from these
  const Dim::Values dims = given_dims(*source.graph, given);
  for (const Diagnostic& error : errors)
    for (const std::string& name : error.wanted_dims)
      if (auto value = dims.find(name); value != dims.end()) found |= settled.dims.insert(*value).second;
  return found;
}

bool holds(const Parsed& source, const Settled& settled, const Given& given) {
  for (const NamedTensor& input : settled.inputs) {
    const NamedTensor* value = find(given.inputs, input.name);
    if (!value || !(value->value == input.value)) return false;
  }
  if (settled.dims.empty()) return true;
  const Dim::Values dims = given_dims(*source.graph, given);
  return std::all_of(settled.dims.begin(), settled.dims.end(), [&](const auto& entry) {
    auto found = dims.find(entry.first);
    return found != dims.end() && found->second == entry.second;
  });
}

void report_settled(const Settled& settled, const std::string& file) {
  Diagnostics remarks;
  for (const auto& [name, value] : settled.inputs)
    remarks.push_back(remark(fmt::format("taken as a constant: {}{}", to_string(value.type()), elements_of(value)),
                             fmt::format("input '{}'", name)));
  for (const auto& [name, value] : settled.dims)
    remarks.push_back(remark(fmt::format("taken as a constant: {}", value), fmt::format("dimension '{}'", name)));
  set_file(remarks, file);
  report(remarks);
}

Given given_by(const Recording& recording, const std::vector<NamePair>& states) {
  Given given;
  for (const NamePair& pair : states) given.states.insert(pair.first);
  for (const RecordedState& state : recording.states) given.inputs.push_back({state.input, state.initial});
  for (const auto& [name, value] : recording.inputs) {
    if (!recording.steps) {
      given.inputs.push_back({name, value});
      continue;
    }
    const Tensor first = slice_step(value, 0);
    bool same = true;
    for (int64_t step = 1; same && step < *recording.steps; ++step) same = slice_step(value, step) == first;
    if (same) given.inputs.push_back({name, first});
  }
  return given;
}

std::set<std::string> names_of(const Settled& settled) {
  std::set<std::string> names;
  for (const NamedTensor& input : settled.inputs) names.insert(input.name);
  return names;
}

}  // namespace rondo
