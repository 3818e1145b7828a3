// Nodes of rondo's own JSON; see own.h and docs/json.md. A graph within a node becomes a region as ONNX's readers make
// it: its own inputs first, then what it takes from outside, the same for all regions of the node.
#include <fmt/format.h>

#include <algorithm>

#include "frontend/file.h"
#include "frontend/json/numbers.h"
#include "frontend/json/own.h"

namespace rondo {
namespace {

/// A graph within a node, while it is read.
struct Region {
  std::string attribute;
  std::unique_ptr<Graph> graph;
  std::unique_ptr<OwnScope> scope;
  size_t own = 0;  // parameters of its own
};

Result<Region> open_region(std::string attribute, OwnScope& outer, const std::string& place) {
  if (outer.depth() >= kDeepestOwn)
    return unsupported(fmt::format("graphs nested more than {} deep", kDeepestOwn), place);
  Region region;
  region.attribute = std::move(attribute);
  region.graph = std::make_unique<Graph>(Level::model);
  region.graph->opset = outer.graph.opset;
  region.scope = std::make_unique<OwnScope>(*region.graph, &outer);
  return region;
}

Status add_param(Region& region, const std::string& name, const std::string& place) {
  RONDO_CHECK(region.scope->define(name, region.graph->add_param(std::nullopt, name), place));
  ++region.own;
  return Done{};
}

/// The node's operands and attributes grow by what its regions capture; gives the regions.
Result<std::vector<std::unique_ptr<Graph>>> close_regions(std::vector<Region> regions, OwnScope& outer,
                                                          std::vector<Value*>& operands, Attributes& attributes) {
  std::sort(regions.begin(), regions.end(), [](const Region& a, const Region& b) { return a.attribute < b.attribute; });
  std::vector<std::string> captured, names;
  for (const Region& region : regions)
    for (const std::string& name : region.scope->captured())
      if (std::find(captured.begin(), captured.end(), name) == captured.end()) captured.push_back(name);
  while (!operands.empty() && !operands.back()) operands.pop_back();
  for (const std::string& name : captured) operands.push_back(outer.find(name));
  std::vector<std::unique_ptr<Graph>> graphs;
  for (Region& region : regions) {
    region.scope->order_captures(region.own, captured);
    graphs.push_back(std::move(region.graph));
    names.push_back(region.attribute);
  }
  attributes.set("captures", static_cast<int64_t>(captured.size()));
  attributes.set("regions", std::move(names));
  return graphs;
}

/// A name, or a list of names; null leaves one out.
Result<std::vector<std::string>> read_names(const Json& json) {
  if (json.is(JsonKind::text)) {
    RONDO_TRY(std::string name, json.text());
    return std::vector<std::string>{std::move(name)};
  }
  RONDO_CHECK(json.require(JsonKind::list, "a name, or a list of names"));
  std::vector<std::string> names;
  for (size_t i = 0; i < json.size(); ++i) {
    if (json.item(i).is(JsonKind::null)) {
      names.emplace_back();
      continue;
    }
    RONDO_TRY(std::string name, json.item(i).text());
    names.push_back(std::move(name));
  }
  return names;
}

/// An operand: the name of a value, null for none, or a constant.
Result<Value*> read_operand(const Json& json, OwnScope& scope) {
  if (json.is(JsonKind::null)) return static_cast<Value*>(nullptr);
  if (json.is(JsonKind::text)) {
    RONDO_TRY(const std::string name, json.text());
    return scope.require(name, json.place());
  }
  RONDO_TRY(Tensor tensor, read_own_tensor(json));
  return scope.constant(std::move(tensor), json.place());
}

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
Result<Region> read_graph(const Json& json, std::string attribute, OwnScope& outer) {
  RONDO_CHECK(json.only({"inputs", "nodes", "outputs"}));
  RONDO_TRY(Region region, open_region(std::move(attribute), outer, json.place()));
  if (const auto inputs = json.find("inputs")) {
    RONDO_TRY(const auto names, read_names(*inputs));
    for (const std::string& name : names) RONDO_CHECK(add_param(region, name, inputs->place()));
  }
  ErrorList errors;
  if (const auto nodes = json.find("nodes")) errors.keep(read_own_nodes(*nodes, *region.scope));
  RONDO_TRY(const Json outputs, json.member("outputs", "the names of the graph's outputs"));
  std::vector<std::string> names;
  errors.keep(read_names(outputs), names);
  for (const std::string& name : names)
    errors.keep(region.scope->require(name, outputs.place()), region.graph->outputs.emplace_back());
  RONDO_CHECK(errors.status());
  return region;
}

bool is_graph(const Json& json) { return json.is(JsonKind::object) && json.has("outputs"); }

Status name_results(Node& node, const std::vector<std::string>& names, OwnScope& scope, const std::string& place) {
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty())
      node.results[i].reset();
    else
      RONDO_CHECK(scope.define(names[i], node.result(static_cast<int>(i)), place));
  }
  return Done{};
}

