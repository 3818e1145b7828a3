// The activations of recurrent cells, to 3e-7 absolute, and their sums and products with one division for all.
//
// With E = e^-x:  sigmoid x = 1 / (1 + E),  and with E = e^2x:  tanh x = (E - 1) / (E + 1).  In the forms that join
// several, F, A are the e^-x of sigmoids and B is the e^-2x of the tanh:
//   sigmoid(a) tanh(b)                   = (1 - B) / ((1 + A) (1 + B))
//   sigmoid(f) c + sigmoid(a) tanh(b)    = (c (1 + A) (1 + B) + (1 - B) (1 + F)) / ((1 + A) (1 + B) (1 + F))
//   (1 - sigmoid(a)) tanh(b) + sigmoid(a) h = ((h + A) + (h - A) B) / ((1 + A) (1 + B))
// Exponents are clamped where the activation is within 2^-26 (tanh) or 2^-30 (sigmoid) of its limit, so that no product
// overflows, and what multiplies c or h is scaled to at most 1, so that they are not bounded. Tested by cell_test.cpp.
#include "codegen/emit/math_power.h"

namespace rondo::emit {
namespace {

constexpr double kLog2e = 1.44269504088896340736;
// At most the exponent of the largest number whose reciprocal is normal.
constexpr double kLargest = 125;
constexpr double kTanhLimit = 26, kSigmoidLimit = 30, kLeast = 60;

// e^-x of a sigmoid, e^-2x of a tanh, in the joined forms.
Power sigmoid_power(Math& math, Real x) { return power(math, x, -kLog2e, -kLeast, kSigmoidLimit); }
Power tanh_power(Math& math, Real x) { return power(math, x, -2 * kLog2e, -kLeast, kTanhLimit); }

}  // namespace

Real emit_cell_sigmoid_of(Math& math, Real x) {
  if (math.is_double) return emit_sigmoid_of(math, x);
  return quotient(math, math.real(1), power(math, x, -kLog2e, -kLeast, kLargest).plus(1));
}

Real emit_cell_tanh_of(Math& math, Real x) {
  if (math.is_double) return emit_tanh_of(math, x);
  Power e = power(math, x, 2 * kLog2e, -kTanhLimit, kTanhLimit);
  return quotient(math, e.plus(-1), e.plus(1));
}

Real emit_sigmoid_times_tanh_of(Math& math, Real a, Real b) {
  if (math.is_double) return emit_sigmoid_of(math, a) * emit_tanh_of(math, b);
  Power A = sigmoid_power(math, a), B = tanh_power(math, b);
  Real first = A.plus(1);  // the sigmoid's argument is known before the tanh's
  return quotient(math, B.minus_from(1), B.times_plus(first, first));
}

Real emit_gated_sum_of(Math& math, Real f, Real c, Real a, Real b) {
  if (math.is_double)
    return math.fma(emit_sigmoid_of(math, f), c, emit_sigmoid_of(math, a) * emit_tanh_of(math, b));
  constexpr double scale = 0x1p-56;  // (1 + A) (1 + B) at most, inverted
  Power F = sigmoid_power(math, f), A = sigmoid_power(math, a), B = tanh_power(math, b);
  Real both = A.scaled(scale).plus(scale) * B.plus(1);
  Real sum = math.fma(c, both, B.minus_from(1) * F.scaled(scale).plus(scale));
  return quotient(math, sum, both * F.plus(1));
}

Real emit_gated_blend_of(Math& math, Real a, Real b, Real h) {
  if (math.is_double) {
    Real z = emit_sigmoid_of(math, a);
    return math.fma(1.0 - z, emit_tanh_of(math, b), z * h);
  }
  constexpr double scale = 0x1p-26;  // 1 + B at most, inverted
  Power A = sigmoid_power(math, a), B = tanh_power(math, b).scaled(scale);
  Real z = A.value(), first = A.plus(1);  // the sigmoid's argument is known before the tanh's
  Real sum = B.times_plus(h - z, (h + z) * scale);
  return quotient(math, sum, B.times_plus(first, first * scale));
}

}  // namespace rondo::emit
