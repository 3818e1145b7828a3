#include "ir/graph.h"

#include <fmt/format.h>

#include <unordered_set>

#include "ir/measure.h"

namespace rondo {

Value* Graph::add_param(std::optional<Type> type, std::string name) {
  auto value = std::make_unique<Value>();
  value->type = std::move(type);
  value->name = std::move(name);
  value->index = static_cast<int>(params.size());
  params.push_back(std::move(value));
  return params.back().get();
}

std::vector<Value*> Graph::inputs() const {
  std::vector<Value*> result;
  for (const auto& param : params) {
    bool is_state = false;
    for (const State& state : states) is_state |= state.current == param.get();
    if (!is_state) result.push_back(param.get());
  }
  return result;
}

Node* Graph::append(Op op, std::vector<Value*> operands, Attributes attributes, int result_count) {
  auto node = std::make_unique<Node>();
  node->op = op;
  node->operands = std::move(operands);
  node->attributes = std::move(attributes);
  for (int i = 0; i < result_count; ++i) {
    node->results.push_back(std::make_unique<Value>());
    node->results.back()->producer = node.get();
    node->results.back()->index = i;
  }
  nodes.push_back(std::move(node));
  return nodes.back().get();
}

namespace {

std::unique_ptr<Value> clone_value(const Value& value, Node* producer, std::map<const Value*, Value*>& mapping) {
  auto copy = std::make_unique<Value>(value);
  copy->producer = producer;
  mapping[&value] = copy.get();
  return copy;
}

std::unique_ptr<Node> clone_node(const Node& node, std::map<const Value*, Value*>& mapping) {
  auto copy = std::make_unique<Node>();
  copy->op = node.op;
  copy->kind = node.kind;
  copy->attributes = node.attributes;
  copy->name = node.name;
  copy->place = node.place;
  for (Value* operand : node.operands) copy->operands.push_back(operand ? mapping.at(operand) : nullptr);
  for (const auto& result : node.results)
    copy->results.push_back(result ? clone_value(*result, copy.get(), mapping) : nullptr);
  for (const auto& region : node.regions) copy->regions.push_back(region->clone());
  return copy;
}

}  // namespace

std::unique_ptr<Graph> Graph::clone(std::map<const Value*, Value*>* mapping) const {
  std::map<const Value*, Value*> own;
  std::map<const Value*, Value*>& values = mapping ? *mapping : own;
  auto copy = std::make_unique<Graph>(level);
  copy->name = name;
  copy->opset = opset;
  copy->scope = scope;
  copy->output_names = output_names;
  copy->declared_outputs = declared_outputs;
  copy->timing = timing;
  copy->equalities = equalities;
  copy->bindings = bindings;
  copy->stepping = stepping;
  for (const auto& param : params) copy->params.push_back(clone_value(*param, nullptr, values));
  for (const auto& node : nodes) copy->nodes.push_back(clone_node(*node, values));
  for (Value* output : outputs) copy->outputs.push_back(values.at(output));
  for (const State& state : states)
    copy->states.push_back({state.name, values.at(state.current), values.at(state.next), state.initial});
  return copy;
}

namespace {

/// The symbol that `equation` = 0 defines by the rest: one that occurs with coefficient 1 or -1, alone in its term and
/// nowhere else. Nothing is known by what is only measured.
std::optional<std::pair<std::string, Dim>> solve(const Dim& equation) {
  if (is_measured(equation)) return std::nullopt;
  for (const Dim::Term& term : equation.terms()) {
    if (term.factors.size() != 1 || term.factors[0]->kind != Dim::Atom::Kind::symbol) continue;
    // For a multiple of a symbol the rest must be divisible, as in 64*N - 64 = 0.
    Dim symbol = Dim::symbol(term.factors[0]->name);
    Dim rest = Dim(-1) * (equation - Dim(term.coefficient) * symbol);
    std::set<std::string> names;
    rest.collect_symbols(names);
    if (names.count(term.factors[0]->name)) continue;
    Dim value = floor_div(term.coefficient < 0 ? Dim(-1) * rest : rest, Dim(std::abs(term.coefficient)));
    if (!(value * Dim(term.coefficient) == rest)) continue;
    return std::pair{term.factors[0]->name, value};
  }
  return std::nullopt;
}

}  // namespace

bool has_streams_axis(const Stepping& stepping, const Type& type) {
  return stepping.streams == 0 || (type.rank() > 0 && type.shape[0].is(stepping.streams));
}

bool Graph::require_equal(const Dim& left, const Dim& right, const std::string& reason) {
  const Dim a = resolve(left), b = resolve(right);
  const Dim difference = a - b;
  if (difference.is(0)) return true;
  if (difference.lower_bound() > 0 || difference.upper_bound() < 0) return false;
  if (auto solved = solve(difference); solved && solved->second.lower_bound() >= 1) {
    std::map<std::string, Dim> binding{{solved->first, solved->second}};
    for (auto& [name, dim] : bindings) dim = dim.substitute(binding);
    bindings.emplace(solved->first, solved->second);
    return true;
  }
  for (const Equality& known : equalities)
    if (known.a == a && known.b == b) return true;
  equalities.push_back({a, b, reason});
  return true;
}

namespace {

class Comparison {
 public:
  bool graphs(const Graph& a, const Graph& b) {
    if (a.level != b.level || a.name != b.name || a.opset != b.opset || a.output_names != b.output_names) return false;
    if (a.params.size() != b.params.size() || a.nodes.size() != b.nodes.size()) return false;
    if (a.outputs.size() != b.outputs.size() || a.states.size() != b.states.size()) return false;
    if (a.timing != b.timing || a.equalities.size() != b.equalities.size() || !(a.stepping == b.stepping)) return false;
    for (size_t i = 0; i < a.equalities.size(); ++i)
      if (!(a.equalities[i].a == b.equalities[i].a && a.equalities[i].b == b.equalities[i].b)) return false;
    for (size_t i = 0; i < a.params.size(); ++i)
      if (!define(a.params[i].get(), b.params[i].get())) return false;
    for (size_t i = 0; i < a.nodes.size(); ++i)
      if (!nodes(*a.nodes[i], *b.nodes[i])) return false;
    for (size_t i = 0; i < a.outputs.size(); ++i)
      if (!same(a.outputs[i], b.outputs[i])) return false;
    for (size_t i = 0; i < a.states.size(); ++i) {
      const State &x = a.states[i], &y = b.states[i];
      if (x.name != y.name || x.initial != y.initial || !same(x.current, y.current) || !same(x.next, y.next)) return false;
    }
    return true;
  }

