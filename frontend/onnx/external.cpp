// Tensor data kept in files beside the model; see external.h.
//
// The keys are ONNX's: location (a relative path), offset (default 0), length (default: the rest of the file), and
// checksum, which is not verified: it protects against damage, it does not change the meaning.
#include "frontend/onnx/external.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "frontend/file.h"

namespace rondo {
namespace {

// Tied weights may name a region more than once.
constexpr uint64_t kReadsPerByte = 4;

struct Reference {
  std::string location;
  uint64_t offset = 0;
  std::optional<uint64_t> length;
};

Result<uint64_t> parse_number(const std::string& key, const std::string& text) {
  uint64_t value = 0;
  const char* last = text.data() + text.size();
  auto [end, error] = std::from_chars(text.data(), last, value);
  if (error != std::errc() || end != last)
    return invalid(fmt::format("external data: {} is {}; accepted: a number of bytes", key, in_quotes(text)));
  return value;
}

Result<Reference> parse_reference(const pb::TensorProto& tensor) {
  Reference reference;
  for (const pb::StringStringEntryProto& entry : tensor.external_data()) {
    if (entry.key() == "location") {
      reference.location = entry.value();
    } else if (entry.key() == "offset") {
      RONDO_TRY(reference.offset, parse_number("offset", entry.value()));
    } else if (entry.key() == "length") {
      RONDO_TRY(reference.length, parse_number("length", entry.value()));
    } else if (entry.key() != "checksum") {
      return unsupported(
          fmt::format("external data: key {}; supported: location, offset, length, checksum", in_quotes(entry.key())));
    }
  }
  return reference;
}

}  // namespace

Result<std::filesystem::path> ExternalData::resolve(const std::string& location) const {
  const std::filesystem::path relative(location);
  bool inside = !location.empty() && location.find('\0') == std::string::npos && !relative.has_root_path();
  for (const std::filesystem::path& part : relative) inside = inside && part != "..";
  if (!inside)
    return invalid(
        fmt::format("external data: location {}; accepted: a path inside the model's folder", in_quotes(location)));
  return folder_ / relative;
}

Result<std::string> ExternalData::read(const pb::TensorProto& tensor, uint64_t expected) {
  RONDO_TRY(const Reference reference, parse_reference(tensor));
  RONDO_TRY(const std::filesystem::path path, resolve(reference.location));
  const std::string file = "external data " + in_quotes(reference.location);
  Result<uint64_t> size = regular_file_size(path);
  if (!size) return invalid(file + ": " + size.errors()[0].message);
  if (reference.offset > *size)
    return invalid(fmt::format("{} has {} bytes; the tensor's begin at {}", file, *size, reference.offset));
  const uint64_t length = reference.length.value_or(*size - reference.offset);
  if (length > *size - reference.offset)
    return invalid(fmt::format("{} has {} bytes; the tensor's are {} from {}", file, *size, length, reference.offset));
  if (length != expected) return invalid(fmt::format("{}: {} bytes for a tensor of {}", file, length, expected));
  uint64_t& total = bytes_read_[path.lexically_normal().string()];
  if (length > kReadsPerByte * *size - total)
    return unsupported(fmt::format("{}: tensors refer to the same bytes more than {} times", file, kReadsPerByte));
  total += length;
  return read_file_part(path, reference.offset, length);
}

}  // namespace rondo
