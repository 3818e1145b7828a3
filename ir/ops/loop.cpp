// loop: a recurrence that a condition may end. Tested by tests/ir/branch_test.cpp.
#include "ir/loop.h"

#include <fmt/format.h>

#include "ir/ops/region_evaluator.h"
#include "ir/ops/region_rules.h"

namespace rondo {
namespace {

/// ConditionalLoop serves readers and writers; here it only reads.
ConditionalLoop parts_of(const Node& node) { return ConditionalLoop{const_cast<Node&>(node)}; }

Status check_counts(const InferContext& context) {
  const Node& node = context.node;
  const int64_t operands = node.operands.size(), results = node.results.size();
  const int64_t carried = context.attributes().integer("carried");
  if (carried < 0 || carried > operands - 1)
    return broken_rule(context,
                       fmt::format("a condition and {} carried values do not fit {} operands", carried, operands));
  if (carried > results)
    return broken_rule(context, fmt::format("{} carried values need as many results, not {}", carried, results));
  RONDO_CHECK(require_params(context, *node.regions[0], node.operands.size()));
  if (const size_t outputs = node.regions[0]->outputs.size(); outputs != node.results.size() + 1)
    return broken_rule(context, fmt::format("the region must have {} outputs, the next condition and one a result, not {}",
                                            results + 1, outputs));
  return Done{};
}

Status check_condition(const InferContext& context, const Type& type, std::string_view what) {
  if (type == Type{DType::boolean, {}}) return Done{};
  return broken_rule(context, fmt::format("{} must be bool[], not {}", what, to_string(type)));
}

Status check_params(const InferContext& context, const ConditionalLoop& loop) {
  RONDO_CHECK(check_condition(context, context.operand(0), "the condition"));
  if (*loop.step_param()->type != Type{DType::i64, {}})
    return broken_rule(context, fmt::format("the region's first parameter is the step and must be i64[], not {}",
                                            to_string(*loop.step_param()->type)));
  for (int i = 0; i < loop.carried(); ++i)
    RONDO_CHECK(require_same_type(context, *loop.carried_init(i)->type, *loop.carried_param(i)->type,
                                  fmt::format("carried operand {} and its parameter", i)));
  for (int i = 0; i < loop.invariants(); ++i)
    RONDO_CHECK(require_same_type(context, *loop.invariant_operand(i)->type, *loop.invariant_param(i)->type,
                                  fmt::format("invariant operand {} and its parameter", i)));
  return Done{};
}

}  // namespace

Result<std::vector<Type>> infer_loop(const InferContext& context) {
  const ConditionalLoop loop = parts_of(context.node);
  RONDO_CHECK(check_counts(context));
  RONDO_CHECK(require_le(context, 0, loop.trip(), "'trip'"));
  RONDO_CHECK(check_params(context, loop));
  RONDO_CHECK(infer_region(context, loop.body()));
  RONDO_CHECK(check_condition(context, *loop.next_condition()->type, "the next condition"));
  std::vector<Type> types;
  for (int i = 0; i < loop.carried(); ++i) {
    RONDO_CHECK(require_same_type(context, *loop.carried_param(i)->type, *loop.carried_next(i)->type,
                                  fmt::format("carried parameter {} and its next value", i)));
    types.push_back(*loop.carried_init(i)->type);
  }
  for (int i = 0; i < loop.stacked(); ++i) {
    types.push_back(*loop.stacked_output(i)->type);
    types.back().shape.insert(types.back().shape.begin(), loop.trip());
  }
  return types;
}

Result<std::vector<Array>> evaluate_loop(const EvaluateContext& context) {
  const ConditionalLoop loop = parts_of(context.node);
  RONDO_TRY(const int64_t trip, loop.trip().evaluate(context.symbols));
  if (trip < 0) return evaluation_error(context, fmt::format("'trip' is {}", trip));
  const size_t carried = loop.carried(), stacked = loop.stacked();
  std::vector<Array> results;
  for (size_t i = 0; i < carried; ++i) results.push_back(*context.operands[1 + i]);
  for (size_t i = 0; i < stacked; ++i) {
    const Type& slice = *loop.stacked_output(static_cast<int>(i))->type;
    RONDO_TRY(Extents shape, context.shape(slice.shape));
    shape.insert(shape.begin(), trip);
    RONDO_TRY(Array sequence, make_array(slice.dtype, std::move(shape)));
    results.push_back(std::move(sequence));
  }
  RegionEvaluator body(loop.body(), context.symbols);
  Array step = Array::zeros(DType::i64, {});
  bool go = context.operands[0]->ints[0] != 0;
  for (int64_t t = 0; t < trip && go; ++t) {
    step.ints[0] = t;
    std::vector<const Array*> arguments{&step};
    for (size_t i = 0; i < carried; ++i) arguments.push_back(&results[i]);
    for (size_t i = 1 + carried; i < context.operands.size(); ++i) arguments.push_back(context.operands[i]);
    RONDO_TRY(std::vector<Array> outputs, body.run(arguments));
    go = outputs[0].ints[0] != 0;
    for (size_t i = 0; i < carried; ++i) results[i] = std::move(outputs[1 + i]);
    for (size_t i = carried; i < results.size(); ++i) {
      if (outputs[1 + i].count() * trip != results[i].count())
        return evaluation_error(context, fmt::format("a stacked slice has {} elements", outputs[1 + i].count()));
      put_slice(outputs[1 + i], t, results[i]);
    }
  }
  return results;
}

}  // namespace rondo
