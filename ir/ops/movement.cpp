// Data movement: transpose, reshape, broadcast, slice, concat, pad, gather. Each evaluator is one strided read or
// write. Tested by tests/ir/infer_test.cpp and reference_test.cpp.
#include <fmt/format.h>

#include <algorithm>

#include "ir/ops/arrays.h"
#include "ir/ops/checks.h"

namespace rondo {
namespace {

using Types = Result<std::vector<Type>>;
using Arrays = Result<std::vector<Array>>;

Types like_operand(const InferContext& context, Shape shape) {
  return std::vector<Type>{{context.operand(0).dtype, std::move(shape)}};
}

/// The result's elements, row-major, are `from`'s at start + index * strides.
void read_strided(const Array& from, const Extents& strides, int64_t start, Array& result) {
  const auto copy = [&](auto& to, const auto& source) {
    auto* next = to.data();
    walk<1>(result.shape, {strides}, {start}, [&](const auto& at) { *next++ = source[at[0]]; });
  };
  with_elements(copy, result, from);
}

/// `from`'s elements, row-major, become the result's at start + index * strides.
void write_strided(const Array& from, const Extents& strides, int64_t start, Array& result) {
  const auto copy = [&](auto& to, const auto& source) {
    const auto* next = source.data();
    walk<1>(from.shape, {strides}, {start}, [&](const auto& at) { to[at[0]] = *next++; });
  };
  with_elements(copy, result, from);
}

}  // namespace

// --- transpose

Types infer_transpose(const InferContext& context) {
  const Shape shape = operand_shape(context, 0);
  const std::vector<int64_t> perm = context.attributes().integers("perm");
  RONDO_CHECK(require_length(context, "perm", perm.size(), shape.size()));
  std::vector<bool> seen(perm.size(), false);
  Shape permuted;
  for (int64_t axis : perm) {
    RONDO_CHECK(require_axis(context, axis, static_cast<int>(shape.size())));
    if (seen[axis]) return broken_rule(context, fmt::format("'perm' names axis {} twice", axis));
    seen[axis] = true;
    permuted.push_back(shape[axis]);
  }
  return like_operand(context, std::move(permuted));
}

Arrays evaluate_transpose(const EvaluateContext& context) {
  const Array& a = *context.operands[0];
  const Extents own = row_major_strides(a.shape);
  Extents shape, strides;
  for (int64_t axis : context.attributes().integers("perm")) {
    shape.push_back(a.shape[axis]);
    strides.push_back(own[axis]);
  }
  RONDO_TRY(Array result, make_array(a.dtype, std::move(shape)));
  read_strided(a, strides, 0, result);
  return one(std::move(result));
}

// --- reshape

Types infer_reshape(const InferContext& context) {
  Shape shape = resolved(context.graph, context.attributes().dims("shape"));
  RONDO_CHECK(require_sizes(context, shape, "'shape'"));
  const Shape from = operand_shape(context, 0);
  if (!context.graph.require_equal(element_count(from), element_count(shape),
                                   requirement(context, "numbers of elements")))
    return broken_rule(
        context, fmt::format("{} and {} differ in their numbers of elements, {} and {}", to_string(from),
                             to_string(shape), element_count(from).to_string(), element_count(shape).to_string()));
  return like_operand(context, std::move(shape));
}

Arrays evaluate_reshape(const EvaluateContext& context) {
  const Array& a = *context.operands[0];
  RONDO_TRY(Extents shape, context.shape(context.attributes().dims("shape")));
  RONDO_TRY(const int64_t count, checked_count(shape));
  if (count != a.count())
    return evaluation_error(context, fmt::format("{} elements do not fill [{}]", a.count(), fmt::join(shape, ", ")));
  Array result = a;
  result.shape = std::move(shape);
  return one(std::move(result));
}

// --- broadcast

Types infer_broadcast(const InferContext& context) {
  const Shape from = operand_shape(context, 0), shape = resolved(context.graph, context.attributes().dims("shape"));
  RONDO_CHECK(require_sizes(context, shape, "'shape'"));
  const auto impossible = [&] {
    return broken_rule(context, fmt::format("{} does not broadcast to {}", to_string(from), to_string(shape)));
  };
  if (from.size() > shape.size()) return impossible();
  for (size_t axis = 0; axis < from.size(); ++axis) {
    const size_t target = shape.size() - from.size() + axis;
    if (from[axis].is(1)) continue;
    if (!context.graph.require_equal(from[axis], shape[target],
                                     requirement(context, fmt::format("sizes of axis {}", target))))
      return impossible();
  }
  return like_operand(context, shape);
}

Arrays evaluate_broadcast(const EvaluateContext& context) {
  const Array& a = *context.operands[0];
  RONDO_TRY(const Extents shape, context.shape(context.attributes().dims("shape")));
  RONDO_TRY(const Extents common, broadcast_extents(context, {&a.shape, &shape}));
  if (common != shape)
    return evaluation_error(
        context, fmt::format("[{}] does not broadcast to [{}]", fmt::join(a.shape, ", "), fmt::join(shape, ", ")));
  RONDO_TRY(Array result, make_array(a.dtype, shape));
  read_strided(a, broadcast_strides(a.shape, shape), 0, result);
  return one(std::move(result));
}

// --- slice

namespace {

/// All elements start + i * step with 0 <= i < count lie in [0, size).
Status require_inside(const InferContext& context, const Dim& start, const Dim& count, int64_t step, const Dim& size) {
  if (count.is(0)) return Done{};
  RONDO_CHECK(require_le(context, 0, start, "'starts'"));
  if (count.is(1)) return require_le(context, start + 1, size, "'starts' + 1, and the size");
  if (step > 0) return require_le(context, count, ceil_div(size - start, step), "elements taken, of those there are");
  RONDO_CHECK(require_le(context, start + 1, size, "'starts' + 1, and the size"));
  return require_le(context, count, floor_div(start, -Dim(step)) + 1, "elements taken, of those there are");
}

}  // namespace

Types infer_slice(const InferContext& context) {
  const Shape shape = operand_shape(context, 0), starts = resolved(context.graph, context.attributes().dims("starts"));
  Shape sizes = resolved(context.graph, context.attributes().dims("sizes"));
  const std::vector<int64_t> steps = context.attributes().integers("steps");
  RONDO_CHECK(require_length(context, "starts", starts.size(), shape.size()));
  RONDO_CHECK(require_length(context, "sizes", sizes.size(), shape.size()));
  RONDO_CHECK(require_length(context, "steps", steps.size(), shape.size()));
  RONDO_CHECK(require_sizes(context, sizes, "'sizes'"));
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    if (steps[axis] == 0) return broken_rule(context, fmt::format("'steps' must not be 0, as at axis {}", axis));
    RONDO_CHECK(require_inside(context, starts[axis], sizes[axis], steps[axis], shape[axis]));
  }
  return like_operand(context, std::move(sizes));
}

