// What evaluators share: making arrays under a size limit, integer widths, and access to an array's elements whichever
// vector holds them. Tested through tests/ir/reference_test.cpp.
#pragma once

#include "ir/ops/index.h"
#include "ir/reference.h"

namespace rondo {

/// More elements than this are refused, not allocated.
inline constexpr int64_t kMaxArrayElements = int64_t{1} << 31;

/// The number of elements, or an error where a size is negative or the product passes kMaxArrayElements.
Result<int64_t> checked_count(const Extents& shape);
Result<Array> make_array(DType dtype, Extents shape);

/// The value modulo 2^bits, as the dtype's width and sign say; booleans become 0 or 1.
int64_t wrap(DType dtype, int64_t value);
void wrap_all(Array& array);

/// The least and the greatest value of an integer dtype; u64's greatest is stored as -1.
struct IntegerRange {
  int64_t least, greatest;
};
IntegerRange integer_range(DType dtype);

/// "matmul: MESSAGE" at the node's place.
Diagnostic evaluation_error(const EvaluateContext& context, std::string_view message);

/// NumPy's broadcast of concrete shapes.
Result<Extents> broadcast_extents(const EvaluateContext& context, const std::vector<const Extents*>& shapes);

inline std::vector<Array> one(Array array) {
  std::vector<Array> results;
  results.push_back(std::move(array));
  return results;
}

/// Calls f(result's elements, arrays' elements...) with the vectors that hold them; all are of one dtype.
template <class F, class... Arrays>
void with_elements(F&& f, Array& result, const Arrays&... arrays) {
  if (is_float(result.dtype)) {
    f(result.reals, arrays.reals...);
  } else {
    f(result.ints, arrays.ints...);
  }
}

/// Arithmetic in which signed integers wrap instead of overflowing.
inline double wrapping_add(double a, double b) { return a + b; }
inline double wrapping_sub(double a, double b) { return a - b; }
inline double wrapping_mul(double a, double b) { return a * b; }
inline uint64_t wrapping_add(uint64_t a, uint64_t b) { return a + b; }
inline uint64_t wrapping_sub(uint64_t a, uint64_t b) { return a - b; }
inline uint64_t wrapping_mul(uint64_t a, uint64_t b) { return a * b; }
inline int64_t wrapping_add(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}
inline int64_t wrapping_sub(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}
inline int64_t wrapping_mul(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
}

/// The smaller and the larger of two; NaN if either is NaN.
template <class T>
T smaller(T a, T b) {
  if (a != a) return a;
  return b != b || b < a ? b : a;
}
template <class T>
T larger(T a, T b) {
  if (a != a) return a;
  return b != b || a < b ? b : a;
}

/// Calls f with a zero of the type to compare and divide a dtype's elements in: double, uint64_t (u64) or int64_t.
template <class F>
auto with_number_type(DType dtype, F&& f) {
  if (is_float(dtype)) return f(double{});
  if (dtype == DType::u64) return f(uint64_t{});
  return f(int64_t{});
}
/// The array's elements viewed as the type that with_number_type chose.
template <class T>
const T* elements(const Array& array) {
  if constexpr (std::is_same_v<T, double>) {
    return array.reals.data();
  } else {
    return reinterpret_cast<const T*>(array.ints.data());
  }
}
template <class T>
T* elements(Array& array) {
  return const_cast<T*>(elements<T>(static_cast<const Array&>(array)));
}

}  // namespace rondo