/// The operands of a node: one, or a list.
Result<std::vector<Value*>> read_operands(const Json& json, OwnScope& scope) {
  if (!json.is(JsonKind::list)) {
    RONDO_TRY(Value * operand, read_operand(json, scope));
    return std::vector<Value*>{operand};
  }
  std::vector<Value*> operands(json.size());
  ErrorList errors;
  for (size_t i = 0; i < json.size(); ++i) errors.keep(read_operand(json.item(i), scope), operands[i]);
  RONDO_CHECK(errors.status());
  return operands;
}

/// Attributes, of which graphs become regions.
Status read_attributes(const Json& given, OwnScope& scope, Attributes& attributes, std::vector<Region>& regions) {
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
  RONDO_TRY(std::vector<std::string> names, read_names(out));
  if (names.empty()) return out.expected("at least one name");
  return names;
}

Result<Op> read_op(const Json& json) {
  RONDO_TRY(const Json word, json.member("op", "an operator's name"));
  RONDO_TRY(const std::string name, word.text());
  return find_own_operator(name, word.place());
}

/// {"op": "Gemm", "in": ["x", "W"], "out": "y", "attributes": {"transB": 1}}
Status read_operator(const Json& json, OwnScope& scope, std::vector<std::string>& results) {
  RONDO_CHECK(json.only({"op", "in", "out", "attributes", "name"}));
  Op op = Op::unsupported;
  std::string name;
  std::vector<Value*> operands;
  Attributes attributes;
  std::vector<Region> regions;
  ErrorList errors;
  errors.keep(read_op(json), op);
  if (const auto in = json.find("in")) errors.keep(read_operands(*in, scope), operands);
  if (const auto given = json.find("attributes")) errors.keep(read_attributes(*given, scope, attributes, regions));
  errors.keep(read_results(json), results);
  if (const auto given = json.find("name")) errors.keep(given->text(), name);
  RONDO_CHECK(errors.status());
  std::vector<std::unique_ptr<Graph>> graphs;
  if (!regions.empty()) {
    RONDO_TRY(graphs, close_regions(std::move(regions), scope, operands, attributes));
  }
  Value* first =
      scope.append(op, std::move(operands), std::move(attributes), static_cast<int>(results.size()), json.place());
  Node& node = *first->producer;
  node.regions = std::move(graphs);
  if (json.has("name")) node.name = std::move(name);
  return name_results(node, results, scope, json.find("out")->place());
}

Status read_operator(const Json& json, OwnScope& scope) {
  std::vector<std::string> results;
  Status done = read_operator(json, scope, results);
  if (done) return done;
  for (const std::string& name : results) scope.stand_in(name);
  if (results.empty()) scope.lose_names();
  return done;
}

/// A recurrence: {"state": {h: {"from", "next"}}, "over": {slice: sequence}, "nodes", "each": {result: value per step},
/// "last": {result: state}, "reverse"}. It becomes ONNX's Scan: states, then sequences; next states, then stacked
/// values.
class ScanReader {
 public:
  ScanReader(const Json& json, OwnScope& scope) : json_(json), scope_(scope) {}

  Status read() {
    Status done = read_parts();
    if (!done) stand_in();
    return done;
  }

 private:
  Status read_parts() {
    RONDO_CHECK(json_.require(JsonKind::object, "an object with 'state', 'over', 'nodes', 'each', 'last'"));
    RONDO_CHECK(json_.only({"state", "over", "nodes", "each", "last", "reverse"}));
    RONDO_TRY(region_, open_region("body", scope_, json_.place()));
    are_named_ = true;
    ErrorList errors;
    for (const char* member : {"state", "over"})
      if (const auto names = json_.find(member); !names || !names->is(JsonKind::object)) region_.scope->lose_names();
    errors.keep(read_states());
    errors.keep(read_sequences());
    if (const auto nodes = json_.find("nodes")) errors.keep(read_own_nodes(*nodes, *region_.scope));
    errors.keep(read_results());
    RONDO_CHECK(errors.status());
    return finish();
  }

  /// The results of a recurrence with errors.
  void stand_in() {
    for (const char* member : {"last", "each"}) {
      const std::optional<Json> results = json_.find(member);
      for (size_t i = 0; results && results->is(JsonKind::object) && i < results->size(); ++i)
        scope_.stand_in(results->name(i));
    }
    if (!are_named_) scope_.lose_names();
  }

  Result<Value*> read_initial(const Json& state) {
    RONDO_CHECK(state.require(JsonKind::object, "{\"from\": …, \"next\": …}"));
    RONDO_CHECK(state.only({"from", "next"}));
    RONDO_TRY(const Json from, state.member("from", "a value, or a constant such as {\"f32\": 0, \"shape\": [8]}"));
    RONDO_TRY(Value * initial, read_operand(from, scope_));
    if (!initial) return from.expected("a value, or a constant");
    return initial;
  }

