// Pointwise operators: one inference for all, one evaluate_WORD each. Operands broadcast as in NumPy.
//
// Where C++ leaves integers undefined, rondo says: arithmetic wraps to the dtype's width, x / 0 = x % 0 = 0. A cast
// from float to integer truncates and saturates at the integer type's limits, NaN becomes 0; between integers it keeps
// the low bits; to boolean it tests != 0 (so NaN is true). Tested by tests/ir/infer_test.cpp and reference_test.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ir/ops/arrays.h"
#include "ir/ops/checks.h"

namespace rondo {

// --- Inference: a rule for operand dtypes per signature, which gives the result's dtype.
namespace {

using DTypeRule = Result<DType> (*)(const InferContext&);

Status all_boolean(const InferContext& context, size_t count) {
  for (size_t i = 0; i < count; ++i)
    if (const DType dtype = context.operand(static_cast<int>(i)).dtype; dtype != DType::boolean)
      return broken_rule(context, fmt::format("operand {} must be bool, not {}", i, to_string(dtype)));
  return Done{};
}

Status same_dtype(const InferContext& context, int a, int b) {
  const DType first = context.operand(a).dtype, second = context.operand(b).dtype;
  if (first == second) return Done{};
  return broken_rule(
      context, fmt::format("operands must have the same type, not {} and {}", to_string(first), to_string(second)));
}

Result<DType> numeric_rule(const InferContext& context) {
  RONDO_CHECK(require_same_number(context));
  return context.operand(0).dtype;
}

Result<DType> floating_rule(const InferContext& context) {
  RONDO_CHECK(require_same_number(context));
  const DType dtype = context.operand(0).dtype;
  if (!is_float(dtype)) return broken_rule(context, fmt::format("operands must be floats, not {}", to_string(dtype)));
  return dtype;
}

Result<DType> integral_rule(const InferContext& context) {
  RONDO_CHECK(require_same_number(context));
  const DType dtype = context.operand(0).dtype;
  if (is_float(dtype)) return broken_rule(context, fmt::format("operands must be integers, not {}", to_string(dtype)));
  return dtype;
}

Result<DType> compare_rule(const InferContext& context) {
  RONDO_CHECK(same_dtype(context, 0, 1));
  if (context.node.op != Op::equal) RONDO_CHECK(require_same_number(context));
  return DType::boolean;
}

Result<DType> logical_rule(const InferContext& context) {
  RONDO_CHECK(all_boolean(context, context.node.operands.size()));
  return DType::boolean;
}

Result<DType> select_rule(const InferContext& context) {
  RONDO_CHECK(all_boolean(context, 1));
  RONDO_CHECK(same_dtype(context, 1, 2));
  return context.operand(1).dtype;
}

Result<DType> cast_rule(const InferContext& context) { return context.attributes().dtype("to"); }

DTypeRule dtype_rule(Signature signature) {
  switch (signature) {
    case Signature::floating: return floating_rule;
    case Signature::integral: return integral_rule;
    case Signature::compare: return compare_rule;
    case Signature::logical: return logical_rule;
    case Signature::select: return select_rule;
    case Signature::cast: return cast_rule;
    case Signature::numeric:
    case Signature::none: break;
  }
  return numeric_rule;
}

}  // namespace

Result<std::vector<Type>> infer_pointwise(const InferContext& context) {
  RONDO_TRY(const DType dtype, dtype_rule(info(context.node.op).signature)(context));
  Shape shape = operand_shape(context, 0);
  for (size_t i = 1; i < context.node.operands.size(); ++i) {
    RONDO_TRY(shape,
              broadcast_shapes(shape, operand_shape(context, static_cast<int>(i)), context.graph, context.node.place));
  }
  return std::vector<Type>{{dtype, std::move(shape)}};
}

// --- Evaluation.
namespace {

using Arrays = Result<std::vector<Array>>;

Result<Extents> result_extents(const EvaluateContext& context) {
  std::vector<const Extents*> shapes;
  for (const Array* operand : context.operands) shapes.push_back(&operand->shape);
  return broadcast_extents(context, shapes);
}

/// result[i] = f(a[i], b[i]) for elements of type T.
template <class T, class R, class F>
void map2(const Array& a, const Array& b, const Extents& shape, R* result, F f) {
  const T *left = elements<T>(a), *right = elements<T>(b);
  if (a.shape == b.shape) {
    for (int64_t i = 0; i < a.count(); ++i) *result++ = f(left[i], right[i]);
    return;
  }
  walk<2>(shape, {broadcast_strides(a.shape, shape), broadcast_strides(b.shape, shape)}, {0, 0},
          [&](const auto& at) { *result++ = f(left[at[0]], right[at[1]]); });
}

template <class F>
Arrays unary(const EvaluateContext& context, F f) {
  const Array& a = *context.operands[0];
  RONDO_TRY(Array result, make_array(a.dtype, a.shape));
  with_number_type(a.dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* from = elements<T>(a);
    std::transform(from, from + a.count(), elements<T>(result), f);
  });
  wrap_all(result);
  return one(std::move(result));
}

template <class F>
Arrays unary_real(const EvaluateContext& context, F f) {
  const Array& a = *context.operands[0];
  RONDO_TRY(Array result, make_array(a.dtype, a.shape));
  std::transform(a.reals.begin(), a.reals.end(), result.reals.begin(), f);
  return one(std::move(result));
}

template <class F>
Arrays binary(const EvaluateContext& context, F f) {
  RONDO_TRY(const Extents shape, result_extents(context));
  const Array &a = *context.operands[0], &b = *context.operands[1];
  RONDO_TRY(Array result, make_array(a.dtype, shape));
  with_number_type(a.dtype, [&](auto zero) {
    using T = decltype(zero);
    map2<T>(a, b, shape, elements<T>(result), f);
  });
  wrap_all(result);
  return one(std::move(result));
}

template <class F>
Arrays compare(const EvaluateContext& context, F f) {
  RONDO_TRY(const Extents shape, result_extents(context));
  const Array &a = *context.operands[0], &b = *context.operands[1];
  RONDO_TRY(Array result, make_array(DType::boolean, shape));
  with_number_type(a.dtype, [&](auto zero) { map2<decltype(zero)>(a, b, shape, result.ints.data(), f); });
  return one(std::move(result));
}

double quotient(double a, double b) { return a / b; }
uint64_t quotient(uint64_t a, uint64_t b) { return b == 0 ? 0 : a / b; }
int64_t quotient(int64_t a, int64_t b) {
  if (b == 0) return 0;
  return b == -1 ? wrapping_sub(int64_t{0}, a) : a / b;  // least / -1 wraps instead of trapping
}

double rest(double a, double b) { return std::fmod(a, b); }
uint64_t rest(uint64_t a, uint64_t b) { return b == 0 ? 0 : a % b; }
int64_t rest(int64_t a, int64_t b) { return b == 0 || b == -1 ? 0 : a % b; }

double absolute(double a) { return std::fabs(a); }
uint64_t absolute(uint64_t a) { return a; }
int64_t absolute(int64_t a) { return a < 0 ? wrapping_sub(int64_t{0}, a) : a; }

double negated(double a) { return -a; }
uint64_t negated(uint64_t a) { return uint64_t{0} - a; }
int64_t negated(int64_t a) { return wrapping_sub(int64_t{0}, a); }

template <class T>
T sign_of(T a) {
  return a != a ? a : static_cast<T>(a > T{}) - static_cast<T>(a < T{});
}

}  // namespace

