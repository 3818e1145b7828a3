// exp, expm1, tanh, sigmoid: all from x = n ln 2 + r with |r| <= ln(2) / 2, and e^r - 1 = r + r^2 q(r).
// Tested by math_test.cpp.
#include "codegen/emit/math.h"

namespace rondo::emit {
namespace {

// Minimax for (e^r - 1 - r) / r^2 on |r| <= ln(2) / 2; relative errors of e^r - 1: 2^-26.2 and 2^-61.7.
constexpr double kTailSingle[] = {0.500000006208998969, 0.166665427940107935, 0.0416662813794022144,
                                  0.00836661059194204446, 0.00139464984176400039};
constexpr double kTailDouble[] = {0.5,
                                  0.166666666666666766,
                                  0.0416666666666667015,
                                  0.00833333333332157805,
                                  0.00138888888888667717,
                                  0.000198412698862668877,
                                  0.0000248015873606905407,
                                  2.75572440612766246e-6,
                                  2.75572426421697673e-7,
                                  2.51090906343128518e-8,
                                  2.09244802983547639e-9};

struct Reduced {
  Real r;
  Bits n;
  Real n_real;
};

// x must be bounded: |n| < 2^20.
Reduced reduce(Math& math, Real x) {
  Real magic = math.real(math.pick(0x1.8p23, 0x1.8p52));  // its neighbours are 1 apart
  Real shifted = math.fma(x, math.real(1.44269504088896340736), magic);
  Real n = shifted - magic;
  // ln 2 in two parts; the product of n and the first is exact.
  Real r = math.fma(n, math.real(-math.pick(0x1.62e4p-1, 0x1.62e42fefa38p-1)), x);
  r = math.fma(n, math.real(-math.pick(0x1.7f7d1cf79abcap-20, 0x1.ef35793c7673p-45)), r);
  return {r, math.bits_of(shifted) - math.bits_of(magic), n};
}

Real tail(Math& math, Real r) { return math.is_double ? math.estrin(r, kTailDouble) : math.estrin(r, kTailSingle); }

// e^r - 1
Real small_expm1(Math& math, Real r) { return math.fma(r * r, tail(math, r), r); }

// a * 2^n for any n that exp meets, denormal results rounded once: first to the middle of the range, then out.
Real scale(Math& math, Real a, Reduced x) {
  int middle = math.is_double ? 512 : 64;
  double far = math.pick(0x1p64, 0x1p512);
  Mask down = x.n_real < 0.0;
  Bits n = x.n + math.select(down, math.bits(middle), math.bits(-middle));
  return (a * math.power_of_two(n)) * math.select(down, math.real(1 / far), math.real(far));
}

// e^x for x <= 0, x above the lower bound: the scaling of `scale` without its choice.
Real exp_of_negative(Math& math, Real x) {
  Reduced reduced = reduce(math, math.select(x < math.pick(-104, -746), math.real(math.pick(-104, -746)), x));
  Real p = small_expm1(math, reduced.r) + 1.0;
  int middle = math.is_double ? 512 : 64;
  return (p * math.power_of_two(reduced.n + math.bits(middle))) * math.pick(0x1p-64, 0x1p-512);
}

}  // namespace

Real emit_exp_of(Math& math, Real x) {
  Reduced reduced = reduce(math, math.clamp(x, math.pick(-104, -746), math.pick(89, 710)));
  return scale(math, small_expm1(math, reduced.r) + 1.0, reduced);
}

Real exp_of_sum(Math& math, Pair x) {
  double low = math.pick(-110, -760), high = math.pick(95, 720);
  Mask inside = (x.hi > low) & (x.hi < high);
  Reduced reduced = reduce(math, math.clamp(x.hi, low, high));
  reduced.r = reduced.r + math.select(inside, x.lo, math.real(0));
  return scale(math, small_expm1(math, reduced.r) + 1.0, reduced);
}

// 2^n (e^r - 1) + (2^n - 1), with n - 1 in place of n until the end so that 2^n does not overflow too early.
Real emit_expm1_of(Math& math, Real x) {
  Reduced reduced = reduce(math, math.clamp(x, math.pick(-30, -60), math.pick(89, 710)));
  Real half = math.power_of_two(reduced.n - math.bits(1));
  Real result = math.fma(half, small_expm1(math, reduced.r), half - 0.5) * 2.0;
  return math.select(math.abs(x) < math.pick(0x1p-25, 0x1p-54), x, result);  // keeps -0
}

// With m = e^(-2|x|) - 1: tanh |x| = -m / (m + 2), accurate near 0 since m is.
Real emit_tanh_of(Math& math, Real x) {
  Real t = math.abs(x) * -2.0;
  t = math.select(t < math.pick(-40, -80), math.real(math.pick(-40, -80)), t);
  Reduced reduced = reduce(math, t);
  Real power = math.power_of_two(reduced.n);
  Real m = math.fma(power, small_expm1(math, reduced.r), power - 1.0);
  return math.copy_sign(m / (m + 2.0), x);
}

// e = e^(-|x|): 1 / (1 + e) above 0, e / (1 + e) below, which fades into the denormals.
Real emit_sigmoid_of(Math& math, Real x) {
  Real e = exp_of_negative(math, -math.abs(x));
  return math.select(x < 0.0, e, math.real(1)) / (e + 1.0);
}

}  // namespace rondo::emit
