// lower_WORD for operators whose course only the run knows: measure, branch, loop. Tested by conditional_test.cpp.
#include "ir/branch.h"
#include "ir/loop.h"
#include "passes/plan/lowering.h"
#include "support/places.h"

namespace rondo {
namespace {

/// Where the caller finds the symbol's value, if it asks for it.
std::optional<View> reported_at(const Plan& plan, const std::string& symbol) {
  for (size_t slot = 0; slot < plan.measured.size(); ++slot) {
    if (plan.measured[slot].first != symbol) continue;
    size_t buffer = 0;
    while (plan.buffers[buffer].kind != Buffer::Kind::measured) ++buffer;
    View view = row_major(static_cast<int>(buffer), {DType::i64, {}});
    view.base = constant_index(Dim(static_cast<int64_t>(slot)));
    return view;
  }
  return std::nullopt;
}

Operand index_operand(Index index) { return {Operand::Kind::index, {}, {}, std::move(index), 0, DType::i64}; }

/// Outputs of a region into their places; each output is there already, or is copied.
void deliver_outputs(Lowering& lowering, const std::vector<Value*>& outputs, const std::vector<View>& places,
                     const Node& node) {
  for (size_t i = 0; i < outputs.size(); ++i) {
    const Operand& operand = *lowering.find(outputs[i]);
    if (operand.kind != Operand::Kind::view || !(operand.view == places[i])) lowering.copy(operand, places[i], &node);
  }
}

Status lower_arm(Lowering& lowering, const Node& node, const Graph& arm, const std::vector<View>& places,
                 std::vector<Step>& steps) {
  for (size_t i = 0; i < arm.params.size(); ++i)
    lowering.define(arm.params[i].get(), *lowering.find(node.operands[1 + i]));
  std::map<const Value*, View> wanted;
  for (size_t i = 0; i < places.size(); ++i) wanted.emplace(arm.outputs[i], places[i]);
  return lowering.in_steps(steps, [&]() -> Status {
    RONDO_CHECK(lowering.lower(arm, std::move(wanted)));
    deliver_outputs(lowering, arm.outputs, places, node);
    return Done{};
  });
}

/// Slices of steps that do not run are zeros.
void clear(Lowering& lowering, const View& view, const Node& node) {
  Operand zero;
  zero.kind = Operand::Kind::constant;
  zero.constant = Tensor::scalar(view.dtype, 0);
  zero.dtype = view.dtype;
  lowering.copy(zero, view, &node);
}

}  // namespace

Status lower_measure(Lowering& lowering, const Node& node) {
  Measure measure;
  measure.name = lowering.start_kernel(&node, "measure").name;
  measure.place = shown_places(node.place);
  measure.symbol = node.attributes.text("symbol");
  measure.buffer = lowering.scalar_buffer(node.operands[0], &node);
  measure.low = node.attributes.integer("low");
  measure.high = node.attributes.dim("high");
  const Dim symbol = Dim::symbol(measure.symbol), value = symbol + Dim(measure.low - 1);
  lowering.enter(std::move(measure));
  if (const auto place = reported_at(lowering.plan(), node.attributes.text("symbol")))
    lowering.copy(index_operand(constant_index(symbol)), *place, &node);
  lowering.define(node.result(), index_operand(constant_index(value)));
  return Done{};
}

Status lower_branch(Lowering& lowering, const Node& node) {
  Choice choice;
  choice.name = lowering.start_kernel(&node, "branch").name;
  choice.place = shown_places(node.place);
  choice.condition = lowering.scalar_buffer(node.operands[0], &node);
  std::vector<View> places;
  for (const auto& result : node.results) places.push_back(lowering.destination(result.get()));
  RONDO_CHECK(lower_arm(lowering, node, *node.regions[0], places, choice.then));
  RONDO_CHECK(lower_arm(lowering, node, *node.regions[1], places, choice.otherwise));
  lowering.append_step({std::move(choice)});
  for (size_t i = 0; i < places.size(); ++i) lowering.define(node.result(static_cast<int>(i)), places[i]);
  return Done{};
}

Status lower_loop(Lowering& lowering, const Node& node) {
  const ConditionalLoop loop{const_cast<Node&>(node)};
  Loop step{lowering.start_kernel(&node, "loop").name, shown_places(node.place), lowering.new_var(), loop.trip(), {}};
  const View condition = lowering.new_scratch({DType::boolean, {}}, "go");
  step.condition = condition.buffer;
  lowering.copy(*lowering.find(loop.condition()), condition, &node);
  std::vector<View> carried, slices;
  for (int i = 0; i < loop.carried(); ++i) {
    carried.push_back(lowering.destination(loop.carried_final(i)));
    lowering.copy(*lowering.find(loop.carried_init(i)), carried[i], &node);
    lowering.define(loop.carried_param(i), carried[i]);
  }
  lowering.define(loop.step_param(), index_operand(variable(step.var)));
  for (int i = 0; i < loop.invariants(); ++i)
    lowering.define(loop.invariant_param(i), *lowering.find(loop.invariant_operand(i)));
  std::map<const Value*, View> wanted;
  for (int i = 0; i < loop.stacked(); ++i) {
    const View whole = lowering.destination(loop.stacked_result(i));
    clear(lowering, whole, node);
    slices.push_back(select_view(whole, 0, variable(step.var)));
    wanted.emplace(loop.stacked_output(i), slices[i]);
    lowering.define(loop.stacked_result(i), whole);
  }
  RONDO_CHECK(lowering.in_loop(std::move(step), [&]() -> Status {
    RONDO_CHECK(lowering.lower(loop.body(), std::move(wanted)));
    const auto& outputs = loop.body().outputs;
    deliver_outputs(lowering, {outputs.begin() + 1 + loop.carried(), outputs.end()}, slices, node);
    std::vector<std::pair<Operand, View>> moves{{*lowering.find(loop.next_condition()), condition}};
    for (int i = 0; i < loop.carried(); ++i) moves.emplace_back(*lowering.find(loop.carried_next(i)), carried[i]);
    lowering.copy_together(std::move(moves), &node);
    return Done{};
  }));
  for (int i = 0; i < loop.carried(); ++i) lowering.define(loop.carried_final(i), carried[i]);
  return Done{};
}

}  // namespace rondo
