#include "ir/tensor.h"

#include <cmath>
#include <limits>

namespace rondo {
namespace {

int64_t product(const std::vector<int64_t>& shape) {
  int64_t count = 1;
  for (int64_t size : shape) count *= size;
  return count;
}

template <class T>
void put(std::string& bytes, int64_t i, T value) {
  std::memcpy(bytes.data() + i * sizeof(T), &value, sizeof(T));
}

/// Calls f with a value of the C++ type that stores an element of dtype (uint16_t bits for the half types).
template <class Function>
auto with_storage(DType dtype, Function f) {
  switch (dtype) {
    case DType::f32: return f(float{});
    case DType::f64: return f(double{});
    case DType::i8: return f(int8_t{});
    case DType::i16: return f(int16_t{});
    case DType::i32: return f(int32_t{});
    case DType::i64: return f(int64_t{});
    case DType::u8: case DType::boolean: return f(uint8_t{});
    case DType::u32: return f(uint32_t{});
    case DType::u64: return f(uint64_t{});
    default: return f(uint16_t{});
  }
}

/// Rounds to a float format with `mantissa` stored bits and `exponent` bits, nearest even; returns its bits.
uint16_t round_to_bits(double value, int mantissa, int exponent) {
  const int bias = (1 << (exponent - 1)) - 1;
  const uint16_t sign = std::signbit(value) ? uint16_t{1} << 15 : 0;
  const uint16_t infinity = static_cast<uint16_t>(((1 << exponent) - 1) << mantissa);
  if (std::isnan(value)) return static_cast<uint16_t>(sign | infinity | (1 << (mantissa - 1)));
  double magnitude = std::fabs(value);
  if (std::isinf(magnitude)) return sign | infinity;
  if (magnitude == 0) return sign;
  int scale = std::max(std::ilogb(magnitude), 1 - bias);  // subnormals share the smallest exponent
  double units = std::nearbyint(std::ldexp(magnitude, mantissa - scale));
  // units in [0, 2^(mantissa+1)]; carries into the exponent field by plain addition
  auto field = static_cast<int64_t>(units) + (static_cast<int64_t>(scale + bias - 1) << mantissa);
  return field >= infinity ? sign | infinity : static_cast<uint16_t>(sign | field);
}

}  // namespace

float half_to_float(uint16_t bits) {
  int exponent = (bits >> 10) & 31, fraction = bits & 1023;
  float magnitude = exponent == 31 ? (fraction ? std::numeric_limits<float>::quiet_NaN() : std::numeric_limits<float>::infinity())
                    : exponent == 0 ? std::ldexp(static_cast<float>(fraction), -24)
                                    : std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
  return bits >> 15 ? -magnitude : magnitude;
}

uint16_t float_to_half(double value) { return round_to_bits(value, 10, 5); }

float bfloat_to_float(uint16_t bits) {
  uint32_t wide = static_cast<uint32_t>(bits) << 16;
  float value;
  std::memcpy(&value, &wide, sizeof value);
  return value;
}

uint16_t float_to_bfloat(double value) { return round_to_bits(value, 7, 8); }

Tensor::Tensor(DType dtype, std::vector<int64_t> shape, std::string bytes)
    : dtype_(dtype), shape_(std::move(shape)), count_(product(shape_)),
      bytes_(std::make_shared<const std::string>(std::move(bytes))) {}

Tensor Tensor::zeros(DType dtype, std::vector<int64_t> shape) {
  size_t size = static_cast<size_t>(product(shape)) * byte_size(dtype);
  return Tensor(dtype, std::move(shape), std::string(size, '\0'));
}

Tensor Tensor::from_doubles(DType dtype, std::vector<int64_t> shape, std::span<const double> values) {
  std::string bytes(values.size() * byte_size(dtype), '\0');
  for (size_t i = 0; i < values.size(); ++i) {
    if (dtype == DType::f16 || dtype == DType::bf16) {
      put<uint16_t>(bytes, i, dtype == DType::f16 ? float_to_half(values[i]) : float_to_bfloat(values[i]));
    } else {
      with_storage(dtype, [&](auto zero) { put(bytes, i, static_cast<decltype(zero)>(values[i])); });
    }
  }
  return Tensor(dtype, std::move(shape), std::move(bytes));
}

Tensor Tensor::from_ints(DType dtype, std::vector<int64_t> shape, std::span<const int64_t> values) {
  if (is_float(dtype)) {
    std::vector<double> reals(values.begin(), values.end());
    return from_doubles(dtype, std::move(shape), reals);
  }
  std::string bytes(values.size() * byte_size(dtype), '\0');
  for (size_t i = 0; i < values.size(); ++i) {
    int64_t value = dtype == DType::boolean ? values[i] != 0 : values[i];
    with_storage(dtype, [&](auto zero) { put(bytes, i, static_cast<decltype(zero)>(value)); });
  }
  return Tensor(dtype, std::move(shape), std::move(bytes));
}

Tensor Tensor::scalar(DType dtype, double value) { return from_doubles(dtype, {}, std::span(&value, 1)); }

Tensor Tensor::vector_i64(std::span<const int64_t> values) {
  return from_ints(DType::i64, {static_cast<int64_t>(values.size())}, values);
}

Type Tensor::type() const { return {dtype_, Shape(shape_.begin(), shape_.end())}; }

double Tensor::double_at(int64_t i) const {
  if (dtype_ == DType::f16) return half_to_float(at<uint16_t>(i));
  if (dtype_ == DType::bf16) return bfloat_to_float(at<uint16_t>(i));
  return with_storage(dtype_, [&](auto zero) { return static_cast<double>(at<decltype(zero)>(i)); });
}

int64_t Tensor::int_at(int64_t i) const {
  return with_storage(dtype_, [&](auto zero) { return static_cast<int64_t>(at<decltype(zero)>(i)); });
}

std::vector<double> Tensor::doubles() const {
  std::vector<double> values(count_);
  for (int64_t i = 0; i < count_; ++i) values[i] = double_at(i);
  return values;
}

std::vector<int64_t> Tensor::ints() const {
  std::vector<int64_t> values(count_);
  for (int64_t i = 0; i < count_; ++i) values[i] = int_at(i);
  return values;
}

namespace {

/// Elements of `width` bytes, `stride` of them apart, one after the other.
template <size_t width>
void gather(const char* from, int64_t stride, int64_t count, char* to) {
  for (int64_t i = 0; i < count; ++i)
    std::memcpy(to + i * static_cast<int64_t>(width), from + i * stride * static_cast<int64_t>(width), width);
}

}  // namespace

Tensor Tensor::strided(std::vector<int64_t> shape, int64_t start, const std::vector<int64_t>& strides) const {
  const int64_t count = product(shape), width = byte_size(dtype_), rank = std::ssize(shape);
  const int64_t row = rank > 0 ? shape.back() : 1, step = rank > 0 ? strides.back() : 1;
  const auto move = width == 1 ? gather<1> : width == 2 ? gather<2> : width == 4 ? gather<4> : gather<8>;
  std::string bytes(static_cast<size_t>(count * width), '\0');
  std::vector<int64_t> at(shape.size(), 0);
  for (int64_t done = 0; done < count; done += row) {
    move(bytes_->data() + start * width, step, row, bytes.data() + done * width);
    for (int64_t axis = rank - 1; axis-- > 0;) {
      start += strides[axis];
      if (++at[axis] < shape[axis]) break;
      start -= strides[axis] * shape[axis], at[axis] = 0;
    }
  }
  return Tensor(dtype_, std::move(shape), std::move(bytes));
}

Tensor Tensor::reshaped(std::vector<int64_t> shape) const {
  Tensor result = *this;
  result.shape_ = std::move(shape);
  return result;
}

bool operator==(const Tensor& a, const Tensor& b) {
  return a.dtype_ == b.dtype_ && a.shape_ == b.shape_ && (a.bytes_ == b.bytes_ || *a.bytes_ == *b.bytes_);
}

}  // namespace rondo
