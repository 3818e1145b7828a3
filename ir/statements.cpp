// See statements.h.
#include "ir/statements.h"

#include <fmt/format.h>

#include "ir/print_parts.h"

namespace rondo {
namespace {

void type(std::string& out, const Value* value) {
  if (!value)
    out += '_';
  else if (value->type)
    print_type(out, *value->type);
  else
    out += '?';
}

void alias(std::string& out, const std::string& name, const std::string& shown) {
  if (name == shown) return;
  out += " as ";
  print_text(out, name);
}

template <class List, class Function>
void comma_separated(std::string& out, const List& list, Function element) {
  bool first = true;
  for (const auto& item : list) {
    if (!first) out += ", ";
    first = false;
    element(item);
  }
}

std::string fact(const Equality& equality) {
  std::string out = "require ";
  print_dim(out, equality.a);
  out += " == ";
  print_dim(out, equality.b);
  if (equality.reason.empty()) return out;
  out += " because ";
  print_text(out, equality.reason);
  return out;
}

}  // namespace

std::string Statements::heading(const Graph& graph) const {
  std::string out = graph.level == Level::model ? "model " : "core ";
  print_text(out, graph.name);
  if (graph.opset != 0) out += fmt::format(" opset {}", graph.opset);
  return out;
}

std::string Statements::parameter(const Graph& graph, const Value& param, const ValueNames& names) const {
  const State* state = nullptr;
  for (const State& each : graph.states)
    if (each.current == &param) state = &each;
  const ValueNames::Entry& entry = names.of(&param);
  std::string out = (state ? "state " : "input ") + entry.text;
  alias(out, state ? state->name : param.name, entry.name);
  out += ": ";
  type(out, &param);
  if (state && state->initial) {
    out += " initial ";
    print_tensor(out, *state->initial, options_);
  }
  return out;
}

std::vector<std::string> Statements::facts(const Graph& graph) const {
  std::vector<std::string> lines;
  if (std::string stepping = print_stepping(graph.stepping); !stepping.empty()) lines.push_back(std::move(stepping));
  for (const Equality& equality : graph.equalities) lines.push_back(fact(equality));
  for (const auto& [name, dim] : graph.bindings) {
    std::string out = "bind ";
    print_dim(out, Dim::symbol(name));
    out += " = ";
    print_dim(out, dim);
    lines.push_back(std::move(out));
  }
  return lines;
}

std::vector<std::string> Statements::ends(const Graph& graph, const ValueNames& names) const {
  std::vector<std::string> lines;
  for (const State& state : graph.states)
    lines.push_back("next " + names.of(state.current).text + " = " + names.of(state.next).text);
  if (graph.output_names.empty() && !graph.outputs.empty()) {
    std::string out = "yield ";
    comma_separated(out, graph.outputs, [&](const Value* value) { out += names.of(value).text; });
    lines.push_back(std::move(out));
    return lines;
  }
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    const ValueNames::Entry& entry = names.of(graph.outputs[i]);
    std::string out = "output " + entry.text;
    alias(out, i < graph.output_names.size() ? graph.output_names[i] : "", entry.name);
    if (i < graph.declared_outputs.size() && graph.declared_outputs[i]) {
      out += ": ";
      print_type(out, *graph.declared_outputs[i]);
    }
    lines.push_back(std::move(out));
  }
  for (const Timing& timing : graph.timing) print_timing(lines.emplace_back(), timing);
  return lines;
}

std::string Statements::node(const Node& node, const Graph& graph, const ValueNames& names, const Node* around) const {
  std::string out;
  const auto reference = [&](const Value* value) { out += value ? names.of(value).text : "_"; };
  comma_separated(out, node.results, [&](const auto& result) { reference(result.get()); });
  if (!node.results.empty()) out += " = ";
  out += info(node.op).word;
  if (!node.kind.empty()) {
    out += ' ';
    print_text(out, node.kind);
  }
  out += '(';
  comma_separated(out, node.operands, reference);
  out += ')';
  attributes(out, node.attributes);
  types(out, node, graph);
  if (says_its_name(node, around)) {
    out += " @ ";
    print_text(out, node.name);
  }
  return out;
}

/// For the eye, a name that the node's results or the node around it carry is said already.
bool Statements::says_its_name(const Node& node, const Node* around) const {
  if (node.name.empty()) return false;
  if (!options_.brief) return true;
  if (around && around->name == node.name) return false;
  for (const auto& result : node.results)
    if (result && result->name.starts_with(node.name)) return false;
  return true;
}

void Statements::attributes(std::string& out, const Attributes& attributes) const {
  if (attributes.entries().empty()) return;
  out += " {";
  comma_separated(out, attributes.entries(), [&](const auto& entry) {
    print_name(out, entry.first);
    out += " = ";
    print_attribute(out, entry.second, options_);
  });
  out += '}';
}

/// At the model level, nodes whose types are all unknown show none. For the eye, a constant's value shows its type.
void Statements::types(std::string& out, const Node& node, const Graph& graph) const {
  bool known = graph.level == Level::core;
  for (const auto& result : node.results) known |= result && result->type;
  if (!known || node.results.empty()) return;
  if (options_.brief && node.operands.empty() && node.attributes.entries().size() == 1)
    if (const Attribute* value = node.attributes.find("value"); value && std::holds_alternative<Tensor>(*value)) return;
  out += ": ";
  comma_separated(out, node.results, [&](const auto& result) { type(out, result.get()); });
}

std::string Statements::region(const Graph& region, const Graph& outer, const ValueNames& names) const {
  std::string out = "region ";
  if (!region.name.empty()) {
    print_text(out, region.name);
    out += ' ';
  }
  if (region.opset != outer.opset) out += fmt::format("opset {} ", region.opset);
  out += '(';
  comma_separated(out, region.params, [&](const auto& param) {
    out += names.of(param.get()).text + ": ";
    type(out, param.get());
  });
  return out + ")";
}

}  // namespace rondo
