// Tensor: an immutable constant with its bytes (row-major, little-endian, C order), cheap to copy.
#pragma once

#include <cstring>
#include <span>

#include "ir/type.h"

namespace rondo {

class Tensor {
 public:
  Tensor() = default;  // an f32 scalar 0
  /// Takes the bytes; their number must be byte_size(dtype) * product(shape).
  Tensor(DType dtype, std::vector<int64_t> shape, std::string bytes);
  /// All elements zero.
  static Tensor zeros(DType dtype, std::vector<int64_t> shape);
  /// Each element converted to dtype (floats rounded to nearest even; integers must fit).
  static Tensor from_doubles(DType dtype, std::vector<int64_t> shape, std::span<const double> values);
  static Tensor from_ints(DType dtype, std::vector<int64_t> shape, std::span<const int64_t> values);
  static Tensor scalar(DType dtype, double value);
  static Tensor vector_i64(std::span<const int64_t> values);

  DType dtype() const { return dtype_; }
  const std::vector<int64_t>& shape() const { return shape_; }
  int64_t count() const { return count_; }
  Type type() const;
  std::string_view bytes() const { return *bytes_; }

  /// Element i as a double (any dtype) or as an integer (integer and bool dtypes; u64 wraps).
  double double_at(int64_t i) const;
  int64_t int_at(int64_t i) const;
  std::vector<double> doubles() const;
  std::vector<int64_t> ints() const;
  /// Element i's bytes viewed as T; sizeof(T) must be the element size.
  template <class T>
  T at(int64_t i) const {
    T value;
    std::memcpy(&value, bytes_->data() + i * sizeof(T), sizeof(T));
    return value;
  }
  /// Of this shape: the element at each place is this one's at `start` + the sum of place * stride, counted in elements.
  Tensor strided(std::vector<int64_t> shape, int64_t start, const std::vector<int64_t>& strides) const;
  /// The same bytes under another shape with as many elements.
  Tensor reshaped(std::vector<int64_t> shape) const;

  friend bool operator==(const Tensor& a, const Tensor& b);
  /// Copies of one tensor, under whatever shape, and not just tensors with equal elements.
  bool is_copy_of(const Tensor& other) const { return bytes_ == other.bytes_; }

 private:
  DType dtype_ = DType::f32;
  std::vector<int64_t> shape_;
  int64_t count_ = 1;
  std::shared_ptr<const std::string> bytes_ = std::make_shared<const std::string>(4, '\0');
};

/// IEEE 754 binary16 and bfloat16, rounded to nearest even.
float half_to_float(uint16_t bits);
uint16_t float_to_half(double value);
float bfloat_to_float(uint16_t bits);
uint16_t float_to_bfloat(double value);

}  // namespace rondo
