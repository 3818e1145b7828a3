// Sources: constant, weight, dims, iota. Tested by tests/ir/infer_test.cpp and reference_test.cpp.
#include <fmt/format.h>

#include "ir/ops/arrays.h"
#include "ir/ops/checks.h"

namespace rondo {

Result<std::vector<Type>> infer_constant(const InferContext& context) {
  return std::vector<Type>{context.attributes().tensor("value").type()};
}

Result<std::vector<Array>> evaluate_constant(const EvaluateContext& context) {
  const Tensor& value = context.attributes().tensor("value");
  RONDO_CHECK(checked_count(value.shape()));
  return one(Array::from(value));
}

Result<std::vector<Type>> infer_weight(const InferContext& context) { return infer_constant(context); }
Result<std::vector<Array>> evaluate_weight(const EvaluateContext& context) { return evaluate_constant(context); }

Result<std::vector<Type>> infer_dims(const InferContext& context) {
  const DType to = context.attributes().dtype("to");
  if (!is_integer(to)) return broken_rule(context, fmt::format("'to' must be an integer type, not {}", to_string(to)));
  const std::vector<int64_t> shape = context.attributes().integers("shape");
  const Shape dims(shape.begin(), shape.end());
  RONDO_CHECK(require_sizes(context, dims, "'shape'"));
  const size_t values = context.attributes().dims("values").size();
  if (element_count(dims) != Dim(static_cast<int64_t>(values)))
    return broken_rule(context, fmt::format("{} values do not fill shape {}", values, to_string(dims)));
  return std::vector<Type>{{to, dims}};
}

Result<std::vector<Array>> evaluate_dims(const EvaluateContext& context) {
  RONDO_TRY(Array result, make_array(context.attributes().dtype("to"), context.attributes().integers("shape")));
  RONDO_TRY(result.ints, context.shape(context.attributes().dims("values")));
  wrap_all(result);
  return one(std::move(result));
}

Result<std::vector<Type>> infer_iota(const InferContext& context) {
  const DType to = context.attributes().dtype("to");
  if (to == DType::boolean) return broken_rule(context, "'to' must be a number type, not bool");
  Shape shape = resolved(context.graph, context.attributes().dims("shape"));
  RONDO_CHECK(require_axis(context, context.attributes().integer("axis"), static_cast<int>(shape.size())));
  RONDO_CHECK(require_sizes(context, shape, "'shape'"));
  return std::vector<Type>{{to, std::move(shape)}};
}

Result<std::vector<Array>> evaluate_iota(const EvaluateContext& context) {
  RONDO_TRY(Extents shape, context.shape(context.attributes().dims("shape")));
  RONDO_TRY(Array result, make_array(context.attributes().dtype("to"), shape));
  Extents along(shape.size(), 0);
  along[context.attributes().integer("axis")] = 1;
  const auto fill = [&](auto& elements) {
    auto* next = elements.data();
    walk<1>(shape, {along}, {0}, [&](const auto& index) { *next++ = index[0]; });
  };
  with_elements(fill, result);
  wrap_all(result);
  return one(std::move(result));
}

}  // namespace rondo
