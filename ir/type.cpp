#include "ir/type.h"

#include <array>

namespace rondo {
namespace {

struct Row {
  std::string_view word;
  int bits;
  DTypeKind kind;
  int onnx;
  std::string_view numpy, c;
};

constexpr Row kRows[] = {
#define RONDO_DTYPE(name, bits, kind, onnx, numpy, c_type) {#name, bits, DTypeKind::kind, onnx, numpy, c_type},
#include "ir/dtypes.def"
};

const Row& row(DType dtype) { return kRows[static_cast<int>(dtype)]; }

}  // namespace

DTypeKind kind(DType dtype) { return row(dtype).kind; }
int byte_size(DType dtype) { return row(dtype).bits / 8; }
int onnx_code(DType dtype) { return row(dtype).onnx; }
std::string_view c_type(DType dtype) { return row(dtype).c; }
std::string_view numpy_code(DType dtype) { return row(dtype).numpy; }

std::string_view to_string(DType dtype) { return dtype == DType::boolean ? "bool" : row(dtype).word; }

std::optional<DType> find_dtype(std::string_view word) {
  for (size_t i = 0; i < std::size(kRows); ++i)
    if (to_string(static_cast<DType>(i)) == word) return static_cast<DType>(i);
  return std::nullopt;
}

std::optional<DType> dtype_from_onnx(int code) {
  for (size_t i = 0; i < std::size(kRows); ++i)
    if (kRows[i].onnx == code) return static_cast<DType>(i);
  return std::nullopt;
}

std::string to_string(const Type& type) { return std::string(to_string(type.dtype)) + to_string(type.shape); }

}  // namespace rondo