Arrays evaluate_add(const EvaluateContext& c) {
  return binary(c, [](auto a, auto b) { return wrapping_add(a, b); });
}
Arrays evaluate_sub(const EvaluateContext& c) {
  return binary(c, [](auto a, auto b) { return wrapping_sub(a, b); });
}
Arrays evaluate_mul(const EvaluateContext& c) {
  return binary(c, [](auto a, auto b) { return wrapping_mul(a, b); });
}
Arrays evaluate_div(const EvaluateContext& c) {
  return binary(c, [](auto a, auto b) { return quotient(a, b); });
}
Arrays evaluate_remainder(const EvaluateContext& c) {
  return binary(c, [](auto a, auto b) { return rest(a, b); });
}
Arrays evaluate_minimum(const EvaluateContext& c) {
  return binary(c, [](auto a, auto b) { return smaller(a, b); });
}
Arrays evaluate_maximum(const EvaluateContext& c) {
  return binary(c, [](auto a, auto b) { return larger(a, b); });
}
Arrays evaluate_neg(const EvaluateContext& c) {
  return unary(c, [](auto a) { return negated(a); });
}
Arrays evaluate_abs(const EvaluateContext& c) {
  return unary(c, [](auto a) { return absolute(a); });
}
Arrays evaluate_sign(const EvaluateContext& c) {
  return unary(c, [](auto a) { return sign_of(a); });
}

