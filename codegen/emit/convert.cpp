// Conversions between element types. Tested by convert_test.cpp.
#include "codegen/emit/convert.h"

#include <llvm/IR/IntrinsicsX86.h>
#include <llvm/IR/PatternMatch.h>

#include "codegen/emit/math.h"

namespace rondo::emit {
namespace {

llvm::Type* like(Value* shape, llvm::Type* scalar) { return shape->getType()->getWithNewType(scalar); }

Value* integer(Value* shape, int64_t constant) { return llvm::ConstantInt::getSigned(shape->getType(), constant); }

// The smallest normal half is 2^-14; a float's exponent is biased by 112 more than a half's.
Value* half_to_float(Emitter& e, Value* bits) {
  auto& b = e.b;
  if (e.machine.can.half)
    return b.CreateFPExt(b.CreateBitCast(bits, like(bits, b.getHalfTy())), like(bits, b.getFloatTy()));
  Value* wide = b.CreateZExt(bits, like(bits, b.getInt32Ty()));
  Math math(e, like(bits, b.getFloatTy()));
  Bits h{&math, wide};
  Bits sign = (h & math.bits(0x8000)) << 16;
  Bits magnitude = (h & math.bits(0x7fff)) << 13;
  Bits normal = magnitude + math.bits(INT64_C(112) << 23);
  Bits special = magnitude + math.bits(INT64_C(224) << 23);  // infinities and NaN keep the largest exponent
  Real denormal = math.real_of(magnitude + math.bits(INT64_C(113) << 23)) - 0x1p-14;
  Bits result = math.select(magnitude < math.bits(INT64_C(1) << 23), math.bits_of(denormal), normal);
  result = math.select(magnitude < math.bits(INT64_C(31) << 23), result, special);
  return math.real_of(result | sign).v;
}

Value* float_to_half(Emitter& e, Value* value) {
  auto& b = e.b;
  llvm::Type* i16 = like(value, b.getInt16Ty());
  if (e.machine.can.half) return b.CreateBitCast(b.CreateFPTrunc(value, like(value, b.getHalfTy())), i16);
  Math math(e, value->getType());
  Bits all = math.bits_of(math.wrap(value));
  Bits size = all & math.bits(0x7fffffff);
  Bits sign = (all ^ size);
  // Adding 1/2 aligns a denormal half's last bit with the float's and rounds to nearest even.
  Bits denormal = math.bits_of(math.real_of(size) + 0.5) - math.bits(0x3f000000);
  Bits even = (size >> 13) & math.bits(1);
  Bits normal = (size + even + math.bits(0xfff - (INT64_C(112) << 23))) >> 13;
  Bits special = math.select(math.bits(0x7f800000) < size, math.bits(0x7e00), math.bits(0x7c00));
  Bits result = math.select(size < math.bits(0x38800000), denormal, normal);
  result = math.select(size < math.bits(0x47800000), result, special);
  Value* shifted_sign = b.CreateLShr(sign.v, 16);
  return b.CreateTrunc(b.CreateOr(result.v, shifted_sign), i16);
}

Value* bfloat_to_float(Emitter& e, Value* bits) {
  Value* wide = e.b.CreateZExt(bits, like(bits, e.b.getInt32Ty()));
  return e.b.CreateBitCast(e.b.CreateShl(wide, 16), like(bits, e.b.getFloatTy()));
}

Value* float_to_bfloat(Emitter& e, Value* value) {
  auto& b = e.b;
  using namespace llvm::PatternMatch;
  Value* narrow = nullptr;  // what bfloat_to_float widened is rounded already
  if (match(value, m_BitCast(m_Shl(m_ZExt(m_Value(narrow)), m_SpecificInt(16)))) && narrow->getType() == like(value, b.getInt16Ty()))
    return narrow;
  Math math(e, value->getType());
  Value* all = math.bits_of(math.wrap(value)).v;
  Value* even = b.CreateAnd(b.CreateLShr(all, 16), 1);
  Value* rounded = b.CreateAdd(b.CreateAdd(all, even), integer(all, 0x7fff));
  Value* quiet = b.CreateOr(all, integer(all, 0x400000));
  Value* result = b.CreateSelect(b.CreateFCmpUNO(value, value), quiet, rounded);
  return b.CreateTrunc(b.CreateLShr(result, 16), like(value, b.getInt16Ty()));
}

// To float with the last bit set where anything was lost, so that a second rounding to fewer bits is right.
Value* double_to_float_odd(Emitter& e, Value* value) {
  auto& b = e.b;
  llvm::Type* single = like(value, b.getFloatTy());
  Value* near = b.CreateFPTrunc(value, single);
  Math math(e, value->getType()), narrow(e, single);
  Value* back = b.CreateFPExt(near, value->getType());
  Value* bits = narrow.bits_of(narrow.wrap(near)).v;
  Mask larger = math.abs(math.wrap(back)) > math.abs(math.wrap(value));
  Value* truncated = b.CreateSelect(larger.v, b.CreateSub(bits, integer(bits, 1)), bits);
  Value* odd = b.CreateOr(truncated, integer(bits, 1));
  Value* inexact = b.CreateFCmpONE(back, value);
  return b.CreateBitCast(b.CreateSelect(inexact, odd, bits), single);
}

bool is_signed(DType dtype) { return kind(dtype) == DTypeKind::signed_int; }

// 64-bit integers on machines of 32 bits: without the run-time library's conversions.
Value* wide_to_float(Emitter& e, Value* value, bool with_sign, llvm::Type* scalar) {
  auto& b = e.b;
  Value* negative = b.CreateICmpSLT(value, integer(value, 0));
  Value* size = with_sign ? b.CreateSelect(negative, b.CreateNeg(value), value) : value;
  llvm::Type* i32 = like(value, b.getInt32Ty());
  Math math(e, like(value, scalar));
  Real result = math.real(0);
  if (math.is_double) {
    Value* high = b.CreateTrunc(b.CreateLShr(size, 32), i32);
    Real low = math.wrap(b.CreateUIToFP(b.CreateTrunc(size, i32), math.type));
    result = math.wrap(b.CreateUIToFP(high, math.type)) * 0x1p32 + low;
  } else {
    // The leading 32 bits, the last of them set if anything follows, round as the whole does.
    Value* zeros = b.CreateBinaryIntrinsic(llvm::Intrinsic::ctlz, size, b.getFalse());
    Value* shift = b.CreateAnd(zeros, integer(zeros, 63));
    Value* normal = b.CreateShl(size, shift);
    Value* rest = b.CreateICmpNE(b.CreateTrunc(normal, i32), llvm::ConstantInt::get(i32, 0));
    Value* high = b.CreateOr(b.CreateTrunc(b.CreateLShr(normal, 32), i32), b.CreateZExt(rest, i32));
    Bits exponent = math.bits(32) - Bits{&math, b.CreateTrunc(shift, i32)};
    result = math.wrap(b.CreateUIToFP(high, math.type)) * math.power_of_two(exponent);
  }
  return with_sign ? b.CreateSelect(negative, (-result).v, result.v) : result.v;
}

Value* float_to_wide(Emitter& e, Value* value, bool with_sign) {
  auto& b = e.b;
  Math math(e, value->getType());
  llvm::Type* i64 = like(value, b.getInt64Ty());
  llvm::Type* i32 = like(value, b.getInt32Ty());
  Real x = math.wrap(value);
  double limit = with_sign ? 0x1p63 : 0x1p64;
  Real size = with_sign ? math.abs(x) : x;
  Mask inside = (size < limit) & (size > -1.0);
  size = math.select(inside & (size >= 0.0), size, math.real(0));
  Value* high = b.CreateFPToUI((size * 0x1p-32).v, i32);
  Real rest = size - math.wrap(b.CreateUIToFP(high, math.type)) * 0x1p32;
  Value* low = b.CreateFPToUI(rest.v, i32);
  Value* whole = b.CreateOr(b.CreateShl(b.CreateZExt(high, i64), 32), b.CreateZExt(low, i64));
  Mask negative = x < 0.0;
  if (with_sign) whole = b.CreateSelect(negative.v, b.CreateNeg(whole), whole);
  Value* most = integer(whole, with_sign ? INT64_MAX : -1);
  Value* least = integer(whole, with_sign ? INT64_MIN : 0);
  whole = b.CreateSelect((x >= limit).v, most, whole);
  return b.CreateSelect((x <= (with_sign ? -limit : -1.0)).v, least, whole);
}

Value* integer_to_float(Emitter& e, Value* value, DType from, DType to) {
  auto& b = e.b;
  llvm::Type* type = like(value, to == DType::f64 ? b.getDoubleTy() : b.getFloatTy());
  bool with_sign = is_signed(from);
  if (byte_size(from) == 8 && !e.machine.can.wide)
    return round_to(e, to, wide_to_float(e, value, with_sign, type->getScalarType()));
  return round_to(e, to, with_sign ? b.CreateSIToFP(value, type) : b.CreateUIToFP(value, type));
}

Value* float_to_integer(Emitter& e, Value* value, DType to) {
  auto& b = e.b;
  if (byte_size(to) == 8 && !e.machine.can.wide) return float_to_wide(e, value, is_signed(to));
  auto id = is_signed(to) ? llvm::Intrinsic::fptosi_sat : llvm::Intrinsic::fptoui_sat;
  llvm::Type* type = like(value, b.getIntNTy(byte_size(to) * 8));
  return b.CreateIntrinsic(id, {type, value->getType()}, {value});
}

Value* float_to_float(Emitter& e, Value* value, DType from, DType to) {
  auto& b = e.b;
  if (to == DType::f64) return from == DType::f64 ? value : b.CreateFPExt(value, like(value, b.getDoubleTy()));
  if (from != DType::f64) return round_to(e, to, value);
  if (to == DType::f32) return b.CreateFPTrunc(value, like(value, b.getFloatTy()));
  return round_to(e, to, double_to_float_odd(e, value));
}

Value* to_boolean(Emitter& e, Value* value) {
  Value* zero = llvm::Constant::getNullValue(value->getType());
  bool floating = value->getType()->isFPOrFPVectorTy();
  return floating ? e.b.CreateFCmpUNE(value, zero) : e.b.CreateICmpNE(value, zero);
}

}  // namespace

Value* from_memory(Emitter& e, DType dtype, Value* loaded) {
  if (dtype == DType::f16) return half_to_float(e, loaded);
  if (dtype == DType::bf16) return bfloat_to_float(e, loaded);
  return dtype == DType::boolean ? to_boolean(e, loaded) : loaded;
}

Value* to_memory(Emitter& e, DType dtype, Value* value) {
  if (dtype == DType::f16) return float_to_half(e, value);
  if (dtype == DType::bf16) return float_to_bfloat(e, value);
  return dtype == DType::boolean ? e.b.CreateZExt(value, like(value, e.b.getInt8Ty())) : value;
}

Value* round_to(Emitter& e, DType dtype, Value* value) {
  if (dtype == DType::f16) return half_to_float(e, float_to_half(e, value));
  if (dtype == DType::bf16) return bfloat_to_float(e, float_to_bfloat(e, value));
  return value;
}

Value* bfloat_part(Emitter& e, DType dtype, Value* value) {
  auto& b = e.b;
  if (dtype == DType::f32 && e.machine.can.bfloat16 && Emitter::lanes(value) == 16) {
    Value* narrow = b.CreateIntrinsic(llvm::Intrinsic::x86_avx512bf16_cvtneps2bf16_512, {}, {value});
    return bfloat_to_float(e, b.CreateBitCast(narrow, like(value, b.getInt16Ty())));
  }
  return cast(e, cast(e, value, dtype, DType::bf16), DType::bf16, dtype);
}

Value* cast(Emitter& e, Value* value, DType from, DType to) {
  if (to == DType::boolean) return to_boolean(e, value);
  if (is_float(from)) return is_float(to) ? float_to_float(e, value, from, to) : float_to_integer(e, value, to);
  if (from == DType::boolean) {
    llvm::Type* type = like(value, e.register_type(to));
    if (is_float(to)) return e.b.CreateSelect(value, llvm::ConstantFP::get(type, 1), llvm::ConstantFP::get(type, 0));
    return e.b.CreateZExt(value, type);
  }
  if (is_float(to)) return integer_to_float(e, value, from, to);
  return e.b.CreateIntCast(value, like(value, e.memory_type(to)), is_signed(from));
}

}  // namespace rondo::emit
