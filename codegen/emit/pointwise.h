// The pointwise operators' code: one function per row of ops.def, in the operator's word.
#pragma once

#include "codegen/emit/emitter.h"

namespace rondo::emit {

/// Operands all have as many lanes. `operand_dtype` is the type of the last operand (select's condition is its first).
struct Pointwise {
  DType dtype, operand_dtype;
  llvm::ArrayRef<Value*> operands;
};

#define RONDO_POINTWISE_OP(word, operands, signature, doc) Value* emit_##word(Emitter& emitter, const Pointwise& p);
#include "ir/ops.def"

/// The operator's code, its result rounded to its type.
Value* emit_pointwise(Emitter& emitter, Op op, const Pointwise& p);

/// How a reduction joins two values, and the value that changes nothing.
Value* emit_combine(Emitter& emitter, Combine combine, DType dtype, Value* a, Value* b);
Value* combine_identity(Emitter& emitter, Combine combine, DType dtype, int lanes);

}  // namespace rondo::emit
