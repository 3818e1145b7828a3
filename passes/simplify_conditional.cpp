// Branches whose condition is known, loops that no condition ends, and what either need not be given: see simplify.h.
#include <algorithm>

#include "passes/query.h"
#include "passes/region_edit.h"
#include "passes/simplify.h"

namespace rondo {
namespace {

std::optional<bool> known(const Value* condition) {
  const std::optional<Tensor> value = uniform_value(condition);
  if (!value) return std::nullopt;
  return value->int_at(0) != 0;
}

/// Makes again, at the front of a region, what one of its parameters stands for.
void make_inside(Graph& region, Value* param, const Value* outside) {
  const size_t old = region.nodes.size();
  Builder b(region, outside->producer);
  Value* value = make_again(outside, b);
  auto& nodes = region.nodes;
  std::rotate(nodes.begin(), nodes.begin() + static_cast<std::ptrdiff_t>(old), nodes.end());
  if (value->producer) value->name = param->name;
  replace_uses(region, {{param, value}});
}

void cut(Node& node, const auto& parts, Rewriter& rewriter) {
  if (parts.all()) return;
  for (auto& value : keep_parts(node, parts)) rewriter.keep(std::move(value));
  rewriter.note_change();
}

// --- branch

/// A result that both regions take from the same operand is that operand.
void pass_by(const Branch& branch, Rewriter& rewriter) {
  for (size_t i = 0; i < branch.node.results.size(); ++i)
    for (int k = 0; k < branch.shared(); ++k)
      if (branch.then().outputs[i] == branch.then().params[k].get() &&
          branch.otherwise().outputs[i] == branch.otherwise().params[k].get())
        rewriter.replace(branch.node.result(static_cast<int>(i)), branch.shared_operand(k));
}

// --- loop

/// x carried unchanged is invariant.
void uncarry(const ConditionalLoop& loop, Rewriter& rewriter) {
  LoopParts parts(loop);
  std::map<const Value*, Value*> replacement;
  const int carried = loop.carried();
  for (int i = 0; i < carried; ++i) {
    Value *param = loop.carried_param(i), *next = loop.carried_next(i), *init = loop.carried_init(i);
    const Tensor *before = constant_of(init), *after = constant_of(next);
    if (next != param && !(before && after && *before == *after)) continue;
    if (!rewriter.replace(loop.carried_final(i), init)) continue;
    parts.carried[i] = false;
    loop.carried_next(i) = param;
    replacement[param] = add_loop_invariant(loop.node, init);
    parts.invariants.push_back(true);
  }
  if (!replacement.empty()) replace_uses(loop.body(), replacement);
  cut(loop.node, parts, rewriter);
}

void take_in(const ConditionalLoop& loop, Rewriter& rewriter) {
  LoopParts parts(loop);
  for (int i = 0; i < loop.invariants(); ++i) {
    if (!needs_nothing(loop.invariant_operand(i))) continue;
    make_inside(loop.body(), loop.invariant_param(i), loop.invariant_operand(i));
    parts.invariants[i] = false;
  }
  cut(loop.node, parts, rewriter);
}

std::vector<Value*> without_steps(const ConditionalLoop& loop, Builder& b) {
  std::vector<Value*> results;
  for (int i = 0; i < loop.carried(); ++i) results.push_back(loop.carried_init(i));
  for (int i = 0; i < loop.stacked(); ++i) {
    const Type& type = *loop.stacked_result(i)->type;
    results.push_back(b.zeros(type.dtype, type.shape));
  }
  return results;
}

std::vector<Value*> as_scan(const ConditionalLoop& loop, Builder& b) {
  Node& node = loop.node;
  Attributes attributes{{"trip", loop.trip()},
                        {"carried", int64_t{loop.carried()}},
                        {"scanned", int64_t{0}},
                        {"reverse_scanned", std::vector<int64_t>{}},
                        {"reverse_stacked", std::vector<int64_t>(static_cast<size_t>(loop.stacked()), 0)}};
  loop.body().outputs.erase(loop.body().outputs.begin());
  std::vector<std::unique_ptr<Graph>> regions;
  regions.push_back(std::move(node.regions[0]));
  return b.node(Op::scan, {node.operands.begin() + 1, node.operands.end()}, std::move(attributes),
                static_cast<int>(node.results.size()), std::move(regions));
}

}  // namespace

std::vector<Value*> simplify_branch(Node& node, Builder& b, Rewriter& rewriter) {
  const Branch branch{node};
  if (const auto condition = known(branch.condition()))
    return move_out(*condition ? branch.then() : branch.otherwise(), {node.operands.begin() + 1, node.operands.end()}, b);
  pass_by(branch, rewriter);
  BranchParts parts(node);
  for (int i = 0; i < branch.shared(); ++i) {
    if (!needs_nothing(branch.shared_operand(i))) continue;
    for (const auto& arm : node.regions) make_inside(*arm, arm->params[i].get(), branch.shared_operand(i));
    parts.shared[i] = false;
  }
  cut(node, parts, rewriter);
  return {};
}

std::vector<Value*> simplify_loop(Node& node, Builder& b, Rewriter& rewriter) {
  const ConditionalLoop loop{node};
  const auto condition = known(loop.condition());
  if (loop.trip().is(0) || condition == false) return without_steps(loop, b);
  uncarry(loop, rewriter);
  take_in(loop, rewriter);
  if (condition == true && known(loop.next_condition()) == true) return as_scan(loop, b);
  return {};
}

}  // namespace rondo
