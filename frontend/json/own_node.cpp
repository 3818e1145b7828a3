// Nodes of rondo's own JSON; see own.h and docs/json.md. Entry: read_own_nodes. Tested by
// tests/frontend/json_own_test.cpp.
#include <fmt/format.h>

#include "frontend/file.h"
#include "frontend/json/own_region.h"

namespace rondo {
namespace {

Result<Attribute> read_attribute_list(const Json& json) {
  std::vector<std::string> texts;
  std::vector<int64_t> integers;
  std::vector<double> reals;
  bool whole = true;
  for (size_t i = 0; i < json.size(); ++i) {
    const Json item = json.item(i);
    if (item.is(JsonKind::text)) {
      RONDO_TRY(std::string text, item.text());
      texts.push_back(std::move(text));
      continue;
    }
    RONDO_CHECK(item.require(JsonKind::number, "numbers, or texts"));
    whole = whole && item.node().whole;
    integers.push_back(item.node().whole ? item.node().integer : 0);
    reals.push_back(item.node().number());
  }
  if (!texts.empty() && !reals.empty()) return json.expected("numbers alone, or texts alone");
  if (!texts.empty()) return Attribute(std::move(texts));
  return whole ? Attribute(std::move(integers)) : Attribute(std::move(reals));
}

Result<Attribute> read_attribute(const Json& json) {
  if (json.is(JsonKind::number))
    return json.node().whole ? Attribute(json.node().integer) : Attribute(json.node().real);
  if (json.is(JsonKind::boolean)) return Attribute(json.node().integer);
  if (json.is(JsonKind::list)) return read_attribute_list(json);
  if (json.is(JsonKind::object)) {
    RONDO_TRY(Tensor tensor, read_own_tensor(json));
    return Attribute(std::move(tensor));
  }
  RONDO_TRY(std::string text, json.text());
  return Attribute(std::move(text));
}

/// {"inputs": [names], "nodes": […], "outputs": [names]}
Result<OwnRegion> read_graph(const Json& json, std::string attribute, OwnScope& outer) {
  RONDO_CHECK(json.only({"inputs", "nodes", "outputs"}));
  RONDO_TRY(OwnRegion region, open_own_region(std::move(attribute), outer, json.place()));
  if (const auto inputs = json.find("inputs")) {
    RONDO_TRY(const auto names, read_own_names(*inputs));
    for (const std::string& name : names) RONDO_CHECK(add_own_param(region, name, inputs->place()));
  }
  ErrorList errors;
  if (const auto nodes = json.find("nodes")) errors.keep(read_own_nodes(*nodes, *region.scope));
  RONDO_TRY(const Json outputs, json.member("outputs", "the names of the graph's outputs"));
  std::vector<std::string> names;
  errors.keep(read_own_names(outputs), names);
  for (const std::string& name : names)
    errors.keep(region.scope->require(name, outputs.place()), region.graph->outputs.emplace_back());
  RONDO_CHECK(errors.status());
  return region;
}

bool is_graph(const Json& json) { return json.is(JsonKind::object) && json.has("outputs"); }

/// The operands of a node: one, or a list.
Result<std::vector<Value*>> read_operands(const Json& json, OwnScope& scope) {
  if (!json.is(JsonKind::list)) {
    RONDO_TRY(Value * operand, read_own_operand(json, scope));
    return std::vector<Value*>{operand};
  }
  std::vector<Value*> operands(json.size());
  ErrorList errors;
  for (size_t i = 0; i < json.size(); ++i) errors.keep(read_own_operand(json.item(i), scope), operands[i]);
  RONDO_CHECK(errors.status());
  return operands;
}

/// Attributes, of which graphs become regions.
Status read_attributes(const Json& given, OwnScope& scope, Attributes& attributes, std::vector<OwnRegion>& regions) {
  RONDO_CHECK(given.require(JsonKind::object, "an object of attributes"));
  ErrorList errors;
  for (size_t i = 0; i < given.size(); ++i) {
    const std::string& name = given.name(i);
    const Json json = given.item(i);
    Attribute value;
    if (name == "captures" || name == "regions")
      errors.add({json.refused("an attribute of this name; accepted: others")});
    else if (is_graph(json))
      errors.keep(read_graph(json, name, scope), regions.emplace_back());
    else if (errors.keep(read_attribute(json), value))
      attributes.set(name, std::move(value));
  }
  return errors.status();
}

Result<std::vector<std::string>> read_results(const Json& json) {
  RONDO_TRY(const Json out, json.member("out", "the name of the result, or a list of names"));
  RONDO_TRY(std::vector<std::string> names, read_own_names(out));
  if (names.empty()) return out.expected("at least one name");
  return names;
}

Result<Op> read_op(const Json& json) {
  RONDO_TRY(const Json word, json.member("op", "an operator's name"));
  RONDO_TRY(const std::string name, word.text());
  return find_own_operator(name, word.place());
}

/// {"op": "Gemm", "in": ["x", "W"], "out": "y", "attributes": {"transB": 1}}
Status append_operator(const Json& json, OwnScope& scope, std::vector<std::string>& results) {
  RONDO_CHECK(json.only({"op", "in", "out", "attributes", "name"}));
  Op op = Op::unsupported;
  std::string name;
  std::vector<Value*> operands;
  Attributes attributes;
  std::vector<OwnRegion> regions;
  ErrorList errors;
  errors.keep(read_op(json), op);
  if (const auto in = json.find("in")) errors.keep(read_operands(*in, scope), operands);
  if (const auto given = json.find("attributes")) errors.keep(read_attributes(*given, scope, attributes, regions));
  errors.keep(read_results(json), results);
  if (const auto given = json.find("name")) errors.keep(given->text(), name);
  RONDO_CHECK(errors.status());
  std::vector<std::unique_ptr<Graph>> graphs;
  if (!regions.empty()) {
    RONDO_TRY(graphs, close_own_regions(std::move(regions), scope, operands, attributes));
  }
  Value* first =
      scope.append(op, std::move(operands), std::move(attributes), static_cast<int>(results.size()), json.place());
  Node& node = *first->producer;
  node.regions = std::move(graphs);
  if (json.has("name")) node.name = std::move(name);
  return name_own_results(node, results, scope, json.find("out")->place());
}

/// One with errors still defines its results.
Status read_operator(const Json& json, OwnScope& scope) {
  std::vector<std::string> results;
  Status done = append_operator(json, scope, results);
  if (done) return done;
  for (const std::string& name : results) scope.stand_in(name);
  if (results.empty()) scope.lose_names();
  return done;
}

Status read_node(const Json& json, OwnScope& scope) {
  if (json.is(JsonKind::text)) return read_own_formula(json, scope);
  if (json.is(JsonKind::object) && json.has("scan")) {
    ErrorList errors;
    errors.keep(json.only({"scan"}));
    errors.keep(read_own_scan(*json.find("scan"), scope));
    return errors.status();
  }
  if (json.is(JsonKind::object)) return read_operator(json, scope);
  scope.lose_names();
  return json.expected("a formula such as \"y = Tanh(x)\", {\"op\": …} or {\"scan\": …}");
}

}  // namespace

Status read_own_nodes(const Json& json, OwnScope& scope) {
  if (!json.is(JsonKind::list)) scope.lose_names();
  RONDO_CHECK(json.require(JsonKind::list, "a list of nodes"));
  ErrorList errors;
  for (size_t i = 0; i < json.size(); ++i) errors.keep(read_node(json.item(i), scope));
  return errors.status();
}

}  // namespace rondo