namespace {

bool inside(int64_t start, int64_t count, int64_t step, int64_t size) {
  if (start < 0 || start >= size || step == 0) return false;
  const int64_t room = step > 0 ? (size - 1 - start) / step : step < -start ? 0 : start / -step;  // further elements
  return count - 1 <= room;
}

}  // namespace

Arrays evaluate_slice(const EvaluateContext& context) {
  const Array& a = *context.operands[0];
  RONDO_TRY(const Extents starts, context.shape(context.attributes().dims("starts")));
  RONDO_TRY(const Extents sizes, context.shape(context.attributes().dims("sizes")));
  const Extents steps = context.attributes().integers("steps"), own = row_major_strides(a.shape);
  RONDO_TRY(Array result, make_array(a.dtype, sizes));
  if (result.count() == 0) return one(std::move(result));
  Extents strides;
  int64_t start = 0;
  for (size_t axis = 0; axis < own.size(); ++axis) {
    if (!inside(starts[axis], sizes[axis], steps[axis], a.shape[axis]))
      return evaluation_error(context, fmt::format("{} elements from {} by {} are not inside axis {} of size {}",
                                                   sizes[axis], starts[axis], steps[axis], axis, a.shape[axis]));
    start += starts[axis] * own[axis];
    strides.push_back(distance(sizes[axis], steps[axis], own[axis]));
  }
  read_strided(a, strides, start, result);
  return one(std::move(result));
}

// --- concat

Types infer_concat(const InferContext& context) {
  Shape shape = operand_shape(context, 0);
  const DType dtype = context.operand(0).dtype;
  const int64_t axis = context.attributes().integer("axis");
  RONDO_CHECK(require_axis(context, axis, static_cast<int>(shape.size())));
  for (int i = 1; i < static_cast<int>(context.node.operands.size()); ++i) {
    const Type& first = context.operand(0);
    const Type& other = context.operand(i);
    if (other.dtype != dtype || other.rank() != first.rank())
      return broken_rule(context, fmt::format("operands must have the same type and number of axes, not {} and {}",
                                              to_string(first), to_string(other)));
    const Shape part = operand_shape(context, i);
    for (int64_t k = 0; k < other.rank(); ++k)
      if (k != axis)
        RONDO_CHECK(
            require_equal(context, shape[k], part[k], fmt::format("sizes of axis {} of operands 0 and {}", k, i)));
    shape[axis] += part[axis];
  }
  return like_operand(context, std::move(shape));
}

