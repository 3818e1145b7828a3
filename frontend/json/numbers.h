// Weights: nested lists of numbers as arrays. Tested by tests/frontend/json_test.cpp.
#pragma once

#include "frontend/json/json.h"
#include "ir/tensor.h"

namespace rondo {

/// A row-major array and where it came from.
struct Numbers {
  std::vector<int64_t> shape;
  std::vector<double> values;
  std::string place;

  int64_t count() const { return static_cast<int64_t>(values.size()); }
  Tensor tensor() const { return Tensor::from_doubles(DType::f32, shape, values); }
};

/// Nested lists of equal lengths, of numbers that float32 can hold, to any depth; a number alone has the shape [].
Result<Numbers> read_numbers(const Json& json);

/// A size that is not known, since what decides it has errors: any size fits it.
inline constexpr int64_t kAnySize = -1;
/// "8"; "any" for kAnySize.
std::string shown_size(int64_t size);

/// The shape must be `want`; kAnySize stands for any size. `meaning` tells what the array is: "U[hidden, 4 * hidden]".
Status require_shape(const Numbers& numbers, const std::vector<int64_t>& want, std::string_view meaning);

/// Axis i of the result is axis perm[i].
Numbers transposed(const Numbers& numbers, const std::vector<int64_t>& perm);
/// The same numbers under another shape of as many elements.
Numbers reshaped(Numbers numbers, std::vector<int64_t> shape);

/// Base64 (RFC 4648, padded) of little-endian float32, in one text or a list of texts that are joined.
Result<Numbers> read_base64(const Json& json);
Result<std::string> decode_base64(const Json& json);

}  // namespace rondo
