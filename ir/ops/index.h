// Row-major index arithmetic on concrete shapes: strides, and one walk over all indices of a shape that follows any
// number of strided offsets at once. Every evaluator that moves or combines elements is written with it.
// Tested through tests/ir/reference_test.cpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace rondo {

using Extents = std::vector<int64_t>;

inline int64_t product(const Extents& shape, size_t begin, size_t end) {
  int64_t count = 1;
  for (size_t axis = begin; axis < end; ++axis) count *= shape[axis];
  return count;
}

inline Extents row_major_strides(const Extents& shape) {
  Extents strides(shape.size());
  int64_t stride = 1;
  for (size_t axis = shape.size(); axis-- > 0; stride *= shape[axis]) strides[axis] = stride;
  return strides;
}

/// The strides with which an operand of `shape` is read along the axes of the `result` it is broadcast to.
inline Extents broadcast_strides(const Extents& shape, const Extents& result) {
  Extents strides(result.size(), 0);
  const Extents own = row_major_strides(shape);
  const size_t lead = result.size() - shape.size();
  for (size_t axis = 0; axis < shape.size(); ++axis)
    if (shape[axis] != 1) strides[lead + axis] = own[axis];
  return strides;
}

/// How many windows of `window` elements, `dilation` apart, start at multiples of `stride` and lie in `size` elements.
inline int64_t window_count(int64_t size, int64_t window, int64_t stride, int64_t dilation) {
  if (size < 1 || (window > 1 && dilation > (size - 1) / (window - 1))) return 0;
  return (size - 1 - (window - 1) * dilation) / stride + 1;
}

/// The distance `step * stride` of neighbours among `count` elements; 0 for a lone one, whose step may be absurd.
inline int64_t distance(int64_t count, int64_t step, int64_t stride) { return count > 1 ? step * stride : 0; }

/// Calls visit(offset) for every index of `shape` in row-major order, where
/// offset[n] = start[n] + sum over axes of index[axis] * strides[n][axis].
template <size_t N, class Visit>
void walk(const Extents& shape, const std::array<Extents, N>& strides, const std::array<int64_t, N>& start,
          Visit&& visit) {
  for (int64_t extent : shape)
    if (extent <= 0) return;
  std::array<int64_t, N> offset = start;
  if (shape.empty()) return visit(offset);
  const auto advance = [&](int axis, int64_t steps) {
    for (size_t n = 0; n < N; ++n) offset[n] += steps * strides[n][axis];
  };
  const int last = static_cast<int>(shape.size()) - 1;
  Extents index(shape.size(), 0);
  for (;;) {
    for (int64_t i = 0; i < shape[last]; ++i, advance(last, 1)) visit(offset);
    advance(last, -shape[last]);
    int axis = last - 1;
    for (; axis >= 0; --axis) {
      advance(axis, 1);
      if (++index[axis] < shape[axis]) break;
      advance(axis, -shape[axis]);
      index[axis] = 0;
    }
    if (axis < 0) return;
  }
}

}  // namespace rondo
