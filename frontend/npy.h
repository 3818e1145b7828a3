// NumPy's .npy files: one array each. Tested by tests/frontend/npy_test.cpp.
#pragma once

#include <filesystem>

#include "ir/tensor.h"

namespace rondo {

/// Versions 1.0 to 3.0, little-endian; Fortran order becomes C order.
Result<Tensor> read_npy(const std::filesystem::path& path);

/// Version 1.0, C order. bf16, which NumPy does not have, is an error.
Status write_npy(const std::filesystem::path& path, const Tensor& tensor);

}  // namespace rondo
