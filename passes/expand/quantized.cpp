// Quantised tensors: q stands for (q - zero point) * scale. Rounding is half to even, out-of-range values saturate, and
// products accumulate in i32. Tested by expand_quantized_test.cpp.
#include <fmt/format.h>

#include "passes/expand/windows.h"

namespace rondo {
namespace {

using Values = std::vector<Value*>;

/// A scale or zero point, shaped to broadcast to x: one for all, one for each place along an axis, or one for each block
/// of `block` places along it.
Value* spread(Expansion& e, Value* part, const Value* x, int64_t axis_given, int64_t block, const char* what) {
  Builder& b = e.b;
  if (!e.ok()) return part;
  if (element_count(shape_of(part)).is(1)) return b.reshape(part, {});
  const int axis = normalise_axis(e, axis_given, rank_of(x));
  if (!e.ok()) return part;
  const Dim size = shape_of(x)[axis];
  if (block == 0) {
    if (rank_of(part) != 1) return e.fail(fmt::format("the {} must be a scalar or a vector along the axis", what));
    e.require_equal(shape_of(part)[0], size, fmt::format("length of the {}", what));
    Shape along(rank_of(x), Dim(1));
    along[axis] = size;
    return b.reshape(part, along);
  }
  if (rank_of(part) != rank_of(x)) return e.fail(fmt::format("the {} must have the operand's rank if it is blocked", what));
  Shape blocks = shape_of(part), whole = blocks;
  e.require_equal(blocks[axis], ceil_div(size, Dim(block)), fmt::format("blocks of the {}", what));
  blocks.insert(blocks.begin() + axis + 1, Dim(block));
  whole[axis] = whole[axis] * Dim(block);
  Value* repeated = b.reshape(b.broadcast(b.unsqueeze(part, {axis + 1}), blocks), whole);
  return b.slice_axis(repeated, axis, 0, size);
}

/// The type that attribute `name` asks for, if it does.
std::optional<DType> asked_type(Expansion& e, const char* name) {
  const int64_t code = e.integer(name, 0);
  if (code == 0) return std::nullopt;
  const auto dtype = e.element_type(name, DType::f32);
  if (!dtype) e.unsupported(fmt::format("attribute '{}' asks for element type {}; 8- and 16-bit integers and ordinary "
                                        "floats are supported, not 4-bit and float8 types", name, code));
  return dtype;
}

int64_t block_size(Expansion& e) {
  const int64_t block = e.opset >= 21 ? e.integer("block_size", 0) : 0;
  if (block < 0 || block > INT32_MAX) e.fail("attribute 'block_size' must not be negative");
  return block;
}

bool require_quantized(Expansion& e, DType dtype) {
  if (e.ok() && (!is_integer(dtype) || byte_size(dtype) > 4)) {
    e.fail(fmt::format("a quantised tensor has integers of at most 32 bits, not {}", to_string(dtype)));
  }
  return e.ok();
}

/// round(x) + zero point, within the type's range. x is f32: what single precision cannot hold is out of range.
Value* saturated(Builder& b, Value* x, Value* zero_point, DType dtype) {
  Value* whole = b.round(x);
  if (zero_point) whole = b.add(whole, b.cast(zero_point, DType::f32));
  return b.cast(whole, dtype);
}

/// q - zero point, in i32.
Value* centred(Builder& b, Value* q, Value* zero_point) {
  q = b.cast(q, DType::i32);
  return zero_point ? b.sub(q, b.cast(zero_point, DType::i32)) : q;
}

}  // namespace

Values expand_QuantizeLinear(Expansion& e) {
  Builder& b = e.b;
  Value *x = e.operand(0), *scale = e.operand(1), *zero_point = e.optional_operand(2);
  const int64_t axis = e.opset >= 13 ? e.integer("axis", 1) : 1, block = block_size(e);
  if (e.opset >= 19) e.integer("saturate", 1);  // of float8 alone
  std::optional<DType> asked, precision;
  if (e.opset >= 21) asked = asked_type(e, "output_dtype");
  if (e.opset >= 23) precision = asked_type(e, "precision");
  if (!e.ok()) return {x};
  const DType dtype = zero_point ? dtype_of(zero_point) : asked.value_or(DType::u8);
  if (asked && *asked != dtype) return {e.fail("attribute 'output_dtype' differs from the zero point's type")};
  if (!require_quantized(e, dtype)) return {x};
  const DType divide = precision.value_or(dtype_of(scale));
  if (!is_float(divide)) return {e.fail("the scale must have a floating-point type")};
  scale = spread(e, b.cast(scale, divide), x, axis, block, "scale");
  if (zero_point) zero_point = spread(e, zero_point, x, axis, block, "zero point");
  if (!e.ok()) return {x};
  Value* quotient = b.cast(b.div(b.cast(x, divide), scale), DType::f32);
  return {saturated(b, quotient, zero_point, dtype)};
}

Values expand_DequantizeLinear(Expansion& e) {
  Builder& b = e.b;
  Value *x = e.operand(0), *scale = e.operand(1), *zero_point = e.optional_operand(2);
  const int64_t axis = e.opset >= 13 ? e.integer("axis", 1) : 1, block = block_size(e);
  const auto asked = e.opset >= 23 ? asked_type(e, "output_dtype") : std::nullopt;
  if (!e.ok() || !require_quantized(e, dtype_of(x))) return {x};
  if (!is_float(dtype_of(scale))) return {e.fail("the scale must have a floating-point type")};
  if (zero_point && dtype_of(zero_point) != dtype_of(x)) return {e.fail("operand and zero point must have one type")};
  const DType dtype = asked.value_or(dtype_of(scale));
  const DType compute = dtype_of(scale) == DType::f64 ? DType::f64 : DType::f32;
  scale = spread(e, b.cast(scale, compute), x, axis, block, "scale");
  if (zero_point) zero_point = spread(e, zero_point, x, axis, block, "zero point");
  if (!e.ok()) return {x};
  return {b.cast(b.mul(b.cast(centred(b, x, zero_point), compute), scale), dtype)};
}

// The range of x and zero, in 255 steps.
Values expand_DynamicQuantizeLinear(Expansion& e) {
  Builder& b = e.b;
  Value* x = e.operand(0);
  if (!e.ok()) return {x};
  Value* zero = b.scalar(x, 0);
  Value* high = b.maximum(b.reduce(x, "max", all_axes(rank_of(x))), zero);
  Value* low = b.minimum(b.reduce(x, "min", all_axes(rank_of(x))), zero);
  Value* range = b.sub(high, low);
  Value* scale = b.select(b.equal(range, zero), b.scalar(x, 1), b.div(range, b.scalar(x, 255)));
  Value* zero_point = saturated(b, b.neg(b.div(low, scale)), nullptr, DType::u8);
  return {saturated(b, b.div(x, scale), zero_point, DType::u8), scale, zero_point};
}

namespace {

/// A scale or zero point of a matrix operand: one for all, or one for each row (of the left operand) or column (of the
/// right one), as a vector or with the operand's rank.
Value* of_matrix(Expansion& e, Value* part, const Value* matrix, bool rows, const char* what) {
  Builder& b = e.b;
  if (!e.ok() || !part) return part;
  if (element_count(shape_of(part)).is(1)) return b.reshape(part, {});
  if (rank_of(part) > 1) return part;
  if (rank_of(matrix) < 2) return e.fail(fmt::format("the {} of a vector must be a scalar", what));
  const Dim size = shape_of(matrix)[rank_of(matrix) - (rows ? 2 : 1)];
  e.require_equal(shape_of(part)[0], size, fmt::format("length of the {}", what));
  return rows ? b.unsqueeze(part, {1}) : part;
}

/// As numpy.matmul, of integers.
Value* product(Expansion& e, Value* a, Value* b_) {
  Builder& b = e.b;
  if (!e.ok()) return a;
  if (rank_of(a) == 0 || rank_of(b_) == 0) return e.fail("an operand is a scalar; vectors or matrices are needed");
  const bool row = rank_of(a) == 1, column = rank_of(b_) == 1;
  Value* y = b.matmul(row ? b.unsqueeze(a, {0}) : a, column ? b.unsqueeze(b_, {1}) : b_);
  std::vector<int64_t> vanish;
  if (row) vanish.push_back(rank_of(y) - 2);
  if (column) vanish.push_back(rank_of(y) - 1);
  return b.squeeze(y, vanish);
}

/// A part of the weights of a convolution: one for all, or one for each output channel.
Value* of_weights(Expansion& e, Value* part, const Value* weights, const char* what) {
  return part ? spread(e, part, weights, 0, 0, what) : nullptr;
}

/// A number that quantises as a whole.
Value* one_number(Expansion& e, Value* part, const char* what) {
  if (!e.ok() || !part) return part;
  e.require_equal(element_count(shape_of(part)), 1, fmt::format("elements of the {}", what));
  return e.ok() ? e.b.reshape(part, {}) : part;
}

/// sum * multiplier in the quantised form of the result.
Value* requantized(Builder& b, Value* sum, Value* multiplier, Value* zero_point) {
  Value* real = b.mul(b.cast(sum, DType::f32), multiplier);
  return saturated(b, real, zero_point, dtype_of(zero_point));
}

}  // namespace

Values expand_MatMulInteger(Expansion& e) {
  Value *left = e.operand(0), *right = e.operand(1);
  Value* left_zero = of_matrix(e, e.optional_operand(2), left, true, "left operand's zero point");
  Value* right_zero = of_matrix(e, e.optional_operand(3), right, false, "right operand's zero point");
  if (!e.ok() || !require_quantized(e, dtype_of(left)) || !require_quantized(e, dtype_of(right))) return {left};
  return {product(e, centred(e.b, left, left_zero), centred(e.b, right, right_zero))};
}

Values expand_ConvInteger(Expansion& e) {
  Value *x = e.operand(0), *weights = e.operand(1);
  Value* x_zero = one_number(e, e.optional_operand(2), "operand's zero point");
  Value* weight_zero = of_weights(e, e.optional_operand(3), weights, "weights' zero point");
  if (!e.ok() || !require_quantized(e, dtype_of(x)) || !require_quantized(e, dtype_of(weights))) return {x};
  return {convolve(e, centred(e.b, x, x_zero), centred(e.b, weights, weight_zero))};
}

// Operands: a, its scale and zero point, b, the same, and those of the result.
Values expand_QLinearMatMul(Expansion& e) {
  Builder& b = e.b;
  Value *left = e.operand(0), *right = e.operand(3), *zero_point = one_number(e, e.operand(7), "result's zero point");
  Value* left_scale = of_matrix(e, e.operand(1), left, true, "left operand's scale");
  Value* left_zero = of_matrix(e, e.operand(2), left, true, "left operand's zero point");
  Value* right_scale = of_matrix(e, e.operand(4), right, false, "right operand's scale");
  Value* right_zero = of_matrix(e, e.operand(5), right, false, "right operand's zero point");
  Value* scale = one_number(e, e.operand(6), "result's scale");
  if (!e.ok() || !require_quantized(e, dtype_of(left)) || !require_quantized(e, dtype_of(right)) ||
      !require_quantized(e, dtype_of(zero_point)))
    return {left};
  Value* sum = product(e, centred(b, left, left_zero), centred(b, right, right_zero));
  Value* scales = b.mul(b.cast(left_scale, DType::f32), b.cast(right_scale, DType::f32));
  return {requantized(b, sum, b.div(scales, b.cast(scale, DType::f32)), zero_point)};
}

// Operands: x, its scale and zero point, the weights, the same, scale and zero point of the result, and a bias in i32.
Values expand_QLinearConv(Expansion& e) {
  Builder& b = e.b;
  Value *x = e.operand(0), *weights = e.operand(3), *bias = e.optional_operand(8);
  Value* x_scale = one_number(e, e.operand(1), "operand's scale");
  Value* x_zero = one_number(e, e.operand(2), "operand's zero point");
  Value* weight_scale = of_weights(e, e.operand(4), weights, "weights' scale");
  Value* weight_zero = of_weights(e, e.operand(5), weights, "weights' zero point");
  Value* scale = one_number(e, e.operand(6), "result's scale");
  Value* zero_point = one_number(e, e.operand(7), "result's zero point");
  if (!e.ok() || !require_quantized(e, dtype_of(x)) || !require_quantized(e, dtype_of(weights)) ||
      !require_quantized(e, dtype_of(zero_point)))
    return {x};
  Value* sum = convolve(e, centred(b, x, x_zero), centred(b, weights, weight_zero));
  sum = add_bias(e, sum, bias);
  if (!e.ok()) return {sum};
  if (rank_of(weight_scale) > 0) {  // [out, 1, ...] -> [1, out, 1, ...]
    Shape per_channel(rank_of(sum), Dim(1));
    per_channel[1] = shape_of(weight_scale)[0];
    weight_scale = b.reshape(weight_scale, per_channel);
  }
  Value* scales = b.mul(b.cast(x_scale, DType::f32), b.cast(weight_scale, DType::f32));
  return {requantized(b, sum, b.div(scales, b.cast(scale, DType::f32)), zero_point)};
}

}  // namespace rondo
