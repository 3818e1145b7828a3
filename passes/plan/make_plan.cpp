// core -> plan, stage by stage.
#include <algorithm>

#include "ir/verify.h"
#include "passes/pipeline.h"
#include "passes/plan/lowering.h"
#include "passes/plan/tuning.h"

namespace rondo {
namespace {

int add_port_buffer(Lowering& lowering, Buffer::Kind kind, const Type& type, const std::string& name, size_t slot) {
  Buffer buffer;
  buffer.kind = kind;
  buffer.dtype = type.dtype;
  buffer.count = element_count(type.shape);
  buffer.name = name;
  buffer.slot = static_cast<int>(slot);
  return lowering.add_buffer(std::move(buffer));
}

/// Symbols in the order in which inputs, states and outputs mention them.
std::vector<std::string> symbols_of(const Plan& plan) {
  std::vector<std::string> order;
  auto note = [&](const Type& type) {
    std::set<std::string> names;
    for (const Dim& dim : type.shape) {
      dim.collect_symbols(names);
      for (const std::string& name : names)
        if (std::find(order.begin(), order.end(), name) == order.end()) order.push_back(name);
      names.clear();
    }
  };
  for (const Port& port : plan.inputs) note(port.type);
  for (const StateSlot& state : plan.states) note(state.type);
  for (const Port& port : plan.outputs) note(port.type);
  return order;
}

void declare_interface(const Graph& graph, Lowering& lowering) {
  Plan& plan = lowering.plan();
  for (const Value* input : graph.inputs()) {
    int buffer = add_port_buffer(lowering, Buffer::Kind::input, *input->type, input->name, plan.inputs.size());
    plan.inputs.push_back({input->name, *input->type, buffer});
    lowering.define(input, row_major(buffer, *input->type));
  }
  for (const State& state : graph.states) {
    const Type& type = *state.current->type;
    int buffer = add_port_buffer(lowering, Buffer::Kind::state, type, state.name, plan.states.size());
    plan.states.push_back({state.name, type, buffer, state.initial});
    lowering.define(state.current, row_major(buffer, type));
  }
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    const Type& type = *graph.outputs[i]->type;
    int buffer = add_port_buffer(lowering, Buffer::Kind::output, type, graph.output_names[i], i);
    plan.outputs.push_back({graph.output_names[i], type, buffer});
  }
  for (const Equality& equality : graph.equalities) plan.equalities.emplace_back(equality.a, equality.b);
  plan.symbols = symbols_of(plan);
}

Status lower_graph(const Graph& graph, Lowering& lowering) {
  const Plan& plan = lowering.plan();
  std::vector<View> places;
  for (const Port& port : plan.outputs) places.push_back(row_major(port.buffer, port.type));
  std::map<const Value*, View> wanted;
  for (size_t i = 0; i < graph.outputs.size(); ++i) wanted.emplace(graph.outputs[i], places[i]);
  RONDO_CHECK(lowering.lower(graph, std::move(wanted)));
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    const Operand& operand = *lowering.find(graph.outputs[i]);
    if (operand.kind != Operand::Kind::view || !(operand.view == places[i]))
      lowering.copy(operand, places[i], graph.outputs[i]->producer);
  }
  std::vector<std::pair<Operand, View>> moves;
  for (size_t i = 0; i < graph.states.size(); ++i)
    moves.emplace_back(*lowering.find(graph.states[i].next), row_major(plan.states[i].buffer, plan.states[i].type));
  lowering.copy_together(std::move(moves), nullptr);
  return Done{};
}

}  // namespace

std::vector<std::string_view> plan_stages() {
  return {
#define RONDO_PLAN_STAGE(name, doc) #name,
#include "passes/plan/stages.def"
  };
}

Result<Plan> make_plan(const Graph& core, const TargetFacts& target, const PlanOptions& options) {
  Plan plan;
  plan.name = core.name;
  plan.fast_math = options.fast_math;
  Lowering lowering(plan);
  declare_interface(core, lowering);
  RONDO_CHECK(lower_graph(core, lowering));
  const auto wanted = [&](std::string_view stage) {
    return std::find(options.without.begin(), options.without.end(), stage) == options.without.end();
  };
  if (wanted("update_in_place")) update_in_place(plan, target);
  if (wanted("combine_activations")) combine_activations(plan, target);
  if (wanted("chain_sums")) chain_sums(plan, target);
  if (wanted("split_sums"))
    split_sums(plan, target);
  else
    choose_schedules(plan, target);
  if (options.choices) *options.choices = find_choices(plan, target);
  if (options.tuning) RONDO_CHECK(apply_tuning(plan, target, *options.tuning));
  if (wanted("alternate_order")) alternate_order(plan, target);
  if (wanted("pack_weights")) pack_weights(plan, target);
  RONDO_CHECK(narrow_weights(plan, options.weights));
  if (wanted("prefetch_weights")) prefetch_weights(plan, target);
  if (wanted("divide_work")) divide_work(plan, target);
  plan_memory(plan);
  RONDO_CHECK(verify(plan));
  return plan;
}

}  // namespace rondo
