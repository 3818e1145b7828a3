// TypeProto -> Type; see types.h.
#include "frontend/onnx/types.h"

#include <fmt/format.h>

#include "frontend/onnx/tensor.h"
#include "frontend/tensor_bytes.h"

namespace rondo {
namespace {

std::string_view kind_name(const pb::TypeProto& type) {
  switch (type.value_case()) {
    case pb::TypeProto::kTensorType: return "tensor";
    case pb::TypeProto::kSequenceType: return "sequence";
    case pb::TypeProto::kMapType: return "map";
    case pb::TypeProto::kOpaqueType: return "opaque value";
    case pb::TypeProto::kSparseTensorType: return "sparse tensor";
    case pb::TypeProto::kOptionalType: return "optional value";
    case pb::TypeProto::VALUE_NOT_SET: return "unknown kind";
  }
  return "unknown kind";
}

using Dimension = pb::TensorShapeProto::Dimension;

bool has_name(const Dimension& dim) { return dim.has_dim_param() && !dim.dim_param().empty(); }

Result<Dim> read_dim(const Dimension& dim, const std::string& owner, int axis, const std::string& place,
                     Symbols& symbols) {
  if (has_name(dim)) return symbols.named(dim.dim_param());
  if (!dim.has_dim_value() || dim.dim_value() == -1) return symbols.unnamed(owner, axis);
  if (dim.dim_value() < 0)
    return invalid(fmt::format("dimension {} is {}; accepted: a size, a name, or -1 for a dynamic dimension", axis,
                               dim.dim_value()),
                   place);
  return Dim(dim.dim_value());
}

}  // namespace

void reserve_names(const pb::ValueInfoProto& value, Symbols& symbols) {
  for (const Dimension& dim : value.type().tensor_type().shape().dim())
    if (has_name(dim)) symbols.named(dim.dim_param());
}

Result<Type> read_type(const pb::ValueInfoProto& value, const std::string& place, Symbols& symbols) {
  const pb::TypeProto& type = value.type();
  if (type.value_case() == pb::TypeProto::VALUE_NOT_SET) return invalid("it has no type", place);
  if (!type.has_tensor_type())
    return unsupported(fmt::format("it is a value of kind '{}'; supported: tensors", kind_name(type)), place);
  RONDO_TRY(const DType dtype, read_dtype(type.tensor_type().elem_type(), place));
  if (!type.tensor_type().has_shape())
    return unsupported("it has no shape; rondo needs at least the number of its dimensions", place);
  const auto& dims = type.tensor_type().shape().dim();
  if (static_cast<size_t>(dims.size()) > kMaxRank)
    return unsupported(fmt::format("it has {} dimensions; supported: up to {}", dims.size(), kMaxRank), place);
  Type result{dtype, {}};
  for (int axis = 0; axis < dims.size(); ++axis) {
    RONDO_TRY(Dim dim, read_dim(dims[axis], value.name(), axis, place, symbols));
    result.shape.push_back(std::move(dim));
  }
  return result;
}

}  // namespace rondo
