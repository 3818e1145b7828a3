// Math: writing floating-point code as formulas. A Real is a float or double, scalar or vector, of the code being
// emitted; arithmetic on it emits instructions. All functions are generic in type and lanes and call nothing.
//
// Bounds: at most 4 units in the last place over the whole range, with C's results for zeros, infinities and NaN; of the
// forms for cells (math_cell.cpp) an absolute 3e-7.
// Tested by math_test.cpp.
#pragma once

#include <initializer_list>
#include <span>

#include "codegen/emit/emitter.h"

namespace rondo::emit {

class Math;

struct Real {
  Math* math;
  Value* v;
};
struct Bits {  // an integer as wide as the Real
  Math* math;
  Value* v;
};
struct Mask {  // i1 in each lane
  Math* math;
  Value* v;
};
/// A number to about twice a Real's precision: hi + lo, where hi is the nearest Real to the sum.
struct Pair {
  Real hi, lo;
};

class Math {
 public:
  Math(Emitter& emitter, llvm::Type* type);

  Emitter& emitter;
  llvm::IRBuilder<>& b;
  llvm::Type* type;
  llvm::Type* bits_type;
  const bool is_double;
  const int mantissa;  // stored bits: 23 or 52
  const int bias;      // of the exponent
  const bool has_fma;

  Real wrap(Value* v) { return {this, v}; }
  Real real(double constant) { return {this, llvm::ConstantFP::get(type, constant)}; }
  Bits bits(int64_t constant) { return {this, llvm::ConstantInt::getSigned(bits_type, constant)}; }
  Bits bits_of(Real a) { return {this, b.CreateBitCast(a.v, bits_type)}; }
  Real real_of(Bits a) { return {this, b.CreateBitCast(a.v, type)}; }
  /// Constants that differ in precision: the first for float, the second for double.
  double pick(double single, double twice) const { return is_double ? twice : single; }

  Real fma(Real a, Real x, Real c);  // a * x + c, rounded once where the target can
  Real select(Mask condition, Real yes, Real no) { return {this, b.CreateSelect(condition.v, yes.v, no.v)}; }
  Bits select(Mask condition, Bits yes, Bits no) { return {this, b.CreateSelect(condition.v, yes.v, no.v)}; }
  Real abs(Real a);
  Real copy_sign(Real magnitude, Real sign);
  Real clamp(Real a, double low, double high);  // NaN stays NaN
  Real rint(Real a);                            // nearest integer, halves to even, for any a
  Real sqrt(Real a);
  /// 2^n for an exponent within the normal range.
  Real power_of_two(Bits n);
  /// c[0] + c[1] x + c[2] x^2 + ...: few dependent steps (estrin) or few instructions (horner).
  Real estrin(Real x, std::span<const double> c);
  Real horner(Real x, std::span<const double> c);

  Pair two_sum(Real a, Real x);        // exact
  Pair quick_two_sum(Real a, Real x);  // exact where |a| >= |x| or a = 0
  Pair two_product(Real a, Real x);    // exact but for underflow
  Pair add(Pair a, Pair x);
  Pair multiply(Pair a, Pair x);
};

Real operator+(Real a, Real x);
Real operator-(Real a, Real x);
Real operator*(Real a, Real x);
Real operator/(Real a, Real x);
Real operator-(Real a);
inline Real operator+(Real a, double x) { return a + a.math->real(x); }
inline Real operator-(Real a, double x) { return a - a.math->real(x); }
inline Real operator*(Real a, double x) { return a * a.math->real(x); }
inline Real operator/(double a, Real x) { return x.math->real(a) / x; }
inline Real operator-(double a, Real x) { return x.math->real(a) - x; }

// Comparisons with NaN are false, but for != which is true.
Mask operator<(Real a, Real x);
Mask operator<=(Real a, Real x);
Mask operator>(Real a, Real x);
Mask operator>=(Real a, Real x);
Mask operator==(Real a, Real x);
Mask operator!=(Real a, Real x);
inline Mask operator<(Real a, double x) { return a < a.math->real(x); }
inline Mask operator<=(Real a, double x) { return a <= a.math->real(x); }
inline Mask operator>(Real a, double x) { return a > a.math->real(x); }
inline Mask operator>=(Real a, double x) { return a >= a.math->real(x); }
inline Mask operator==(Real a, double x) { return a == a.math->real(x); }
Mask operator&(Mask a, Mask x);
Mask operator|(Mask a, Mask x);
Mask operator!(Mask a);

Bits operator+(Bits a, Bits x);
Bits operator-(Bits a, Bits x);
Bits operator&(Bits a, Bits x);
Bits operator|(Bits a, Bits x);
Bits operator^(Bits a, Bits x);
Bits operator<<(Bits a, int64_t n);
Bits operator>>(Bits a, int64_t n);  // arithmetic
Mask operator<(Bits a, Bits x);      // signed

// Each takes and returns values of math.type.
Real emit_exp_of(Math& math, Real x);
Real emit_expm1_of(Math& math, Real x);
Real emit_tanh_of(Math& math, Real x);
Real emit_sigmoid_of(Math& math, Real x);
Real emit_cell_sigmoid_of(Math& math, Real x);
Real emit_cell_tanh_of(Math& math, Real x);
Real emit_sigmoid_times_tanh_of(Math& math, Real a, Real b);
Real emit_gated_sum_of(Math& math, Real f, Real c, Real a, Real b);
Real emit_gated_blend_of(Math& math, Real a, Real b, Real h);
Real emit_log_of(Math& math, Real x);
Real emit_log1p_of(Math& math, Real x);
Real emit_erf_of(Math& math, Real x);
Real emit_sin_of(Math& math, Real x);
Real emit_cos_of(Math& math, Real x);
Real emit_atan_of(Math& math, Real x);
Real emit_pow_of(Math& math, Real x, Real y);
Real emit_remainder_of(Math& math, Real x, Real y);
Real emit_floor_of(Math& math, Real x);
Real emit_ceil_of(Math& math, Real x);
Real emit_round_of(Math& math, Real x);

/// e^(hi + lo), for a sum whose lo is small against 1.
Real exp_of_sum(Math& math, Pair x);

}  // namespace rondo::emit
