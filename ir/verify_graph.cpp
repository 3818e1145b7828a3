// verify(Graph): every rule is one method, every breach one diagnostic at its node. Types of core nodes are compared
// with what inference says of a copy; a copy is only made of what has been found closed and ordered.
// Tested by tests/ir/verify_test.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "ir/infer.h"
#include "ir/measure.h"
#include "ir/verify.h"
#include "ir/verify_node.h"

namespace rondo {
namespace {

using ValueSet = std::unordered_set<const Value*>;  // asked for membership only, never walked

ValueSet values_of(const Graph& graph) {
  ValueSet values;
  for (const auto& param : graph.params) values.insert(param.get());
  for (const auto& node : graph.nodes)
    if (node)
      for (const auto& result : node->results) values.insert(result.get());
  values.erase(nullptr);
  return values;
}

std::string describe(const Node& node) {
  if (!node.place.empty()) return node.place;
  if (!node.name.empty()) return fmt::format("node '{}'", node.name);
  return fmt::format("a node {}", info(node.op).word);
}

/// The dims' facts of a graph and of those around it, with what is implied made into bindings.
struct Facts {
  Graph graph;
  explicit Facts(const Graph& own) { add(own); }
  Facts(const Facts& outer, const Graph& own) {
    add(outer.graph);
    add(own);
  }

 private:
  void add(const Graph& source) {
    for (const auto& [name, dim] : source.bindings) graph.require_equal(Dim::symbol(name), dim, "");
    for (const Equality& each : source.equalities) graph.require_equal(each.a, each.b, each.reason);
  }
};

/// The measured symbols that may be used where verification stands, and all that have been met.
struct Measured {
  std::set<std::string> usable;
  std::set<std::string>* all;
};

class GraphVerifier {
 public:
  GraphVerifier(const Graph& graph, const std::vector<const ValueSet*>& outer, const Facts& facts, Measured measured)
      : graph_(graph), facts_(facts), values_(values_of(graph)), outer_(outer), measured_(std::move(measured)) {
    reset_scratch();
  }

  Diagnostics run(bool is_main) {
    params();
    for (const auto& node : graph_.nodes) {
      if (node)
        this->node(*node);
      else
        report("a node is null", "");
    }
    outputs(is_main);
    states(is_main);
    if (is_main) stepping();
    times(is_main);
    return std::move(errors_);
  }

 private:
  void report(std::string message, std::string place) {
    errors_.push_back(internal_error(std::move(message), std::move(place)));
  }

  void params() {
    for (size_t i = 0; i < graph_.params.size(); ++i) {
      const Value* param = graph_.params[i].get();
      if (!param) {
        report(fmt::format("parameter {} is null", i), "");
        continue;
      }
      const std::string place = fmt::format("parameter '{}'", param->name);
      if (param->producer || param->index != static_cast<int>(i))
        report(fmt::format("its producer and index must say that it is parameter {}", i), place);
      if (graph_.level == Level::core && !param->type) report("it has no type", place);
      if (outer_.empty() && param->type)
        for (const Dim& dim : param->type->shape) dim.collect_symbols(measured_.usable);
      known_.insert(param);
    }
  }

  /// Whether a value may be used at this point of the graph.
  bool usable(const Value* value, const std::string& what, const std::string& place) {
    if (known_.count(value)) return true;
    const bool outside =
        std::any_of(outer_.begin(), outer_.end(), [&](const ValueSet* set) { return set->count(value); });
    if (values_.count(value))
      report(fmt::format("{} is used before it is defined", what), place);
    else if (outside)
      report(fmt::format("{} belongs to a graph outside; regions are closed", what), place);
    else
      report(fmt::format("{} does not belong to this graph", what), place);
    return false;
  }

  void node(const Node& node) {
    const std::string place = describe(node);
    const size_t before = errors_.size();
    operands(node, place);
    for (size_t i = 0; i < node.regions.size(); ++i) region(node, i, place);
    results(node, place);
    for (std::string& message : node_errors(node, graph_.level)) report(std::move(message), place);
    if (graph_.level == Level::model)
      arity(node, place);
    else if (errors_.size() == before)
      types(node, place);
    if (graph_.level == Level::core) symbols(node, place);
    for (const auto& result : node.results)
      if (result) known_.insert(result.get());
  }

