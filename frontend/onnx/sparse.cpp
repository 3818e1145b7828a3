// SparseTensorProto -> Tensor; see sparse.h.
#include "frontend/onnx/sparse.h"

#include <fmt/format.h>

#include "frontend/onnx/tensor.h"
#include "frontend/tensor_bytes.h"

namespace rondo {
namespace {

// A few bytes of a file may ask for very many zeros.
constexpr int64_t kMostBytes = int64_t{1} << 28;

std::string shape_text(const std::vector<int64_t>& shape) { return to_string(Shape(shape.begin(), shape.end())); }

/// The row-major position of value i; nothing if it lies outside the shape.
std::optional<int64_t> position_of(const Tensor& indices, int64_t i, const std::vector<int64_t>& shape) {
  if (indices.shape().size() == 1) return indices.int_at(i);
  const auto rank = static_cast<int64_t>(shape.size());
  int64_t position = 0;
  for (int64_t axis = 0; axis < rank; ++axis) {
    const int64_t index = indices.int_at(i * rank + axis), extent = shape[static_cast<size_t>(axis)];
    if (index < 0 || index >= extent) return std::nullopt;
    position = position * extent + index;
  }
  return position;
}

Status check_parts(const Tensor& values, const Tensor& indices, size_t rank, const std::string& place) {
  if (values.shape().size() != 1)
    return invalid(fmt::format("the values of a sparse tensor have the shape {}; accepted: one axis",
                               shape_text(values.shape())),
                   place);
  const std::vector<int64_t> one{values.count()}, all{values.count(), static_cast<int64_t>(rank)};
  if (indices.dtype() == DType::i64 && (indices.shape() == one || indices.shape() == all)) return Done{};
  return invalid(fmt::format("the indices of a sparse tensor are {}; accepted: i64{} or i64{}", to_string(indices.type()),
                             shape_text(one), shape_text(all)),
                 place);
}

}  // namespace

Result<Tensor> read_sparse(const pb::SparseTensorProto& proto, const std::string& place, ExternalData& external) {
  RONDO_TRY(const Tensor values, read_tensor(proto.values(), place, external));
  RONDO_TRY(const Tensor indices, read_tensor(proto.indices(), place, external));
  std::vector<int64_t> shape(proto.dims().begin(), proto.dims().end());
  RONDO_TRY(const int64_t size, checked_byte_count(values.dtype(), shape, place));
  if (size > kMostBytes)
    return unsupported(fmt::format("a sparse tensor of {} bytes with its zeros; supported: up to {}", size, kMostBytes),
                       place);
  RONDO_CHECK(check_parts(values, indices, shape.size(), place));
  std::string bytes(static_cast<size_t>(size), '\0');
  const int64_t width = byte_size(values.dtype());
  int64_t last = -1;
  for (int64_t i = 0; i < values.count(); ++i) {
    const int64_t position = position_of(indices, i, shape).value_or(-1);
    if (position < 0 || position >= size / width)
      return invalid(fmt::format("index {} of a sparse tensor lies outside its shape {}", i, shape_text(shape)), place);
    if (position <= last)
      return invalid(fmt::format("index {} of a sparse tensor does not follow the one before it", i), place);
    last = position;
    bytes.replace(static_cast<size_t>(position * width), static_cast<size_t>(width),
                  values.bytes().substr(static_cast<size_t>(i * width), static_cast<size_t>(width)));
  }
  return tensor_from_bytes(values.dtype(), std::move(shape), std::move(bytes), place);
}

}  // namespace rondo
