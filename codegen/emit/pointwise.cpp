// Arithmetic, comparison, logic, and the doors to math functions. Tested by pointwise_test.cpp.
#include "codegen/emit/pointwise.h"

#include <limits>
#include <utility>

#include "codegen/emit/convert.h"
#include "codegen/emit/math.h"

namespace rondo::emit {
namespace {

bool floating(const Pointwise& p) { return is_float(p.operand_dtype); }
bool with_sign(const Pointwise& p) { return kind(p.operand_dtype) == DTypeKind::signed_int; }

Value* constant(Value* like, int64_t value) { return llvm::ConstantInt::getSigned(like->getType(), value); }

// Divisors 0 and -1 never reach the instruction: it would trap for them.
struct SafeDivision {
  Value *divisor, *zero, *minus_one;
};
SafeDivision safe(Emitter& e, const Pointwise& p) {
  Value* d = p.operands[1];
  Value* zero = e.b.CreateICmpEQ(d, constant(d, 0));
  Value* minus_one = with_sign(p) ? e.b.CreateICmpEQ(d, constant(d, -1)) : nullptr;
  Value* replace = minus_one ? e.b.CreateOr(zero, minus_one) : zero;
  return {e.b.CreateSelect(replace, constant(d, 1), d), zero, minus_one};
}

std::string type_name(llvm::Type* type) {
  std::string element = type->getScalarType()->isDoubleTy() ? "f64" : "f32";
  int lanes = Emitter::lanes(type);
  return lanes == 1 ? element : "v" + std::to_string(lanes) + element;
}

using Function1 = Real (*)(Math&, Real);

Value* inline_math(Emitter& e, const Pointwise& p, Function1 function) {
  Math math(e, p.operands[0]->getType());
  return function(math, math.wrap(p.operands[0])).v;
}

// As a function of its own, which keeps kernels small where the code is long.
Value* outlined_math(Emitter& e, const Pointwise& p, const char* word, Function1 function) {
  llvm::Type* type = p.operands[0]->getType();
  return e.call_helper(std::string("rondo.") + word + "." + type_name(type), type, {p.operands[0]},
                       [&](llvm::ArrayRef<Value*> args) {
                         Math math(e, type);
                         return function(math, math.wrap(args[0])).v;
                       });
}

Value* cell_math(Emitter& e, const Pointwise& p, const char* word, Function1 function) {
  return p.dtype == DType::f64 ? outlined_math(e, p, word, function) : inline_math(e, p, function);
}

Value* choose(Emitter& e, const Pointwise& p, bool smaller) {
  auto& b = e.b;
  Value *x = p.operands[0], *y = p.operands[1];
  if (p.dtype == DType::boolean) return smaller ? b.CreateAnd(x, y) : b.CreateOr(x, y);
  if (!floating(p)) {
    auto less = with_sign(p) ? llvm::CmpInst::ICMP_SLT : llvm::CmpInst::ICMP_ULT;
    Value* first = b.CreateICmp(less, x, y);
    return smaller ? b.CreateSelect(first, x, y) : b.CreateSelect(first, y, x);
  }
  // If y is NaN the comparison is false and y is taken; if x is, x is taken.
  Value* taken = b.CreateSelect(smaller ? b.CreateFCmpOLT(x, y) : b.CreateFCmpOGT(x, y), x, y);
  return b.CreateSelect(b.CreateFCmpUNO(x, x), x, taken);
}

Value* compare(Emitter& e, const Pointwise& p, llvm::CmpInst::Predicate real, llvm::CmpInst::Predicate with_sign_,
               llvm::CmpInst::Predicate without) {
  if (floating(p)) return e.b.CreateFCmp(real, p.operands[0], p.operands[1]);
  return e.b.CreateICmp(with_sign(p) ? with_sign_ : without, p.operands[0], p.operands[1]);
}

}  // namespace

Value* emit_add(Emitter& e, const Pointwise& p) {
  return floating(p) ? e.b.CreateFAdd(p.operands[0], p.operands[1]) : e.b.CreateAdd(p.operands[0], p.operands[1]);
}
Value* emit_sub(Emitter& e, const Pointwise& p) {
  return floating(p) ? e.b.CreateFSub(p.operands[0], p.operands[1]) : e.b.CreateSub(p.operands[0], p.operands[1]);
}
Value* emit_mul(Emitter& e, const Pointwise& p) {
  return floating(p) ? e.b.CreateFMul(p.operands[0], p.operands[1]) : e.b.CreateMul(p.operands[0], p.operands[1]);
}

Value* emit_div(Emitter& e, const Pointwise& p) {
  auto& b = e.b;
  Value* a = p.operands[0];
  if (floating(p)) return b.CreateFDiv(a, p.operands[1]);
  SafeDivision d = safe(e, p);
  Value* quotient = e.divide(a, d.divisor, with_sign(p));
  if (d.minus_one) quotient = b.CreateSelect(d.minus_one, b.CreateNeg(a), quotient);
  return b.CreateSelect(d.zero, constant(a, 0), quotient);
}

Value* emit_remainder(Emitter& e, const Pointwise& p) {
  auto& b = e.b;
  Value* a = p.operands[0];
  if (floating(p)) {
    Math math(e, a->getType());
    return emit_remainder_of(math, math.wrap(a), math.wrap(p.operands[1])).v;
  }
  SafeDivision d = safe(e, p);  // the remainder by the replacement, 1, is 0
  return b.CreateSub(a, b.CreateMul(e.divide(a, d.divisor, with_sign(p)), d.divisor));
}

Value* emit_pow(Emitter& e, const Pointwise& p) {
  llvm::Type* type = p.operands[0]->getType();
  return e.call_helper("rondo.pow." + type_name(type), type, p.operands, [&](llvm::ArrayRef<Value*> args) {
    Math math(e, type);
    return emit_pow_of(math, math.wrap(args[0]), math.wrap(args[1])).v;
  });
}

Value* emit_minimum(Emitter& e, const Pointwise& p) { return choose(e, p, true); }
Value* emit_maximum(Emitter& e, const Pointwise& p) { return choose(e, p, false); }

Value* emit_neg(Emitter& e, const Pointwise& p) {
  return floating(p) ? e.b.CreateFNeg(p.operands[0]) : e.b.CreateNeg(p.operands[0]);
}

Value* emit_abs(Emitter& e, const Pointwise& p) {
  Value* a = p.operands[0];
  if (floating(p)) return e.b.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, a);
  if (!with_sign(p)) return a;
  return e.b.CreateSelect(e.b.CreateICmpSLT(a, constant(a, 0)), e.b.CreateNeg(a), a);
}

