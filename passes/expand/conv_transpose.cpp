// Transposed convolution. Tested by expand_conv_transpose_test.cpp.
//
// Along an axis of stride s, place q of the untrimmed result is the sum over j of x[t - j] * w[r + j * s], where
// q = t * s + r. The s places of one t thus see the same part of x through s filters of ceil(kernel / s) taps: one
// convolution of stride 1 with s times the channels, whose results are then interleaved. No inserted zero is multiplied
// but those that round a filter up (and those that a dilation puts between taps if there is a stride too).
#include <fmt/format.h>

#include <algorithm>

#include "passes/expand/windows.h"

namespace rondo {
namespace {

using Values = std::vector<Value*>;

/// One axis of the node.
struct Axis {
  int64_t kernel = 1, stride = 1, dilation = 1;
  Dim low, size;             // of the result: what is trimmed in front, and what stays
  int64_t taps = 1;          // of each of the `stride` filters
  int64_t tap_dilation = 1;  // between them
};

/// What output_shape says of the spatial axes; some exporters give all axes.
std::vector<int64_t> output_shape(Expansion& e, size_t axes) {
  std::vector<int64_t> shape = e.integers("output_shape");
  if (shape.size() == axes + 2) shape.erase(shape.begin(), shape.begin() + 2);
  if (e.ok() && !shape.empty() && shape.size() != axes) {
    e.fail(fmt::format("attribute 'output_shape' must be {} numbers, one for each spatial axis", axes));
  }
  return shape;
}

std::optional<std::vector<Axis>> read_axes(Expansion& e, const Value* x, const Value* weights) {
  const size_t count = rank_of(weights) - 2;
  const std::string auto_pad = e.text("auto_pad", "NOTSET");
  const auto strides = per_axis(e, "strides", count, 1, 1), dilations = per_axis(e, "dilations", count, 1, 1);
  const auto extra = per_axis(e, "output_padding", count, 0, 0), pads = per_axis(e, "pads", 2 * count, 0, 0);
  const auto kernel = e.integers("kernel_shape");
  const auto wanted = output_shape(e, count);
  const bool same = auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER";
  if (!same && auto_pad != "NOTSET" && auto_pad != "VALID" && !auto_pad.empty()) {
    e.fail(fmt::format("attribute 'auto_pad' is '{}', must be NOTSET, SAME_UPPER, SAME_LOWER or VALID", auto_pad));
  }
  std::vector<Axis> axes(count);
  for (size_t i = 0; e.ok() && i < count; ++i) {
    const auto taps = e.b.graph().resolve(shape_of(weights)[i + 2]).constant();
    if (!taps || *taps < 1 || *taps > INT32_MAX) e.unsupported("the weights' window must have a constant shape");
    Axis& axis = axes[i];
    axis = {taps.value_or(1), strides[i], dilations[i], Dim(0), Dim(0)};
    const Dim size = e.b.graph().resolve(shape_of(x)[i + 2]);
    const Dim whole = (size - 1) * Dim(strides[i]) + Dim((axis.kernel - 1) * axis.dilation + 1) + Dim(extra[i]);
    if (!same && wanted.empty()) {
      const bool padded = auto_pad != "VALID";
      axis.low = padded ? pads[i] : 0;
      axis.size = whole - axis.low - Dim(padded ? pads[i + count] : 0);
    } else {
      axis.size = wanted.empty() ? size * Dim(strides[i]) : Dim(wanted[i]);
      const Dim trimmed = max(whole - axis.size, 0), half = floor_div(trimmed, 2);
      axis.low = auto_pad == "SAME_UPPER" ? half : trimmed - half;
    }
    if (axis.size.upper_bound() < 0) e.fail("the padding is larger than the result");
  }
  if (e.ok() && !kernel.empty()) {
    for (size_t i = 0; i < count; ++i) {
      if (kernel.size() != count || kernel[i] != axes[i].kernel) {
        e.fail("attribute 'kernel_shape' differs from the shape of the weights");
        break;
      }
    }
  }
  return e.ok() ? std::optional(axes) : std::nullopt;
}

/// Zeros between the taps of a dilated filter, along one axis of the weights.
Value* spread_taps(Builder& b, Value* weights, int at, int64_t dilation) {
  Value* split = b.unsqueeze(weights, {at + 1});
  std::vector<Dim> none(rank_of(split), Dim(0)), high = none;
  high[at + 1] = dilation - 1;
  split = b.pad(split, b.scalar(weights, 0), none, high);
  Shape shape = shape_of(weights);
  const Dim size = shape[at];
  shape[at] = size * Dim(dilation);
  return b.slice_axis(b.reshape(split, shape), at, 0, (size - 1) * Dim(dilation) + 1);
}

/// Settles how each axis is divided into filters; the weights [C, M, taps...] come back spread and padded to
/// taps * stride along each axis.
Value* divide_filters(Expansion& e, Value* weights, std::vector<Axis>& axes) {
  Builder& b = e.b;
  for (size_t i = 0; i < axes.size(); ++i) {
    Axis& axis = axes[i];
    const int at = static_cast<int>(i) + 2;
    int64_t kernel = axis.kernel;
    if (axis.stride == 1) {
      axis.tap_dilation = axis.dilation;
    } else if (axis.dilation > 1) {
      if (kernel * axis.dilation > (1 << 20)) return e.unsupported("a dilated window of more than 1048576 places");
      weights = spread_taps(b, weights, at, axis.dilation);
      kernel = (kernel - 1) * axis.dilation + 1;
    }
    axis.taps = (kernel + axis.stride - 1) / axis.stride;
    std::vector<Dim> none(rank_of(weights), Dim(0)), high = none;
    high[at] = axis.taps * axis.stride - kernel;
    if (axis.taps * axis.stride > (1 << 20)) return e.unsupported("a stride of more than 1048576");
    weights = b.pad(weights, b.scalar(weights, 0), none, high);
  }
  return weights;
}

/// [C, M, (taps, stride)...] -> [groups * M * strides..., C / groups, taps... backwards].
Value* filters(Expansion& e, Value* weights, const std::vector<Axis>& axes, int64_t groups) {
  Builder& b = e.b;
  const Dim in = floor_div(shape_of(weights)[0], Dim(groups)), out = shape_of(weights)[1];
  const int count = static_cast<int>(axes.size());
  Shape split{Dim(groups), in, out}, joined{Dim(groups) * out, in};
  std::vector<int64_t> perm{0, 2};
  for (int i = 0; i < count; ++i) {
    split.insert(split.end(), {Dim(axes[i].taps), Dim(axes[i].stride)});
    perm.push_back(4 + 2 * i);
    joined[0] *= Dim(axes[i].stride);
  }
  perm.push_back(1);
  std::vector<Dim> starts(2, Dim(0));
  std::vector<int64_t> steps(2, 1);
  for (int i = 0; i < count; ++i) {
    perm.push_back(3 + 2 * i);
    joined.push_back(axes[i].taps);
    starts.push_back(axes[i].taps - 1);
    steps.push_back(-1);
  }
  return b.slice(b.reshape(b.transpose(b.reshape(weights, split), perm), joined), starts, joined, steps);
}

/// The part of x that the wanted results see, with zeros where they see beyond it.
Value* visible(Expansion& e, Value* x, const std::vector<Axis>& axes, std::vector<Dim>& firsts, std::vector<Dim>& counts) {
  std::vector<Dim> low{0, 0}, high{0, 0}, starts{0, 0};
  Shape sizes{shape_of(x)[0], shape_of(x)[1]};
  for (size_t i = 0; i < axes.size(); ++i) {
    const Axis& axis = axes[i];
    const Dim size = e.b.graph().resolve(shape_of(x)[i + 2]), back = (axis.taps - 1) * axis.tap_dilation;
    const Dim first = floor_div(axis.low, Dim(axis.stride)), end = ceil_div(axis.low + axis.size, Dim(axis.stride));
    firsts.push_back(first);
    counts.push_back(end - first);
    low.push_back(max(back - first, 0));
    high.push_back(max(end - size, 0));
    starts.push_back(max(first - back, 0));
    sizes.push_back(end - first + back);
  }
  return e.b.slice(e.b.pad(x, e.b.scalar(x, 0), low, high), starts, sizes);
}

/// [N, M * strides..., counts...] -> [N, M, sizes...]
Value* interleave(Expansion& e, Value* y, const std::vector<Axis>& axes, const Dim& channels,
                  const std::vector<Dim>& firsts, const std::vector<Dim>& counts) {
  const int count = static_cast<int>(axes.size());
  const Dim batch = shape_of(y)[0];
  Shape split{batch, channels}, joined = split, sizes = split;
  std::vector<int64_t> perm{0, 1};
  std::vector<Dim> starts(2, Dim(0));
  for (int i = 0; i < count; ++i) {
    split.push_back(axes[i].stride);
    perm.insert(perm.end(), {2 + count + i, 2 + i});
    joined.push_back(counts[i] * Dim(axes[i].stride));
    starts.push_back(axes[i].low - firsts[i] * Dim(axes[i].stride));
    sizes.push_back(axes[i].size);
  }
  split.insert(split.end(), counts.begin(), counts.end());
  const bool strided = std::any_of(axes.begin(), axes.end(), [](const Axis& axis) { return axis.stride > 1; });
  if (strided) y = e.b.reshape(e.b.transpose(e.b.reshape(y, split), perm), joined);
  return e.b.slice(y, starts, sizes);
}

}  // namespace

Values expand_ConvTranspose(Expansion& e) {
  Builder& b = e.b;
  Value *x = e.operand(0), *weights = e.operand(1), *bias = e.optional_operand(2);
  const int64_t groups = e.integer("group", 1);
  if (!e.ok()) return {x};
  if (rank_of(weights) < 3 || rank_of(x) != rank_of(weights)) {
    return {e.fail("operand and weights need the same rank, 3 or more; weights are [in, out/groups, window...]")};
  }
  if (groups < 1) return {e.fail("attribute 'group' must be at least 1")};
  e.require_equal(shape_of(x)[1], shape_of(weights)[0], "number of channels");
  e.require_equal(floor_div(shape_of(weights)[0], Dim(groups)) * Dim(groups), shape_of(weights)[0], "channels in groups");
  auto axes = read_axes(e, x, weights);
  if (!axes) return {x};
  const Dim channels = shape_of(weights)[1] * Dim(groups);
  weights = divide_filters(e, weights, *axes);
  if (!e.ok()) return {x};
  weights = filters(e, weights, *axes, groups);
  std::vector<int64_t> dilations;
  for (const Axis& axis : *axes) dilations.push_back(axis.tap_dilation);
  std::vector<Dim> firsts, counts;
  Value* seen = visible(e, x, *axes, firsts, counts);
  const std::vector<int64_t> ones(axes->size(), 1);
  Value* y = b.one(Op::conv, {seen, weights}, {{"strides", ones}, {"dilations", dilations}, {"groups", groups}});
  if (!e.ok()) return {y};
  y = interleave(e, y, *axes, channels, firsts, counts);
  return {add_bias(e, y, bias)};
}

}  // namespace rondo
