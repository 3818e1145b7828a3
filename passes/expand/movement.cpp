// Parts put elsewhere: transposition, concatenation, splitting, selection by index. Tested by expand_shape_test.cpp.
#include <fmt/format.h>

#include "passes/expand/expand.h"

namespace rondo {

using Values = std::vector<Value*>;

Values expand_Transpose(Expansion& e) {
  Value* x = e.operand(0);
  const int rank = rank_of(x);
  std::vector<int64_t> reversed(rank);
  for (int i = 0; i < rank; ++i) reversed[i] = rank - 1 - i;
  return {e.b.transpose(x, e.integers("perm", reversed))};
}

Values expand_Concat(Expansion& e) {
  std::vector<Value*> parts = e.all_operands();
  if (parts.empty()) return {e.fail("needs at least one operand")};
  if (e.opset >= 4 && !e.has_attribute("axis")) return {e.fail("attribute 'axis' is missing")};
  const int axis = normalise_axis(e, e.integer("axis", 1), rank_of(parts[0]));
  return {e.b.concat(parts, axis)};
}

namespace {

/// Sizes of `count` parts of a dimension: equal ones, or by num_outputs, where the last may be smaller.
std::vector<Dim> equal_parts(Expansion& e, const Dim& size, int64_t count, bool last_may_be_smaller) {
  const Dim part = last_may_be_smaller ? ceil_div(size, count) : floor_div(size, count);
  const Dim last = size - part * Dim(count - 1);
  if (!last_may_be_smaller) e.require_equal(part * Dim(count), size, fmt::format("{} equal parts", count));
  if (last.upper_bound() < 0) e.fail(fmt::format("{} elements do not make {} parts", size.to_string(), count));
  std::vector<Dim> parts(count, part);
  parts.back() = last_may_be_smaller ? last : part;
  return parts;
}

std::vector<Dim> split_sizes(Expansion& e, const Dim& size) {
  const int64_t results = e.result_count();
  std::vector<Dim> parts;
  if (e.has_attribute("split")) {
    for (int64_t part : e.integers("split")) parts.push_back(part);
  } else if (e.has_operand(1)) {
    parts = e.known_elements(1, "the sizes of the parts");
  } else {
    const bool by_number = e.has_attribute("num_outputs");
    const int64_t count = e.integer("num_outputs", results);
    if (count != results)
      e.fail(fmt::format("attribute 'num_outputs' is {}, but the node has {} results", count, results));
    return e.ok() && count > 0 ? equal_parts(e, size, count, by_number) : parts;
  }
  if (e.ok() && static_cast<int64_t>(parts.size()) != results) {
    e.fail(fmt::format("{} sizes for {} results", parts.size(), results));
  }
  return parts;
}

}  // namespace

Values expand_Split(Expansion& e) {
  Value* x = e.operand(0);
  const int axis = normalise_axis(e, e.integer("axis", 0), rank_of(x));
  if (!e.ok()) return {x};
  const Dim size = shape_of(x)[axis];
  const std::vector<Dim> parts = split_sizes(e, size);
  Dim start = 0;
  for (const Dim& part : parts) start += part;
  e.require_equal(start, size, "sum of the parts");
  Values results;
  start = 0;
  for (int i = 0; e.ok() && i < e.result_count(); ++i) {
    results.push_back(e.wants_result(i) ? e.b.slice_axis(x, axis, start, parts[i]) : nullptr);
    start += parts[i];
  }
  return results;
}

namespace {

/// An index counted from the front.
Dim from_front(const Dim& index, const Dim& size) { return index.upper_bound() < 0 ? index + size : index; }

/// Selecting one place that is known to exist is a view, not a lookup.
Value* select_place(Expansion& e, Value* data, const Value* indices, int axis) {
  if (!indices->elements || indices->elements->size() != 1) return nullptr;
  const Dim size = shape_of(data)[axis];
  const Dim place = from_front(indices->elements->front(), size);
  if (!provably_le(0, place) || !provably_le(place + Dim(1), size)) return nullptr;
  Shape shape = shape_of(data);
  shape.erase(shape.begin() + axis);
  shape.insert(shape.begin() + axis, shape_of(indices).begin(), shape_of(indices).end());
  return e.b.reshape(e.b.slice_axis(data, axis, place, 1), shape);
}

/// Constant indices counted from the front, checked against the size where that is known.
Value* constant_indices(Expansion& e, const Tensor& indices, const Dim& size) {
  const auto n = size.constant();
  std::vector<int64_t> places = indices.ints();
  for (int64_t& place : places) {
    if (place < 0 && !n) return nullptr;
    if (n && (place < -*n || place >= *n))
      return e.fail(fmt::format("index {} is outside -{} .. {}", place, *n, *n - 1));
    if (place < 0) place += *n;
  }
  return e.b.constant(Tensor::from_ints(DType::i64, indices.shape(), places));
}

/// Index elements known as expressions, counted from the front where their sign is known.
Value* derived_indices(Expansion& e, const Value* indices, const Dim& size) {
  if (!indices->elements || rank_of(indices) > 1) return nullptr;
  std::vector<Dim> places;
  for (const Dim& element : *indices->elements) {
    if (element.upper_bound() >= 0 && element.lower_bound() < 0) return nullptr;
    places.push_back(from_front(element, size));
  }
  return rank_of(indices) == 0 ? e.b.dim(places[0]) : e.b.dims(places);
}

Value* runtime_indices(Expansion& e, Value* indices, const Dim& size) {
  Builder& b = e.b;
  if (kind(dtype_of(indices)) == DTypeKind::unsigned_int) return indices;
  Value* from_back = b.add(indices, b.dim(size, dtype_of(indices)));
  return b.select(b.less(indices, b.scalar(indices, 0)), from_back, indices);
}

}  // namespace

Values expand_Gather(Expansion& e) {
  Value *data = e.operand(0), *indices = e.operand(1);
  const int axis = normalise_axis(e, e.integer("axis", 0), rank_of(data));
  if (!e.ok()) return {data};
  const Dim size = shape_of(data)[axis];
  if (const Tensor* constant = constant_of(indices);
      constant && is_integer(constant->dtype()) && constant->count() > 0) {
    if (Value* places = constant_indices(e, *constant, size)) indices = places;
    if (!e.ok()) return {indices};
  }
  if (Value* view = select_place(e, data, indices, axis)) return {view};
  if (constant_of(indices) && size.constant()) return {e.b.gather(data, indices, axis)};
  Value* places = derived_indices(e, indices, size);
  return {e.b.gather(data, places ? places : runtime_indices(e, indices, size), axis)};
}

namespace {

/// Operand, rank 4, and block size of the two operators below; 0 after an error.
int64_t block_size(Expansion& e, const Value* x) {
  const int64_t size = e.integer("blocksize", 0);
  if (e.ok() && rank_of(x) != 4) e.fail("the operand must have rank 4: [batch, channels, height, width]");
  if (e.ok() && (size < 1 || size > (1 << 15))) e.fail("attribute 'blocksize' must be given and be at least 1");
  return e.ok() ? size : 0;
}

}  // namespace

// Blocks of channels become blocks of places: channels are [block, block, depth] (DCR) or [depth, block, block] (CRD).
Values expand_DepthToSpace(Expansion& e) {
  Builder& b = e.b;
  Value* x = e.operand(0);
  const Dim size = block_size(e, x);
  const std::string mode = e.opset >= 11 ? e.text("mode", "DCR") : "DCR";
  if (!e.ok()) return {x};
  if (mode != "DCR" && mode != "CRD") return {e.fail(fmt::format("attribute 'mode' is '{}', must be DCR or CRD", mode))};
  const Shape& s = shape_of(x);
  const Dim depth = floor_div(s[1], size * size);
  e.require_equal(depth * size * size, s[1], "channels in blocks");
  const bool depth_last = mode == "DCR";
  Value* split = depth_last ? b.reshape(x, {s[0], size, size, depth, s[2], s[3]})
                            : b.reshape(x, {s[0], depth, size, size, s[2], s[3]});
  const std::vector<int64_t> perm =
      depth_last ? std::vector<int64_t>{0, 3, 4, 1, 5, 2} : std::vector<int64_t>{0, 1, 4, 2, 5, 3};
  return {b.reshape(b.transpose(split, perm), {s[0], depth, s[2] * size, s[3] * size})};
}

// Blocks of places become channels [block, block, depth].
Values expand_SpaceToDepth(Expansion& e) {
  Builder& b = e.b;
  Value* x = e.operand(0);
  const Dim size = block_size(e, x);
  if (!e.ok()) return {x};
  const Shape& s = shape_of(x);
  const Dim height = floor_div(s[2], size), width = floor_div(s[3], size);
  e.require_equal(height * size, s[2], "height in blocks");
  e.require_equal(width * size, s[3], "width in blocks");
  Value* split = b.reshape(x, {s[0], s[1], height, size, width, size});
  return {b.reshape(b.transpose(split, {0, 3, 5, 1, 2, 4}), {s[0], s[1] * size * size, height, width})};
}

}  // namespace rondo
