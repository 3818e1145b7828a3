// Positions along an axis, and elements selected by them: shared by the operators of extremes, sorting and scattering.
#pragma once

#include "passes/expand/expand.h"

namespace rondo {

/// The index along the axis of a shape, as an array that broadcasts against it: [1, .., n, .., 1].
Value* positions_along(Builder& b, const Shape& shape, int axis, DType dtype = DType::i64);
/// i64[shape without the axis, which stays as 1]: where the largest (or smallest) element is; the first or the last of
/// equal ones. NaN counts as an extreme.
Value* extreme_position(Builder& b, Value* x, int axis, bool largest, bool last);
/// data's elements at positions along an axis, counted from the front; all other axes are those of the positions.
/// A position that does not exist ends the call.
Value* elements_at(Builder& b, Value* data, Value* positions, int axis);
/// i64 positions counted from the front; `size` where they count from the back.
Value* from_front(Builder& b, Value* positions, const Dim& size);
/// `otherwise` where the positions lie in [0, size), else -1.
Value* or_nowhere(Builder& b, Value* positions, const Dim& size, Value* otherwise);

/// Where in data's elements in row-major order the positions along an axis lead, -1 where there is no such element;
/// the other axes' positions are those in the array of positions.
Value* flat_positions(Builder& b, const Shape& data, Value* positions, int axis);
/// The same for tuples of positions, the last axis of the indices, along data's axes from `batch` on; the axes before
/// them are those of the indices too. Counts data's slices along all these axes.
Value* tuple_positions(Expansion& e, const Shape& data, Value* indices, int batch);

/// Along other axes than `axis` there are no more positions than elements in data, or it is an error.
void require_within(Expansion& e, const Shape& positions, const Shape& data, int axis);
/// i64[count]: the positions where a bool[n] holds, ascending; how many there are is measured while it is computed.
Value* positions_where(Builder& b, Value* chosen);

}  // namespace rondo
