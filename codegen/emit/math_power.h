// Powers of two for activations: mantissa and scale apart. Internal to math_cell.cpp.
#pragma once

#include "codegen/emit/math.h"

namespace rondo::emit {

/// mantissa * scale, not multiplied out: what adds to it then needs one instruction and one rounding. The scale is ready
/// some cycles before the mantissa.
struct Power {
  Real mantissa, scale;

  Real plus(double a) const { return mantissa.math->fma(mantissa, scale, mantissa.math->real(a)); }
  Real minus_from(double a) const { return mantissa.math->fma(-mantissa, scale, mantissa.math->real(a)); }
  /// a times it, plus b: what is multiplied with is multiplied with the scale, while the mantissa is still on its way.
  Real times_plus(Real a, Real b) const { return mantissa.math->fma(mantissa, scale * a, b); }
  Real value() const { return mantissa * scale; }
  Power scaled(double a) const { return {mantissa, scale * a}; }
};

/// 2^(x factor), the exponent clamped to [low, high], at most 125 in size. NaN stays NaN.
Power power(Math& math, Real x, double factor, double low, double high);

/// a / b, to 14 bits where math is fast and the processor has it.
Real quotient(Math& math, Real a, Real b);

}  // namespace rondo::emit
