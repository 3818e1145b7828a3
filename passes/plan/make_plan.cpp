// core -> plan, stage by stage.
#include <fmt/format.h>

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
  buffer.count = element_count(upper(type.shape, lowering.highest()));
  buffer.name = name;
  buffer.slot = static_cast<int>(slot);
  return lowering.add_buffer(std::move(buffer));
}

/// Symbols in the order in which inputs, states and outputs mention them; those that are measured apart.
std::vector<std::string> symbols_of(Plan& plan, const Highest& highest) {
  std::vector<std::string> order;
  const auto note_measured = [&](const std::string& name) {
    const auto same = [&](const auto& known) { return known.first == name; };
    if (std::none_of(plan.measured.begin(), plan.measured.end(), same)) plan.measured.emplace_back(name, highest.at(name));
  };
  auto note = [&](const Type& type) {
    std::set<std::string> names;
    for (const Dim& dim : type.shape) {
      dim.collect_symbols(names);
      for (const std::string& name : names) {
        if (highest.count(name))
          note_measured(name);
        else if (std::find(order.begin(), order.end(), name) == order.end())
          order.push_back(name);
      }
      names.clear();
    }
  };
  for (const Port& port : plan.inputs) note(port.type);
  for (const StateSlot& state : plan.states) note(state.type);
  for (const Port& port : plan.outputs) note(port.type);
  return order;
}

Status check_states(const Graph& graph) {
  for (const State& state : graph.states)
    for (const Dim& dim : state.current->type->shape)
      if (is_measured(dim))
        return unsupported(fmt::format("has the type {}, whose size only the run knows; a state has a size of its own",
                                       to_string(*state.current->type)),
                           fmt::format("state '{}'", state.name));
  return Done{};
}

Status check_unit(const TargetFacts& target, const PlanOptions& options) {
  if (!target.matrix_unit) return Done{};
  if (target.small_code) return invalid("-O size takes the shortest code, --matrix-unit the fastest: one or the other");
  if (options.weights != DType::f32)
    return invalid(fmt::format("--matrix-unit has parts of float32 weights, --weights={} rounds them: one or the other",
                               to_string(options.weights)));
  return Done{};
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
  const auto known = [&](const Dim& dim) { return upper(dim, lowering.highest()) == dim; };
  for (const Equality& equality : graph.equalities)
    if (known(equality.a) && known(equality.b)) plan.equalities.emplace_back(equality.a, equality.b);
  plan.symbols = symbols_of(plan, lowering.highest());
  if (plan.measured.empty()) return;
  lowering.add_buffer({Buffer::Kind::measured, DType::i64, Dim(std::ssize(plan.measured)), "measured", 0, Dim(0), {}});
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

void note(const StageContext& context, const Kernel& kernel, const std::string& text) {
  context.remarks.push_back(remark(fmt::format("kernel '{}': {}", kernel.name, text), kernel.place));
}

Result<Plan> make_plan(const Graph& core, const TargetFacts& target, const PlanOptions& options) {
  Plan plan;
  plan.name = core.name;
  plan.fast_math = options.fast_math;
  plan.stepping = core.stepping;
  plan.timing = core.timing;
  RONDO_CHECK(check_unit(target, options));
  RONDO_CHECK(check_states(core));
  Lowering lowering(plan, highest_in(core));
  declare_interface(core, lowering);
  RONDO_CHECK(lower_graph(core, lowering));
  Diagnostics unread;
  const StageContext context{target, options.remarks ? *options.remarks : unread};
  const auto wanted = [&](std::string_view stage) {
    return std::find(options.without.begin(), options.without.end(), stage) == options.without.end();
  };
  if (wanted("update_in_place")) update_in_place(plan, context);
  if (wanted("combine_activations")) combine_activations(plan, context);
  if (wanted("chain_sums")) chain_sums(plan, context);
  if (wanted("split_sums"))
    split_sums(plan, context);
  else
    choose_schedules(plan, context);
  if (options.choices) *options.choices = find_choices(plan, target);
  if (options.tuning) RONDO_CHECK(apply_tuning(plan, target, *options.tuning));
  if (wanted("matrix_products") && target.matrix_unit) matrix_products(plan, context);
  if (wanted("alternate_order") && !target.small_code) alternate_order(plan, context);
  if (wanted("keep_weights") && !target.small_code) keep_weights(plan, context);
  if (wanted("spread_numbers") && !target.small_code) spread_numbers(plan, context);
  if (wanted("pack_weights")) pack_weights(plan, context);
  RONDO_CHECK(narrow_weights(plan, options.weights));
  if (wanted("prefetch_weights") && !target.small_code) prefetch_weights(plan, context);
  if (wanted("divide_work") && !target.small_code && target.threads) divide_work(plan, context);
  plan_memory(plan);
  RONDO_CHECK(verify(plan));
  return plan;
}

}  // namespace rondo
