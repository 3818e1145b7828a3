// View: where a value's elements lie: a buffer, a base index and a stride for each axis. Transposes, slices,
// broadcasts and most reshapes only make another view. Tested by plan_test.cpp.
#pragma once

#include "ir/plan.h"

namespace rondo {

Index operator+(const Index& a, const Index& b);
Index operator*(const Index& a, const Dim& factor);  // of an index without panels
Index variable(int var);
inline Index constant_index(Dim value) { return {std::move(value), {}}; }
/// The coefficient of a variable; zero if it does not occur.
Dim coefficient(const Index& index, int var);
std::string to_string(const Index& index);

/// An element's place in a value: one index for each axis.
using Position = std::vector<Index>;

struct View {
  int buffer = 0;
  DType dtype = DType::f32;
  Shape shape;
  Index base;                // of element [0, 0, …]
  std::vector<Dim> strides;  // in elements, one for each axis
  friend bool operator==(const View&, const View&) = default;
};

/// The whole of a buffer in row-major order.
View row_major(int buffer, const Type& type);
/// The place of an element in the view's buffer.
Index place(const View& view, const Position& position);

View slice_view(const View& view, const std::vector<Dim>& starts, const std::vector<Dim>& sizes,
                const std::vector<int64_t>& steps);
View transpose_view(const View& view, const std::vector<int64_t>& perm);
View broadcast_view(const View& view, const Shape& shape);
/// The view at one index of an axis, which vanishes.
View select_view(const View& view, int axis, const Index& at);
/// The same elements in the same order under another shape, if strides can express it.
std::optional<View> reshape_view(const View& view, const Shape& shape);

/// Where an element of a broadcast operand lies, given the place in the result.
Position broadcast_position(const Position& position, const Shape& operand_shape);

}  // namespace rondo
