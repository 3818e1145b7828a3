// What roll_scans asks about a graph: see roll.h. Tested by tests/passes/roll_scans.test and roll_scans_test.cpp.
#include <algorithm>
#include <tuple>

#include "passes/roll.h"

namespace rondo {
namespace {

constexpr int kFarthestSlice = 8;  // nodes between a product and the slice that it is of

const std::vector<GraphIndex::Use> kNoUses;

bool same_form(const Node& a, const Node& b);

/// Regions that compute the same, whatever their nodes and values are called.
bool same_region(const Graph& a, const Graph& b) {
  if (a.params.size() != b.params.size() || a.nodes.size() != b.nodes.size()) return false;
  if (a.outputs.size() != b.outputs.size() || !a.equalities.empty() || !b.equalities.empty()) return false;
  std::unordered_map<const Value*, const Value*> twin;
  for (size_t i = 0; i < a.params.size(); ++i) {
    if (!(a.params[i]->type == b.params[i]->type)) return false;
    twin[a.params[i].get()] = b.params[i].get();
  }
  for (size_t i = 0; i < a.nodes.size(); ++i) {
    const Node &x = *a.nodes[i], &y = *b.nodes[i];
    if (!same_form(x, y)) return false;
    for (size_t k = 0; k < x.operands.size(); ++k)
      if (twin.at(x.operands[k]) != y.operands[k]) return false;
    for (size_t k = 0; k < x.results.size(); ++k) twin[x.results[k].get()] = y.results[k].get();
  }
  for (size_t i = 0; i < a.outputs.size(); ++i)
    if (twin.at(a.outputs[i]) != b.outputs[i]) return false;
  return true;
}

bool same_form(const Node& a, const Node& b) {
  if (a.op != b.op || a.op == Op::measure || a.operands.size() != b.operands.size()) return false;  // measure: a symbol
  if (a.results.size() != b.results.size() || a.regions.size() != b.regions.size()) return false;
  for (size_t i = 0; i < a.results.size(); ++i)
    if (!(a.results[i]->type == b.results[i]->type)) return false;
  if (!same_attributes(a, b)) return false;
  for (size_t i = 0; i < a.regions.size(); ++i)
    if (!same_region(*a.regions[i], *b.regions[i])) return false;
  return true;
}

bool is_anchor(const Node& node) { return is_product(node.op) || node.op == Op::scan; }

}  // namespace

GraphIndex::GraphIndex(const Graph& graph) {
  auto number = [&](const Value* value) { numbers_.emplace(value, static_cast<int>(numbers_.size())); };
  for (const auto& param : graph.params) number(param.get());
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    Node* node = graph.nodes[i].get();
    positions_[node] = static_cast<int>(i);
    for (size_t k = 0; k < node->operands.size(); ++k) uses_[node->operands[k]].push_back({node, static_cast<int>(k)});
    for (const auto& result : node->results) number(result.get());
  }
}

const std::vector<GraphIndex::Use>& GraphIndex::uses(const Value* value) const {
  auto it = uses_.find(value);
  return it == uses_.end() ? kNoUses : it->second;
}

bool same_class(const Node& a, const Node& b) { return !is_source(a.op) && same_form(a, b); }

bool same_sequence(const Value* a, const Value* b) {
  if (a == b || !a->producer || !b->producer || !(a->type == b->type)) return false;
  const Node &x = *a->producer, &y = *b->producer;
  if (x.op != y.op) return false;
  if (tensor_of(x)) return byte_count(*a->type).value_or(INT64_MAX) <= kLargestStepConstant;
  return x.op == Op::slice && x.operands[0] == y.operands[0] && !(x.attributes == y.attributes) &&
         x.attributes.integers("steps") == y.attributes.integers("steps");
}

bool is_work(const Node& node) { return !is_source(node.op) && !is_view(node.op); }

std::vector<std::vector<Node*>> repeated_products(const Graph& graph, const GraphIndex& index) {
  std::vector<std::vector<Node*>> groups;
  std::map<std::tuple<int, int, int, std::string>, std::vector<size_t>> known;  // operator, operand, its value, type
  auto add = [&](Node* node, int operand) {
    const int shared = operand < 0 ? -1 : index.number(node->operands[static_cast<size_t>(operand)]);
    std::vector<size_t>& like =
        known[{static_cast<int>(node->op), operand, shared, to_string(*node->results[0]->type)}];
    for (size_t group : like)
      if (same_class(*groups[group][0], *node)) return groups[group].push_back(node);
    like.push_back(groups.size());
    groups.push_back({node});
  };
  for (const auto& node : graph.nodes) {
    if (!is_anchor(*node) || node->results.empty()) continue;
    if (!is_product(node->op))
      add(node.get(), -1);
    else
      for (int operand : {1, 0}) add(node.get(), operand);
  }
  std::erase_if(groups, [](const auto& group) { return group.size() < kFewestSteps - 1; });
  return groups;
}

bool sort_by_slices(std::vector<Node*>& anchors, const GraphIndex& index) {
  using Place = std::pair<int, std::vector<int64_t>>;  // what is cut, and where
  std::vector<std::pair<Place, Node*>> places;
  for (Node* anchor : anchors) {
    const Value* value = anchor->operands[0];
    for (int i = 0; i < kFarthestSlice && value->producer && !is_op(value, Op::slice); ++i)
      if (!value->producer->operands.empty()) value = value->producer->operands[0];
    if (!is_op(value, Op::slice)) return false;
    std::optional<std::vector<int64_t>> starts = constant_shape(value->producer->attributes.dims("starts"));
    if (!starts) return false;
    places.push_back({{index.number(value->producer->operands[0]), *std::move(starts)}, anchor});
  }
  std::stable_sort(places.begin(), places.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (size_t i = 0; i < places.size(); ++i) anchors[i] = places[i].second;
  return true;
}

}  // namespace rondo
