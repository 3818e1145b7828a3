// Compress, NonZero, Unique: how many elements there are in the result is found while it is computed (core measure).
// The chosen positions are written one after the other into an array with room for all, and what is used of it is cut
// out. Tested by expand_measured_test.cpp.
#include <fmt/format.h>

#include "passes/expand/positions.h"

namespace rondo {

using Values = std::vector<Value*>;

namespace {

/// Of each element of an i64[n], the sum of those before it; and the sum of all.
std::pair<Value*, Value*> sums_before(Builder& b, Value* numbers) {
  auto body = [](Builder& inner, Builder::ScanBody& p) -> Values {
    return {inner.add(p.carried[0], p.scanned[0]), p.carried[0]};
  };
  const Values results = b.scan(shape_of(numbers)[0], {b.scalar(DType::i64, 0)}, {numbers}, {}, false, 1, body);
  return {results[1], results[0]};
}

/// i64[count]: positions i with chosen[i], each at the place that `places` says.
Value* listed(Builder& b, Value* chosen, Value* places, Value* count) {
  const Dim n = shape_of(chosen)[0];
  Value* counted = b.measure(count, 0, n);
  if (!b.ok()) return counted;
  const Dim found = counted->elements->front();
  // What is not chosen is written behind the end.
  Value* to = b.select(chosen, places, b.dim(n));
  Value* all = b.scatter(b.zeros(DType::i64, {n + 1}), to, b.iota({n}, 0), "none");
  return b.slice_axis(all, 0, 0, found);
}

}  // namespace

Value* positions_where(Builder& b, Value* chosen) {
  if (const auto known = known_tensor(chosen)) {
    std::vector<int64_t> positions;
    for (int64_t i = 0; i < known->count(); ++i)
      if (known->int_at(i) != 0) positions.push_back(i);
    return b.constant(Tensor::vector_i64(positions));
  }
  const auto [before, count] = sums_before(b, b.cast(chosen, DType::i64));
  return listed(b, chosen, before, count);
}

// The condition may be shorter than the axis.
Values expand_Compress(Expansion& e) {
  Builder& b = e.b;
  Value *x = e.operand(0), *condition = e.operand(1);
  if (!e.ok()) return {x};
  if (rank_of(condition) != 1) return {e.fail("the condition must have 1 axis")};
  int axis = 0;
  if (e.has_attribute("axis"))
    axis = normalise_axis(e, e.integer("axis", 0), rank_of(x));
  else
    x = b.reshape(x, {element_count(shape_of(x))});
  if (!e.ok()) return {x};
  const Dim size = shape_of(x)[axis], given = shape_of(condition)[0];
  if (!provably_le(given, size)) e.require_equal(min(given, size), given, "the condition's size, of the axis's");
  if (!e.ok()) return {x};
  return {b.gather(x, positions_where(b, condition), axis)};
}

Values expand_NonZero(Expansion& e) {
  Builder& b = e.b;
  Value* x = e.operand(0);
  if (!e.ok()) return {x};
  const Shape shape = shape_of(x);
  Value* flat = b.reshape(x, {element_count(shape)});
  Value* chosen = dtype_of(x) == DType::boolean ? flat : b.logical_not(b.equal(flat, b.scalar(x, 0)));
  Value* positions = positions_where(b, chosen);
  if (!e.ok()) return {x};
  const Dim count = shape_of(positions)[0];
  if (shape.empty()) return {b.zeros(DType::i64, {0, count})};
  Values rows;
  for (size_t i = shape.size(); i-- > 0;) {
    Value* along = i == 0 ? positions : b.remainder(positions, b.dim(shape[i]));
    rows.insert(rows.begin(), b.reshape(along, {1, count}));
    if (i > 0) positions = b.div(positions, b.dim(shape[i]));
  }
  return {b.concat(rows, 0)};
}

namespace {

/// Which of rows [n, m] are equal, bool[n, n].
Value* equal_rows(Builder& b, Value* rows) {
  Value* same = b.equal(b.unsqueeze(rows, {1}), b.unsqueeze(rows, {0}));
  return b.cast(b.reduce(b.cast(same, DType::u8), "min", {2}), DType::boolean);
}

/// Whether row i comes before row j, [i, j], by the first element in which they differ.
Value* earlier_rows(Builder& b, Value* rows) {
  const Dim n = shape_of(rows)[0], m = shape_of(rows)[1];
  Value *left = b.unsqueeze(rows, {1}), *right = b.unsqueeze(rows, {0});
  Value* place = b.iota({1, 1, m}, 2);
  Value* differ = b.logical_not(b.equal(left, right));
  Value* first = b.reduce(b.select(differ, place, b.dim(m)), "min", {2}, true);
  Value* earlier = b.logical_and(b.equal(place, first), b.less(left, right));
  return b.cast(b.reduce(b.cast(earlier, DType::u8), "max", {2}), DType::boolean);
}

/// The sum of a bool[n, n] over its rows or columns.
Value* count_of(Builder& b, Value* condition, int64_t axis) {
  return b.reduce(b.cast(condition, DType::i64), "sum", {axis});
}

}  // namespace

// Equal slices are found by comparing each with each.
Values expand_Unique(Expansion& e) {
  Builder& b = e.b;
  Value* x = e.operand(0);
  const bool sorted = e.integer("sorted", 1) != 0, whole = !e.has_attribute("axis");
  const int axis = whole ? 0 : normalise_axis(e, e.integer("axis", 0), rank_of(x));
  if (!e.ok()) return {x, nullptr, nullptr, nullptr};
  if (whole) x = b.reshape(x, {element_count(shape_of(x))});
  std::vector<int64_t> to_front{axis};
  for (int i = 0; i < rank_of(x); ++i)
    if (i != axis) to_front.push_back(i);
  const Dim n = shape_of(x)[axis];
  Dim m = 1;
  for (int i = 0; i < rank_of(x); ++i)
    if (i != axis) m *= shape_of(x)[i];
  Value* rows = b.reshape(b.transpose(x, to_front), {n, m});
  if (dtype_of(rows) == DType::boolean) rows = b.cast(rows, DType::u8);

  Value* same = equal_rows(b, rows);
  Value* first = b.reduce(b.select(same, b.iota({1, n}, 1), b.dim(n)), "min", {1});
  Value* is_first = b.equal(first, b.iota({n}, 0));
  Value *places = nullptr, *count = nullptr;
  if (sorted) {
    places = count_of(b, b.logical_and(earlier_rows(b, rows), b.unsqueeze(is_first, {1})), 0);
    count = b.reduce(b.cast(is_first, DType::i64), "sum", {0});
  } else {
    std::tie(places, count) = sums_before(b, b.cast(is_first, DType::i64));
  }
  Value* positions = listed(b, is_first, places, count);
  if (!e.ok()) return {x, nullptr, nullptr, nullptr};
  Values results{b.gather(x, positions, axis), nullptr, nullptr, nullptr};
  if (e.wants_result(1)) results[1] = positions;
  if (e.wants_result(2)) results[2] = b.gather(places, first, 0);
  if (e.wants_result(3)) results[3] = b.gather(count_of(b, same, 1), positions, 0);
  return results;
}

}  // namespace rondo
