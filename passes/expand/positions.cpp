// Extremes and their places, masks by place, sorting. Tested by expand_positions_test.cpp.
#include "passes/expand/positions.h"

#include <fmt/format.h>

#include <limits>

namespace rondo {

using Values = std::vector<Value*>;

Value* positions_along(Builder& b, const Shape& shape, int axis, DType dtype) {
  Shape line(shape.size(), Dim(1));
  line[axis] = shape[axis];
  return b.iota(line, axis, dtype);
}

namespace {

DType index_type(const Dim& size) { return size.upper_bound() <= INT32_MAX ? DType::i32 : DType::i64; }

Value* not_a_number(Builder& b, Value* x) { return b.logical_not(b.equal(x, x)); }

/// The first or last position along the axis where the condition holds.
Value* place_of(Builder& b, Value* condition, int axis, bool last) {
  const Dim size = shape_of(condition)[axis];
  const DType dtype = index_type(size);
  Value* place = positions_along(b, shape_of(condition), axis, dtype);
  Value* nowhere = last ? b.scalar(dtype, -1) : b.dim(size, dtype);
  Value* found = b.reduce(b.select(condition, place, nowhere), last ? "max" : "min", {axis}, true);
  return b.cast(found, DType::i64);
}

}  // namespace

Value* extreme_position(Builder& b, Value* x, int axis, bool largest, bool last) {
  if (dtype_of(x) == DType::boolean) x = b.cast(x, DType::u8);
  Value* found = b.equal(x, b.reduce(x, largest ? "max" : "min", {axis}, true));
  if (is_float(dtype_of(x))) found = b.logical_or(found, not_a_number(b, x));
  return place_of(b, found, axis, last);
}

namespace {

Values expand_extreme_place(Expansion& e, bool largest) {
  Value* x = e.operand(0);
  const bool keep = e.integer("keepdims", 1) != 0, last = e.integer("select_last_index", 0) != 0;
  const int axis = normalise_axis(e, e.integer("axis", 0), rank_of(x));
  if (!e.ok()) return {x};
  Value* place = extreme_position(e.b, x, axis, largest, last);
  return {keep ? place : e.b.squeeze(place, {axis})};
}

}  // namespace

Values expand_ArgMax(Expansion& e) { return expand_extreme_place(e, true); }
Values expand_ArgMin(Expansion& e) { return expand_extreme_place(e, false); }

// 1 at the first largest along the axis; before opset 13 along all axes from `axis` (by default 1) on, as one.
Values expand_Hardmax(Expansion& e) {
  Builder& b = e.b;
  Value* x = e.operand(0);
  const int axis = normalise_axis(e, e.integer("axis", e.opset < 13 ? 1 : -1), rank_of(x));
  if (!e.ok()) return {x};
  const Shape shape = shape_of(x);
  Value* y = x;
  int along = axis;
  if (e.opset < 13) {
    y = b.reshape(x, {element_count({shape.begin(), shape.begin() + axis}),
                      element_count({shape.begin() + axis, shape.end()})});
    along = 1;
  }
  Value* place = extreme_position(b, y, along, true, false);
  Value* chosen = b.equal(positions_along(b, shape_of(y), along), place);
  return {b.reshape(b.cast(chosen, dtype_of(x)), shape)};
}

namespace {

/// OneHot takes its depth in any number type.
std::vector<Dim> known_depth(Expansion& e) {
  const Value* depth = e.operand(1);
  if (!e.ok() || is_integer(dtype_of(depth))) return e.known_elements(1, "the depth");
  const auto tensor = e.known_tensor(1);
  if (!tensor) e.unsupported("the depth (operand 1) must be known at compile time");
  std::vector<Dim> dims;
  for (int64_t i = 0; tensor && i < tensor->count(); ++i) {
    const double number = tensor->double_at(i);
    if (!(number >= 0 && number < 1e15)) e.fail(fmt::format("the depth is {}", number));
    dims.push_back(e.ok() ? static_cast<int64_t>(number) : 1);
  }
  return dims;
}

}  // namespace

Values expand_OneHot(Expansion& e) {
  Builder& b = e.b;
  Value *indices = e.operand(0), *values = e.operand(2);
  const std::vector<Dim> depth = known_depth(e);
  const int axis = normalise_axis(e, e.integer("axis", -1), rank_of(indices) + 1);
  if (!e.ok()) return {values};
  if (depth.size() != 1) return {e.fail("the depth must be one number")};
  if (rank_of(values) != 1) return {e.fail("the values must be [off, on]")};
  e.require_equal(shape_of(values)[0], 2, "the values off and on");
  if (!e.ok()) return {values};
  Value* hot = from_front(b, b.unsqueeze(b.cast(indices, DType::i64), {axis}), depth[0]);
  Shape shape = shape_of(hot);
  shape[axis] = depth[0];
  Value* chosen = b.equal(positions_along(b, shape, axis), hot);
  auto value = [&](int i) { return b.reshape(b.slice_axis(values, 0, i, 1), {}); };
  return {b.select(chosen, value(1), value(0))};
}

Values expand_EyeLike(Expansion& e) {
  Builder& b = e.b;
  Value* like = e.operand(0);
  const auto dtype = e.element_type("dtype", dtype_of(like));
  const int64_t diagonal = e.integer("k", 0);
  if (!e.ok()) return {like};
  if (!dtype) return {e.unsupported("attribute 'dtype' names a type that is not supported")};
  if (rank_of(like) != 2) return {e.fail("the operand must have 2 axes")};
  const Shape shape = shape_of(like);
  Value* row = b.add(positions_along(b, shape, 0), b.scalar(DType::i64, static_cast<double>(diagonal)));
  return {b.cast(b.equal(row, positions_along(b, shape, 1)), *dtype)};
}

// Element (i, j) of each matrix stays where j >= i + k (upper) or j <= i + k.
Values expand_Trilu(Expansion& e) {
  Builder& b = e.b;
  Value* x = e.operand(0);
  const bool upper = e.integer("upper", 1) != 0;
  Value* k = e.optional_operand(1);
  if (!e.ok()) return {x};
  const int rank = rank_of(x);
  if (rank < 2) return {e.fail("the operand must have at least 2 axes")};
  const Shape matrix(shape_of(x).end() - 2, shape_of(x).end());
  Value *row = positions_along(b, matrix, 0), *column = positions_along(b, matrix, 1);
  if (k) {
    e.require_equal(element_count(shape_of(k)), 1, "elements of the diagonal's number");
    row = b.add(row, b.reshape(b.cast(k, DType::i64), {}));
  }
  if (!e.ok()) return {x};
  return {b.select(upper ? b.less_equal(row, column) : b.less_equal(column, row), x, b.scalar(x, 0))};
}

namespace {

/// What compares like x, but for NaN, which comes last.
Value* sorting_key(Builder& b, Value* x, bool largest) {
  if (dtype_of(x) == DType::boolean) return b.cast(x, DType::u8);
  if (!is_float(dtype_of(x))) return x;
  const double infinity = std::numeric_limits<double>::infinity();
  return b.select(not_a_number(b, x), b.scalar(x, largest ? -infinity : infinity), x);
}

/// The greatest or the least value of a type.
Value* extreme_of(Builder& b, DType dtype, bool greatest) {
  if (is_float(dtype)) {
    const double infinity = std::numeric_limits<double>::infinity();
    return b.scalar(dtype, greatest ? infinity : -infinity);
  }
  const int bits = 8 * byte_size(dtype);
  const bool with_sign = kind(dtype) == DTypeKind::signed_int;
  const int64_t top = static_cast<int64_t>(~uint64_t{0} >> (with_sign ? 65 - bits : 64 - bits));
  return b.constant(Tensor::from_ints(dtype, {}, std::vector<int64_t>{greatest ? top : with_sign ? -top - 1 : 0}));
}

/// i64[k, others]: the places along axis 0 of the k first in order: each the first of those that come after the last.
Value* ordered_places(Builder& b, Value* key, const Dim& k, bool largest) {
  Shape others = shape_of(key);
  others[0] = 1;
  const DType dtype = dtype_of(key);
  const std::string combine = largest ? "max" : "min";
  Value* before_all = b.broadcast(extreme_of(b, dtype, largest), others);
  Value* nowhere = b.broadcast(b.scalar(DType::i64, -1), others);
  auto body = [&](Builder& inner, Builder::ScanBody& p) -> Values {
    Value *key = p.invariants[0], *last = p.carried[0], *last_place = p.carried[1];
    Value* place = positions_along(inner, shape_of(key), 0);
    Value* further = largest ? inner.less(key, last) : inner.less(last, key);
    Value* left = inner.logical_or(
        further, inner.logical_and(inner.equal(key, last), inner.less(last_place, place)));
    Value* among = inner.select(left, key, extreme_of(inner, dtype, !largest));
    Value* best = inner.reduce(among, combine, {0}, true);
    Value* best_place = place_of(inner, inner.logical_and(left, inner.equal(key, best)), 0, false);
    return {best, best_place, inner.squeeze(best_place, {0})};
  };
  return b.scan(k, {before_all, nowhere}, {}, {key}, false, 1, body)[2];
}

}  // namespace

namespace {

/// How many elements are wanted. What is not known at compile time is measured, up to the size.
Dim wanted_count(Expansion& e, const Dim& size) {
  Builder& b = e.b;
  if (e.opset < 10) return e.integer("k", 0);
  Value* count = e.operand(1);
  if (!e.ok()) return 0;
  if (!count->elements && !known_tensor(count)) {
    e.require_equal(element_count(shape_of(count)), 1, "the numbers that say how many elements are wanted");
    if (e.ok()) count = b.measure(b.reshape(b.cast(count, DType::i64), {}), 0, size);
    return e.ok() ? count->elements->front() : 0;
  }
  const auto elements = e.known_elements(1, "the number of elements wanted");
  if (e.ok() && elements.size() != 1) e.fail("the number of elements wanted must be one number");
  return e.ok() ? elements[0] : 0;
}

}  // namespace

Values expand_TopK(Expansion& e) {
  Builder& b = e.b;
  Value* x = e.operand(0);
  const int axis = normalise_axis(e, e.integer("axis", -1), rank_of(x));
  const bool largest = e.integer("largest", 1) != 0;
  e.integer("sorted", 1);  // any order may be given where it is 0
  if (!e.ok()) return {x, nullptr};
  const Dim size = shape_of(x)[axis];
  const Dim k = wanted_count(e, size);
  if (!e.ok()) return {x, nullptr};
  if (k.upper_bound() < 0 || provably_le(size + 1, k))
    return {e.fail(fmt::format("{} elements of {} are wanted", k.to_string(), size.to_string())), nullptr};
  if (!provably_le(k, size)) e.require_equal(min(k, size), k, "elements wanted, of those there are");

  std::vector<int64_t> to_front{axis}, back;
  for (int i = 0; i < rank_of(x); ++i)
    if (i != axis) to_front.push_back(i);
  for (int i = 1; i <= axis; ++i) back.push_back(i);
  back.push_back(0);
  for (int i = axis + 1; i < rank_of(x); ++i) back.push_back(i);
  Value* key = b.transpose(sorting_key(b, x, largest), to_front);
  Value* places = k.is(1) ? extreme_position(b, key, 0, largest, false) : ordered_places(b, key, k, largest);
  places = b.transpose(places, back);
  return {elements_at(b, x, places, axis), places};
}

}  // namespace rondo
