// Conversions: between memory and registers, and between element types. No library calls on any target.
// Tested by convert_test.cpp.
#pragma once

#include "codegen/emit/emitter.h"

namespace rondo::emit {

/// A loaded value as it lives in registers, and back.
Value* from_memory(Emitter& emitter, DType dtype, Value* loaded);
Value* to_memory(Emitter& emitter, DType dtype, Value* value);

/// A float value rounded to what the type can hold: float16 and bfloat16 are computed in float.
Value* round_to(Emitter& emitter, DType dtype, Value* value);

/// Floats to integers truncate and saturate, NaN becomes 0; to boolean: != 0; integers wrap.
Value* cast(Emitter& emitter, Value* value, DType from, DType to);

/// The nearest number that a bfloat16 holds, in the value's own type; below 2^-126 it may be 0.
Value* bfloat_part(Emitter& emitter, DType dtype, Value* value);

}  // namespace rondo::emit
