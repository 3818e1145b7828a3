// TensorProto -> Tensor; see tensor.h. Each storage form is a row of kForms.
#include "frontend/onnx/tensor.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "frontend/file.h"
#include "frontend/tensor_bytes.h"

namespace rondo {
namespace {

constexpr int kExternal = 1;  // TensorProto.DataLocation

// ONNX's element types that rondo does not have, by number; the rest is in dtypes.def.
constexpr std::pair<int, std::string_view> kOtherTypes[] = {
    {8, "string"},      {14, "complex64"},      {15, "complex128"}, {17, "float8e4m3fn"}, {18, "float8e4m3fnuz"},
    {19, "float8e5m2"}, {20, "float8e5m2fnuz"}, {21, "uint4"},      {22, "int4"},         {23, "float4e2m1"},
    {24, "float8e8m0"}, {25, "uint2"},          {26, "int2"}};

Diagnostic out_of_range(int64_t index, const std::string& value, DType dtype, const std::string& place) {
  return invalid(fmt::format("element {} is {}, which {} cannot hold", index, value, to_string(dtype)), place);
}

/// Elements converted to their storage type, appended as bytes; a value that does not fit is an error.
template <class Stored, class Values>
Result<std::string> pack(const Values& values, DType dtype, const std::string& place) {
  std::string bytes(static_cast<size_t>(values.size()) * sizeof(Stored), '\0');
  for (int i = 0; i < values.size(); ++i) {
    if constexpr (std::is_integral_v<Stored>)
      if (!std::in_range<Stored>(values.Get(i))) return out_of_range(i, std::to_string(values.Get(i)), dtype, place);
    const auto stored = static_cast<Stored>(values.Get(i));
    std::memcpy(bytes.data() + static_cast<size_t>(i) * sizeof(Stored), &stored, sizeof(Stored));
  }
  return bytes;
}

Result<std::string> pack_int32(const pb::TensorProto& proto, DType dtype, const std::string& place) {
  const auto& values = proto.int32_data();
  switch (dtype) {
    case DType::i8: return pack<int8_t>(values, dtype, place);
    case DType::i16: return pack<int16_t>(values, dtype, place);
    case DType::i32: return pack<int32_t>(values, dtype, place);
    case DType::u8:
    case DType::boolean: return pack<uint8_t>(values, dtype, place);
    default: return pack<uint16_t>(values, dtype, place);  // u16, and the bits of f16 and bf16
  }
}

Result<std::string> pack_uint64(const pb::TensorProto& proto, DType dtype, const std::string& place) {
  if (dtype == DType::u32) return pack<uint32_t>(proto.uint64_data(), dtype, place);
  return pack<uint64_t>(proto.uint64_data(), dtype, place);
}

/// A storage form: how many elements it holds (bytes for raw_data), which types may be in it, and its bytes.
struct Form {
  std::string_view name;
  int64_t (*size)(const pb::TensorProto&);
  bool (*holds)(DType);
  Result<std::string> (*bytes)(const pb::TensorProto&, DType, const std::string& place);
};

constexpr Form kForms[] = {
    {"raw_data", [](const pb::TensorProto& t) -> int64_t { return t.raw_data().size(); }, [](DType) { return true; },
     [](const pb::TensorProto& t, DType, const std::string&) -> Result<std::string> { return t.raw_data(); }},
    {"float_data", [](const pb::TensorProto& t) -> int64_t { return t.float_data_size(); },
     [](DType d) { return d == DType::f32; },
     [](const pb::TensorProto& t, DType d, const std::string& p) { return pack<float>(t.float_data(), d, p); }},
    {"double_data", [](const pb::TensorProto& t) -> int64_t { return t.double_data_size(); },
     [](DType d) { return d == DType::f64; },
     [](const pb::TensorProto& t, DType d, const std::string& p) { return pack<double>(t.double_data(), d, p); }},
    {"int64_data", [](const pb::TensorProto& t) -> int64_t { return t.int64_data_size(); },
     [](DType d) { return d == DType::i64; },
     [](const pb::TensorProto& t, DType d, const std::string& p) { return pack<int64_t>(t.int64_data(), d, p); }},
    {"uint64_data", [](const pb::TensorProto& t) -> int64_t { return t.uint64_data_size(); },
     [](DType d) { return d == DType::u32 || d == DType::u64; }, pack_uint64},
    {"int32_data", [](const pb::TensorProto& t) -> int64_t { return t.int32_data_size(); },
     [](DType d) { return byte_size(d) <= 2 || d == DType::i32; }, pack_int32},
    {"string_data", [](const pb::TensorProto& t) -> int64_t { return t.string_data_size(); },
     [](DType) { return false; }, nullptr}};

/// The one form that is filled; null if none is.
Result<const Form*> find_form(const pb::TensorProto& proto, DType dtype, const std::string& place) {
  const Form* found = nullptr;
  for (const Form& form : kForms) {
    if (form.size(proto) == 0) continue;
    if (found) return invalid(fmt::format("data in both {} and {}", found->name, form.name), place);
    if (!form.holds(dtype))
      return invalid(fmt::format("data in {}, where elements of type {} cannot be", form.name, to_string(dtype)),
                     place);
    found = &form;
  }
  return found;
}

Result<std::string> inline_bytes(const pb::TensorProto& proto, DType dtype, int64_t expected,
                                 const std::string& place) {
  RONDO_TRY(const Form* form, find_form(proto, dtype, place));
  const int64_t element = form == &kForms[0] ? 1 : byte_size(dtype);
  const int64_t given = form ? form->size(proto) * element : 0;
  if (given != expected)
    return invalid(fmt::format("{} bytes of data; its {} dims ask for {}", given, proto.dims_size(), expected), place);
  return form ? form->bytes(proto, dtype, place) : Result<std::string>(std::string());
}

Result<std::string> external_bytes(const pb::TensorProto& proto, int64_t expected, const std::string& place,
                                   ExternalData& external) {
  for (const Form& form : kForms)
    if (form.size(proto) != 0) return invalid(fmt::format("data both external and in {}", form.name), place);
  Result<std::string> bytes = external.read(proto, static_cast<uint64_t>(expected));
  if (bytes) return bytes;
  Diagnostics errors = std::move(bytes).errors();
  for (Diagnostic& error : errors) error.place = place;
  return errors;
}

}  // namespace

Result<DType> read_dtype(int code, const std::string& place) {
  if (auto dtype = dtype_from_onnx(code)) return *dtype;
  auto other =
      std::find_if(std::begin(kOtherTypes), std::end(kOtherTypes), [&](auto& row) { return row.first == code; });
  constexpr std::string_view kSupported = "supported: f16, bf16, f32, f64, signed and unsigned integers, bool";
  if (other == std::end(kOtherTypes))
    return invalid(fmt::format("no element type has ONNX's number {}; {}", code, kSupported), place);
  return unsupported(fmt::format("elements of type {}; {}", other->second, kSupported), place);
}

Result<Tensor> read_tensor(const pb::TensorProto& proto, const std::string& place, ExternalData& external) {
  RONDO_TRY(const DType dtype, read_dtype(proto.data_type(), place));
  if (proto.has_segment()) return unsupported("a tensor in segments; supported: a tensor in one piece", place);
  std::vector<int64_t> shape(proto.dims().begin(), proto.dims().end());
  RONDO_TRY(const int64_t expected, checked_byte_count(dtype, shape, place));
  if (proto.data_location() != 0 && proto.data_location() != kExternal)
    return invalid(fmt::format("data location {}; accepted: 0 (here), 1 (external)", proto.data_location()), place);
  Result<std::string> bytes = proto.data_location() == kExternal ? external_bytes(proto, expected, place, external)
                                                                 : inline_bytes(proto, dtype, expected, place);
  if (!bytes) return std::move(bytes).errors();
  return tensor_from_bytes(dtype, std::move(shape), *std::move(bytes), place);
}

}  // namespace rondo
