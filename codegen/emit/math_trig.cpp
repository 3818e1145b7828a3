// sin, cos, atan.
//
// sin and cos: x = n pi/2 + r with |r| <= pi/4, then a polynomial for sin r or cos r as n says. Up to `limit` (float:
// 25735, without fused multiply-add 402; double: 1.6e6) n pi/2 is subtracted in parts whose products with n are exact
// or rounded far below r. Beyond, each lane by itself: x = m 2^s with an integer m, and m times those bits of 2/pi
// that do not only add multiples of 4 is computed in integers; numbers of both types stay at least 2^-62 away from
// multiples of pi/2, and the bits kept go on far behind that.
// atan: t = x, (x - 1) / (x + 1) or -1 / x with |t| <= tan(pi/8), then a polynomial. Tested by math_test.cpp.
#include <cmath>
#include <limits>

#include "codegen/emit/math.h"

namespace rondo::emit {
namespace {

// Near-minimax on z = r^2, |r| <= 0.8: (sin r / r - 1) / z to 2^-26.2 and 2^-55.9; (cos r - 1 + z/2) / z^2, whose
// errors in cos r are 2^-30.2 and 2^-60.6.
constexpr double kSinSingle[] = {-0.1666666453937, 0.008332724613784, -0.0001958283067884};
constexpr double kSinDouble[] = {-0.1666666666666666436,    0.008333333333330699336,  -0.0001984126983638543448,
                                 2.755731591093900156e-6, -2.505109230843131667e-8, 1.591530918305795256e-10};
constexpr double kCosSingle[] = {0.04166666453632, -0.001388827933056, 2.454287111087e-5};
constexpr double kCosDouble[] = {0.04166666666666666523,  -0.001388888888888724138, 2.480158729853225905e-5,
                                 -2.755731715185886455e-7, 2.087612153460845557e-9,  -1.138086817144991339e-11};
// (atan t / t - 1) / z in z = t^2, t <= tan(pi/8).
constexpr double kAtanSingle[] = {-0.3333333168645, 0.1999952339723, -0.1426336657973, 0.1073739696716, -0.06431038710715};
constexpr double kAtanDouble[] = {-0.3333333333333332982, 0.1999999999999509034,   -0.1428571428457721727,
                                  0.1111111100810787385,  -0.09090904289128516284, 0.07692176510795928043,
                                  -0.06664417824186955074, 0.05857339676138524728, -0.05081236164642542433,
                                  0.0391105367434761297,  -0.0190292908097431363};

// pi/2 in parts: full ones for fused multiply-add, and ones whose products with n < 2^8 (float), n < 2^20 are exact.
constexpr double kPartsFusedSingle[] = {0x1.921fb6p+0, -0x1.777a5cp-25, -0x1.ee59dap-50};
constexpr double kPartsFusedDouble[] = {0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54, -0x1.f1976b7ed8fbcp-110};
constexpr double kPartsSingle[] = {0x1.921ep+0, 0x1.b544p-16, 0x1.0b4p-34, 0x1.84698ap-48};
constexpr double kPartsDouble[] = {0x1.921fb544p+0, 0x1.0b4611a6p-34, 0x1.3198a2ep-69, 0x1.b839a252049c1p-104};

// 64 zeros, then the bits of 2/pi behind the point.
constexpr uint32_t kTwoOverPi[] = {
    0x00000000, 0x00000000, 0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab,
    0xdebbc561, 0xb7246e3a, 0x424dd2e0, 0x06492eea, 0x09d1921c, 0xfe1deb1c, 0xb129a73e, 0xe88235f5, 0x2ebb4484,
    0xe99c7026, 0xb45f7e41, 0x3991d639, 0x835339f4, 0x9c845f8b, 0xbdf9283b, 0x1ff897ff, 0xde05980f, 0xef2f118b,
    0x5a0a6d1f, 0x6d367ecf, 0x27cb09b7, 0x4f463f66, 0x9e5fea2d, 0x7527bac7, 0xebe5f17b, 0x3d0739f7, 0x8a5292ea,
    0x6bfb5fb1, 0x1f8d5d08, 0x56033046, 0xfc7b6bab, 0xf0cfbc20};
constexpr const char* kTwoOverPiName = "rondo.two_over_pi";

struct Angle {
  Real r;
  Bits n;  // its two lowest bits count
};

double limit(const Math& math) { return math.is_double ? 1.6e6 : math.has_fma ? 25735 : 402; }

// For |x| <= limit.
Angle reduce_near(Math& math, Real x) {
  Real magic = math.real(math.pick(0x1.8p23, 0x1.8p52));  // its neighbours are 1 apart
  Real shifted = x * 0.63661977236758134308 + magic;
  Real n = shifted - magic;
  auto subtract = [&](std::span<const double> parts) {
    Real r = x;
    for (double part : parts) r = math.fma(n, math.real(-part), r);
    return r;
  };
  using Parts = std::span<const double>;
  Real r = math.has_fma ? subtract(math.is_double ? Parts(kPartsFusedDouble) : Parts(kPartsFusedSingle))
                        : subtract(math.is_double ? Parts(kPartsDouble) : Parts(kPartsSingle));
  return {r, math.bits_of(shifted)};
}

llvm::GlobalVariable* two_over_pi(Emitter& e) {
  if (auto* known = e.module.getNamedGlobal(kTwoOverPiName)) return known;
  auto* words = llvm::ConstantDataArray::get(e.module.getContext(), kTwoOverPi);
  return new llvm::GlobalVariable(e.module, words->getType(), true, llvm::GlobalValue::PrivateLinkage, words,
                                  kTwoOverPiName);
}

// `count` words of 2/pi from a bit on.
std::vector<Value*> window(Emitter& e, Value* bit, int count) {
  auto& b = e.b;
  llvm::Type* i32 = b.getInt32Ty();
  Value* first = b.CreateZExtOrTrunc(b.CreateLShr(bit, 5), e.word);
  Value* shift = b.CreateAnd(bit, b.getInt32(31));
  auto word = [&](int i) {
    Value* at = b.CreateAdd(first, e.word_constant(i));
    return b.CreateLoad(i32, b.CreateInBoundsGEP(i32, two_over_pi(e), at));
  };
  std::vector<Value*> words;
  for (int i = 0; i < count; ++i)
    words.push_back(b.CreateIntrinsic(i32, llvm::Intrinsic::fshl, {word(i), word(i + 1), shift}));
  return words;
}

// x 2/pi modulo 4 for a scalar x beyond the limit, in units of 2^-62 (float, 64 bits) or 2^-126 (double, 128 bits).
Value* quarter_turns(Math& math, Real x) {
  Emitter& e = math.emitter;
  auto& b = e.b;
  const int halves = math.is_double ? 2 : 1;  // words in m
  const int width = 64 * halves, words = 3 * halves;
  llvm::Type* wide = b.getIntNTy(unsigned(width));
  llvm::Type* i64 = b.getInt64Ty();
  Bits size = math.bits_of(math.abs(x));
  Bits one = math.bits(INT64_C(1) << math.mantissa);
  Value* m = b.CreateZExt(((size & (one - math.bits(1))) | one).v, i64);
  // |x| = m 2^s; the bits of 2/pi before bit s - 1 behind the point add multiples of 4.
  Bits position = (size >> math.mantissa) - math.bits(math.bias + math.mantissa - 62);
  position = math.select(position < math.bits(0), math.bits(0), position);
  const int last = 32 * (int(std::size(kTwoOverPi)) - words - 1);
  position = math.select(math.bits(last) < position, math.bits(last), position);  // infinities, NaN
  std::vector<Value*> bits = window(e, b.CreateZExtOrTrunc(position.v, b.getInt32Ty()), words);

  Value* sum = llvm::ConstantInt::get(wide, 0);
  for (int i = 0; i < words; ++i)
    for (int j = 0; j < halves; ++j) {
      const int shift = 32 * (2 * halves - 1 - i + j);  // of the term in the result
      if (shift <= -64 || shift >= width) continue;
      Value* part = b.CreateAnd(b.CreateLShr(m, uint64_t(32 * j)), b.getInt64(UINT32_MAX));
      Value* term = b.CreateMul(part, b.CreateZExt(bits[size_t(i)], i64));
      if (shift < 0) term = b.CreateLShr(term, uint64_t(-shift));
      term = b.CreateZExt(term, wide);
      sum = b.CreateAdd(sum, shift > 0 ? b.CreateShl(term, uint64_t(shift)) : term);
    }
  return sum;
}

// An unsigned fixed-point number as a sum of pieces that are exact.
Pair pair_of(Math& math, Value* fixed, int fraction_bits) {
  auto& b = math.b;
  const int width = math.is_double ? 128 : 64, piece = width / 4;
  auto part = [&](int i) {  // from the top
    Value* bits = b.CreateTrunc(b.CreateLShr(fixed, uint64_t(width - piece * (i + 1))), b.getIntNTy(unsigned(piece)));
    Value* number = b.CreateUIToFP(b.CreateZExt(bits, b.getInt32Ty()), math.type);
    return math.wrap(number) * std::ldexp(1.0, width - piece * (i + 1) - fraction_bits);
  };
  return math.add(math.quick_two_sum(part(0), part(1)), math.quick_two_sum(part(2), part(3)));
}

// For a scalar beyond the limit. The sign of r and n is that for |x|.
Angle reduce_far(Math& math, Real x) {
  auto& b = math.b;
  Value* turns = quarter_turns(math, x);
  llvm::Type* wide = turns->getType();
  const int fraction = int(wide->getIntegerBitWidth()) - 2;
  Value* one = llvm::ConstantInt::get(wide, 1);
  Value* n = b.CreateLShr(b.CreateAdd(turns, b.CreateShl(one, uint64_t(fraction - 1))), uint64_t(fraction));
  Value* rest = b.CreateSub(turns, b.CreateShl(n, uint64_t(fraction)));
  Value* below = b.CreateICmpSLT(rest, llvm::ConstantInt::get(wide, 0));
  Pair distance = pair_of(math, b.CreateSelect(below, b.CreateNeg(rest), rest), fraction);
  Pair half_pi{math.real(math.pick(0x1.921fb6p+0, 0x1.921fb54442d18p+0)),
               math.real(math.pick(-0x1.777a5cp-25, 0x1.1a62633145c07p-54))};
  Real r = math.multiply(distance, half_pi).hi;
  return {math.select({&math, below}, -r, r), {&math, b.CreateZExtOrTrunc(n, math.bits_type)}};
}

Real sin_of_small(Math& math, Real r, Real z) {
  Real series = math.is_double ? math.estrin(z, kSinDouble) : math.horner(z, kSinSingle);
  return math.fma(r * z, series, r);
}

Real cos_of_small(Math& math, Real z) {
  Real series = math.is_double ? math.estrin(z, kCosDouble) : math.horner(z, kCosSingle);
  Real half = z * 0.5;
  Real near = 1.0 - half;
  return near + math.fma(z * z, series, (1.0 - near) - half);
}

// sin(r + n pi/2), to be called with n + 1 for the cosine.
Real sin_of_angle(Math& math, Real r, Bits n) {
  Real z = r * r;
  Mask odd = math.bits(0) < (n & math.bits(1));
  Mask negative = math.bits(0) < (n & math.bits(2));
  Real result = math.select(odd, cos_of_small(math, z), sin_of_small(math, r, z));
  return math.select(negative, -result, result);
}

Real far_lanes(Math& math, Real x, bool cosine) {
  std::string name = std::string("rondo.far_") + (cosine ? "cos" : "sin") + (math.is_double ? ".f64" : ".f32");
  return math.wrap(math.emitter.call_per_lane(name, {x.v}, [&](llvm::ArrayRef<Value*> arguments) {
    Math scalar(math.emitter, math.type->getScalarType());
    Real lane = scalar.wrap(arguments[0]);
    Angle angle = reduce_far(scalar, lane);
    Real result = sin_of_angle(scalar, angle.r, cosine ? angle.n + scalar.bits(1) : angle.n);
    return cosine ? result.v : scalar.select(lane < 0.0, -result, result).v;
  }));
}

Value* any(Math& math, Mask mask) {
  return Emitter::lanes(math.type) == 1 ? mask.v : math.b.CreateOrReduce(mask.v);
}

Real sine(Math& math, Real x, bool cosine) {
  auto& b = math.b;
  Angle angle = reduce_near(math, x);
  Real near = sin_of_angle(math, angle.r, cosine ? angle.n + math.bits(1) : angle.n);
  if (!cosine) near = math.select(math.abs(x) < math.pick(0x1p-13, 0x1p-27), x, near);  // keeps -0
  Mask beyond = math.abs(x) > limit(math);
  llvm::BasicBlock* before = b.GetInsertBlock();
  Real all = near;
  llvm::BasicBlock* inside = nullptr;
  math.emitter.if_then(any(math, beyond), [&] {
    all = math.select(beyond, far_lanes(math, x, cosine), near);
    inside = b.GetInsertBlock();
  });
  llvm::PHINode* result = b.CreatePHI(math.type, 2);
  result->addIncoming(near.v, before);
  result->addIncoming(all.v, inside);
  Mask finite = math.abs(x) < std::numeric_limits<double>::infinity();
  return math.select(finite, math.wrap(result), x - x);
}

}  // namespace

Real emit_sin_of(Math& math, Real x) { return sine(math, x, false); }
Real emit_cos_of(Math& math, Real x) { return sine(math, x, true); }

Real emit_atan_of(Math& math, Real x) {
  Real size = math.abs(x);
  Mask middle = size > 0.41421356237309504880, high = size > 2.41421356237309504880;
  Real above = math.select(high, math.real(-1), math.select(middle, size - 1.0, size));
  Real below = math.select(high, size, math.select(middle, size + 1.0, math.real(1)));
  Real t = above / below;
  Real z = t * t;
  Real series = math.is_double ? math.estrin(z, kAtanDouble) : math.estrin(z, kAtanSingle);
  auto base = [&](double quarter) {
    return math.select(high, math.real(2 * quarter), math.select(middle, math.real(quarter), math.real(0)));
  };
  Real low = base(math.pick(-0x1.777a5cp-26, 0x1.1a62633145c07p-55));
  Real rest = math.fma(t * z, series, low);
  return math.copy_sign(base(math.pick(0x1.921fb6p-1, 0x1.921fb54442d18p-1)) + (t + rest), x);
}

}  // namespace rondo::emit
