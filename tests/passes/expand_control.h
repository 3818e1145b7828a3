// Model nodes with subgraphs, built by hand: what the tests of If, Loop, Scan and SequenceMap share.
#pragma once

#include "tests/passes/expand_model.h"

namespace rondo::testing {

/// A subgraph: its own inputs first, then one for each captured value.
class Sub : public Model {
 public:
  using Model::Model;
  Value* param(const std::string& name) { return graph.add_param(std::nullopt, name); }
  void returns(std::vector<Value*> values) { graph.outputs = std::move(values); }
};

struct NamedSub {
  std::string name;
  Sub* sub;
};

/// A node with subgraphs (by name, in order) on its own operands and captured values.
inline std::vector<Value*> node_with(Model& model, Op op, std::vector<Value*> operands, std::vector<Value*> captures,
                                     std::vector<NamedSub> subs, int results, Attributes attributes = {}) {
  attributes.set("captures", static_cast<int64_t>(captures.size()));
  std::vector<std::string> names;
  for (const NamedSub& sub : subs) names.push_back(sub.name);
  attributes.set("regions", names);
  operands.insert(operands.end(), captures.begin(), captures.end());
  std::vector<Value*> values = model.node(op, operands, std::move(attributes), results);
  Node* node = model.graph.nodes.back().get();
  for (const NamedSub& sub : subs) node->regions.push_back(std::make_unique<Graph>(std::move(sub.sub->graph)));
  return values;
}

/// How many nodes of a kind a graph has, regions included.
inline int count_ops(const Graph& graph, Op op) {
  int count = 0;
  for (const auto& node : graph.nodes) {
    count += node->op == op;
    for (const auto& region : node->regions) count += count_ops(*region, op);
  }
  return count;
}

inline int count_ops(Model& model, Op op) {
  auto core = model.expand();
  return core ? count_ops(*core, op) : -1;
}

inline std::string messages_of(Model& model) {
  auto core = model.expand();
  return core ? "" : all_messages(core.errors());
}

}  // namespace rondo::testing