Value* emit_sign(Emitter& e, const Pointwise& p) {
  auto& b = e.b;
  Value* a = p.operands[0];
  if (floating(p)) {
    Math math(e, a->getType());
    Real x = math.wrap(a);
    return math.select(x > 0.0, math.real(1), math.select(x < 0.0, math.real(-1), x)).v;
  }
  Value* positive = b.CreateZExt(b.CreateICmpNE(a, constant(a, 0)), a->getType());
  if (!with_sign(p)) return positive;
  return b.CreateSelect(b.CreateICmpSLT(a, constant(a, 0)), constant(a, -1), positive);
}

Value* emit_floor(Emitter& e, const Pointwise& p) { return inline_math(e, p, emit_floor_of); }
Value* emit_ceil(Emitter& e, const Pointwise& p) { return inline_math(e, p, emit_ceil_of); }
Value* emit_round(Emitter& e, const Pointwise& p) { return inline_math(e, p, emit_round_of); }
Value* emit_sqrt(Emitter& e, const Pointwise& p) {
  return inline_math(e, p, [](Math& math, Real x) { return math.sqrt(x); });
}
Value* emit_exp(Emitter& e, const Pointwise& p) { return cell_math(e, p, "exp", emit_exp_of); }
Value* emit_tanh(Emitter& e, const Pointwise& p) { return cell_math(e, p, "tanh", emit_tanh_of); }
Value* emit_sigmoid(Emitter& e, const Pointwise& p) { return cell_math(e, p, "sigmoid", emit_sigmoid_of); }

