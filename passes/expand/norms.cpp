// Normalisation of a tensor by statistics of its own parts. Tested by expand_norm_test.cpp.
#include <fmt/format.h>

#include "passes/expand/statistics.h"

namespace rondo {
namespace {

using Values = std::vector<Value*>;

/// 16-bit floats compute in single precision.
DType compute_type(DType dtype) { return byte_size(dtype) < 4 ? DType::f32 : dtype; }

/// (x - mean) / sqrt(variance + epsilon) over axes.
Value* standardised(Builder& b, Value* x, const std::vector<int64_t>& axes, double epsilon) {
  Value* centred = b.sub(x, mean(b, x, axes, true));
  Value* variance = mean(b, b.mul(centred, centred), axes, true);
  return b.div(centred, b.sqrt(b.add(variance, b.scalar(variance, epsilon))));
}

std::vector<int64_t> axes_from(int first, int rank) {
  std::vector<int64_t> axes;
  for (int i = first; i < rank; ++i) axes.push_back(i);
  return axes;
}

/// A vector of one number a channel, shaped to broadcast along axis 1.
Value* along_channels(Expansion& e, Value* vector, const Value* x) {
  Shape shape(rank_of(x), Dim(1));
  shape[1] = shape_of(x)[1];
  e.require_equal(element_count(shape_of(vector)), shape[1], "number of channels");
  return e.b.cast(e.b.reshape(vector, shape), dtype_of(x));
}

/// The type that stash_type names, where it is wider than the operand's.
std::optional<DType> stash_type(Expansion& e, DType dtype) {
  const auto stash = e.element_type("stash_type", DType::f32);
  if (!stash || !is_float(*stash)) {
    e.fail("attribute 'stash_type' must be a floating-point type");
    return std::nullopt;
  }
  return byte_size(*stash) > byte_size(dtype) ? *stash : dtype;
}

bool require_channels(Expansion& e, const Value* x) {
  if (e.ok() && rank_of(x) < 2) e.fail("the operand needs rank 2 or more: [batch, channels, ...]");
  return e.ok();
}

}  // namespace

// Over the spatial axes, then scale and bias for each channel.
Values expand_InstanceNormalization(Expansion& e) {
  Builder& b = e.b;
  Value *x = e.operand(0), *scale = e.operand(1), *bias = e.operand(2);
  const double epsilon = e.number("epsilon", 1e-5);
  if (!require_channels(e, x)) return {x};
  const DType dtype = dtype_of(x);
  x = b.cast(x, compute_type(dtype));
  Value* y = standardised(b, x, axes_from(2, rank_of(x)), epsilon);
  return {b.cast(b.add(b.mul(y, along_channels(e, scale, x)), along_channels(e, bias, x)), dtype)};
}

// Over groups of channels and the spatial axes, then scale and bias for each channel; before opset 21 for each group.
Values expand_GroupNormalization(Expansion& e) {
  Builder& b = e.b;
  Value *x = e.operand(0), *scale = e.operand(1), *bias = e.operand(2);
  const double epsilon = e.number("epsilon", 1e-5);
  const int64_t groups = e.integer("num_groups", 0);
  const auto compute = e.opset >= 21 ? stash_type(e, dtype_of(x)) : compute_type(dtype_of(x));
  if (!compute || !require_channels(e, x)) return {x};
  if (groups < 1) return {e.fail("attribute 'num_groups' must be given and be at least 1")};
  const DType dtype = dtype_of(x);
  const Shape shape = shape_of(x);
  const Dim per_group = floor_div(shape[1], Dim(groups));
  e.require_equal(per_group * Dim(groups), shape[1], "channels in groups");
  if (!e.ok()) return {x};
  Shape grouped{shape[0], Dim(groups), per_group};
  grouped.insert(grouped.end(), shape.begin() + 2, shape.end());
  Value* y = standardised(b, b.reshape(b.cast(x, *compute), grouped), axes_from(2, rank_of(x) + 1), epsilon);
  if (e.opset < 21) {
    y = b.add(b.mul(y, along_channels(e, scale, y)), along_channels(e, bias, y));
    return {b.cast(b.reshape(y, shape), dtype)};
  }
  y = b.cast(b.reshape(y, shape), dtype);
  return {b.add(b.mul(y, along_channels(e, scale, x)), along_channels(e, bias, x))};
}

// x / sqrt(mean(x^2) + epsilon) over the axes from `axis` on, then scale, whose type is the result's.
Values expand_RMSNormalization(Expansion& e) {
  Builder& b = e.b;
  Value *x = e.operand(0), *scale = e.operand(1);
  const int axis = normalise_axis(e, e.integer("axis", -1), rank_of(x));
  const double epsilon = e.number("epsilon", 1e-5);
  const auto compute = stash_type(e, dtype_of(x));
  if (!e.ok() || !compute) return {x};
  Value* wide = b.cast(x, *compute);
  Value* square = mean(b, b.mul(wide, wide), axes_from(axis, rank_of(x)), true);
  Value* y = b.div(wide, b.sqrt(b.add(square, b.scalar(square, epsilon))));
  return {b.mul(b.cast(b.cast(y, dtype_of(x)), dtype_of(scale)), scale)};
}

// x / (sum |x|^p)^(1/p) along one axis; 0 where that sum is.
Values expand_LpNormalization(Expansion& e) {
  Builder& b = e.b;
  Value* x = e.operand(0);
  const int64_t p = e.integer("p", 2);
  const int axis = normalise_axis(e, e.integer("axis", -1), rank_of(x));
  if (!e.ok()) return {x};
  if (p != 1 && p != 2) return {e.fail(fmt::format("attribute 'p' is {}, must be 1 or 2", p))};
  const DType dtype = dtype_of(x);
  x = b.cast(x, compute_type(dtype));
  Value* norm = b.reduce(p == 1 ? b.abs(x) : b.mul(x, x), "sum", {axis}, true);
  if (p == 2) norm = b.sqrt(norm);
  Value* zero = b.equal(norm, b.scalar(norm, 0));
  return {b.cast(b.div(x, b.select(zero, b.scalar(norm, 1), norm)), dtype)};
}

// (x - mean) / (deviation + 1e-9)
Values expand_MeanVarianceNormalization(Expansion& e) {
  Builder& b = e.b;
  Value* x = e.operand(0);
  const auto axes = normalise_axes(e, e.integers("axes", {0, 2, 3}), rank_of(x));
  if (!e.ok()) return {x};
  const DType dtype = dtype_of(x);
  x = b.cast(x, compute_type(dtype));
  Value* centred = b.sub(x, mean(b, x, axes, true));
  Value* deviation = b.sqrt(mean(b, b.mul(centred, centred), axes, true));
  return {b.cast(b.div(centred, b.add(deviation, b.scalar(deviation, 1e-9))), dtype)};
}

// x / (bias + alpha / size * sum of x^2 over `size` neighbouring channels)^beta
Values expand_LRN(Expansion& e) {
  Builder& b = e.b;
  Value* x = e.operand(0);
  const int64_t size = e.integer("size", 0);
  const double alpha = e.number("alpha", 1e-4), beta = e.number("beta", 0.75), bias = e.number("bias", 1);
  if (!require_channels(e, x)) return {x};
  if (size < 1 || size > (1 << 20)) return {e.fail("attribute 'size' must be given and be at least 1")};
  const DType dtype = dtype_of(x);
  x = b.cast(x, compute_type(dtype));
  std::vector<Dim> low(rank_of(x), Dim(0)), high = low;
  std::vector<int64_t> window(rank_of(x), 1), ones = window;
  low[1] = (size - 1) / 2, high[1] = size / 2, window[1] = size;
  Value* padded = b.pad(b.mul(x, x), b.scalar(x, 0), low, high);
  Value* sum = b.one(Op::reduce_window, {padded},
                     {{"combine", std::string("sum")}, {"window", window}, {"strides", ones}, {"dilations", ones}});
  Value* base = b.add(b.mul(sum, b.scalar(sum, alpha / static_cast<double>(size))), b.scalar(sum, bias));
  return {b.cast(b.div(x, b.pow(base, b.scalar(base, beta))), dtype)};
}

}  // namespace rondo
