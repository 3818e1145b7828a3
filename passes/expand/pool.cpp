// Pooling. Tested by expand_window_test.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "passes/expand/windows.h"

namespace rondo {
namespace {

using Values = std::vector<Value*>;

Value* reduce_windows(Expansion& e, Value* padded, const Windows& w, const char* combine) {
  return e.b.one(Op::reduce_window, {padded},
                 {{"combine", std::string(combine)},
                  {"window", spatial(w.kernel)},
                  {"strides", spatial(w.strides)},
                  {"dilations", spatial(w.dilations)}});
}

std::optional<Windows> pool_windows(Expansion& e, const Value* x) {
  const std::vector<int64_t> kernel = e.integers("kernel_shape");
  if (e.ok() && kernel.empty()) e.fail("attribute 'kernel_shape' is missing");
  return e.ok() ? read_windows(e, shape_of(x), kernel, true) : std::nullopt;
}

/// How many elements each window holds: those of the operand, with count_include_pad those of the padding too, never
/// those of the extra room that rounding up adds.
Value* window_sizes(Expansion& e, const Value* x, const Windows& w, bool include_padding) {
  Builder& b = e.b;
  Shape shape = shape_of(x);
  shape[0] = shape[1] = Dim(1);
  Value *one = b.scalar(x, 1), *zero = b.scalar(x, 0);
  if (!include_padding) return reduce_windows(e, pad_spatial(e, b.broadcast(one, shape), zero, w, true), w, "sum");
  for (int i = 0; i < w.axes(); ++i) shape[i + 2] += w.low[i] + w.high[i];
  const Shape none(shape.size(), Dim(0));
  return reduce_windows(e, b.pad(b.broadcast(one, shape), zero, none, spatial(w.extra, Dim(0))), w, "sum");
}

bool has_extra(const Windows& w) {
  return std::any_of(w.extra.begin(), w.extra.end(), [](const Dim& dim) { return !dim.is(0); });
}

}  // namespace

Values expand_AveragePool(Expansion& e) {
  Builder& b = e.b;
  Value* x = e.operand(0);
  const bool include_padding = e.integer("count_include_pad", 0) != 0;
  const auto w = pool_windows(e, x);
  if (!w) return {x};
  Value* sum = reduce_windows(e, pad_spatial(e, x, b.scalar(x, 0), *w, true), *w, "sum");
  double size = 1;
  for (int64_t length : w->kernel) size *= static_cast<double>(length);
  const bool all_full = !w->padded() || (include_padding && !has_extra(*w));
  return {b.div(sum, all_full ? b.scalar(x, size) : window_sizes(e, x, *w, include_padding))};
}

namespace {

/// A number that no element is below.
Value* lowest(Builder& b, DType dtype) {
  if (is_float(dtype)) return b.scalar(dtype, -std::numeric_limits<double>::infinity());
  if (kind(dtype) != DTypeKind::signed_int) return b.scalar(dtype, 0);
  return b.scalar(dtype, -std::ldexp(1.0, 8 * byte_size(dtype) - 1));
}

/// Each element's place in the whole tensor, in row-major order, or with the spatial axes in column-major order.
Value* places(Expansion& e, const Value* x, bool column_major) {
  Builder& b = e.b;
  const Shape& shape = shape_of(x);
  const int rank = rank_of(x);
  std::vector<int> order;  // slowest first
  for (int i = 0; i < rank; ++i) order.push_back(i < 2 || !column_major ? i : rank + 1 - i);
  Value* place = b.zeros(DType::i64, shape);
  Dim stride = 1;
  for (int i = rank - 1; i >= 0; --i) {
    place = b.add(place, b.mul(b.iota(shape, order[i]), b.dim(stride)));
    stride *= shape[order[i]];
  }
  return place;
}

/// The elements that stand at one offset within their windows.
Value* at_offset(Expansion& e, Value* padded, const Windows& w, int64_t offset) {
  std::vector<Dim> starts(2, Dim(0)), sizes{shape_of(padded)[0], shape_of(padded)[1]};
  std::vector<int64_t> steps(2, 1), offsets(w.axes());
  for (int i = w.axes() - 1; i >= 0; --i) offsets[i] = offset % w.kernel[i], offset /= w.kernel[i];
  for (int i = 0; i < w.axes(); ++i) {
    starts.push_back(Dim(offsets[i]) * Dim(w.dilations[i]));
    sizes.push_back(w.counts[i]);
    steps.push_back(w.counts[i].is(1) ? 1 : w.strides[i]);
  }
  return e.b.slice(padded, starts, sizes, steps);
}

/// The place of each window's maximum; of equal ones the first.
Value* places_of_maxima(Expansion& e, Value* x, Value* padded, const Windows& w, bool column_major) {
  Builder& b = e.b;
  int64_t size = 1;
  for (int64_t length : w.kernel) {
    if (length > 256 || (size *= length) > 256) return e.unsupported("indices of a window of more than 256 elements");
  }
  Value* padded_places = pad_spatial(e, places(e, x, column_major), b.scalar(DType::i64, 0), w, true);
  Value *best = at_offset(e, padded, w, 0), *place = at_offset(e, padded_places, w, 0);
  for (int64_t offset = 1; e.ok() && offset < size; ++offset) {
    Value* candidate = at_offset(e, padded, w, offset);
    Value* greater = b.less(best, candidate);
    place = b.select(greater, at_offset(e, padded_places, w, offset), place);
    best = b.select(greater, candidate, best);
  }
  return place;
}

}  // namespace

Values expand_MaxPool(Expansion& e) {
  Value* x = e.operand(0);
  const bool column_major = e.integer("storage_order", 0) != 0;  // of the indices alone
  const auto w = pool_windows(e, x);
  if (!w) return {x};
  Value* padded = pad_spatial(e, x, lowest(e.b, dtype_of(x)), *w, true);
  Values results{reduce_windows(e, padded, *w, "max")};
  if (e.wants_result(1)) results.push_back(places_of_maxima(e, x, padded, *w, column_major));
  return results;
}

namespace {

Value* reduce_space(Expansion& e, Value* x, const char* combine) {
  std::vector<int64_t> axes;
  for (int i = 2; i < rank_of(x); ++i) axes.push_back(i);
  return e.b.reduce(x, combine, axes, true);
}

/// The exponent of (sum |x|^p)^(1/p): a real number in opset 1, a whole one later.
double exponent(Expansion& e) {
  const double p = e.opset < 2 ? e.number("p", 2) : static_cast<double>(e.integer("p", 2));
  if (e.ok() && !(p > 0)) e.fail("attribute 'p' must be positive");
  return p;
}

/// |x|^p, and back.
Value* to_power(Builder& b, Value* x, double p) {
  if (p == 1) return b.abs(x);
  return p == 2 ? b.mul(x, x) : b.pow(b.abs(x), b.scalar(x, p));
}
Value* from_power(Builder& b, Value* x, double p) {
  if (p == 1) return x;
  return p == 2 ? b.sqrt(x) : b.pow(x, b.scalar(x, 1 / p));
}

}  // namespace

Values expand_GlobalMaxPool(Expansion& e) { return {reduce_space(e, e.operand(0), "max")}; }

Values expand_GlobalAveragePool(Expansion& e) {
  Value* x = e.operand(0);
  Dim count = 1;
  for (int i = 2; i < rank_of(x); ++i) count *= shape_of(x)[i];
  return {e.b.div(reduce_space(e, x, "sum"), number_of(e.b, count, dtype_of(x)))};
}

// (sum |x|^p)^(1/p) over windows, or over all of space.
Values expand_LpPool(Expansion& e) {
  Value* x = e.operand(0);
  const double p = exponent(e);
  const auto w = pool_windows(e, x);
  if (!w) return {x};
  Value* padded = pad_spatial(e, to_power(e.b, x, p), e.b.scalar(x, 0), *w, true);
  return {from_power(e.b, reduce_windows(e, padded, *w, "sum"), p)};
}

Values expand_GlobalLpPool(Expansion& e) {
  Value* x = e.operand(0);
  const double p = exponent(e);
  if (!e.ok()) return {x};
  return {from_power(e.b, reduce_space(e, to_power(e.b, x, p), "sum"), p)};
}

}  // namespace rondo
