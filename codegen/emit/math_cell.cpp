// The activations of recurrent cells, to 3e-7 absolute, and their sums and products with one division for all.
//
// With E = e^-x:  sigmoid x = 1 / (1 + E),  and with E = e^2x:  tanh x = (E - 1) / (E + 1).  In the forms that join
// several, F, A are the e^-x of sigmoids and B is the e^-2x of the tanh:
//   sigmoid(a) tanh(b)                   = (1 - B) / ((1 + A) (1 + B))
//   sigmoid(f) c + sigmoid(a) tanh(b)    = (c (1 + A) (1 + B) + (1 - B) (1 + F)) / ((1 + A) (1 + B) (1 + F))
//   (1 - sigmoid(a)) tanh(b) + sigmoid(a) h = (A (1 - B) + h (1 + B)) / ((1 + A) (1 + B))
// Exponents are clamped where the activation is within 2^-26 (tanh) or 2^-30 (sigmoid) of its limit, so that no product
// overflows, and what multiplies c or h is scaled to at most 1, so that they are not bounded. Tested by cell_test.cpp.
#include <llvm/IR/IntrinsicsX86.h>

#include "codegen/emit/math.h"

namespace rondo::emit {
namespace {

// Minimax for 2^f on |f| <= 1/2 with the value 1 at 0; relative error 9.2e-8.
constexpr double kPower[] = {1, 0.6931469775987181, 0.24022242084634868, 0.055507337435736354, 0.009671512688167343,
                             0.0013264727447240065};

// The same, of degree 4, for fast math; relative error 2.9e-6.
constexpr double kFastPower[] = {1, 0.6931241933678394, 0.24024098611259512, 0.0559064250364585, 0.009582853168908195};

constexpr double kLog2e = 1.44269504088896340736;
// At most the exponent of the largest number whose reciprocal is normal.
constexpr double kLargest = 125;
constexpr double kTanhLimit = 26, kSigmoidLimit = 30, kLeast = 60;

// mantissa * scale, not multiplied out: what adds to it then needs one instruction and one rounding.
struct Power {
  Real mantissa, scale;

  Real plus(double a) const { return mantissa.math->fma(mantissa, scale, mantissa.math->real(a)); }
  Real minus_from(double a) const { return mantissa.math->fma(-mantissa, scale, mantissa.math->real(a)); }
  Real value() const { return mantissa * scale; }
  Power scaled(double a) const { return {mantissa, scale * a}; }
};

// 2^(x factor), the exponent clamped to [low, high], at most 125 in size. NaN stays NaN.
Power power(Math& math, Real x, double factor, double low, double high) {
  x = math.clamp(x, (factor < 0 ? high : low) / factor, (factor < 0 ? low : high) / factor);
  // Its neighbours are 1 apart, and its bits end in the exponent's bias: shifted up they are the scale.
  Real magic = math.real(0x1.8p23 + 127);
  Real shifted = math.fma(x, math.real(factor), magic);
  Real n = shifted - magic;
  Real f = math.has_fma ? math.fma(x, math.real(factor), -n) : x * factor - n;
  const std::span<const double> polynomial =
      math.emitter.fast_math ? std::span<const double>(kFastPower) : std::span<const double>(kPower);
  return {math.estrin(f, polynomial), math.real_of(math.bits_of(shifted) << math.mantissa)};
}

// The reciprocal to 14 bits where math is fast and the processor has it.
Real quotient(Math& math, Real a, Real b) {
  const int lanes = Emitter::lanes(math.type);
  llvm::Intrinsic::ID id = llvm::Intrinsic::not_intrinsic;
  if (lanes == 4) id = llvm::Intrinsic::x86_avx512_rcp14_ps_128;
  if (lanes == 8) id = llvm::Intrinsic::x86_avx512_rcp14_ps_256;
  if (lanes == 16) id = llvm::Intrinsic::x86_avx512_rcp14_ps_512;
  if (!math.emitter.fast_math || !math.emitter.machine.can.reciprocal14 || id == llvm::Intrinsic::not_intrinsic)
    return a / b;
  Value* all = llvm::Constant::getAllOnesValue(math.b.getIntNTy(std::max(lanes, 8)));
  return a * math.wrap(math.b.CreateIntrinsic(id, {}, {b.v, math.real(0).v, all}));
}

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
  return quotient(math, B.minus_from(1), A.plus(1) * B.plus(1));
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
  Power A = sigmoid_power(math, a), B = tanh_power(math, b);
  Power scaled = B.scaled(scale);
  Real top = scaled.plus(scale);
  Real sum = math.fma(h, top, A.value() * scaled.minus_from(scale));
  return quotient(math, sum, A.plus(1) * top);
}

}  // namespace rondo::emit
