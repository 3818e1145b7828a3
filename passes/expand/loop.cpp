// Loop: a subgraph repeated up to a number of steps, while a condition holds.
//
// Where the number of steps is a size (loop_steps.h), a Loop is a scan; where only the run tells it, a loop. A body that
// is no region of fixed types, repeated a known number of times, is written out step by step.
// Tested by expand_loop_test.cpp.
#include <fmt/format.h>

#include <algorithm>

#include "passes/expand/loop_body.h"
#include "passes/expand/loop_emit.h"

namespace rondo {
namespace {

using Values = std::vector<Value*>;

LoopOperands read_operands(Expansion& e) {
  LoopOperands operands;
  if (e.has_operand(0) && e.own_operand_count() > 0) operands.limit = e.operand(0);
  if (e.has_operand(1) && e.own_operand_count() > 1) operands.condition = e.operand(1);
  for (int i = 2; i < e.own_operand_count(); ++i) {
    operands.carried.push_back(e.any_operand(i));
    if (!operands.carried.back()) e.operand(i);
  }
  const size_t captures = e.captures().size();
  operands.body = e.subgraph("body");
  if (!e.ok()) return operands;
  const size_t carried = operands.carried.size();
  if (operands.body->params.size() != 2 + carried + captures || operands.body->outputs.size() < 1 + carried)
    e.fail(fmt::format("the body must have {} inputs and at least {} outputs", 2 + carried, 1 + carried));
  else
    operands.stacked = static_cast<int>(operands.body->outputs.size() - 1 - carried);
  for (const Value* one : {operands.limit, operands.condition})
    if (one && e.ok() && !element_count(shape_of(one)).is(1))
      e.fail(fmt::format("the number of steps and the condition must be one element, not {}", to_string(type_of(one))));
  return operands;
}

constexpr int64_t kMostWrittenOut = 256;

/// The steps one after the other, which needs conditions known at compile time.
Result<Values> written_out(Expansion& e, const LoopOperands& operands) {
  const auto limit = steps_allowed(e, operands.limit);
  const int64_t most = limit && limit->constant() ? *limit->constant() : INT64_MAX;
  const Value* condition = operands.condition;
  Values carried = operands.carried;
  std::vector<Values> slices(static_cast<size_t>(operands.stacked));
  for (int64_t t = 0; t < most; ++t) {
    const auto go = condition ? condition_of_sizes(condition) : std::optional<Dim>(1);
    if (!go || !go->constant()) return unsupported("the condition is only known when the model runs", e.node.place);
    if (go->is(0)) break;
    if (t == kMostWrittenOut || (limit && !limit->constant())) return unsupported("too many steps", e.node.place);
    Values arguments{e.b.dim(t), e.b.scalar(DType::boolean, 1)};
    if (condition) arguments[1] = e.b.reshape(arguments[1], shape_of(condition));
    arguments.insert(arguments.end(), carried.begin(), carried.end());
    for (Value* capture : e.captures()) arguments.push_back(capture);
    RONDO_TRY(Values outputs, expand_subgraph(*operands.body, arguments, e.b.graph(), e.sequences));
    if (operands.condition) condition = outputs[0];
    std::copy_n(outputs.begin() + 1, carried.size(), carried.begin());
    for (size_t i = 0; i < slices.size(); ++i) slices[i].push_back(outputs[1 + carried.size() + i]);
  }
  for (const Values& list : slices) {
    if (list.empty()) return unsupported("no step runs, so that the results' types are not known", e.node.place);
    Values parts;
    for (Value* slice : list) parts.push_back(e.b.unsqueeze(slice, {0}));
    carried.push_back(e.b.concat(parts, 0));
  }
  return carried;
}

}  // namespace

Values expand_Loop(Expansion& e) {
  const LoopOperands operands = read_operands(e);
  if (!e.ok()) return {};
  LoopBody body(e, operands);
  if (Status expanded = body.expand(); !expanded) {
    // What no region can hold may still be written out; if not, the region's errors say more.
    auto results = written_out(e, operands);
    if (results && e.ok()) return *results;
    return {e.fail(expanded.errors())};
  }
  return emit_loop(e, operands, body);
}

}  // namespace rondo
