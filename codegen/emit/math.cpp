// The vocabulary of Math: arithmetic, rounding, two-part numbers. Tested by math_test.cpp.
#include "codegen/emit/math.h"

namespace rondo::emit {

Math::Math(Emitter& emitter, llvm::Type* type)
    : emitter(emitter),
      b(emitter.b),
      type(type),
      bits_type(type->getWithNewType(emitter.b.getIntNTy(type->getScalarSizeInBits()))),
      is_double(type->getScalarType()->isDoubleTy()),
      mantissa(is_double ? 52 : 23),
      bias(is_double ? 1023 : 127),
      has_fma(is_double ? emitter.machine.can.fma64 : emitter.machine.can.fma32) {}

Real Math::fma(Real a, Real x, Real c) {
  if (!has_fma) return a * x + c;
  return wrap(b.CreateIntrinsic(type, llvm::Intrinsic::fma, {a.v, x.v, c.v}));
}

Real Math::abs(Real a) { return wrap(b.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, a.v)); }

Real Math::copy_sign(Real magnitude, Real sign) {
  Bits top = bits(is_double ? INT64_MIN : INT64_C(-0x80000000));
  Bits rest = bits(is_double ? INT64_MAX : INT64_C(0x7fffffff));
  return real_of((bits_of(magnitude) & rest) | (bits_of(sign) & top));
}

Real Math::clamp(Real a, double low, double high) {
  a = select(a < low, real(low), a);
  return select(a > high, real(high), a);
}

Real Math::rint(Real a) {
  if (emitter.machine.can.rounding) return wrap(b.CreateUnaryIntrinsic(llvm::Intrinsic::rint, a.v));
  // Adding 2^mantissa leaves no room for a fraction.
  double big = pick(0x1p23, 0x1p52);
  Real size = abs(a);
  Real rounded = (size + big) - big;
  return select(size < big, copy_sign(rounded, a), a);
}

Real Math::power_of_two(Bits n) { return real_of((n + bits(bias)) << mantissa); }

Real Math::horner(Real x, std::span<const double> c) {
  Real sum = real(c.back());
  for (size_t i = c.size() - 1; i-- > 0;) sum = fma(sum, x, real(c[i]));
  return sum;
}

Real Math::estrin(Real x, std::span<const double> c) {
  std::vector<Real> level;
  for (double coefficient : c) level.push_back(real(coefficient));
  for (Real power = x; level.size() > 1; power = power * power) {
    std::vector<Real> next;
    for (size_t i = 0; i < level.size(); i += 2)
      next.push_back(i + 1 < level.size() ? fma(level[i + 1], power, level[i]) : level[i]);
    level = std::move(next);
    if (level.size() == 1) break;
  }
  return level[0];
}

Pair Math::two_sum(Real a, Real x) {
  Real s = a + x;
  Real t = s - a;
  return {s, (a - (s - t)) + (x - t)};
}

Pair Math::quick_two_sum(Real a, Real x) {
  Real s = a + x;
  return {s, x - (s - a)};
}

Pair Math::two_product(Real a, Real x) {
  Real p = a * x;
  if (has_fma) return {p, fma(a, x, -p)};
  // Halves of the mantissa multiply exactly.
  Bits mask = bits(is_double ? INT64_C(-1) << 27 : INT64_C(-1) << 12);
  Real a1 = real_of(bits_of(a) & mask), x1 = real_of(bits_of(x) & mask);
  Real a2 = a - a1, x2 = x - x1;
  return {p, ((a1 * x1 - p) + a1 * x2 + a2 * x1) + a2 * x2};
}

Pair Math::add(Pair a, Pair x) {
  Pair s = two_sum(a.hi, x.hi);
  return quick_two_sum(s.hi, s.lo + (a.lo + x.lo));
}

Pair Math::multiply(Pair a, Pair x) {
  Pair p = two_product(a.hi, x.hi);
  return quick_two_sum(p.hi, p.lo + (a.hi * x.lo + a.lo * x.hi));
}

Real operator+(Real a, Real x) { return {a.math, a.math->b.CreateFAdd(a.v, x.v)}; }
Real operator-(Real a, Real x) { return {a.math, a.math->b.CreateFSub(a.v, x.v)}; }
Real operator*(Real a, Real x) { return {a.math, a.math->b.CreateFMul(a.v, x.v)}; }
Real operator/(Real a, Real x) { return {a.math, a.math->b.CreateFDiv(a.v, x.v)}; }
Real operator-(Real a) { return {a.math, a.math->b.CreateFNeg(a.v)}; }

Mask operator<(Real a, Real x) { return {a.math, a.math->b.CreateFCmpOLT(a.v, x.v)}; }
Mask operator<=(Real a, Real x) { return {a.math, a.math->b.CreateFCmpOLE(a.v, x.v)}; }
Mask operator>(Real a, Real x) { return {a.math, a.math->b.CreateFCmpOGT(a.v, x.v)}; }
Mask operator>=(Real a, Real x) { return {a.math, a.math->b.CreateFCmpOGE(a.v, x.v)}; }
Mask operator==(Real a, Real x) { return {a.math, a.math->b.CreateFCmpOEQ(a.v, x.v)}; }
Mask operator!=(Real a, Real x) { return {a.math, a.math->b.CreateFCmpUNE(a.v, x.v)}; }
Mask operator&(Mask a, Mask x) { return {a.math, a.math->b.CreateAnd(a.v, x.v)}; }
Mask operator|(Mask a, Mask x) { return {a.math, a.math->b.CreateOr(a.v, x.v)}; }
Mask operator!(Mask a) { return {a.math, a.math->b.CreateNot(a.v)}; }

Bits operator+(Bits a, Bits x) { return {a.math, a.math->b.CreateAdd(a.v, x.v)}; }
Bits operator-(Bits a, Bits x) { return {a.math, a.math->b.CreateSub(a.v, x.v)}; }
Bits operator&(Bits a, Bits x) { return {a.math, a.math->b.CreateAnd(a.v, x.v)}; }
Bits operator|(Bits a, Bits x) { return {a.math, a.math->b.CreateOr(a.v, x.v)}; }
Bits operator^(Bits a, Bits x) { return {a.math, a.math->b.CreateXor(a.v, x.v)}; }
Bits operator<<(Bits a, int64_t n) { return {a.math, a.math->b.CreateShl(a.v, a.math->bits(n).v)}; }
Bits operator>>(Bits a, int64_t n) { return {a.math, a.math->b.CreateAShr(a.v, a.math->bits(n).v)}; }
Mask operator<(Bits a, Bits x) { return {a.math, a.math->b.CreateICmpSLT(a.v, x.v)}; }

}  // namespace rondo::emit
