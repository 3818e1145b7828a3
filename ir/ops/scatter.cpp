// scatter: slices written at positions, one after the other. Tested by tests/ir/scatter_test.cpp.
#include <fmt/format.h>

#include <algorithm>

#include "ir/ops/arrays.h"
#include "ir/ops/checks.h"

namespace rondo {

Result<std::vector<Type>> infer_scatter(const InferContext& context) {
  RONDO_CHECK(require_word(context, "combine", {"none", "sum", "prod", "max", "min"}));
  const Type &data = context.operand(0), &positions = context.operand(1), &updates = context.operand(2);
  if (!is_integer(positions.dtype) || positions.rank() != 1)
    return broken_rule(context, fmt::format("the positions must be integers along one axis, not {}", to_string(positions)));
  if (data.rank() < 1) return broken_rule(context, "the data must have at least 1 axis");
  if (data.dtype == DType::boolean && context.attributes().text("combine") != "none")
    return broken_rule(context, "bool can be replaced, not joined");
  Type wanted{data.dtype, operand_shape(context, 0)};
  wanted.shape[0] = operand_shape(context, 1)[0];
  RONDO_CHECK(require_same_type(context, updates, wanted, "the updates, and the data's slices at the positions,"));
  return std::vector<Type>{{data.dtype, operand_shape(context, 0)}};
}

namespace {

template <class T>
T joined(const std::string& combine, T old, T update) {
  if (combine == "sum") return wrapping_add(old, update);
  if (combine == "prod") return wrapping_mul(old, update);
  if (combine == "max") return larger(old, update);
  if (combine == "min") return smaller(old, update);
  return update;
}

}  // namespace

Result<std::vector<Array>> evaluate_scatter(const EvaluateContext& context) {
  const Array &data = *context.operands[0], &positions = *context.operands[1], &updates = *context.operands[2];
  const std::string& combine = context.attributes().text("combine");
  const int64_t size = data.shape[0], slice = product(data.shape, 1, data.shape.size());
  if (updates.count() != positions.count() * slice)
    return evaluation_error(context, fmt::format("{} positions with {} updates of {} elements", positions.count(),
                                                 updates.count(), slice));
  Array result = data;
  for (int64_t i = 0; i < positions.count(); ++i) {
    const int64_t position = positions.ints[i];
    if (position < 0 || position >= size)
      return evaluation_error(context, fmt::format("position {} at {} is outside [0, {})", position, i, size));
    with_number_type(data.dtype, [&](auto zero) {
      using T = decltype(zero);
      T* to = elements<T>(result) + position * slice;
      const T* from = elements<T>(updates) + i * slice;
      for (int64_t k = 0; k < slice; ++k) to[k] = joined(combine, to[k], from[k]);
    });
  }
  wrap_all(result);
  return one(std::move(result));
}

}  // namespace rondo
