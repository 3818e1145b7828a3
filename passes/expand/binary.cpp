// Arithmetic, comparison and logic of two or more operands, and bounds.
// Operands broadcast as in NumPy; before opset 7 only where the attributes say so. Tested by expand_pointwise_test.cpp.
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "passes/expand/expand.h"

namespace rondo {
namespace {

using Values = std::vector<Value*>;
using Binary = Value* (Builder::*)(Value*, Value*);

/// Before opset 7: with broadcast=1 the second operand's shape is a run of the first's, from `axis` on (by default its
/// end); without it the shapes are equal.
Value* aligned_by_attributes(Expansion& e, const Value* a, Value* b) {
  const int rank = rank_of(a);
  if (e.integer("broadcast", 0) == 0) {
    e.integer("axis", 0);
    if (rank != rank_of(b)) return e.fail("the operands' ranks differ; before opset 7 that needs broadcast=1");
    for (int i = 0; i < rank; ++i) e.require_equal(shape_of(a)[i], shape_of(b)[i], "operands without broadcast");
    return b;
  }
  const int64_t axis = e.has_attribute("axis") ? e.integer("axis", 0) : rank - rank_of(b);
  const int64_t from = axis < 0 ? axis + rank : axis;
  const int64_t behind = rank - from - rank_of(b);
  if (from < 0 || behind < 0)
    return e.fail(fmt::format("attribute 'axis' is {}; the second operand does not fit there", axis));
  Shape shape = shape_of(b);
  shape.insert(shape.end(), behind, Dim(1));
  return e.b.reshape(b, shape);
}

std::pair<Value*, Value*> two_operands(Expansion& e) {
  Value *a = e.operand(0), *b = e.operand(1);
  if (e.opset < 7) b = aligned_by_attributes(e, a, b);
  return {a, b};
}

Values expand_binary(Expansion& e, Binary function) {
  auto [a, b] = two_operands(e);
  return {(e.b.*function)(a, b)};
}

Values expand_swapped(Expansion& e, Binary function) {
  auto [a, b] = two_operands(e);
  return {(e.b.*function)(b, a)};
}

Value* fold_operands(Expansion& e, Binary function) {
  std::vector<Value*> operands = e.all_operands();
  if (operands.empty()) return e.fail("needs at least one operand");
  Value* result = operands[0];
  for (size_t i = 1; i < operands.size(); ++i) result = (e.b.*function)(result, operands[i]);
  return result;
}

}  // namespace

Values expand_Add(Expansion& e) { return expand_binary(e, &Builder::add); }
Values expand_Sub(Expansion& e) { return expand_binary(e, &Builder::sub); }
Values expand_Mul(Expansion& e) { return expand_binary(e, &Builder::mul); }
Values expand_Div(Expansion& e) { return expand_binary(e, &Builder::div); }
Values expand_And(Expansion& e) { return expand_binary(e, &Builder::logical_and); }
Values expand_Or(Expansion& e) { return expand_binary(e, &Builder::logical_or); }
Values expand_Xor(Expansion& e) { return expand_binary(e, &Builder::logical_xor); }
Values expand_Equal(Expansion& e) { return expand_binary(e, &Builder::equal); }
Values expand_Less(Expansion& e) { return expand_binary(e, &Builder::less); }
Values expand_LessOrEqual(Expansion& e) { return expand_binary(e, &Builder::less_equal); }
Values expand_Greater(Expansion& e) { return expand_swapped(e, &Builder::less); }
Values expand_GreaterOrEqual(Expansion& e) { return expand_swapped(e, &Builder::less_equal); }

Values expand_Max(Expansion& e) { return {fold_operands(e, &Builder::maximum)}; }
Values expand_Min(Expansion& e) { return {fold_operands(e, &Builder::minimum)}; }
Values expand_Sum(Expansion& e) { return {fold_operands(e, &Builder::add)}; }

Values expand_Mean(Expansion& e) {
  Value* sum = fold_operands(e, &Builder::add);
  return {e.b.div(sum, e.b.scalar(sum, e.operand_count()))};
}

namespace {

/// a^n by multiplication, for the small exponents that models write as constants; null for others.
Value* small_power(Builder& b, Value* a, double n) {
  if (n == 1) return a;
  if (n == 2) return b.mul(a, a);
  if (n == 3) return b.mul(b.mul(a, a), a);
  if (n == 0.5 && is_float(dtype_of(a))) return b.sqrt(a);
  return nullptr;
}

}  // namespace

// The result has the base's type. Integers are raised in double precision and converted back.
Values expand_Pow(Expansion& e) {
  auto [base, exponent] = two_operands(e);
  const DType dtype = dtype_of(base);
  if (auto n = constant_number(exponent); n && rank_of(exponent) <= rank_of(base)) {
    if (Value* power = small_power(e.b, base, *n)) return {power};
  }
  const DType compute = is_float(dtype) ? dtype : DType::f64;
  return {e.b.cast(e.b.pow(e.b.cast(base, compute), e.b.cast(exponent, compute)), dtype)};
}

// fmod=1: the sign of the dividend (C). fmod=0: the sign of the divisor (Python).
Values expand_Mod(Expansion& e) {
  Builder& b = e.b;
  Value *dividend = e.operand(0), *divisor = e.operand(1);
  const bool c_sign = e.integer("fmod", 0) != 0;
  Value* rest = b.remainder(dividend, divisor);
  if (c_sign || kind(dtype_of(dividend)) == DTypeKind::unsigned_int) return {rest};
  Value* zero = b.scalar(rest, 0);
  Value* signs_differ = b.logical_xor(b.less(rest, zero), b.less(divisor, zero));
  Value* adjust = b.logical_and(b.logical_not(b.equal(rest, zero)), signs_differ);
  return {b.select(adjust, b.add(rest, divisor), rest)};
}

namespace {

/// A bound as a scalar.
Value* bound(Expansion& e, int i) {
  Value* value = e.optional_operand(i);
  if (!value) return nullptr;
  e.require_equal(element_count(shape_of(value)), 1, "elements of a bound");
  return e.b.reshape(value, {});
}

}  // namespace

// min(max(x, low), high): where low > high, high wins.
Values expand_Clip(Expansion& e) {
  Value* x = e.operand(0);
  Value *low = nullptr, *high = nullptr;
  if (e.opset < 11) {
    if (e.has_attribute("min")) low = e.b.scalar(x, e.number("min", 0));
    if (e.has_attribute("max")) high = e.b.scalar(x, e.number("max", 0));
  } else {
    low = bound(e, 1);
    high = bound(e, 2);
  }
  if (low) x = e.b.maximum(x, low);
  if (high) x = e.b.minimum(x, high);
  return {x};
}

Values expand_Where(Expansion& e) {
  Value *condition = e.operand(0), *a = e.operand(1), *b = e.operand(2);
  return {e.b.select(condition, a, b)};
}

}  // namespace rondo
