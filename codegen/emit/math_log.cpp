// log, log1p, pow. With x = 2^k m, m in [sqrt(1/2), sqrt(2)), and s = (m - 1) / (m + 1):
// log m = 2 s + s^3 (2/3 + 2/5 s^2 + 2/7 s^4 + ...). Tested by math_test.cpp.
#include <limits>

#include "codegen/emit/math.h"

namespace rondo::emit {
namespace {

// Minimax for (log((1+s)/(1-s)) - 2 s) / s^3 in z = s^2; relative errors of log: 2^-36.6 and 2^-58.5.
constexpr double kLogSingle[] = {0.66666665641291824, 0.400003362196094755, 0.285372382987032304, 0.235835693928850057};
constexpr double kLogDouble[] = {0.66666666666667349,  0.399999999994110924, 0.285714287432626886, 0.222221984759852112,
                                 0.181835697398535221, 0.153139032456418316, 0.147975077190575443};
// The same without its first term, for pow: (log((1+s)/(1-s)) - 2 s - 2/3 s^3) / s^5; 2^-36.8 and 2^-66.3.
constexpr double kPowSingle[] = {0.400001526424311352, 0.285470837819451858, 0.234198184056933724};
constexpr double kPowDouble[] = {0.400000000000022713, 0.285714285700918958, 0.222222225213530924, 0.18181784237141689,
                                 0.153867635264077058, 0.1325666896807838,   0.131977489034367039};

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct Split {
  Real m;  // in [sqrt(1/2), sqrt(2))
  Bits k;  // x = 2^k m
};

Real to_real(Math& math, Bits k) {  // |k| < 2^20
  Real magic = math.real(math.pick(0x1.8p23, 0x1.8p52));
  return math.real_of(math.bits_of(magic) + k) - magic;
}

// x positive, normal and finite.
Split split(Math& math, Real x) {
  Bits bits = math.bits_of(x);
  Bits k = (bits - math.bits_of(math.real(0.70710678118654752440))) >> math.mantissa;
  return {math.real_of(bits - (k << math.mantissa)), k};
}

// x positive; denormals are brought into the normal range first.
Split split_any(Math& math, Real x) {
  Mask tiny = x < math.pick(0x1p-126, 0x1p-1022);
  Split s = split(math, math.select(tiny, x * math.pick(0x1p25, 0x1p54), x));
  s.k = s.k - math.select(tiny, math.bits(math.is_double ? 54 : 25), math.bits(0));
  return s;
}

// log(1 + f) + k ln 2 for f in [sqrt(1/2) - 1, sqrt(2) - 1].
Real log_of_parts(Math& math, Real f, Bits k) {
  Real s = f / (f + 2.0);
  Real z = s * s;
  Real series = z * (math.is_double ? math.estrin(z, kLogDouble) : math.estrin(z, kLogSingle));
  Real half_square = f * f * 0.5;
  // 2 s = f - s f, so log(1 + f) = f - (f^2/2 - s (f^2/2 + series)).
  Real n = to_real(math, k);
  Real low = math.fma(n, math.real(math.pick(0x1.7f7d1cf79abcap-20, 0x1.ef35793c7673p-45)), s * (half_square + series));
  return math.fma(n, math.real(math.pick(0x1.62e4p-1, 0x1.62e42fefa38p-1)), f - (half_square - low));
}

Real special_log(Math& math, Real x, Real zero_at, Real result) {
  result = math.select(x < kInfinity, result, x);  // infinity and NaN stay
  Real below = math.select(x == zero_at, math.real(-kInfinity), math.real(kNan));
  return math.select((x > zero_at) | (x != x), result, below);
}

// log x to about twice the precision, for x positive, finite.
Pair log_pair(Math& math, Real x) {
  Split parts = split_any(math, x);
  Real f = parts.m - 1.0;
  Real d = parts.m + 1.0, d_low = parts.m - (d - 1.0);
  Real s = f / d;
  Pair sd = math.two_product(s, d);
  Real s_low = (((f - sd.hi) - sd.lo) - s * d_low) / d;
  Pair sum{s, s_low};
  Pair z = math.multiply(sum, sum);
  // 2/3 in two parts.
  Pair series{math.real(2.0 / 3.0), math.real(math.pick(2.0 / 3.0 - double(float(2.0 / 3.0)), 0x1.5555555555555p-55))};
  Real rest = z.hi * (math.is_double ? math.estrin(z.hi, kPowDouble) : math.estrin(z.hi, kPowSingle));
  series = math.add(series, {rest, math.real(0)});
  Pair cubic = math.multiply(math.multiply(sum, z), series);
  Pair log_m = math.add({sum.hi * 2.0, sum.lo * 2.0}, cubic);
  Real n = to_real(math, parts.k);
  Pair log_2k = math.quick_two_sum(n * math.pick(0x1.62e4p-1, 0x1.62e42fefa38p-1),
                                   n * math.pick(0x1.7f7d1cf79abcap-20, 0x1.ef35793c7673p-45));
  return math.add(log_2k, log_m);
}

}  // namespace

Real emit_log_of(Math& math, Real x) {
  Split parts = split_any(math, x);
  return special_log(math, x, math.real(0), log_of_parts(math, parts.m - 1.0, parts.k));
}

// 1 + x = u + c exactly; u = 2^k m, so 1 + f = m + c / 2^k.
Real emit_log1p_of(Math& math, Real x) {
  Pair sum = math.two_sum(math.real(1), x);
  Split parts = split(math, sum.hi);
  Bits limit = math.bits(math.is_double ? 1000 : 100);  // c is nothing there
  Bits down = math.select(limit < parts.k, limit, parts.k);
  Real f = (parts.m - 1.0) + sum.lo * math.power_of_two(math.bits(0) - down);
  Real result = special_log(math, x, math.real(-1), log_of_parts(math, f, parts.k));
  return math.select(math.abs(x) < math.pick(0x1p-25, 0x1p-54), x, result);  // keeps -0
}

// e^(y log |x|), the exponent to twice the precision; then C's special cases.
Real emit_pow_of(Math& math, Real x, Real y) {
  Real size = math.abs(x);
  Pair log_x = log_pair(math, size);
  Real log_hi = math.select(size == 0.0, math.real(-kInfinity), math.select(size < kInfinity, log_x.hi, size));
  Real log_lo = math.select((size == 0.0) | (size == kInfinity), math.real(0), log_x.lo);
  Pair exponent = math.two_product(y, log_hi);
  exponent.lo = exponent.lo + y * log_lo;
  Real result = exp_of_sum(math, exponent);

  Real half = y * 0.5;
  Mask whole = math.rint(y) == y;
  Mask odd = whole & (math.rint(half) != half);
  Mask negative = math.bits_of(x) < math.bits(0);
  result = math.select((x < 0.0) & (x > -kInfinity) & !whole, math.real(kNan), result);
  result = math.select(size == 1.0, math.select((x < 0.0) & !whole, math.real(kNan), math.real(1)), result);
  result = math.select((x != x) | (y != y), x + y, result);
  result = math.select(negative & odd, -result, result);
  return math.select((y == 0.0) | (x == 1.0), math.real(1), result);
}

}  // namespace rondo::emit
