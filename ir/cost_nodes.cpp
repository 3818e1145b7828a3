// Costs of graphs, before there are kernels. Tested by tests/ir/cost_test.cpp.
#include "ir/cost.h"

namespace rondo {
namespace {

Dim bytes_of(const Value& value) {
  return value.type ? element_count(value.type->shape) * Dim(byte_size(value.type->dtype)) : Dim();
}

class NodeCounter {
 public:
  NodeCost add(const Node& node) {
    NodeCost cost;
    if (node.op == Op::matmul || node.op == Op::conv) cost.multiply_adds = multiply_adds(node);
    std::set<const Value*> seen;
    for (const Value* operand : node.operands)
      if (constant_of(operand) && seen.insert(operand).second) cost.constant_bytes += bytes_of(*operand);
    const bool repeats = node.op == Op::scan || node.op == Op::loop;
    Dim inside;
    for (const auto& region : node.regions) {
      const NodeCost once = add_all(*region);
      inside = inside.is(0) ? once.multiply_adds : max(inside, once.multiply_adds);
      cost.constant_bytes += once.constant_bytes;
    }
    cost.multiply_adds += repeats ? inside * node.attributes.dim("trip") : inside;
    costs_[&node] = cost;
    return cost;
  }

  /// All nodes together, and the constants among them.
  NodeCost add_all(const Graph& graph) {
    NodeCost all;
    for (const auto& node : graph.nodes) {
      const NodeCost cost = add(*node);
      all.multiply_adds += cost.multiply_adds;
      if (node->op == Op::constant) all.constant_bytes += bytes_of(*node->result());
    }
    return all;
  }

  NodeCosts take() { return std::move(costs_); }

 private:
  NodeCosts costs_;
};

/// What is inside a node that comes from the same place is counted in that node.
void add_by_place(const Graph& graph, const NodeCosts& costs, const std::string& around,
                  std::unordered_map<std::string, Dim>& multiply_adds) {
  for (const auto& node : graph.nodes) {
    if (node->place != around) multiply_adds[node->place] += costs.at(node.get()).multiply_adds;
    for (const auto& region : node->regions) add_by_place(*region, costs, node->place, multiply_adds);
  }
}

void add_model_costs(const Graph& model, const std::unordered_map<std::string, Dim>& multiply_adds, NodeCosts& costs) {
  for (const auto& node : model.nodes) {
    NodeCost cost;
    const auto found = multiply_adds.find(node->place);
    if (found != multiply_adds.end() && !node->place.empty()) cost.multiply_adds = found->second;
    if (!cost.multiply_adds.is(0))
      for (const Value* operand : node->operands)
        if (operand && operand->producer && operand->producer->op == Op::Constant)
          cost.constant_bytes += bytes_of(*operand);
    costs.emplace(node.get(), cost);
    for (const auto& region : node->regions) add_model_costs(*region, multiply_adds, costs);
  }
}

}  // namespace

Dim multiply_adds(const Node& product) {
  const Shape &result = product.result()->type->shape, &weights = product.operands[1]->type->shape;
  if (product.op == Op::matmul) return element_count(result) * product.operands[0]->type->shape.back();
  Dim window = 1;  // of conv: the weights of one output channel
  for (size_t i = 1; i < weights.size(); ++i) window *= weights[i];
  return element_count(result) * window;
}

NodeCosts costs_of(const Graph& graph) {
  NodeCounter counter;
  counter.add_all(graph);
  return counter.take();
}

NodeCosts costs_of_model(const Graph& model, const Graph& core) {
  std::unordered_map<std::string, Dim> multiply_adds;
  add_by_place(core, costs_of(core), "", multiply_adds);
  NodeCosts costs;
  add_model_costs(model, multiply_adds, costs);
  return costs;
}

}  // namespace rondo