Arrays evaluate_pow(const EvaluateContext& c) {
  return binary(c, [](auto a, auto b) { return std::pow(a, b); });
}
Arrays evaluate_floor(const EvaluateContext& c) {
  return unary_real(c, [](double a) { return std::floor(a); });
}
Arrays evaluate_ceil(const EvaluateContext& c) {
  return unary_real(c, [](double a) { return std::ceil(a); });
}
Arrays evaluate_round(const EvaluateContext& c) {
  return unary_real(c, [](double a) { return std::nearbyint(a); });
}
Arrays evaluate_sqrt(const EvaluateContext& c) {
  return unary_real(c, [](double a) { return std::sqrt(a); });
}
Arrays evaluate_exp(const EvaluateContext& c) {
  return unary_real(c, [](double a) { return std::exp(a); });
}
Arrays evaluate_expm1(const EvaluateContext& c) {
  return unary_real(c, [](double a) { return std::expm1(a); });
}
Arrays evaluate_log(const EvaluateContext& c) {
  return unary_real(c, [](double a) { return std::log(a); });
}
Arrays evaluate_log1p(const EvaluateContext& c) {
  return unary_real(c, [](double a) { return std::log1p(a); });
}
Arrays evaluate_tanh(const EvaluateContext& c) {
  return unary_real(c, [](double a) { return std::tanh(a); });
}
Arrays evaluate_sigmoid(const EvaluateContext& c) {
  return unary_real(c, [](double a) { return 1 / (1 + std::exp(-a)); });
}
Arrays evaluate_erf(const EvaluateContext& c) {
  return unary_real(c, [](double a) { return std::erf(a); });
}

Arrays evaluate_sin(const EvaluateContext& c) {
  return unary_real(c, [](double a) { return std::sin(a); });
}
Arrays evaluate_cos(const EvaluateContext& c) {
  return unary_real(c, [](double a) { return std::cos(a); });
}
Arrays evaluate_atan(const EvaluateContext& c) {
  return unary_real(c, [](double a) { return std::atan(a); });
}

namespace {

/// f on the integers of both operands; reals never get here (see integral_rule).
template <class F>
Arrays integral(const EvaluateContext& context, F f) {
  RONDO_TRY(const Extents shape, result_extents(context));
  const Array &a = *context.operands[0], &b = *context.operands[1];
  RONDO_TRY(Array result, make_array(a.dtype, shape));
  map2<int64_t>(a, b, shape, result.ints.data(), f);
  wrap_all(result);
  return one(std::move(result));
}

}  // namespace

Arrays evaluate_bit_and(const EvaluateContext& c) {
  return integral(c, [](int64_t a, int64_t b) { return a & b; });
}
Arrays evaluate_bit_or(const EvaluateContext& c) {
  return integral(c, [](int64_t a, int64_t b) { return a | b; });
}
Arrays evaluate_bit_xor(const EvaluateContext& c) {
  return integral(c, [](int64_t a, int64_t b) { return a ^ b; });
}
Arrays evaluate_shift_left(const EvaluateContext& c) {
  const int64_t width = 8 * byte_size(c.operands[0]->dtype);
  return integral(c, [width](int64_t a, int64_t b) {
    return b < 0 || b >= width ? int64_t{0} : static_cast<int64_t>(static_cast<uint64_t>(a) << b);
  });
}
Arrays evaluate_shift_right(const EvaluateContext& c) {
  const DType dtype = c.operands[0]->dtype;
  const int64_t last = 8 * byte_size(dtype) - 1;
  return integral(c, [=](int64_t a, int64_t b) {
    const int64_t by = std::clamp(b, int64_t{0}, last);
    return kind(dtype) == DTypeKind::signed_int ? a >> by : static_cast<int64_t>(static_cast<uint64_t>(a) >> by);
  });
}

// The forms for cells: any number of operands, all real.
namespace {

template <size_t N, class F>
Arrays joined(const EvaluateContext& c, F f) {
  RONDO_TRY(const Extents shape, result_extents(c));
  RONDO_TRY(Array result, make_array(c.operands[0]->dtype, shape));
  std::array<std::vector<int64_t>, N> strides;
  for (size_t i = 0; i < N; ++i) strides[i] = broadcast_strides(c.operands[i]->shape, shape);
  auto next = result.reals.begin();
  walk<N>(shape, strides, {}, [&](const auto& at) {
    std::array<double, N> x;
    for (size_t i = 0; i < N; ++i) x[i] = c.operands[i]->reals[at[i]];
    *next++ = f(x);
  });
  return one(std::move(result));
}

double sigmoid(double a) { return 1 / (1 + std::exp(-a)); }

}  // namespace

Arrays evaluate_cell_sigmoid(const EvaluateContext& c) { return evaluate_sigmoid(c); }
Arrays evaluate_cell_tanh(const EvaluateContext& c) { return evaluate_tanh(c); }
Arrays evaluate_sigmoid_times_tanh(const EvaluateContext& c) {
  return joined<2>(c, [](const auto& x) { return sigmoid(x[0]) * std::tanh(x[1]); });
}
Arrays evaluate_gated_sum(const EvaluateContext& c) {
  return joined<4>(c, [](const auto& x) { return sigmoid(x[0]) * x[1] + sigmoid(x[2]) * std::tanh(x[3]); });
}
Arrays evaluate_gated_blend(const EvaluateContext& c) {
  return joined<3>(c, [](const auto& x) { return (1 - sigmoid(x[0])) * std::tanh(x[1]) + sigmoid(x[0]) * x[2]; });
}

