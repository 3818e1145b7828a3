// Reductions over axes, and the normalisations built on them. Tested by expand_reduce_test.cpp.
#include <fmt/format.h>

#include <limits>

#include "passes/expand/statistics.h"

namespace rondo {
namespace {

using Values = std::vector<Value*>;

/// The axes that a reduction names: by attribute, or by operand from `operand_since` on; nothing if it reduces nothing.
std::optional<std::vector<int64_t>> reduced_axes(Expansion& e, int rank, int operand_since) {
  std::optional<std::vector<int64_t>> given;
  bool nothing_if_empty = false;
  if (e.opset >= operand_since) {
    nothing_if_empty = e.integer("noop_with_empty_axes", 0) != 0;
    if (e.has_operand(1)) given = e.known_integers(1, "axes");
  } else if (e.has_attribute("axes")) {
    given = e.integers("axes");
  }
  if (!e.ok()) return std::nullopt;
  if (given && !given->empty()) return normalise_axes(e, *given, rank);
  if (nothing_if_empty) return std::nullopt;
  return all_axes(rank);
}

/// before -> reduce -> after. Without axes and with noop_with_empty_axes the operand stays as it is.
template <class Before, class After>
Values expand_reduction(Expansion& e, const char* combine, Before before, After after, int operand_since = 18) {
  Value* x = e.operand(0);
  const bool keep = e.integer("keepdims", 1) != 0;
  const auto axes = reduced_axes(e, rank_of(x), operand_since);
  if (!axes) return {x};
  return {after(e.b.reduce(before(x), combine, *axes, keep))};
}

Value* same(Value* x) { return x; }

/// A function of floating-point numbers, applied to integers by way of double precision.
template <class Function>
Value* in_floats(Builder& b, Value* x, Function function) {
  const DType dtype = dtype_of(x);
  if (is_float(dtype)) return function(x);
  return b.cast(function(b.cast(x, DType::f64)), dtype);
}

Values expand_extremum(Expansion& e, const char* combine) {
  const bool logical = dtype_of(e.operand(0)) == DType::boolean;
  auto before = [&](Value* x) { return logical ? e.b.cast(x, DType::u8) : x; };
  auto after = [&](Value* x) { return logical ? e.b.cast(x, DType::boolean) : x; };
  return expand_reduction(e, combine, before, after);
}

}  // namespace

Values expand_ReduceSum(Expansion& e) { return expand_reduction(e, "sum", same, same, 13); }
Values expand_ReduceProd(Expansion& e) { return expand_reduction(e, "prod", same, same); }
Values expand_ReduceMax(Expansion& e) { return expand_extremum(e, "max"); }
Values expand_ReduceMin(Expansion& e) { return expand_extremum(e, "min"); }

Values expand_ReduceL1(Expansion& e) {
  return expand_reduction(
      e, "sum", [&](Value* x) { return e.b.abs(x); }, same);
}

Values expand_ReduceL2(Expansion& e) {
  auto root = [&](Value* x) { return in_floats(e.b, x, [&](Value* y) { return e.b.sqrt(y); }); };
  return expand_reduction(
      e, "sum", [&](Value* x) { return e.b.mul(x, x); }, root);
}

Values expand_ReduceSumSquare(Expansion& e) {
  return expand_reduction(
      e, "sum", [&](Value* x) { return e.b.mul(x, x); }, same);
}

Values expand_ReduceLogSum(Expansion& e) {
  auto logarithm = [&](Value* x) { return in_floats(e.b, x, [&](Value* y) { return e.b.log(y); }); };
  return expand_reduction(e, "sum", same, logarithm);
}

Value* mean(Builder& b, Value* x, const std::vector<int64_t>& axes, bool keep) {
  Dim count = 1;
  for (int64_t axis : axes) count *= shape_of(x)[axis];
  return b.div(b.reduce(x, "sum", axes, keep), number_of(b, count, dtype_of(x)));
}

namespace {

/// The maximum over axes, which stay, or 0 where it is infinite: subtracting it must not make a NaN.
Value* finite_maximum(Builder& b, Value* x, const std::vector<int64_t>& axes) {
  Value* top = b.reduce(x, "max", axes, true);
  Value* infinite = b.equal(b.abs(top), b.scalar(top, std::numeric_limits<double>::infinity()));
  return b.select(infinite, b.scalar(top, 0), top);
}

}  // namespace

Values expand_ReduceMean(Expansion& e) {
  Value* x = e.operand(0);
  const bool keep = e.integer("keepdims", 1) != 0;
  const auto axes = reduced_axes(e, rank_of(x), 18);
  return {axes ? mean(e.b, x, *axes, keep) : x};
}

// m + log(sum(e^(x - m))) with m the maximum.
Values expand_ReduceLogSumExp(Expansion& e) {
  Builder& b = e.b;
  Value* x = e.operand(0);
  const bool keep = e.integer("keepdims", 1) != 0;
  const auto axes = reduced_axes(e, rank_of(x), 18);
  if (!axes) return {x};
  Value* result = in_floats(b, x, [&](Value* y) {
    Value* top = finite_maximum(b, y, *axes);
    return b.add(top, b.log(b.reduce(b.exp(b.sub(y, top)), "sum", *axes, true)));
  });
  return {keep ? result : b.squeeze(result, *axes)};
}

namespace {

/// The axes of (log-)softmax: one, or before opset 13 all from `axis` (by default 1) on.
std::vector<int64_t> softmax_axes(Expansion& e, int rank) {
  const int axis = normalise_axis(e, e.integer("axis", e.opset < 13 ? 1 : -1), rank);
  std::vector<int64_t> axes;
  for (int i = axis; i < (e.opset < 13 ? rank : axis + 1); ++i) axes.push_back(i);
  return axes;
}

}  // namespace

// e^(x - m) / sum(e^(x - m)) with m the maximum.
Values expand_Softmax(Expansion& e) {
  Builder& b = e.b;
  Value* x = e.operand(0);
  const auto axes = softmax_axes(e, rank_of(x));
  if (!e.ok()) return {x};
  Value* power = b.exp(b.sub(x, b.reduce(x, "max", axes, true)));
  return {b.div(power, b.reduce(power, "sum", axes, true))};
}

Values expand_LogSoftmax(Expansion& e) {
  Builder& b = e.b;
  Value* x = e.operand(0);
  const auto axes = softmax_axes(e, rank_of(x));
  if (!e.ok()) return {x};
  Value* below = b.sub(x, b.reduce(x, "max", axes, true));
  return {b.sub(below, b.log(b.reduce(b.exp(below), "sum", axes, true)))};
}

// (x - mean) / sqrt(variance + epsilon) * scale + bias over the axes from `axis` on, with the statistics in the type
// that stash_type names where that is wider than the operand's.
Values expand_LayerNormalization(Expansion& e) {
  Builder& b = e.b;
  Value *x = e.operand(0), *scale = e.operand(1), *bias = e.optional_operand(2);
  const int axis = normalise_axis(e, e.integer("axis", -1), rank_of(x));
  const double epsilon = e.number("epsilon", 1e-5);
  const auto stash = e.element_type("stash_type", DType::f32);
  if (!e.ok()) return {x};
  if (!stash || !is_float(*stash)) return {e.fail("attribute 'stash_type' must be a floating-point type")};
  std::vector<int64_t> axes;
  for (int i = axis; i < rank_of(x); ++i) axes.push_back(i);
  const DType dtype = dtype_of(x);
  const DType compute = byte_size(*stash) > byte_size(dtype) ? *stash : dtype;
  Value* wide = b.cast(x, compute);
  Value* average = mean(b, wide, axes, true);
  Value* centred = b.sub(wide, average);
  Value* variance = mean(b, b.mul(centred, centred), axes, true);
  Value* deviation = b.sqrt(b.add(variance, b.scalar(variance, epsilon)));
  Value* y = b.mul(b.cast(b.div(centred, deviation), dtype), scale);
  Values results{bias ? b.add(y, bias) : y, nullptr, nullptr};
  if (e.wants_result(1)) results[1] = b.cast(average, *stash);
  if (e.wants_result(2)) results[2] = b.cast(b.div(b.scalar(deviation, 1), deviation), *stash);
  return results;
}

}  // namespace rondo
