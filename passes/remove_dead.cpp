// remove_dead: what no output and no state needs goes: nodes, and parts of scans and fused nodes.
//
// One walk against the order of execution: when a node is reached, all its users are known. A scan keeps a carried
// value only if its final value is used, or if a step needs it for something that is used.
// Tested by tests/passes/remove_dead.test.
#include <unordered_set>

#include "ir/measure.h"
#include "passes/pass.h"
#include "passes/region_edit.h"
#include "passes/scan_edit.h"

namespace rondo {
namespace {

using ValueSet = std::unordered_set<const Value*>;

bool remove_dead_in(Graph& graph);

/// Extends `live` by what the live values of a graph are computed from.
void close(const Graph& graph, ValueSet& live) {
  LiveSymbols symbols(graph);
  for (size_t i = graph.nodes.size(); i-- > 0;) {
    const Node& node = *graph.nodes[i];
    bool used = symbols.need(node);
    for (const auto& result : node.results) used |= live.count(result.get()) != 0;
    if (!used) continue;
    live.insert(node.operands.begin(), node.operands.end());
    symbols.add(node);
  }
}

/// The parts that the live results need. A carried value reached from them makes its next value needed, and so on.
ScanParts live_parts(const Scan& scan, const ValueSet& live_outside) {
  ScanParts parts(scan);
  ValueSet live;
  for (int i = 0; i < scan.stacked(); ++i) {
    parts.stacked[i] = live_outside.count(scan.stacked_result(i)) != 0;
    if (parts.stacked[i]) live.insert(scan.stacked_output(i));
  }
  for (int i = 0; i < scan.carried(); ++i) parts.carried[i] = live_outside.count(scan.carried_final(i)) != 0;
  for (bool again = true; again;) {
    again = false;
    for (int i = 0; i < scan.carried(); ++i)
      if (parts.carried[i]) live.insert(scan.carried_next(i));
    close(scan.body(), live);
    for (int i = 0; i < scan.carried(); ++i)
      if (!parts.carried[i] && live.count(scan.carried_param(i)) != 0) again = parts.carried[i] = true;
  }
  return parts;
}

bool shrink_scan(Node& node, const ValueSet& live_outside) {
  Scan scan{node};
  ScanParts parts = live_parts(scan, live_outside);
  bool changed = !parts.all();
  // First the outputs that nobody needs go, then what only they used, then the parameters left without use.
  std::vector<Value*> outputs;
  for (int i = 0; i < scan.carried() + scan.stacked(); ++i)
    if (i < scan.carried() ? parts.carried[i] : parts.stacked[i - scan.carried()])
      outputs.push_back(scan.body().outputs[i]);
  const std::vector<Value*> all_outputs = std::exchange(scan.body().outputs, outputs);
  changed |= remove_dead_in(scan.body());
  ValueSet used(outputs.begin(), outputs.end());
  for (const auto& inner : scan.body().nodes) used.insert(inner->operands.begin(), inner->operands.end());
  for (int i = 0; i < scan.scanned(); ++i) parts.scanned[i] = used.count(scan.scanned_param(i)) != 0;
  for (int i = 0; i < scan.invariants(); ++i) parts.invariants[i] = used.count(scan.invariant_param(i)) != 0;
  scan.body().outputs = all_outputs;
  changed |= !parts.all();
  if (!parts.all()) keep_parts(node, parts);
  return changed;
}

/// Drops results of a fused node that are not used, then operands that are not.
bool shrink_fused(Node& node, const ValueSet& live_outside) {
  Graph& body = *node.regions[0];
  std::vector<std::unique_ptr<Value>> results, params;
  std::vector<Value*> outputs, operands;
  for (size_t i = 0; i < node.results.size(); ++i) {
    if (!live_outside.count(node.result(static_cast<int>(i)))) continue;
    outputs.push_back(body.outputs[i]);
    results.push_back(std::move(node.results[i]));
    results.back()->index = static_cast<int>(results.size()) - 1;
  }
  bool changed = results.size() != node.results.size();
  node.results = std::move(results);
  body.outputs = outputs;
  changed |= remove_dead_in(body);
  ValueSet used(outputs.begin(), outputs.end());
  for (const auto& inner : body.nodes) used.insert(inner->operands.begin(), inner->operands.end());
  for (size_t i = 0; i < node.operands.size(); ++i) {
    if (!used.count(body.params[i].get())) continue;
    operands.push_back(node.operands[i]);
    params.push_back(std::move(body.params[i]));
    params.back()->index = static_cast<int>(params.size()) - 1;
  }
  changed |= params.size() != body.params.size();
  node.operands = std::move(operands);
  body.params = std::move(params);
  return changed;
}

/// Drops results of a branch that are not used, then operands that neither region uses.
bool shrink_branch(Node& node, const ValueSet& live_outside) {
  BranchParts parts(node);
  ValueSet used;
  bool changed = false;
  for (size_t i = 0; i < node.results.size(); ++i) parts.results[i] = live_outside.count(node.result(static_cast<int>(i))) != 0;
  for (const auto& arm : node.regions) {
    std::vector<Value*> outputs;
    for (size_t i = 0; i < arm->outputs.size(); ++i)
      if (parts.results[i]) outputs.push_back(arm->outputs[i]);
    const std::vector<Value*> all_outputs = std::exchange(arm->outputs, outputs);
    changed |= remove_dead_in(*arm);
    arm->outputs = all_outputs;
    used.insert(outputs.begin(), outputs.end());
    for (const auto& inner : arm->nodes) used.insert(inner->operands.begin(), inner->operands.end());
  }
  for (size_t i = 0; i < parts.shared.size(); ++i)
    parts.shared[i] = used.count(node.regions[0]->params[i].get()) || used.count(node.regions[1]->params[i].get());
  if (parts.all()) return changed;
  keep_parts(node, parts);
  return true;
}

/// As for scans; the condition is always needed.
LoopParts live_parts(const ConditionalLoop& loop, const ValueSet& live_outside) {
  LoopParts parts(loop);
  ValueSet live{loop.next_condition()};
  for (int i = 0; i < loop.stacked(); ++i) {
    parts.stacked[i] = live_outside.count(loop.stacked_result(i)) != 0;
    if (parts.stacked[i]) live.insert(loop.stacked_output(i));
  }
  for (int i = 0; i < loop.carried(); ++i) parts.carried[i] = live_outside.count(loop.carried_final(i)) != 0;
  for (bool again = true; again;) {
    again = false;
    for (int i = 0; i < loop.carried(); ++i)
      if (parts.carried[i]) live.insert(loop.carried_next(i));
    close(loop.body(), live);
    for (int i = 0; i < loop.carried(); ++i)
      if (!parts.carried[i] && live.count(loop.carried_param(i)) != 0) again = parts.carried[i] = true;
  }
  return parts;
}

bool shrink_loop(Node& node, const ValueSet& live_outside) {
  const ConditionalLoop loop{node};
  LoopParts parts = live_parts(loop, live_outside);
  std::vector<Value*> outputs{loop.next_condition()};
  for (int i = 0; i < loop.carried(); ++i)
    if (parts.carried[i]) outputs.push_back(loop.carried_next(i));
  for (int i = 0; i < loop.stacked(); ++i)
    if (parts.stacked[i]) outputs.push_back(loop.stacked_output(i));
  const std::vector<Value*> all_outputs = std::exchange(loop.body().outputs, outputs);
  const bool changed = remove_dead_in(loop.body());
  ValueSet used(outputs.begin(), outputs.end());
  for (const auto& inner : loop.body().nodes) used.insert(inner->operands.begin(), inner->operands.end());
  for (int i = 0; i < loop.invariants(); ++i) parts.invariants[i] = used.count(loop.invariant_param(i)) != 0;
  loop.body().outputs = all_outputs;
  if (parts.all()) return changed;
  keep_parts(node, parts);
  return true;
}

bool remove_dead_in(Graph& graph) {
  LiveSymbols symbols(graph);
  ValueSet live(graph.outputs.begin(), graph.outputs.end());
  for (const State& state : graph.states) live.insert(state.next);
  bool changed = false;
  for (size_t i = graph.nodes.size(); i-- > 0;) {
    Node& node = *graph.nodes[i];
    bool used = symbols.need(node);
    for (const auto& result : node.results) used |= live.count(result.get()) != 0;
    if (!used) {
      graph.nodes[i].reset();
      changed = true;
      continue;
    }
    if (node.op == Op::scan) changed |= shrink_scan(node, live);
    if (node.op == Op::fused) changed |= shrink_fused(node, live);
    if (node.op == Op::branch) changed |= shrink_branch(node, live);
    if (node.op == Op::loop) changed |= shrink_loop(node, live);
    symbols.add(node);
    live.insert(node.operands.begin(), node.operands.end());
  }
  std::erase(graph.nodes, nullptr);
  return changed;
}

}  // namespace

Result<bool> remove_dead(Graph& graph, const PassContext&) { return remove_dead_in(graph); }

}  // namespace rondo
