#include "passes/rewriter.h"

namespace rondo {

Value* Rewriter::current(Value* value) const {
  auto found = replacement_.find(value);
  return found == replacement_.end() ? value : found->second;
}

bool Rewriter::replace(Value* value, Value* by) {
  if (value == by) return true;
  if (!by || !by->type || value->type != by->type) return false;
  if (by->name.empty() && by->producer) by->name = value->name;
  replacement_[value] = by;
  changed_ = true;
  return true;
}

bool Rewriter::replace_results(Node& node, const std::vector<Value*>& by) {
  if (by.size() != node.results.size()) return false;
  for (size_t i = 0; i < by.size(); ++i)
    if (!by[i] || !by[i]->type || by[i]->type != node.result(i)->type) return false;
  for (size_t i = 0; i < by.size(); ++i) replace(node.result(i), by[i]);
  return true;
}

Status Rewriter::visit_node(Graph& graph, std::unique_ptr<Node> node) {
  for (Value*& operand : node->operands) operand = current(operand);
  for (const auto& region : node->regions) RONDO_CHECK(sweep(*region));
  Builder builder(graph, node.get());
  std::vector<Value*> by = visit_(*node, builder, *this);
  RONDO_CHECK(builder.status());
  if (!by.empty() && replace_results(*node, by)) {
    gone_.push_back(std::move(node));
  } else {
    graph.nodes.push_back(std::move(node));
  }
  return Done{};
}

Status Rewriter::sweep(Graph& graph) {
  std::vector<std::unique_ptr<Node>> old = std::move(graph.nodes);
  graph.nodes.clear();
  graph.nodes.reserve(old.size());
  for (auto& node : old) RONDO_CHECK(visit_node(graph, std::move(node)));
  for (Value*& output : graph.outputs) output = current(output);
  for (State& state : graph.states) state.next = current(state.next);
  return Done{};
}

Result<bool> Rewriter::run(Graph& graph) {
  changed_ = false;
  Status done = sweep(graph);
  replacement_.clear();
  gone_.clear();
  cut_values_.clear();
  if (!done) return std::move(done).errors();
  return changed_;
}

}  // namespace rondo
