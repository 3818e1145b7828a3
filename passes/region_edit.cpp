#include "passes/region_edit.h"

#include <algorithm>

#include "passes/keep_flags.h"

namespace rondo {
namespace {

using Values = std::vector<std::unique_ptr<Value>>;

bool whole(const std::vector<bool>& flags) { return std::find(flags.begin(), flags.end(), false) == flags.end(); }

}  // namespace

bool BranchParts::all() const { return whole(shared) && whole(results); }
bool LoopParts::all() const { return whole(carried) && whole(invariants) && whole(stacked); }

Values keep_parts(Node& node, const BranchParts& parts) {
  Values cut;
  filter(node.operands, join({{true}, parts.shared}));
  for (const auto& arm : node.regions) {
    filter(arm->params, parts.shared, cut);
    filter(arm->outputs, parts.results);
  }
  filter(node.results, parts.results, cut);
  return cut;
}

Values keep_parts(Node& node, const LoopParts& parts) {
  Values cut;
  Graph& body = *node.regions[0];
  filter(node.operands, join({{true}, parts.carried, parts.invariants}));
  filter(body.params, join({{true}, parts.carried, parts.invariants}), cut);
  filter(body.outputs, join({{true}, parts.carried, parts.stacked}));
  filter(node.results, join({parts.carried, parts.stacked}), cut);
  node.attributes.set("carried", static_cast<int64_t>(std::count(parts.carried.begin(), parts.carried.end(), true)));
  return cut;
}

Value* add_loop_invariant(Node& loop, Value* operand) {
  loop.operands.push_back(operand);
  Value* param = loop.regions[0]->add_param(operand->type, operand->name);
  param->elements = operand->elements;
  return param;
}

std::vector<Value*> move_out(Graph& region, const std::vector<Value*>& arguments, Builder& b) {
  std::map<const Value*, Value*> replacement;
  for (size_t i = 0; i < arguments.size(); ++i) replacement[region.params[i].get()] = arguments[i];
  replace_uses(region, replacement);
  for (auto& node : region.nodes) b.graph().nodes.push_back(std::move(node));
  region.nodes.clear();
  for (Equality& equality : region.equalities) b.graph().equalities.push_back(std::move(equality));
  region.equalities.clear();
  return std::exchange(region.outputs, {});
}

}  // namespace rondo