  /// Measured symbols are used after they are measured, and measured once.
  void symbols(const Node& node, const std::string& place) {
    if (const auto* symbol = node.op == Op::measure ? node.attributes.find("symbol") : nullptr)
      if (const auto* name = std::get_if<std::string>(symbol)) {
        if (!measured_.all->insert(*name).second) report(fmt::format("'{}' is measured twice", *name), place);
        measured_.usable.insert(*name);
      }
    if (!node.regions.empty()) return types_use_known(node, place);  // the rest is said inside
    std::set<std::string> names;
    collect_symbols(node, names);
    known_symbols(names, place);
  }
  void types_use_known(const Node& node, const std::string& place) {
    std::set<std::string> names;
    for (const auto& result : node.results)
      if (result && result->type)
        for (const Dim& dim : result->type->shape) dim.collect_symbols(names);
    known_symbols(names, place);
  }
  void known_symbols(const std::set<std::string>& names, const std::string& place) {
    for (const std::string& name : names)
      if (is_measured(name) && !measured_.usable.count(name))
        report(fmt::format("dimension '{}' is used where it is not measured yet", name), place);
  }

  void operands(const Node& node, const std::string& place) {
    for (size_t i = 0; i < node.operands.size(); ++i) {
      if (node.operands[i])
        usable(node.operands[i], fmt::format("operand {}", i), place);
      else if (graph_.level == Level::core)
        report(fmt::format("operand {} is left out", i), place);
    }
  }

  void results(const Node& node, const std::string& place) {
    for (size_t i = 0; i < node.results.size(); ++i) {
      const Value* result = node.results[i].get();
      if (!result && graph_.level == Level::core) report(fmt::format("result {} is left out", i), place);
      if (!result) continue;
      if (result->producer != &node || result->index != static_cast<int>(i))
        report(fmt::format("result {}'s producer and index must say so", i), place);
      if (graph_.level == Level::core && !result->type) report(fmt::format("result {} has no type", i), place);
    }
  }

  void region(const Node& node, size_t i, const std::string& place) {
    const Graph* region = node.regions[i].get();
    if (!region) return report(fmt::format("region {} is null", i), place);
    if (region->level != graph_.level) report(fmt::format("region {} must be of its graph's level", i), place);
    std::vector<const ValueSet*> outer = outer_;
    outer.push_back(&values_);
    const Facts facts(facts_, *region);
    for (Diagnostic& error : GraphVerifier(*region, outer, facts, measured_).run(false)) {
      error.place = error.place.empty() ? place : fmt::format("{}, in its region: {}", place, error.place);
      errors_.push_back(std::move(error));
    }
  }

  /// At the model level inference has no say, but rows of ops.def do.
  void arity(const Node& node, const std::string& place) {
    const OpInfo& row = info(node.op);
    const int operands = static_cast<int>(node.operands.size()), results = static_cast<int>(node.results.size());
    if (operands < row.min_operands || (row.max_operands >= 0 && operands > row.max_operands))
      report(fmt::format("{} does not take {} operands", row.word, operands), place);
    if (row.results >= 0 && results != row.results)
      report(fmt::format("{} does not give {} results", row.word, results), place);
  }

  void types(const Node& node, const std::string& place) {
    Node copy;
    copy.op = node.op;
    copy.operands = node.operands;
    copy.attributes = node.attributes;
    copy.name = node.name;
    copy.place = node.place;
    for (const auto& region : node.regions) copy.regions.push_back(region->clone());
    for (size_t i = 0; i < node.results.size(); ++i) {
      copy.results.push_back(std::make_unique<Value>());
      copy.results.back()->producer = &copy;
      copy.results.back()->index = static_cast<int>(i);
    }
    if (Status inferred = infer(copy, scratch_); !inferred) {
      for (const Diagnostic& error : inferred.errors()) report(error.message, place);
      return new_facts(place);
    }
    for (size_t i = 0; i < node.results.size(); ++i) {
      const Type &stated = *node.results[i]->type, &inferred = *copy.results[i]->type;
      if (!agree(scratch_, stated, inferred))
        report(fmt::format("result {} is said to be {}, but inference gives {}", i, to_string(stated),
                           to_string(inferred)),
               place);
    }
    new_facts(place);
  }

  /// A node may not need more of its dims than the graph says; what the graph says is checked at entry.
  void new_facts(const std::string& place) {
    const Graph& known = facts_.graph;
    if (scratch_.bindings.size() == known.bindings.size() && scratch_.equalities.size() == known.equalities.size())
      return;
    const auto missing = [&](const Dim& a, const Dim& b) {
      report(fmt::format("it needs {} = {}, which the graph does not require", a.to_string(), b.to_string()), place);
    };
    for (const auto& [name, dim] : scratch_.bindings)
      if (!known.bindings.count(name)) missing(Dim::symbol(name), dim);
    for (size_t i = known.equalities.size(); i < scratch_.equalities.size(); ++i)
      missing(scratch_.equalities[i].a, scratch_.equalities[i].b);
    reset_scratch();
  }