 private:
  bool define(const Value* a, const Value* b) {
    if (!a || !b) return a == b;
    counterpart_[a] = b;
    return a->type == b->type;
  }
  bool same(const Value* a, const Value* b) const {
    if (!a || !b) return a == b;
    auto found = counterpart_.find(a);
    return found != counterpart_.end() && found->second == b;
  }
  bool nodes(const Node& a, const Node& b) {
    if (a.op != b.op || a.kind != b.kind || a.attributes != b.attributes || a.name != b.name) return false;
    if (a.operands.size() != b.operands.size() || a.results.size() != b.results.size()) return false;
    if (a.regions.size() != b.regions.size()) return false;
    for (size_t i = 0; i < a.operands.size(); ++i)
      if (!same(a.operands[i], b.operands[i])) return false;
    for (size_t i = 0; i < a.regions.size(); ++i)
      if (!Comparison().graphs(*a.regions[i], *b.regions[i])) return false;
    for (size_t i = 0; i < a.results.size(); ++i)
      if (!define(a.results[i].get(), b.results[i].get())) return false;
    return true;
  }

  std::map<const Value*, const Value*> counterpart_;
};

}  // namespace

bool equal(const Graph& a, const Graph& b) { return Comparison().graphs(a, b); }

const Tensor* constant_of(const Value* value) {
  if (!value || !value->producer || value->producer->op != Op::constant) return nullptr;
  return &value->producer->attributes.tensor("value");
}

const Tensor* tensor_of(const Node& node) {
  return node.op == Op::constant || node.op == Op::weight ? &node.attributes.tensor("value") : nullptr;
}

const Tensor* tensor_of(const Value* value) {
  return value && value->producer ? tensor_of(*value->producer) : nullptr;
}

void replace_uses(Graph& graph, const std::map<const Value*, Value*>& replacement) {
  auto replace = [&](Value*& value) {
    if (auto found = replacement.find(value); found != replacement.end()) value = found->second;
  };
  for (auto& node : graph.nodes)
    for (Value*& operand : node->operands) replace(operand);
  for (Value*& output : graph.outputs) replace(output);
  for (State& state : graph.states) replace(state.next);
}

bool remove_dead_nodes(Graph& graph) {
  std::unordered_set<const Value*> live(graph.outputs.begin(), graph.outputs.end());
  for (const State& state : graph.states) live.insert(state.next);
  LiveSymbols symbols(graph);
  bool changed = false;
  for (size_t i = graph.nodes.size(); i-- > 0;) {
    Node& node = *graph.nodes[i];
    bool used = symbols.need(node);
    for (const auto& result : node.results) used |= result && live.count(result.get()) != 0;
    if (!used) {
      graph.nodes[i].reset();
      changed = true;
      continue;
    }
    live.insert(node.operands.begin(), node.operands.end());
    for (const auto& region : node.regions) changed |= remove_dead_nodes(*region);
    symbols.add(node);
  }
  std::erase(graph.nodes, nullptr);
  return changed;
}

}  // namespace rondo
