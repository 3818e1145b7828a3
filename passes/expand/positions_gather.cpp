// Selection by positions: GatherElements, GatherND, ReverseSequence. Each is a gather of one axis whose positions are
// computed. Tested by expand_positions_test.cpp.
#include <fmt/format.h>

#include "passes/expand/positions.h"

namespace rondo {

using Values = std::vector<Value*>;

Value* from_front(Builder& b, Value* positions, const Dim& size) {
  const bool with_sign = kind(dtype_of(positions)) == DTypeKind::signed_int;
  positions = b.cast(positions, DType::i64);
  if (!with_sign) return positions;
  return b.select(b.less(positions, b.scalar(positions, 0)), b.add(positions, b.dim(size)), positions);
}

Value* or_nowhere(Builder& b, Value* positions, const Dim& size, Value* otherwise) {
  Value* inside = b.logical_and(b.less_equal(b.scalar(positions, 0), positions), b.less(positions, b.dim(size)));
  return b.select(inside, otherwise, b.scalar(DType::i64, -1));
}

Value* flat_positions(Builder& b, const Shape& data, Value* positions, int axis) {
  Value* place = positions;
  Dim stride = 1;
  std::vector<Dim> strides(data.size());
  for (size_t i = data.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= data[i];
  }
  if (!strides[axis].is(1)) place = b.mul(place, b.dim(strides[axis]));
  for (int i = 0; i < static_cast<int>(data.size()); ++i) {
    if (i == axis || shape_of(positions)[i].is(1)) continue;
    Value* along = positions_along(b, shape_of(positions), i);
    place = b.add(place, strides[i].is(1) ? along : b.mul(along, b.dim(strides[i])));
  }
  return or_nowhere(b, positions, data[axis], place);
}

Value* elements_at(Builder& b, Value* data, Value* positions, int axis) {
  const Shape shape = shape_of(data);
  return b.gather(b.reshape(data, {element_count(shape)}), flat_positions(b, shape, positions, axis), 0);
}

Values expand_GatherElements(Expansion& e) {
  Value *data = e.operand(0), *indices = e.operand(1);
  const int axis = normalise_axis(e, e.integer("axis", 0), rank_of(data));
  if (!e.ok()) return {data};
  if (rank_of(indices) != rank_of(data)) return {e.fail("data and indices must have as many axes")};
  return {elements_at(e.b, data, from_front(e.b, indices, shape_of(data)[axis]), axis)};
}

// The last axis of the indices holds tuples of positions along data's axes from `batch` on.
Value* tuple_positions(Expansion& e, const Shape& data, Value* indices, int batch) {
  Builder& b = e.b;
  const int rank = rank_of(indices);
  const auto width = b.graph().resolve(shape_of(indices)[rank - 1]).constant();
  if (!width) return e.unsupported("the size of the indices' last axis must be a constant; --dim fixes a dimension");
  if (*width < 1 || batch + *width > static_cast<int64_t>(data.size()))
    return e.fail(fmt::format("index tuples of {} positions into {} axes", *width, data.size() - batch));
  Value *place = nullptr, *nowhere = nullptr;
  auto join = [&](Value* position, const Dim& size) {
    place = place ? b.add(b.mul(place, b.dim(size)), position) : position;
  };
  Shape tuples(shape_of(indices).begin(), shape_of(indices).end() - 1);
  for (int i = 0; i < batch; ++i) join(positions_along(b, tuples, i), data[i]);
  for (int64_t i = 0; i < *width; ++i) {
    const Dim size = data[batch + i];
    Value* position = b.squeeze(b.slice_axis(indices, rank - 1, i, 1), {rank - 1});
    position = from_front(b, position, size);
    Value* outside = b.logical_or(b.less(position, b.scalar(position, 0)), b.less_equal(b.dim(size), position));
    nowhere = nowhere ? b.logical_or(nowhere, outside) : outside;
    join(position, size);
  }
  return b.select(nowhere, b.scalar(DType::i64, -1), place);
}

Values expand_GatherND(Expansion& e) {
  Builder& b = e.b;
  Value *data = e.operand(0), *indices = e.operand(1);
  const int64_t batch = e.integer("batch_dims", 0);
  if (!e.ok()) return {data};
  if (rank_of(indices) < 1) return {e.fail("the indices must have at least 1 axis")};
  if (batch < 0 || batch >= rank_of(indices) || batch >= rank_of(data))
    return {e.fail(fmt::format("attribute 'batch_dims' is {}", batch))};
  for (int64_t i = 0; i < batch; ++i)
    e.require_equal(shape_of(data)[i], shape_of(indices)[i], fmt::format("batch axis {}", i));
  Value* place = tuple_positions(e, shape_of(data), indices, static_cast<int>(batch));
  if (!e.ok()) return {data};
  const int64_t first_rest = batch + *b.graph().resolve(shape_of(indices).back()).constant();
  Shape shape{element_count({shape_of(data).begin(), shape_of(data).begin() + first_rest})};
  shape.insert(shape.end(), shape_of(data).begin() + first_rest, shape_of(data).end());
  return {b.gather(b.reshape(data, shape), place, 0)};
}

// Of each sequence the first `length` elements are reversed.
Values expand_ReverseSequence(Expansion& e) {
  Builder& b = e.b;
  Value *x = e.operand(0), *lengths = e.operand(1);
  const int rank = rank_of(x);
  const int time = normalise_axis(e, e.integer("time_axis", 0), rank);
  const int batch = normalise_axis(e, e.integer("batch_axis", 1), rank);
  if (!e.ok()) return {x};
  if (time == batch || time > 1 || batch > 1)
    return {e.fail(fmt::format("attributes 'time_axis' {} and 'batch_axis' {} must be 0 and 1 or 1 and 0", time, batch))};
  if (rank_of(lengths) != 1) return {e.fail("the lengths must have 1 axis")};
  e.require_equal(shape_of(lengths)[0], shape_of(x)[batch], "the lengths' number and the batch");
  if (!e.ok()) return {x};
  const Shape shape = shape_of(x);
  const Shape grid{shape[0], shape[1]};
  Value* step = positions_along(b, grid, time);
  Value* length = b.unsqueeze(b.cast(lengths, DType::i64), {time});
  Value* mirrored = b.sub(b.sub(length, b.scalar(DType::i64, 1)), step);
  Value* from = b.broadcast(b.select(b.less(step, length), mirrored, step), grid);
  Value* place = flat_positions(b, grid, from, time);
  Shape flat{shape[0] * shape[1]};
  flat.insert(flat.end(), shape.begin() + 2, shape.end());
  return {b.gather(b.reshape(x, flat), place, 0)};
}

}  // namespace rondo