// The forms for cells take any number of operands.
namespace {
template <class... Operand>
Value* joined_math(Emitter& e, const Pointwise& p, const char* word, Real (*function)(Math&, Operand...)) {
  llvm::Type* type = p.operands[0]->getType();
  auto body = [&](llvm::ArrayRef<Value*> args) {
    Math math(e, type);
    auto apply = [&]<size_t... I>(std::index_sequence<I...>) { return function(math, math.wrap(args[I])...); };
    return apply(std::index_sequence_for<Operand...>()).v;
  };
  if (p.dtype != DType::f64) return body(p.operands);
  return e.call_helper(std::string("rondo.") + word + "." + type_name(type), type, p.operands, body);
}
}  // namespace

Value* emit_cell_sigmoid(Emitter& e, const Pointwise& p) {
  return joined_math(e, p, "cell_sigmoid", emit_cell_sigmoid_of);
}
Value* emit_cell_tanh(Emitter& e, const Pointwise& p) { return joined_math(e, p, "cell_tanh", emit_cell_tanh_of); }
Value* emit_sigmoid_times_tanh(Emitter& e, const Pointwise& p) {
  return joined_math(e, p, "sigmoid_times_tanh", emit_sigmoid_times_tanh_of);
}
Value* emit_gated_sum(Emitter& e, const Pointwise& p) { return joined_math(e, p, "gated_sum", emit_gated_sum_of); }
Value* emit_gated_blend(Emitter& e, const Pointwise& p) {
  return joined_math(e, p, "gated_blend", emit_gated_blend_of);
}
Value* emit_bfloat_part(Emitter& e, const Pointwise& p) { return bfloat_part(e, p.dtype, p.operands[0]); }

Value* emit_expm1(Emitter& e, const Pointwise& p) { return outlined_math(e, p, "expm1", emit_expm1_of); }
Value* emit_log(Emitter& e, const Pointwise& p) { return outlined_math(e, p, "log", emit_log_of); }
Value* emit_log1p(Emitter& e, const Pointwise& p) { return outlined_math(e, p, "log1p", emit_log1p_of); }
Value* emit_erf(Emitter& e, const Pointwise& p) { return outlined_math(e, p, "erf", emit_erf_of); }
Value* emit_sin(Emitter& e, const Pointwise& p) { return outlined_math(e, p, "sin", emit_sin_of); }
Value* emit_cos(Emitter& e, const Pointwise& p) { return outlined_math(e, p, "cos", emit_cos_of); }
Value* emit_atan(Emitter& e, const Pointwise& p) { return outlined_math(e, p, "atan", emit_atan_of); }

Value* emit_bit_and(Emitter& e, const Pointwise& p) { return e.b.CreateAnd(p.operands[0], p.operands[1]); }
Value* emit_bit_or(Emitter& e, const Pointwise& p) { return e.b.CreateOr(p.operands[0], p.operands[1]); }
Value* emit_bit_xor(Emitter& e, const Pointwise& p) { return e.b.CreateXor(p.operands[0], p.operands[1]); }

namespace {
// LLVM's shifts are undefined from the type's width on: the unsigned comparison finds negative counts too.
Value* last_bit(Value* like) { return constant(like, like->getType()->getScalarSizeInBits() - 1); }
}  // namespace

Value* emit_shift_left(Emitter& e, const Pointwise& p) {
  Value *a = p.operands[0], *count = p.operands[1];
  Value* beyond = e.b.CreateICmpUGT(count, last_bit(count));
  Value* zero = constant(a, 0);
  return e.b.CreateSelect(beyond, zero, e.b.CreateShl(a, e.b.CreateSelect(beyond, zero, count)));
}
Value* emit_shift_right(Emitter& e, const Pointwise& p) {
  auto& b = e.b;
  Value *a = p.operands[0], *count = p.operands[1];
  Value* beyond = b.CreateICmpUGT(count, last_bit(count));
  Value* by = b.CreateSelect(beyond, last_bit(count), count);
  if (!with_sign(p)) return b.CreateLShr(a, by);
  by = b.CreateSelect(b.CreateICmpSLT(count, constant(count, 0)), constant(count, 0), by);
  return b.CreateAShr(a, by);
}

