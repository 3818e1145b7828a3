// Convolution over any number of spatial axes. Tested by expand_window_test.cpp.
#include <fmt/format.h>

#include "passes/expand/windows.h"

namespace rondo {
namespace {

/// The window's shape: from the weights, which the attribute may only repeat.
std::vector<int64_t> kernel_shape(Expansion& e, const Value* weights) {
  std::vector<int64_t> kernel;
  for (int i = 2; i < rank_of(weights); ++i) {
    auto size = e.b.graph().resolve(shape_of(weights)[i]).constant();
    if (!size) e.unsupported("the weights' window must have a constant shape");
    kernel.push_back(size.value_or(1));
  }
  if (e.has_attribute("kernel_shape") && e.integers("kernel_shape") != kernel) {
    e.fail("attribute 'kernel_shape' differs from the shape of the weights");
  }
  return kernel;
}

}  // namespace

Value* convolve(Expansion& e, Value* x, Value* weights) {
  const int64_t groups = e.integer("group", 1);
  if (!e.ok()) return x;
  if (rank_of(weights) < 3) return e.fail("the weights need rank 3 or more: [out, in/groups, window...]");
  const std::vector<int64_t> kernel = kernel_shape(e, weights);
  const auto windows = read_windows(e, shape_of(x), kernel, false);
  if (!windows) return x;
  Value* padded = pad_spatial(e, x, e.b.scalar(x, 0), *windows, false);
  return e.b.one(Op::conv, {padded, weights},
                 {{"strides", windows->strides}, {"dilations", windows->dilations}, {"groups", groups}});
}

Value* add_bias(Expansion& e, Value* y, Value* bias) {
  if (!e.ok() || !bias) return y;
  if (rank_of(bias) != 1) return e.fail("the bias must be a vector, one number for each output channel");
  Shape per_channel(rank_of(y), Dim(1));
  per_channel[1] = shape_of(y)[1];
  e.require_equal(shape_of(bias)[0], per_channel[1], "length of the bias");
  return e.b.add(y, e.b.reshape(bias, per_channel));
}

std::vector<Value*> expand_Conv(Expansion& e) {
  Value *x = e.operand(0), *weights = e.operand(1), *bias = e.optional_operand(2);
  return {add_bias(e, convolve(e, x, weights), bias)};
}

}  // namespace rondo
