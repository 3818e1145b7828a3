// measure: a value becomes a dimension. Tested by tests/ir/measure_test.cpp.
#include "ir/measure.h"

#include <fmt/format.h>

#include "ir/lexer.h"
#include "ir/ops/arrays.h"
#include "ir/ops/checks.h"
#include "ir/ops/elements.h"

namespace rondo {

Result<std::vector<Type>> infer_measure(const InferContext& context) {
  const Type scalar{DType::i64, {}};
  if (context.operand(0) != scalar)
    return broken_rule(context, fmt::format("the operand must be i64[], not {}", to_string(context.operand(0))));
  const std::string& symbol = context.attributes().text("symbol");
  if (!is_measured(symbol) || !is_word(symbol))
    return broken_rule(context, fmt::format("'symbol' must be a word that begins with '{}', not '{}'", kMeasuredPrefix, symbol));
  if (context.attributes().integer("low") < 0)
    return broken_rule(context, fmt::format("'low' must not be negative, as {} is", context.attributes().integer("low")));
  return std::vector<Type>{scalar};
}

Result<std::vector<Array>> evaluate_measure(const EvaluateContext& context) {
  const int64_t value = context.operands[0]->ints[0], low = context.attributes().integer("low");
  RONDO_TRY(const int64_t high, context.attributes().dim("high").evaluate(context.symbols));
  if (value < low || value > high)
    return evaluation_error(context, fmt::format("the value is {}, outside [{}, {}]", value, low, high));
  return one(*context.operands[0]);
}

MaybeElements derive_measure(const Node& node) {
  return Elements{Dim::symbol(node.attributes.text("symbol")) + Dim(node.attributes.integer("low") - 1)};
}

}  // namespace rondo
