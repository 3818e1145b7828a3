// branch: one of two regions. Tested by tests/ir/branch_test.cpp.
#include "ir/branch.h"

#include <fmt/format.h>

#include "ir/ops/region_evaluator.h"
#include "ir/ops/region_rules.h"

namespace rondo {
namespace {

constexpr const char* kArms[] = {"then", "otherwise"};

Status check_condition(const InferContext& context) {
  if (context.operand(0) == Type{DType::boolean, {}}) return Done{};
  return broken_rule(context, fmt::format("the condition must be bool[], not {}", to_string(context.operand(0))));
}

Status check_arm(const InferContext& context, int arm) {
  const Node& node = context.node;
  Graph& region = *node.regions[arm];
  RONDO_CHECK(require_params(context, region, node.operands.size() - 1));
  for (size_t i = 0; i < region.params.size(); ++i)
    RONDO_CHECK(require_same_type(context, context.operand(static_cast<int>(i) + 1), *region.params[i]->type,
                                  fmt::format("operand {} and its parameter in '{}'", i + 1, kArms[arm])));
  if (region.outputs.size() != node.results.size())
    return broken_rule(context, fmt::format("'{}' must have {} outputs, one a result, not {}", kArms[arm],
                                            node.results.size(), region.outputs.size()));
  return infer_region(context, region);
}

}  // namespace

Result<std::vector<Type>> infer_branch(const InferContext& context) {
  RONDO_CHECK(check_condition(context));
  for (int arm = 0; arm < 2; ++arm) RONDO_CHECK(check_arm(context, arm));
  const auto &then = context.node.regions[0]->outputs, &otherwise = context.node.regions[1]->outputs;
  std::vector<Type> types;
  for (size_t i = 0; i < then.size(); ++i) {
    RONDO_CHECK(require_same_type(context, *then[i]->type, *otherwise[i]->type,
                                  fmt::format("result {} of 'then' and of 'otherwise'", i)));
    types.push_back(*then[i]->type);
  }
  return types;
}

Result<std::vector<Array>> evaluate_branch(const EvaluateContext& context) {
  const int arm = context.operands[0]->ints[0] != 0 ? 0 : 1;
  return RegionEvaluator(*context.node.regions[arm], context.symbols).run(context.operands.subspan(1));
}

}  // namespace rondo
