// From sizes and bytes that a file claims to a Tensor: the checks every reader of tensors shares.
// Tested by tests/frontend/tensor_test.cpp and npy_test.cpp.
#pragma once

#include "ir/tensor.h"

namespace rondo {

/// More axes than any model has; bounds the work per tensor.
inline constexpr size_t kMaxRank = 64;

/// Bytes that a tensor of this shape holds; an error for a negative size, too many axes, or a product beyond 2^62.
/// Nothing is allocated.
Result<int64_t> checked_byte_count(DType dtype, const std::vector<int64_t>& shape, const std::string& place);

/// Row-major little-endian bytes as a tensor. Their number must fit, and booleans must be 0 or 1.
Result<Tensor> tensor_from_bytes(DType dtype, std::vector<int64_t> shape, std::string bytes, const std::string& place);

}  // namespace rondo
