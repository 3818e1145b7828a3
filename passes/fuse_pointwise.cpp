// fuse_pointwise: nodes that can be computed in one loop nest become one `fused` node, in every graph and region.
//
// A fused node holds pointwise operators, at most one product or reduction, and the views between them; see
// fuse_groups.h for what belongs together. Its results all have one shape. Constants of one element and indices (iota)
// are copied into it; what else it reads is an operand. Nothing is computed twice.
// Tested by tests/passes/fuse_pointwise.test and fuse_pointwise_test.cpp.
#include <algorithm>
#include <queue>

#include "ir/builder.h"
#include "passes/fuse_groups.h"
#include "passes/pass.h"
#include "support/places.h"

namespace rondo {
namespace {

class Fuser {
 public:
  explicit Fuser(Graph& graph) : graph_(graph), groups_(graph) {}

  Result<bool> run() {
    bool any = false;
    for (const FusionGroup& group : groups_.groups()) any |= !group.members.empty();
    if (!any) return false;
    find_units();
    const std::vector<int> order = unit_order();
    if (order.size() != unit_count()) return internal_error("fuse_pointwise made groups that wait for each other");
    old_ = std::move(graph_.nodes);
    graph_.nodes.clear();
    for (int unit : order) RONDO_CHECK(emit(unit));
    for (Value*& output : graph_.outputs) output = current(output);
    for (State& state : graph_.states) state.next = current(state.next);
    return true;
  }

 private:
  Value* current(Value* value) const {
    auto found = replacement_.find(value);
    return found == replacement_.end() ? value : found->second;
  }

  /// A unit is a group or a node outside groups; its number is the position of its last node.
  void find_units() {
    unit_of_.resize(graph_.nodes.size());
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      const int group = groups_.group_of(static_cast<int>(i));
      unit_of_[i] = group < 0 ? static_cast<int>(i) : groups_.groups()[group].members.back();
      for (const auto& result : graph_.nodes[i]->results) position_[result.get()] = static_cast<int>(i);
    }
  }

  /// Units after all units that they read from, otherwise by their numbers.
  std::vector<int> unit_order() const {
    const size_t count = graph_.nodes.size();
    std::vector<std::set<int>> readers(count);
    std::vector<int> missing(count, 0), order;
    for (size_t i = 0; i < count; ++i)
      for (const Value* operand : graph_.nodes[i]->operands) {
        auto from = position_.find(operand);
        if (from == position_.end() || unit_of_[from->second] == unit_of_[i]) continue;
        missing[unit_of_[i]] += readers[unit_of_[from->second]].insert(unit_of_[i]).second;
      }
    for (const auto& [measure, user] : symbol_uses(graph_))
      if (unit_of_[measure] != unit_of_[user])
        missing[unit_of_[user]] += readers[unit_of_[measure]].insert(unit_of_[user]).second;
    std::priority_queue<int, std::vector<int>, std::greater<int>> ready;
    for (size_t i = 0; i < count; ++i)
      if (unit_of_[i] == static_cast<int>(i) && missing[i] == 0) ready.push(static_cast<int>(i));
    while (!ready.empty()) {
      order.push_back(ready.top());
      ready.pop();
      for (int reader : readers[order.back()])
        if (--missing[reader] == 0) ready.push(reader);
    }
    return order;
  }

  size_t unit_count() const {
    size_t count = 0;
    for (size_t i = 0; i < unit_of_.size(); ++i) count += unit_of_[i] == static_cast<int>(i);
    return count;
  }

  Status emit(int unit) {
    const int group = groups_.group_of(unit);
    if (group >= 0) return emit_group(groups_.groups()[group]);
    for (Value*& operand : old_[unit]->operands) operand = current(operand);
    graph_.nodes.push_back(std::move(old_[unit]));
    return Done{};
  }

  Status emit_group(const FusionGroup& group) {
    auto region = std::make_unique<Graph>(Level::core);
    const Node& last = *old_[group.members.back()];
    std::vector<Value*> operands, outputs;
    Inside inside;
    std::string places;
    for (int member : group.members) {
      for (Value*& operand : old_[member]->operands) {
        auto from = position_.find(operand);
        if (from != position_.end() && groups_.group_of(from->second) == groups_.group_of(member)) continue;
        const bool copied = !is_product(old_[member]->op) && FusionGroups::is_copied(operand);
        operand = bring_in(operand, copied, *region, operands, inside);
      }
      join_places(places, old_[member]->place);
    }
    for (int member : group.members)
      if (groups_.needed_outside(member)) outputs.push_back(old_[member]->result());
    region->outputs = outputs;
    Builder b(graph_, &last);
    for (int member : group.members) region->nodes.push_back(std::move(old_[member]));
    std::vector<std::unique_ptr<Graph>> regions;
    regions.push_back(std::move(region));
    std::vector<Value*> results =
        b.node(Op::fused, std::move(operands), {}, static_cast<int>(outputs.size()), std::move(regions));
    RONDO_CHECK(b.status());
    results[0]->producer->place = std::move(places);
    for (size_t i = 0; i < results.size(); ++i) {
      results[i]->name = outputs[i]->name;
      replacement_[outputs[i]] = results[i];
    }
    return Done{};
  }

  /// Values from outside, and whether they are copied -> values in the region. Looked up only.
  using Inside = std::map<std::pair<const Value*, bool>, Value*>;

  /// The region's own value for a value from outside: a copy, or a parameter. Products read parameters only.
  Value* bring_in(Value* value, bool copied, Graph& region, std::vector<Value*>& operands, Inside& inside) {
    Value*& known = inside[{value, copied}];
    if (known) return known;
    if (copied) {
      Builder b(region, value->producer);
      known = b.one(value->producer->op, {}, value->producer->attributes);
      known->name = value->name;
      return known;
    }
    known = region.add_param(value->type, value->name);
    known->elements = value->elements;
    operands.push_back(current(value));
    return known;
  }

  Graph& graph_;
  const FusionGroups groups_;
  std::vector<std::unique_ptr<Node>> old_;
  std::vector<int> unit_of_;
  std::unordered_map<const Value*, int> position_;
  std::unordered_map<const Value*, Value*> replacement_;
};

Result<bool> fuse_in(Graph& graph) {
  bool changed = false;
  for (const auto& node : graph.nodes) {
    if (node->op == Op::fused) continue;
    for (const auto& region : node->regions) {
      RONDO_TRY(bool inner, fuse_in(*region));
      changed |= inner;
    }
  }
  RONDO_TRY(bool here, Fuser(graph).run());
  return changed || here;
}

}  // namespace

Result<bool> fuse_pointwise(Graph& graph, const PassContext&) {
  // Nodes without users would make groups without results; constants that were copied lose their last user.
  const bool dead = remove_dead_nodes(graph);
  RONDO_TRY(bool fused, fuse_in(graph));
  if (fused) remove_dead_nodes(graph);
  return dead || fused;
}

}  // namespace rondo
