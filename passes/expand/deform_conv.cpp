// Convolution whose taps are moved by offsets. Tested by expand_sampling_test.cpp.
//
// Every tap of every window reads x between four elements; what is read makes columns, and the weights' product with
// them is the result.
#include <fmt/format.h>

#include "passes/expand/sampling.h"
#include "passes/expand/windows.h"

namespace rondo {
namespace {

using Values = std::vector<Value*>;

class Deformed {
 public:
  explicit Deformed(Expansion& e) : e_(e), b_(e.b) {}

  Value* run() {
    Value *x = e_.operand(0), *weights = e_.operand(1), *offsets = e_.operand(2), *bias = e_.optional_operand(3);
    Value* mask = e_.optional_operand(4);
    const Dim groups = e_.integer("group", 1);
    shifts_ = e_.integer("offset_group", 1);
    const auto kernel = e_.integers("kernel_shape");
    if (!e_.ok()) return x;
    if (rank_of(x) != 4 || rank_of(weights) != 4 || rank_of(offsets) != 4)
      return e_.unsupported("operands of another rank than 4: two spatial axes are supported");
    std::vector<int64_t> window;
    for (int i = 2; i < 4; ++i) window.push_back(shape_of(weights)[i].constant().value_or(0));
    if (window[0] < 1 || window[1] < 1) return e_.unsupported("the weights' window must have a constant shape");
    if (!kernel.empty() && kernel != window) return e_.fail("attribute 'kernel_shape' differs from the shape of the weights");
    if (*groups.constant() < 1 || shifts_ < 1) return e_.fail("attributes 'group' and 'offset_group' must be at least 1");
    auto windows = read_windows(e_, shape_of(x), window, false);
    if (!windows) return x;
    w_ = *windows;
    if (!check(x, offsets, mask)) return x;
    Value* columns = this->columns(x, offsets, mask);  // [N, C * taps, places]
    return add_bias(e_, product(weights, columns, groups), bias);
  }

 private:
  bool check(const Value* x, const Value* offsets, const Value* mask) {
    taps_ = w_.kernel[0] * w_.kernel[1];
    batch_ = shape_of(x)[0], channels_ = shape_of(x)[1];
    e_.require_equal(floor_div(channels_, Dim(shifts_)) * Dim(shifts_), channels_, "channels in offset groups");
    e_.require_equal(shape_of(offsets)[1], Dim(2 * taps_) * Dim(shifts_), "channels of the offsets");
    if (mask && rank_of(mask) != 4) e_.fail("the mask must have rank 4");
    if (mask && e_.ok()) e_.require_equal(shape_of(mask)[1], Dim(taps_) * Dim(shifts_), "channels of the mask");
    for (int i = 0; e_.ok() && i < 2; ++i) {
      e_.require_equal(shape_of(offsets)[2 + i], w_.counts[i], "places of the offsets");
      if (mask) e_.require_equal(shape_of(mask)[2 + i], w_.counts[i], "places of the mask");
    }
    return e_.ok();
  }

  /// Where the taps read along one axis: [N * shifts, taps, rows, columns].
  Value* places(Value* offsets, int axis) {
    const DType dtype = dtype_of(offsets);
    const Dim rows = w_.counts[0], columns = w_.counts[1];
    Value* split = b_.reshape(offsets, {batch_ * Dim(shifts_), Dim(taps_), 2, rows, columns});
    Value* offset = b_.squeeze(b_.slice_axis(split, 2, axis, 1), {2});
    Value* window = b_.iota({1, 1, axis == 0 ? rows : Dim(1), axis == 1 ? columns : Dim(1)}, 2 + axis, dtype);
    std::vector<double> taps;
    for (int64_t i = 0; i < taps_; ++i) {
      const int64_t tap = axis == 0 ? i / w_.kernel[1] : i % w_.kernel[1];
      taps.push_back(static_cast<double>(tap * w_.dilations[axis]));
    }
    Value* tap = b_.constant(Tensor::from_doubles(dtype, {1, taps_, 1, 1}, taps));
    Value* start = b_.sub(b_.mul(window, b_.scalar(dtype, static_cast<double>(w_.strides[axis]))), number_of(b_, w_.low[axis], dtype));
    return b_.add(b_.add(start, tap), offset);
  }

  Value* columns(Value* x, Value* offsets, Value* mask) {
    const Shape s = shape_of(x);
    const Dim per_shift = floor_div(channels_, Dim(shifts_));
    const Sampler sampler(e_, b_.reshape(x, {batch_ * Dim(shifts_), per_shift, s[2], s[3]}));
    Value* batch = b_.iota({batch_ * Dim(shifts_), 1, 1, 1}, 0);
    Value *row = places(offsets, 0), *column = places(offsets, 1), *sum = nullptr;
    Value *top = b_.floor(row), *left = b_.floor(column), *one = b_.scalar(row, 1);
    Value *down = b_.sub(row, top), *right = b_.sub(column, left);
    for (int corner = 0; e_.ok() && corner < 4; ++corner) {
      const bool lower = corner & 2, righter = corner & 1;
      Value *y = lower ? b_.add(top, one) : top, *z = righter ? b_.add(left, one) : left;
      Value* weight = b_.mul(lower ? down : b_.sub(one, down), righter ? right : b_.sub(one, right));
      Value* inside = b_.logical_and(within(b_, y, s[2]), within(b_, z, s[3]));
      Value* elements = sampler.at(batch, {bounded_index(b_, y, s[2]), bounded_index(b_, z, s[3])});
      Value* term = b_.mul(elements, b_.unsqueeze(b_.cast(weight, dtype_of(x)), {4}));
      term = b_.select(b_.unsqueeze(inside, {4}), term, b_.scalar(term, 0));
      sum = sum ? b_.add(sum, term) : term;
    }
    if (mask) {
      Value* factor = b_.reshape(mask, {batch_ * Dim(shifts_), Dim(taps_), w_.counts[0], w_.counts[1], 1});
      sum = b_.mul(sum, b_.cast(factor, dtype_of(x)));
    }
    return b_.reshape(b_.transpose(sum, {0, 4, 1, 2, 3}), {batch_, channels_ * Dim(taps_), w_.counts[0] * w_.counts[1]});
  }

  Value* product(Value* weights, Value* columns, const Dim& groups) {
    const Shape s = shape_of(weights);
    const Dim out = floor_div(s[0], groups), depth = s[1] * Dim(taps_), places = w_.counts[0] * w_.counts[1];
    e_.require_equal(s[1] * groups, channels_, "channels of the weights");
    e_.require_equal(out * groups, s[0], "output channels in groups");
    if (!e_.ok()) return columns;
    Value* y = b_.matmul(b_.reshape(weights, {groups, out, depth}), b_.reshape(columns, {batch_, groups, depth, places}));
    return b_.reshape(y, {batch_, s[0], w_.counts[0], w_.counts[1]});
  }

  Expansion& e_;
  Builder& b_;
  Windows w_;
  int64_t shifts_ = 1, taps_ = 1;
  Dim batch_, channels_;
};

}  // namespace

Values expand_DeformConv(Expansion& e) { return {Deformed(e).run()}; }

}  // namespace rondo
