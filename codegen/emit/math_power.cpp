// Powers of two and quotients inside cells, by the shortest chain of instructions that the processor offers: at the end
// of a step of a small cell nothing else is left to do meanwhile.
//
// With y = x factor, rounded to a multiple of 1/N:  2^y = 2^(y rounded) 2^f,  |f| <= 1 / (2 N),  2^f a polynomial.
// N = 1 everywhere; where a processor looks up in a table of 2 vectors within registers, N is its length, and the
// polynomial has degree 3 and the power's own slope at 0, so that activations of small sums keep theirs. Relative errors:
// 9.2e-8 for N = 1, 2.5e-8, 1.6e-9, 1.0e-10 for N = 8, 16, 32.
// Tested by cell_test.cpp.
#include "codegen/emit/math_power.h"

#include <fmt/format.h>
#include <llvm/IR/IntrinsicsX86.h>

#include <bit>
#include <cmath>

namespace rondo::emit {
namespace {

// Minimax for 2^f on |f| <= 1/2 with the value 1 at 0; relative error 9.2e-8.
constexpr double kPower[] = {1, 0.6931469775987181, 0.24022242084634868, 0.055507337435736354, 0.009671512688167343,
                             0.0013264727447240065};

// The same, of degree 4, for fast math; relative error 2.9e-6.
constexpr double kFastPower[] = {1, 0.6931241933678394, 0.24024098611259512, 0.0559064250364585, 0.009582853168908195};

constexpr double kLn2 = 0.69314718055994530942;

/// The intrinsic for vectors of this many lanes.
llvm::Intrinsic::ID by_lanes(int lanes, llvm::Intrinsic::ID four, llvm::Intrinsic::ID eight, llvm::Intrinsic::ID sixteen) {
  return lanes == 4 ? four : lanes == 8 ? eight : lanes == 16 ? sixteen : llvm::Intrinsic::not_intrinsic;
}

Value* all_lanes(Math& math, int lanes) {
  return llvm::Constant::getAllOnesValue(math.b.getIntNTy(std::max(lanes, 8)));
}

// y - (y rounded to a multiple of 2^-digits), halves to even; 0 for infinities.
Real fraction(Math& math, Real y, int digits) {
  const int lanes = Emitter::lanes(math.type);
  const auto id = by_lanes(lanes, llvm::Intrinsic::x86_avx512_mask_reduce_ps_128,
                           llvm::Intrinsic::x86_avx512_mask_reduce_ps_256, llvm::Intrinsic::x86_avx512_mask_reduce_ps_512);
  constexpr int kSilent = 8, kCurrentRounding = 4;
  llvm::SmallVector<Value*> operands{y.v, math.b.getInt32(digits << 4 | kSilent), math.real(0).v, all_lanes(math, lanes)};
  if (lanes == 16) operands.push_back(math.b.getInt32(kCurrentRounding));
  return math.wrap(math.b.CreateIntrinsic(id, {}, operands));
}

// Of the table's 2 * lanes entries, the one that the index's lowest bits say.
Bits look_up(Math& math, const std::vector<int32_t>& table, Bits index) {
  const int lanes = Emitter::lanes(math.type);
  const auto id = by_lanes(lanes, llvm::Intrinsic::x86_avx512_vpermi2var_d_128,
                           llvm::Intrinsic::x86_avx512_vpermi2var_d_256, llvm::Intrinsic::x86_avx512_vpermi2var_d_512);
  const auto half = [&](int i) {
    const auto* first = reinterpret_cast<const uint32_t*>(table.data()) + i * lanes;
    return llvm::ConstantDataVector::get(math.b.getContext(), llvm::ArrayRef<uint32_t>(first, size_t(lanes)));
  };
  return {&math, math.b.CreateIntrinsic(id, {}, {half(0), index.v, half(1)})};
}

// 2^f for |f| <= 1 / (2 n), with the value 1 at 0: what is left of the Taylor series is levelled.
Real near_one(Math& math, Real f, int n) {
  const double h = kLn2 / (2 * n);
  const double square = kLn2 * kLn2 * (0.5 + (2 * std::sqrt(2.0) - 2) * h * h / 24);
  return math.estrin(f, std::vector<double>{1, kLn2, square, kLn2 * kLn2 * kLn2 / 6});
}

// The scale is 2^(k/n) for an integer k, bits that a table has for k mod n, plus k / n in the place of the exponent. The
// table's entries make up for the rest of k that the shift leaves below.
Power power_by_table(Math& math, Real x, double factor, double low, double high) {
  const int n = 2 * Emitter::lanes(math.type), digits = std::countr_zero(unsigned(n)), shift = math.mantissa - digits;
  std::vector<int32_t> table;
  for (int k = 0; k < n; ++k)
    table.push_back(std::bit_cast<int32_t>(static_cast<float>(std::exp2(double(k) / n))) - (k << shift));
  Real y = x * factor;
  const float magic = 0x1.8p23F / static_cast<float>(n);  // its neighbours are 1 / n apart
  const auto place = [&](double exponent) { return math.bits(std::bit_cast<int32_t>(magic + static_cast<float>(exponent))); };
  Bits k = math.bits_of(y + magic);
  k = math.select(k < place(low), place(low), k);
  k = math.select(place(high) < k, place(high), k);
  Bits scale = look_up(math, table, k) + (k << shift);
  return {near_one(math, fraction(math, y, digits), n), math.real_of(scale)};
}

Power power_here(Math& math, Real x, double factor, double low, double high) {
  if (math.emitter.machine.can.tables && Emitter::lanes(math.type) >= 4) return power_by_table(math, x, factor, low, high);
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

}  // namespace

// Short code has one function for each kind, which all cells share.
Power power(Math& math, Real x, double factor, double low, double high) {
  Emitter& emitter = math.emitter;
  if (!emitter.machine.facts.small_code) return power_here(math, x, factor, low, high);
  auto* both = llvm::StructType::get(math.type, math.type);
  const std::string name =
      fmt::format("rondo.power.{:.3g}.{}.{}.x{}", factor, low, high, Emitter::lanes(math.type));
  Value* result = emitter.call_helper(name, both, {x.v}, [&](llvm::ArrayRef<Value*> arguments) -> Value* {
    const Power power = power_here(math, math.wrap(arguments[0]), factor, low, high);
    Value* mantissa = math.b.CreateInsertValue(llvm::PoisonValue::get(both), power.mantissa.v, 0);
    return math.b.CreateInsertValue(mantissa, power.scale.v, 1);
  });
  return {math.wrap(math.b.CreateExtractValue(result, 0)), math.wrap(math.b.CreateExtractValue(result, 1))};
}

// Of 16 lanes, a reciprocal that one step of Newton's takes from 14 bits to 28 is there before the divider's quotient.
Real quotient(Math& math, Real a, Real b) {
  const int lanes = Emitter::lanes(math.type);
  const auto id = by_lanes(lanes, llvm::Intrinsic::x86_avx512_rcp14_ps_128, llvm::Intrinsic::x86_avx512_rcp14_ps_256,
                           llvm::Intrinsic::x86_avx512_rcp14_ps_512);
  const bool fast = math.emitter.fast_math;
  const bool refined = math.emitter.machine.can.tables && lanes == 16;
  if (!math.emitter.machine.can.reciprocal14 || id == llvm::Intrinsic::not_intrinsic || !(fast || refined)) return a / b;
  Real reciprocal = math.wrap(math.b.CreateIntrinsic(id, {}, {b.v, math.real(0).v, all_lanes(math, lanes)}));
  Real near = a * reciprocal;
  return fast ? near : math.fma(math.fma(-b, reciprocal, math.real(1)), near, near);
}

}  // namespace rondo::emit