  void reset_scratch() {
    scratch_.bindings = facts_.graph.bindings;
    scratch_.equalities = facts_.graph.equalities;
  }

  void outputs(bool is_main) {
    for (size_t i = 0; i < graph_.outputs.size(); ++i) {
      const std::string what = fmt::format("output {}", i);
      if (graph_.outputs[i])
        usable(graph_.outputs[i], what, "");
      else
        report(what + " is null", "");
    }
    const size_t wanted = is_main ? graph_.outputs.size() : 0;
    if (graph_.output_names.size() != wanted)
      report(fmt::format("there must be {} output names, not {}", wanted, graph_.output_names.size()), "");
    if (!graph_.declared_outputs.empty() && graph_.declared_outputs.size() != graph_.outputs.size())
      report("declared output types must be as many as outputs", "");
  }

  void stepping() {
    const Stepping& stepping = graph_.stepping;
    if (std::min({stepping.streams, stepping.frames, stepping.latency}) < 0) report("a number of stepping is negative", "");
    const auto check = [&](const Value* value) {
      if (value && value->type && !has_streams_axis(stepping, *value->type))
        report("its first axis is not that of the streams", fmt::format("value '{}'", value->name));
    };
    for (const auto& param : graph_.params) check(param.get());
    for (const Value* output : graph_.outputs) check(output);
  }

  void states(bool is_main) {
    if (!is_main && !graph_.states.empty()) return report("a region has no states of its own", "");
    const size_t inputs = graph_.params.size() - std::min(graph_.params.size(), graph_.states.size());
    for (size_t i = 0; i < graph_.states.size(); ++i) {
      const State& state = graph_.states[i];
      const std::string place = fmt::format("state '{}'", state.name);
      const bool in_place = inputs + i < graph_.params.size() && graph_.params[inputs + i].get() == state.current;
      if (!state.current || !in_place)
        report("its current value must be a parameter; parameters are the inputs, then the states in order", place);
      if (!state.next)
        report("it has no next value", place);
      else if (usable(state.next, "its next value", place) && state.current)
        state_types(state, place);
    }
  }

  void times(bool is_main) {
    if (!is_main && !graph_.timing.empty()) return report("a region has no ports with a time axis", "");
    for (std::string& message : timing_errors(graph_.timing, [&](const Timing& each) { return type_of(each); }))
      report(std::move(message), "");
  }

  const Type* type_of(const Timing& timing) const {
    const bool input = timing.port == Timing::Port::input;
    for (const Value* value : input ? graph_.inputs() : std::vector<Value*>())
      if (value->name == timing.name && value->type) return &*value->type;
    for (size_t i = 0; !input && i < graph_.outputs.size() && i < graph_.output_names.size(); ++i)
      if (graph_.output_names[i] == timing.name && graph_.outputs[i] && graph_.outputs[i]->type) return &*graph_.outputs[i]->type;
    return nullptr;
  }

  void state_types(const State& state, const std::string& place) {
    const auto &current = state.current->type, &next = state.next->type;
    if (current && next && !agree(facts_.graph, *current, *next))
      report(fmt::format("its current value is {}, its next value {}", to_string(*current), to_string(*next)), place);
    if (!current || !state.initial) return;
    const Tensor& initial = *state.initial;
    bool fits = initial.dtype() == current->dtype && initial.shape().size() == current->shape.size();
    for (size_t i = 0; fits && i < initial.shape().size(); ++i)
      fits = initial.shape()[i] == 1 || current->shape[i].is(initial.shape()[i]);
    if (!fits)
      report(fmt::format("its initial value is {}, which does not broadcast to {}", to_string(initial.type()),
                         to_string(*current)),
             place);
  }

  const Graph& graph_;
  const Facts& facts_;
  const ValueSet values_;
  const std::vector<const ValueSet*> outer_;
  Measured measured_;
  ValueSet known_;
  Graph scratch_;  // the facts again, for inference to work on
  Diagnostics errors_;
};

}  // namespace

Status verify(const Graph& graph) {
  const Facts facts(graph);
  std::set<std::string> measured;
  Diagnostics errors = GraphVerifier(graph, {}, facts, {{}, &measured}).run(true);
  if (errors.empty()) return Done{};
  return errors;
}

}  // namespace rondo
