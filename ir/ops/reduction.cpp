// Reductions: reduce over whole axes, reduce_window over sliding windows. Elements are combined in row-major order.
// Over nothing, sum is 0, prod 1, max the least value of the type (-inf) and min the greatest.
// Tested by tests/ir/infer_test.cpp and reference_test.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "ir/ops/arrays.h"
#include "ir/ops/checks.h"

namespace rondo {
namespace {

template <class T>
struct Combination {
  std::string_view word;
  T identity;
  T (*function)(T, T);
};

template <class T>
Combination<T> combination(DType dtype, std::string_view word) {
  T least, greatest;
  if constexpr (std::is_same_v<T, double>) {
    greatest = std::numeric_limits<double>::infinity();
    least = -greatest;
  } else {
    const IntegerRange range = integer_range(dtype);
    least = static_cast<T>(range.least);
    greatest = static_cast<T>(range.greatest);
  }
  const Combination<T> table[] = {
      {"sum", T{0}, [](T a, T b) { return wrapping_add(a, b); }},
      {"prod", T{1}, [](T a, T b) { return wrapping_mul(a, b); }},
      {"max", least, [](T a, T b) { return larger(a, b); }},
      {"min", greatest, [](T a, T b) { return smaller(a, b); }},
  };
  return *std::find_if(std::begin(table), std::end(table), [&](const auto& row) { return row.word == word; });
}

std::vector<bool> reduced_axes(const Attributes& attributes, size_t rank) {
  std::vector<bool> reduced(rank, false);
  for (int64_t axis : attributes.integers("axes")) reduced[axis] = true;
  return reduced;
}

}  // namespace

Result<std::vector<Type>> infer_reduce(const InferContext& context) {
  RONDO_CHECK(require_same_number(context));
  RONDO_CHECK(require_word(context, "combine", {"sum", "prod", "max", "min"}));
  const Shape shape = operand_shape(context, 0);
  std::vector<bool> reduced(shape.size(), false);
  for (int64_t axis : context.attributes().integers("axes")) {
    RONDO_CHECK(require_axis(context, axis, static_cast<int>(shape.size())));
    if (reduced[axis]) return broken_rule(context, fmt::format("'axes' names axis {} twice", axis));
    reduced[axis] = true;
  }
  Type type{context.operand(0).dtype, {}};
  for (size_t axis = 0; axis < shape.size(); ++axis)
    if (!reduced[axis]) type.shape.push_back(shape[axis]);
  return std::vector<Type>{std::move(type)};
}

Result<std::vector<Array>> evaluate_reduce(const EvaluateContext& context) {
  const Array& a = *context.operands[0];
  const std::vector<bool> reduced = reduced_axes(context.attributes(), a.shape.size());
  Extents kept, kept_shape = a.shape;
  for (size_t axis = 0; axis < a.shape.size(); ++axis) {
    if (reduced[axis])
      kept_shape[axis] = 1;
    else
      kept.push_back(a.shape[axis]);
  }
  RONDO_TRY(Array result, make_array(a.dtype, kept));
  const Extents own = row_major_strides(a.shape), into = broadcast_strides(kept_shape, a.shape);
  with_number_type(a.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Combination<T> combine = combination<T>(a.dtype, context.attributes().text("combine"));
    const T* from = elements<T>(a);
    T* to = elements<T>(result);
    std::fill_n(to, result.count(), combine.identity);
    walk<2>(a.shape, {own, into}, {0, 0},
            [&](const auto& at) { to[at[1]] = combine.function(to[at[1]], from[at[0]]); });
  });
  wrap_all(result);
  return one(std::move(result));
}

Result<std::vector<Type>> infer_reduce_window(const InferContext& context) {
  RONDO_CHECK(require_same_number(context));
  RONDO_CHECK(require_word(context, "combine", {"sum", "max"}));
  Type type{context.operand(0).dtype, operand_shape(context, 0)};
  for (const char* list : {"window", "strides", "dilations"}) {
    RONDO_CHECK(require_length(context, list, context.attributes().integers(list).size(), type.shape.size()));
    RONDO_CHECK(require_positive(context, list));
  }
  const std::vector<int64_t> window = context.attributes().integers("window"),
                             strides = context.attributes().integers("strides"),
                             dilations = context.attributes().integers("dilations");
  for (size_t axis = 0; axis < type.shape.size(); ++axis)
    type.shape[axis] = window_count(type.shape[axis], window[axis], strides[axis], dilations[axis]);
  RONDO_CHECK(require_sizes(context, type.shape, "the number of windows"));
  return std::vector<Type>{std::move(type)};
}

Result<std::vector<Array>> evaluate_reduce_window(const EvaluateContext& context) {
  const Array& a = *context.operands[0];
  const Extents window = context.attributes().integers("window"), strides = context.attributes().integers("strides"),
                dilations = context.attributes().integers("dilations"), own = row_major_strides(a.shape);
  Extents counts, outer, inner;  // windows along each axis; strides from window to window, and inside one
  for (size_t axis = 0; axis < a.shape.size(); ++axis) {
    counts.push_back(window_count(a.shape[axis], window[axis], strides[axis], dilations[axis]));
    outer.push_back(distance(counts[axis], strides[axis], own[axis]));
    inner.push_back(distance(window[axis], dilations[axis], own[axis]));
  }
  RONDO_TRY(Array result, make_array(a.dtype, counts));
  with_number_type(a.dtype, [&](auto zero) {
    using T = decltype(zero);
    const Combination<T> combine = combination<T>(a.dtype, context.attributes().text("combine"));
    const T* from = elements<T>(a);
    T* to = elements<T>(result);
    walk<1>(counts, {outer}, {0}, [&](const auto& start) {
      T total = combine.identity;
      walk<1>(window, {inner}, start, [&](const auto& at) { total = combine.function(total, from[at[0]]); });
      *to++ = total;
    });
  });
  wrap_all(result);
  return one(std::move(result));
}

}  // namespace rondo