Arrays evaluate_bfloat_part(const EvaluateContext& c) {
  return joined<1>(c, [](const auto& x) { return static_cast<double>(bfloat_to_float(float_to_bfloat(x[0]))); });
}

Arrays evaluate_equal(const EvaluateContext& c) {
  return compare(c, [](auto a, auto b) { return a == b; });
}
Arrays evaluate_less(const EvaluateContext& c) {
  return compare(c, [](auto a, auto b) { return a < b; });
}
Arrays evaluate_less_equal(const EvaluateContext& c) {
  return compare(c, [](auto a, auto b) { return a <= b; });
}
Arrays evaluate_logical_and(const EvaluateContext& c) {
  return compare(c, [](auto a, auto b) { return a != 0 && b != 0; });
}
Arrays evaluate_logical_or(const EvaluateContext& c) {
  return compare(c, [](auto a, auto b) { return a != 0 || b != 0; });
}
Arrays evaluate_logical_xor(const EvaluateContext& c) {
  return compare(c, [](auto a, auto b) { return (a != 0) != (b != 0); });
}
Arrays evaluate_logical_not(const EvaluateContext& c) {
  const Array& a = *c.operands[0];
  RONDO_TRY(Array result, make_array(DType::boolean, a.shape));
  std::transform(a.ints.begin(), a.ints.end(), result.ints.begin(), [](int64_t value) { return value == 0; });
  return one(std::move(result));
}

Arrays evaluate_select(const EvaluateContext& c) {
  RONDO_TRY(const Extents shape, result_extents(c));
  const Array &condition = *c.operands[0], &a = *c.operands[1], &b = *c.operands[2];
  RONDO_TRY(Array result, make_array(a.dtype, shape));
  const auto choose = [&](auto& to, const auto& yes, const auto& no) {
    auto* next = to.data();
    walk<3>(shape,
            {broadcast_strides(condition.shape, shape), broadcast_strides(a.shape, shape),
             broadcast_strides(b.shape, shape)},
            {0, 0, 0}, [&](const auto& at) { *next++ = condition.ints[at[0]] != 0 ? yes[at[1]] : no[at[2]]; });
  };
  with_elements(choose, result, a, b);
  return one(std::move(result));
}

// --- Casts, by the kinds of source and target.
namespace {

double round_to(DType dtype, double value) {
  switch (dtype) {
    case DType::f16: return half_to_float(float_to_half(value));
    case DType::bf16: return bfloat_to_float(float_to_bfloat(value));
    case DType::f32: return static_cast<float>(value);
    default: return value;
  }
}

int64_t saturated(DType dtype, double value) {
  if (std::isnan(value)) return 0;
  const double truncated = std::trunc(value);
  const IntegerRange range = integer_range(dtype);
  if (dtype == DType::u64) {
    if (truncated >= 0x1p64) return range.greatest;
    return truncated <= 0 ? 0 : static_cast<int64_t>(static_cast<uint64_t>(truncated));
  }
  if (truncated <= static_cast<double>(range.least)) return range.least;
  if (truncated >= static_cast<double>(range.greatest)) return range.greatest;
  return static_cast<int64_t>(truncated);
}

double as_double(DType dtype, int64_t value) {
  return dtype == DType::u64 ? static_cast<double>(static_cast<uint64_t>(value)) : static_cast<double>(value);
}

void cast_from_float(const Array& from, Array& to) {
  const bool keeps = is_float(to.dtype) && byte_size(to.dtype) > byte_size(from.dtype);
  for (size_t i = 0; i < from.reals.size(); ++i) {
    const double value = from.reals[i];
    if (is_float(to.dtype)) {
      to.reals[i] = keeps || to.dtype == from.dtype ? value : round_to(to.dtype, value);
    } else {
      to.ints[i] = to.dtype == DType::boolean ? value != 0 : saturated(to.dtype, value);
    }
  }
}

void cast_from_integer(const Array& from, Array& to) {
  for (size_t i = 0; i < from.ints.size(); ++i) {
    if (is_float(to.dtype)) {
      to.reals[i] = round_to(to.dtype, as_double(from.dtype, from.ints[i]));
    } else {
      to.ints[i] = wrap(to.dtype, from.ints[i]);
    }
  }
}

}  // namespace

Arrays evaluate_cast(const EvaluateContext& c) {
  const Array& a = *c.operands[0];
  RONDO_TRY(Array result, make_array(c.attributes().dtype("to"), a.shape));
  (is_float(a.dtype) ? cast_from_float : cast_from_integer)(a, result);
  return one(std::move(result));
}

}  // namespace rondo
