// DType and Type: what a value holds.
#pragma once

#include "ir/dim.h"

namespace rondo {

enum class DType : uint8_t {
#define RONDO_DTYPE(name, bits, kind, onnx, numpy, c_type) name,
#include "ir/dtypes.def"
};

enum class DTypeKind : uint8_t { floating, signed_int, unsigned_int, boolean };

DTypeKind kind(DType dtype);
inline bool is_float(DType dtype) { return kind(dtype) == DTypeKind::floating; }
inline bool is_integer(DType dtype) {
  return kind(dtype) == DTypeKind::signed_int || kind(dtype) == DTypeKind::unsigned_int;
}
/// Bytes of one element in memory (bool: 1).
int byte_size(DType dtype);
/// "f32", "i64", "bool": the word of the text form.
std::string_view to_string(DType dtype);
std::optional<DType> find_dtype(std::string_view word);
/// ONNX TensorProto.DataType numbers.
int onnx_code(DType dtype);
std::optional<DType> dtype_from_onnx(int code);
/// The C type in generated headers, e.g. "float", "int64_t" ("uint16_t" for f16 and bf16).
std::string_view c_type(DType dtype);
/// NumPy's type string without byte order, e.g. "f4", "i8", "b1"; empty for bf16.
std::string_view numpy_code(DType dtype);

struct Type {
  DType dtype = DType::f32;
  Shape shape;
  int rank() const { return static_cast<int>(shape.size()); }
  friend bool operator==(const Type&, const Type&) = default;
};

/// "f32[T, 1, 64]"; "i64[]" for a scalar.
std::string to_string(const Type& type);

}  // namespace rondo
