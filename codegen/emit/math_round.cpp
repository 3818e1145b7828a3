// Rounding, square root and remainder, with and without instructions for them. Tested by math_test.cpp.
#include "codegen/emit/math.h"

namespace rondo::emit {
namespace {

std::string scalar_name(const Math& math) { return math.is_double ? "f64" : "f32"; }

// A finite non-negative number as significand * 2^(exponent - something): exponents of denormals are 1, as their
// significand lacks the leading bit.
struct Parts {
  Value *significand, *exponent;
};

Parts parts(Math& math, Bits bits) {
  auto& b = math.b;
  Value* stored = b.CreateLShr(bits.v, math.mantissa);
  Value* fraction = (bits & math.bits((INT64_C(1) << math.mantissa) - 1)).v;
  Value* denormal = b.CreateICmpEQ(stored, math.bits(0).v);
  Value* leading = b.CreateSelect(denormal, math.bits(0).v, math.bits(INT64_C(1) << math.mantissa).v);
  return {b.CreateOr(fraction, leading), b.CreateSelect(denormal, math.bits(1).v, stored)};
}

// significand < 2^(mantissa + 1) with that exponent, back in the number format: exact.
Value* join(Math& math, Value* significand, Value* exponent) {
  auto& b = math.b;
  Value* zeros = b.CreateBinaryIntrinsic(llvm::Intrinsic::ctlz, significand, b.getFalse());
  Value* room = b.CreateSub(zeros, math.bits(math.is_double ? 11 : 8).v);
  Value* limit = b.CreateSub(exponent, math.bits(1).v);
  Value* shift = b.CreateSelect(b.CreateICmpSLT(room, limit), room, limit);
  Value* shifted = b.CreateShl(significand, shift);
  Value* normal = b.CreateICmpUGE(shifted, math.bits(INT64_C(1) << math.mantissa).v);
  // The leading bit of a normal number adds 1 to the exponent's field.
  Value* field = b.CreateSelect(normal, b.CreateSub(b.CreateSub(exponent, shift), math.bits(1).v), math.bits(0).v);
  return b.CreateAdd(b.CreateShl(field, math.mantissa), shifted);
}

// Long division of the significands, one bit of the difference of exponents at a time. |x| >= |y| > 0, both finite.
Value* finite_remainder(Math& math, Real x, Real y) {
  auto& b = math.b;
  llvm::Type* type = math.bits_type;
  Parts a = parts(math, math.bits_of(math.abs(x))), d = parts(math, math.bits_of(math.abs(y)));
  llvm::AllocaInst* rest = b.CreateAlloca(type);
  auto reduce = [&](Value* r) {
    return b.CreateSelect(b.CreateICmpUGE(r, d.significand), b.CreateSub(r, d.significand), r);
  };
  // A denormal divisor is smaller than the leading bit: the first reduction needs a division.
  b.CreateStore(math.emitter.divide(a.significand, d.significand, false), rest);
  Value* first = b.CreateSub(a.significand, b.CreateMul(b.CreateLoad(type, rest), d.significand));
  b.CreateStore(first, rest);
  math.emitter.loop(math.bits(0).v, b.CreateSub(a.exponent, d.exponent), 1,
                    [&](Value*) { b.CreateStore(reduce(b.CreateShl(b.CreateLoad(type, rest), 1)), rest); });
  Value* r = b.CreateLoad(type, rest);
  Value* joined = join(math, r, d.exponent);
  return math.copy_sign(math.real_of({&math, joined}), x).v;
}

Value* scalar_remainder(Emitter& emitter, Value* xv, Value* yv) {
  auto& b = emitter.b;
  Math math(emitter, xv->getType());
  Real x = math.wrap(xv), y = math.wrap(yv);
  Real size_x = math.abs(x), size_y = math.abs(y);
  double infinity = std::numeric_limits<double>::infinity();
  Mask valid = (size_x < infinity) & (size_y > 0.0);  // else NaN
  llvm::AllocaInst* result = b.CreateAlloca(math.type);
  Real nan = (x * y) / (x * y);
  b.CreateStore(math.select(valid & (y == y), x, nan).v, result);
  Mask work = valid & (size_y <= size_x);
  emitter.if_then(work.v, [&] { b.CreateStore(finite_remainder(math, x, y), result); });
  return b.CreateLoad(math.type, result);
}

// Bit by bit, exactly: the significand of the root is the integer root of the significand times 4^k.
Value* scalar_sqrt(Emitter& emitter, Value* v) {
  auto& b = emitter.b;
  Math math(emitter, v->getType());
  Real x = math.wrap(v);
  llvm::Type* type = math.bits_type;
  Mask tiny = x < math.pick(0x1p-126, 0x1p-1022);
  Bits bits = math.bits_of(math.select(tiny, x * math.pick(0x1p24, 0x1p54), x));
  Parts p = parts(math, bits);
  Value* odd = b.CreateAnd(b.CreateAdd(p.exponent, math.bits(math.bias).v), math.bits(1).v);
  llvm::AllocaInst* rest = b.CreateAlloca(type);
  llvm::AllocaInst* root = b.CreateAlloca(type);
  llvm::AllocaInst* bit = b.CreateAlloca(type);
  // The rest carries one bit more than the significand, and doubles as the root's bits are found.
  b.CreateStore(b.CreateShl(b.CreateShl(p.significand, odd), 1), rest);
  b.CreateStore(math.bits(0).v, root);
  b.CreateStore(math.bits(INT64_C(1) << (math.mantissa + 1)).v, bit);
  llvm::AllocaInst* doubled = b.CreateAlloca(type);
  b.CreateStore(math.bits(0).v, doubled);
  emitter.loop(b.getInt32(0), b.getInt32(math.mantissa + 2), 1, [&](Value*) {
    Value* step = b.CreateLoad(type, bit);
    Value* trial = b.CreateAdd(b.CreateLoad(type, doubled), step);
    Value* r = b.CreateLoad(type, rest);
    Value* fits = b.CreateICmpULE(trial, r);
    b.CreateStore(b.CreateShl(b.CreateSelect(fits, b.CreateSub(r, trial), r), 1), rest);
    Value* d = b.CreateLoad(type, doubled);
    b.CreateStore(b.CreateSelect(fits, b.CreateAdd(trial, step), d), doubled);
    Value* q = b.CreateLoad(type, root);
    b.CreateStore(b.CreateSelect(fits, b.CreateAdd(q, step), q), root);
    b.CreateStore(b.CreateLShr(step, 1), bit);
  });
  // The root has one bit too many: round to nearest (a tie cannot be).
  Value* q = b.CreateLoad(type, root);
  Value* rounded = b.CreateAdd(b.CreateLShr(q, 1), b.CreateAnd(q, math.bits(1).v));
  Value* unbiased = b.CreateSub(b.CreateSub(p.exponent, math.bits(math.bias).v), odd);
  Value* field = b.CreateAdd(b.CreateAShr(unbiased, 1), math.bits(math.bias - 1).v);
  Real result = math.real_of({&math, b.CreateAdd(b.CreateShl(field, math.mantissa), rounded)});
  result = result * math.select(tiny, math.real(math.pick(0x1p-12, 0x1p-27)), math.real(1));
  double infinity = std::numeric_limits<double>::infinity();
  Real outside = math.select(x < 0.0, math.real(std::numeric_limits<double>::quiet_NaN()), x);
  return math.select((x > 0.0) & (x < infinity), result, outside).v;
}

}  // namespace

Real Math::sqrt(Real a) {
  if (is_double ? emitter.machine.can.sqrt64 : emitter.machine.can.sqrt32)
    return wrap(b.CreateUnaryIntrinsic(llvm::Intrinsic::sqrt, a.v));
  return wrap(emitter.call_per_lane("rondo.sqrt." + scalar_name(*this), {a.v},
                                    [&](llvm::ArrayRef<Value*> args) { return scalar_sqrt(emitter, args[0]); }));
}

Real emit_remainder_of(Math& math, Real x, Real y) {
  return math.wrap(math.emitter.call_per_lane(
      "rondo.remainder." + scalar_name(math), {x.v, y.v},
      [&](llvm::ArrayRef<Value*> args) { return scalar_remainder(math.emitter, args[0], args[1]); }));
}

Real emit_round_of(Math& math, Real x) { return math.rint(x); }

Real emit_floor_of(Math& math, Real x) {
  if (math.emitter.machine.can.rounding) return math.wrap(math.b.CreateUnaryIntrinsic(llvm::Intrinsic::floor, x.v));
  Real r = math.rint(x);
  return math.copy_sign(math.select(r > x, r - 1.0, r), x);
}

Real emit_ceil_of(Math& math, Real x) {
  if (math.emitter.machine.can.rounding) return math.wrap(math.b.CreateUnaryIntrinsic(llvm::Intrinsic::ceil, x.v));
  Real r = math.rint(x);
  return math.copy_sign(math.select(r < x, r + 1.0, r), x);
}

}  // namespace rondo::emit
