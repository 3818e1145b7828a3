// Checked construction of tensors; see tensor_bytes.h.
#include "frontend/tensor_bytes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <bit>

namespace rondo {

static_assert(std::endian::native == std::endian::little, "tensor bytes are little-endian in memory and in files");

Result<int64_t> checked_byte_count(DType dtype, const std::vector<int64_t>& shape, const std::string& place) {
  constexpr int64_t kMost = int64_t{1} << 62;
  if (shape.size() > kMaxRank)
    return unsupported(fmt::format("a tensor of {} axes; supported: up to {}", shape.size(), kMaxRank), place);
  int64_t bytes = byte_size(dtype);
  bool empty = false;
  for (int64_t size : shape) {
    if (size < 0) return invalid(fmt::format("the shape [{}] has a negative size", fmt::join(shape, ", ")), place);
    if (size == 0) empty = true;
    // Zeros are left out of the product, so that [2^62, 2^62, 0] is refused as well.
    if (size != 0 && bytes > kMost / size)
      return invalid(fmt::format("the shape [{}] is too large to be addressed", fmt::join(shape, ", ")), place);
    if (size != 0) bytes *= size;
  }
  return empty ? 0 : bytes;
}

Result<Tensor> tensor_from_bytes(DType dtype, std::vector<int64_t> shape, std::string bytes, const std::string& place) {
  RONDO_TRY(const int64_t expected, checked_byte_count(dtype, shape, place));
  if (bytes.size() != static_cast<uint64_t>(expected))
    return invalid(fmt::format("{} bytes of data for {}[{}], which has {}", bytes.size(), to_string(dtype),
                               fmt::join(shape, ", "), expected),
                   place);
  if (dtype == DType::boolean)
    for (size_t i = 0; i < bytes.size(); ++i)
      if (static_cast<unsigned char>(bytes[i]) > 1)
        return invalid(fmt::format("element {} of a boolean tensor is {}; accepted: 0, 1", i,
                                   static_cast<unsigned char>(bytes[i])),
                       place);
  return Tensor(dtype, std::move(shape), std::move(bytes));
}

}  // namespace rondo