  Status read_states() {
    RONDO_TRY(const Json states, json_.member("state", "an object of states: {\"h\": {\"from\": …, \"next\": …}}"));
    RONDO_CHECK(states.require(JsonKind::object, "an object of states"));
    ErrorList errors;
    for (size_t i = 0; i < states.size(); ++i) {
      names_.push_back(states.name(i));
      errors.keep(add_param(region_, states.name(i), states.item(i).place()));
      if (errors.keep(read_initial(states.item(i)), operands_.emplace_back())) sound_states_.push_back(states.item(i));
    }
    return errors.status();
  }

  Result<Value*> read_sequence(const Json& json) {
    RONDO_TRY(Value * sequence, read_operand(json, scope_));
    if (!sequence) return json.expected("the name of a value");
    return sequence;
  }

  Status read_sequences() {
    RONDO_TRY(const Json over, json_.member("over", "an object of sequences: {\"xt\": \"x\"}"));
    RONDO_CHECK(over.require(JsonKind::object, "an object of sequences"));
    if (over.size() == 0) return over.expected("at least one sequence, which tells the number of steps");
    ErrorList errors;
    for (size_t i = 0; i < over.size(); ++i) {
      errors.keep(read_sequence(over.item(i)), operands_.emplace_back());
      errors.keep(add_param(region_, over.name(i), over.item(i).place()));
    }
    sequences_ = static_cast<int64_t>(over.size());
    return errors.status();
  }

  /// The value that a name stands for at the end of a step.
  Status add_output(const Json& json) {
    RONDO_TRY(const std::string name, json.text());
    RONDO_TRY(Value * value, region_.scope->require(name, json.place()));
    region_.graph->outputs.push_back(value);
    return Done{};
  }

  Status read_next(const Json& state) {
    RONDO_TRY(const Json next, state.member("next", "the value that the state becomes"));
    return add_output(next);
  }

  Status read_last(const Json& json, const std::string& result_name) {
    RONDO_TRY(const std::string state, json.text());
    const auto found = std::find(names_.begin(), names_.end(), state);
    if (found == names_.end()) return json.expected("the name of a state");
    std::string& result = results_[static_cast<size_t>(found - names_.begin())];
    if (!result.empty()) return json.expected("each state once");
    result = result_name;
    return Done{};
  }

  Status read_results() {
    ErrorList errors;
    for (const Json& state : sound_states_) errors.keep(read_next(state));
    results_.resize(names_.size());
    const std::optional<Json> last = json_.find("last"), each = json_.find("each");
    if (last && errors.keep(last->require(JsonKind::object, "{\"result\": \"state\"}")))
      for (size_t i = 0; i < last->size(); ++i) errors.keep(read_last(last->item(i), last->name(i)));
    if (each && errors.keep(each->require(JsonKind::object, "{\"result\": \"value of each step\"}")))
      for (size_t i = 0; i < each->size(); ++i) {
        errors.keep(add_output(each->item(i)));
        results_.push_back(each->name(i));
      }
    RONDO_CHECK(errors.status());
    if (std::all_of(results_.begin(), results_.end(), [](const std::string& name) { return name.empty(); }))
      return json_.error("the recurrence has no results; accepted: 'each' or 'last' with at least one");
    return Done{};
  }

  Status finish() {
    Attributes attributes{{"num_scan_inputs", sequences_}};
    if (const auto reverse = json_.find("reverse")) {
      RONDO_TRY(const bool backward, reverse->boolean());
      const size_t stacked = results_.size() - names_.size();
      if (backward) attributes.set("scan_input_directions", std::vector<int64_t>(static_cast<size_t>(sequences_), 1));
      if (backward && stacked > 0) attributes.set("scan_output_directions", std::vector<int64_t>(stacked, 1));
    }
    std::vector<Region> regions;
    regions.push_back(std::move(region_));
    RONDO_TRY(auto graphs, close_regions(std::move(regions), scope_, operands_, attributes));
    Value* first = scope_.append(Op::Scan, std::move(operands_), std::move(attributes),
                                 static_cast<int>(results_.size()), json_.place());
    first->producer->regions = std::move(graphs);
    return name_results(*first->producer, results_, scope_, json_.place());
  }

  const Json json_;
  OwnScope& scope_;
  Region region_;
  std::vector<Value*> operands_;
  std::vector<std::string> names_;    // of the states
  std::vector<Json> sound_states_;    // those that have no errors so far
  std::vector<std::string> results_;  // final states, then stacked values; empty: not wanted
  int64_t sequences_ = 0;
  bool are_named_ = false;  // the members are those of a recurrence, so that its results are known by name
};

}  // namespace

namespace {

Status read_node(const Json& json, OwnScope& scope) {
  if (json.is(JsonKind::text)) return read_own_formula(json, scope);
  if (json.is(JsonKind::object) && json.has("scan")) {
    ErrorList errors;
    errors.keep(json.only({"scan"}));
    errors.keep(ScanReader(*json.find("scan"), scope).read());
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