Arrays evaluate_concat(const EvaluateContext& context) {
  const int64_t axis = context.attributes().integer("axis");
  Extents shape = context.operands[0]->shape;
  for (size_t i = 1; i < context.operands.size(); ++i) shape[axis] += context.operands[i]->shape[axis];
  RONDO_TRY(Array result, make_array(context.operands[0]->dtype, shape));
  const Extents strides = row_major_strides(shape);
  int64_t start = 0;
  for (const Array* part : context.operands) {
    for (size_t k = 0; k < shape.size(); ++k)
      if (static_cast<int64_t>(k) != axis && part->shape[k] != shape[k])
        return evaluation_error(context, fmt::format("operands differ in axis {}", k));
    write_strided(*part, strides, start, result);
    start += part->shape[axis] * strides[axis];
  }
  return one(std::move(result));
}

// --- pad

Types infer_pad(const InferContext& context) {
  if (context.operand(1).rank() != 0 || context.operand(1).dtype != context.operand(0).dtype)
    return broken_rule(context, fmt::format("operand 1 must be a scalar of operand 0's type, {}, not {}",
                                            to_string(context.operand(0).dtype), to_string(context.operand(1))));
  Shape shape = operand_shape(context, 0);
  const Shape low = context.attributes().dims("low"), high = context.attributes().dims("high");
  RONDO_CHECK(require_length(context, "low", low.size(), shape.size()));
  RONDO_CHECK(require_length(context, "high", high.size(), shape.size()));
  RONDO_CHECK(require_sizes(context, low, "'low'"));
  RONDO_CHECK(require_sizes(context, high, "'high'"));
  for (size_t axis = 0; axis < shape.size(); ++axis) shape[axis] += low[axis] + high[axis];
  return like_operand(context, std::move(shape));
}

Arrays evaluate_pad(const EvaluateContext& context) {
  const Array& a = *context.operands[0];
  RONDO_TRY(const Extents low, context.shape(context.attributes().dims("low")));
  RONDO_TRY(const Extents high, context.shape(context.attributes().dims("high")));
  Extents shape = a.shape;
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    const int64_t limit = kMaxArrayElements;  // of any size, so that sums stay small
    if (low[axis] < 0 || high[axis] < 0 || low[axis] > limit || high[axis] > limit)
      return evaluation_error(context,
                              fmt::format("axis {} cannot be padded by {} and {}", axis, low[axis], high[axis]));
    shape[axis] += low[axis] + high[axis];
  }
  RONDO_TRY(Array result, make_array(a.dtype, shape));
  with_elements([](auto& to, const auto& fill) { std::fill(to.begin(), to.end(), fill[0]); }, result,
                *context.operands[1]);
  const Extents strides = row_major_strides(shape);
  int64_t start = 0;
  for (size_t axis = 0; axis < shape.size(); ++axis) start += low[axis] * strides[axis];
  write_strided(a, strides, start, result);
  return one(std::move(result));
}

// --- gather

Types infer_gather(const InferContext& context) {
  if (!is_integer(context.operand(1).dtype))
    return broken_rule(context, fmt::format("indices must be integers, not {}", to_string(context.operand(1).dtype)));
  Shape shape = operand_shape(context, 0);
  const Shape indices = operand_shape(context, 1);
  const int64_t axis = context.attributes().integer("axis");
  RONDO_CHECK(require_axis(context, axis, static_cast<int>(shape.size())));
  shape.erase(shape.begin() + axis);
  shape.insert(shape.begin() + axis, indices.begin(), indices.end());
  return like_operand(context, std::move(shape));
}

Arrays evaluate_gather(const EvaluateContext& context) {
  const Array &data = *context.operands[0], &indices = *context.operands[1];
  const int64_t axis = context.attributes().integer("axis"), size = data.shape[axis];
  for (size_t i = 0; i < indices.ints.size(); ++i)
    if (indices.ints[i] < 0 || indices.ints[i] >= size)
      return evaluation_error(context,
                              fmt::format("index {} at position {} is outside [0, {})", indices.ints[i], i, size));
  Extents shape(data.shape.begin(), data.shape.begin() + axis);
  shape.insert(shape.end(), indices.shape.begin(), indices.shape.end());
  shape.insert(shape.end(), data.shape.begin() + axis + 1, data.shape.end());
  RONDO_TRY(Array result, make_array(data.dtype, std::move(shape)));
  if (result.count() == 0) return one(std::move(result));
  const int64_t outer = product(data.shape, 0, axis), inner = product(data.shape, axis + 1, data.shape.size());
  const auto copy = [&](auto& to, const auto& from) {
    auto next = to.begin();
    for (int64_t o = 0; o < outer; ++o)
      for (int64_t index : indices.ints) next = std::copy_n(from.begin() + (o * size + index) * inner, inner, next);
  };
  with_elements(copy, result, data);
  return one(std::move(result));
}

}  // namespace rondo
