// Functions of a number and their inverses, questions about floating-point numbers, and work on bits.
// Two-byte floats are computed in float32. Tested by expand_functions_test.cpp.
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "passes/expand/activations.h"
#include "passes/expand/expand.h"

namespace rondo {
namespace {

using Values = std::vector<Value*>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kLog2 = 0.69314718055994530942;
constexpr double kLarge = 1e9;  // from here on x^2 + 1 is x^2

/// f in at least float32.
template <class Function>
Values widened(Expansion& e, Function f) {
  Value* x = e.operand(0);
  if (!e.ok()) return {x};
  const DType dtype = dtype_of(x);
  const bool narrow = is_float(dtype) && byte_size(dtype) < 4;
  return {e.b.cast(f(e.b, narrow ? e.b.cast(x, DType::f32) : x), dtype)};
}

Value* number(Builder& b, Value* like, double value) { return b.scalar(like, value); }

Value* half_power(Builder& b, Value* x) { return b.exp(b.mul(b.abs(x), number(b, x, 0.5))); }

/// An even function's values under x's sign; zeros keep theirs.
Value* odd(Builder& b, Value* x, Value* of_size) { return b.mul(b.sign(x), of_size); }

}  // namespace

Values expand_Sin(Expansion& e) { return {e.b.sin(e.operand(0))}; }
Values expand_Cos(Expansion& e) { return {e.b.cos(e.operand(0))}; }
Values expand_Atan(Expansion& e) { return {e.b.atan(e.operand(0))}; }

Values expand_Tan(Expansion& e) {
  return widened(e, [](Builder& b, Value* x) { return b.div(b.sin(x), b.cos(x)); });
}

// atan(x / sqrt((1 - x) (1 + x)))
Values expand_Asin(Expansion& e) {
  return widened(e, [](Builder& b, Value* x) {
    Value* one = number(b, x, 1);
    return b.atan(b.div(x, b.sqrt(b.mul(b.sub(one, x), b.add(one, x)))));
  });
}

// 2 atan(sqrt((1 - x) / (1 + x)))
Values expand_Acos(Expansion& e) {
  return widened(e, [](Builder& b, Value* x) {
    Value* one = number(b, x, 1);
    return b.mul(b.atan(b.sqrt(b.div(b.sub(one, x), b.add(one, x)))), number(b, x, 2));
  });
}

// With m = e^|x| - 1: (m + m / (m + 1)) / 2; where e^|x| might be too large, (e^(|x| / 2))^2 / 2.
Values expand_Sinh(Expansion& e) {
  return widened(e, [](Builder& b, Value* x) {
    Value *half = number(b, x, 0.5), *size = b.abs(x), *limit = number(b, x, 20), *root = half_power(b, x);
    Value* m = b.expm1(b.minimum(size, limit));
    Value* near = b.mul(b.add(m, b.div(m, b.add(m, number(b, x, 1)))), half);
    return odd(b, x, b.select(b.less(limit, size), b.mul(b.mul(root, half), root), near));
  });
}

Values expand_Cosh(Expansion& e) {
  return widened(e, [](Builder& b, Value* x) {
    Value *half = number(b, x, 0.5), *root = half_power(b, x);
    return b.add(b.mul(b.mul(root, half), root), b.div(b.div(half, root), root));
  });
}

// log1p(|x| + x^2 / (1 + sqrt(x^2 + 1)))
Values expand_Asinh(Expansion& e) {
  return widened(e, [](Builder& b, Value* x) {
    Value *size = b.abs(x), *one = number(b, x, 1), *large = number(b, x, kLarge);
    Value *bounded = b.minimum(size, large), *square = b.mul(bounded, bounded);
    Value* near = b.log1p(b.add(bounded, b.div(square, b.add(one, b.sqrt(b.add(square, one))))));
    return odd(b, x, b.select(b.less(large, size), b.add(b.log(size), number(b, x, kLog2)), near));
  });
}

// With t = x - 1: log1p(t + sqrt(t^2 + 2 t))
Values expand_Acosh(Expansion& e) {
  return widened(e, [](Builder& b, Value* x) {
    Value *t = b.minimum(b.sub(x, number(b, x, 1)), number(b, x, kLarge));
    Value* near = b.log1p(b.add(t, b.sqrt(b.mul(t, b.add(t, number(b, x, 2))))));
    return b.select(b.less(number(b, x, kLarge), x), b.add(b.log(x), number(b, x, kLog2)), near);
  });
}

// log1p(2 |x| / (1 - |x|)) / 2
Values expand_Atanh(Expansion& e) {
  return widened(e, [](Builder& b, Value* x) {
    Value* size = b.abs(x);
    Value* ratio = b.div(b.mul(size, number(b, x, 2)), b.sub(number(b, x, 1), size));
    return odd(b, x, b.mul(b.log1p(ratio), number(b, x, 0.5)));
  });
}

Values expand_Mish(Expansion& e) {
  return widened(e, [](Builder& b, Value* x) { return b.mul(x, b.tanh(softplus(b, x))); });
}

Values expand_Swish(Expansion& e) {
  const double alpha = e.number("alpha", 1);
  return widened(e, [&](Builder& b, Value* x) {
    return b.mul(x, b.sigmoid(alpha == 1 ? x : b.mul(x, number(b, x, alpha))));
  });
}

// x + bias below -lambd, x - bias above lambd, 0 between. Integers by way of double precision.
Values expand_Shrink(Expansion& e) {
  Builder& b = e.b;
  const double lambd = e.number("lambd", 0.5), bias = e.number("bias", 0);
  Value* operand = e.operand(0);
  if (!e.ok()) return {operand};
  const DType dtype = dtype_of(operand);
  Value* x = is_float(dtype) ? operand : b.cast(operand, DType::f64);
  Value* above = b.select(b.less(number(b, x, lambd), x), b.sub(x, number(b, x, bias)), number(b, x, 0));
  Value* result = b.select(b.less(x, number(b, x, -lambd)), b.add(x, number(b, x, bias)), above);
  return {b.cast(result, dtype)};
}

Values expand_IsNaN(Expansion& e) {
  Value* x = e.operand(0);
  return {e.b.logical_not(e.b.equal(x, x))};
}

Values expand_IsInf(Expansion& e) {
  Builder& b = e.b;
  Value* x = e.operand(0);
  const bool negative = e.integer("detect_negative", 1) != 0, positive = e.integer("detect_positive", 1) != 0;
  if (!e.ok()) return {x};
  if (negative && positive) return {b.equal(b.abs(x), number(b, x, kInfinity))};
  if (negative || positive) return {b.equal(x, number(b, x, positive ? kInfinity : -kInfinity))};
  return {b.zeros(DType::boolean, shape_of(x))};
}

Values expand_BitwiseAnd(Expansion& e) { return {e.b.bit_and(e.operand(0), e.operand(1))}; }
Values expand_BitwiseOr(Expansion& e) { return {e.b.bit_or(e.operand(0), e.operand(1))}; }
Values expand_BitwiseXor(Expansion& e) { return {e.b.bit_xor(e.operand(0), e.operand(1))}; }

// In two's complement, -x - 1.
Values expand_BitwiseNot(Expansion& e) {
  Value* x = e.operand(0);
  if (e.ok() && !is_integer(dtype_of(x))) return {e.fail("the operand must be integers")};
  return {e.b.sub(e.b.neg(x), e.b.scalar(x, 1))};
}

// Unsigned; all bits are gone from the type's width on.
Values expand_BitShift(Expansion& e) {
  Builder& b = e.b;
  Value *x = e.operand(0), *count = e.operand(1);
  const std::string direction = e.text("direction", "");
  if (direction == "LEFT") return {b.shift_left(x, count)};
  if (direction != "RIGHT") return {e.fail(fmt::format("attribute 'direction' is '{}', must be LEFT or RIGHT", direction))};
  if (!e.ok()) return {x};
  Value* last = b.scalar(count, 8 * byte_size(dtype_of(x)) - 1);
  return {b.select(b.less(last, count), b.scalar(x, 0), b.shift_right(x, count))};
}

Values expand_BitCast(Expansion& e) {
  Value* x = e.operand(0);
  const auto to = e.element_type("to", DType::f32);
  if (!e.ok()) return {x};
  const DType from = dtype_of(x);
  if (to == from) return {x};
  if (!to || !is_integer(*to) || !is_integer(from) || byte_size(*to) != byte_size(from)) {
    return {e.unsupported(fmt::format("the bits of {} as another type; supported: signed and unsigned integers of one size",
                                      to_string(from)))};
  }
  return {e.b.cast(x, *to)};
}

}  // namespace rondo