Value* emit_equal(Emitter& e, const Pointwise& p) {
  return compare(e, p, llvm::CmpInst::FCMP_OEQ, llvm::CmpInst::ICMP_EQ, llvm::CmpInst::ICMP_EQ);
}
Value* emit_less(Emitter& e, const Pointwise& p) {
  return compare(e, p, llvm::CmpInst::FCMP_OLT, llvm::CmpInst::ICMP_SLT, llvm::CmpInst::ICMP_ULT);
}
Value* emit_less_equal(Emitter& e, const Pointwise& p) {
  return compare(e, p, llvm::CmpInst::FCMP_OLE, llvm::CmpInst::ICMP_SLE, llvm::CmpInst::ICMP_ULE);
}

Value* emit_logical_and(Emitter& e, const Pointwise& p) { return e.b.CreateAnd(p.operands[0], p.operands[1]); }
Value* emit_logical_or(Emitter& e, const Pointwise& p) { return e.b.CreateOr(p.operands[0], p.operands[1]); }
Value* emit_logical_xor(Emitter& e, const Pointwise& p) { return e.b.CreateXor(p.operands[0], p.operands[1]); }
Value* emit_logical_not(Emitter& e, const Pointwise& p) { return e.b.CreateNot(p.operands[0]); }

Value* emit_select(Emitter& e, const Pointwise& p) {
  return e.b.CreateSelect(p.operands[0], p.operands[1], p.operands[2]);
}

Value* emit_cast(Emitter& e, const Pointwise& p) { return cast(e, p.operands[0], p.operand_dtype, p.dtype); }

Value* emit_pointwise(Emitter& emitter, Op op, const Pointwise& p) {
  using Function = Value* (*)(Emitter&, const Pointwise&);
  struct Row {
    Op op;
    Function function;
  };
  static constexpr Row kTable[] = {
#define RONDO_POINTWISE_OP(word, operands, signature, doc) {Op::word, emit_##word},
#include "ir/ops.def"
  };
  constexpr int first = static_cast<int>(kTable[0].op);
  static_assert(static_cast<int>(std::end(kTable)[-1].op) - first + 1 == std::size(kTable),
                "pointwise rows stand together");
  Value* result = kTable[static_cast<int>(op) - first].function(emitter, p);
  return is_float(p.dtype) ? round_to(emitter, p.dtype, result) : result;
}

Value* emit_combine(Emitter& emitter, Combine combine, DType dtype, Value* a, Value* b) {
  Value* operands[] = {a, b};
  Pointwise p{dtype, dtype, operands};
  if (dtype == DType::boolean) {
    bool all = combine == Combine::min || combine == Combine::prod;
    return all ? emit_logical_and(emitter, p) : emit_logical_or(emitter, p);
  }
  switch (combine) {
    case Combine::sum: return emit_add(emitter, p);
    case Combine::prod: return emit_mul(emitter, p);
    case Combine::max: return emit_maximum(emitter, p);
    case Combine::min: return emit_minimum(emitter, p);
  }
  return nullptr;
}

Value* combine_identity(Emitter& emitter, Combine combine, DType dtype, int lanes) {
  llvm::Type* type = emitter.register_type(dtype, lanes);
  if (combine == Combine::sum) return llvm::Constant::getNullValue(type);
  bool smallest = combine == Combine::max;
  if (is_float(dtype)) {
    double infinity = std::numeric_limits<double>::infinity();
    return llvm::ConstantFP::get(type, combine == Combine::prod ? 1 : smallest ? -infinity : infinity);
  }
  if (combine == Combine::prod) return llvm::ConstantInt::get(type, 1);
  unsigned bits = type->getScalarSizeInBits();
  bool is_signed = kind(dtype) == DTypeKind::signed_int;
  llvm::APInt low = is_signed ? llvm::APInt::getSignedMinValue(bits) : llvm::APInt::getMinValue(bits);
  llvm::APInt high = is_signed ? llvm::APInt::getSignedMaxValue(bits) : llvm::APInt::getMaxValue(bits);
  return llvm::ConstantInt::get(type, smallest ? low : high);
}

}  // namespace rondo::emit
