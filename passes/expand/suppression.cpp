// NonMaxSuppression. Tested by expand_suppression_test.cpp.
//
// In every class of every batch at once: a step takes the best box that is left, and drops it and all that overlap it too
// much. What was taken is listed by measure.
#include <limits>

#include "passes/expand/positions.h"

namespace rondo {
namespace {

using Values = std::vector<Value*>;

constexpr double kGone = -std::numeric_limits<double>::infinity();

/// Low and high ends along both axes, and the area.
struct Boxes {
  Value *low[2], *high[2], *area;
};

/// Boxes [batch, boxes, 4]: two opposite corners, or centre and extents. Each part is [batch, 1, boxes].
Boxes read_boxes(Builder& b, Value* boxes, bool by_centre) {
  auto part = [&](int64_t i) { return b.transpose(b.slice_axis(boxes, 2, i, 1), {0, 2, 1}); };
  Boxes result;
  for (int i = 0; i < 2; ++i) {
    Value *first = part(i), *second = part(i + 2);
    if (by_centre) {
      Value* half = b.mul(second, b.scalar(second, 0.5));
      result.low[i] = b.sub(first, half), result.high[i] = b.add(first, half);
    } else {
      result.low[i] = b.minimum(first, second), result.high[i] = b.maximum(first, second);
    }
  }
  result.area = b.mul(b.sub(result.high[0], result.low[0]), b.sub(result.high[1], result.low[1]));
  return result;
}

/// Whether the parts that two boxes share exceed the threshold of what they cover.
Value* overlap(Builder& b, const Boxes& one, const Boxes& all, Value* threshold) {
  Value* zero = b.scalar(all.area, 0);
  auto shared = [&](int i) {
    return b.maximum(b.sub(b.minimum(one.high[i], all.high[i]), b.maximum(one.low[i], all.low[i])), zero);
  };
  Value* common = b.mul(shared(0), shared(1));
  Value* covered = b.sub(b.add(one.area, all.area), common);
  Value* real = b.logical_and(b.less(zero, one.area), b.less(zero, all.area));
  return b.logical_and(b.logical_and(real, b.less(zero, common)), b.less(b.mul(threshold, covered), common));
}

/// One step: carried is what is left of the scores [batch, classes, boxes]. Gives the next, and the taken boxes' indices
/// and whether there was one, [batch, classes].
Values step(Builder& b, const Builder::ScanBody& p, const Shape& shape) {
  Value* left = p.carried[0];
  const Boxes all{{p.invariants[0], p.invariants[1]}, {p.invariants[2], p.invariants[3]}, p.invariants[4]};
  Value* best = b.reduce(left, "max", {2}, true);
  Value* gone = b.scalar(left, kGone);
  Value* taken = b.logical_and(b.less(gone, best), b.less(p.step, p.invariants[6]));
  Value* place = b.iota({1, 1, shape[2]}, 2);
  Value* index = b.reduce(b.select(b.equal(left, best), place, b.dim(shape[2])), "min", {2}, true);
  Value* is_taken = b.equal(place, index);
  auto of_taken = [&](Value* values) { return b.reduce(b.select(is_taken, values, b.scalar(values, 0)), "sum", {2}, true); };
  const Boxes one{{of_taken(all.low[0]), of_taken(all.low[1])}, {of_taken(all.high[0]), of_taken(all.high[1])}, of_taken(all.area)};
  Value* drop = b.logical_or(is_taken, overlap(b, one, all, p.invariants[5]));
  Value* counted = b.cast(taken, DType::i64);
  return {b.select(drop, gone, left), b.squeeze(index, {2}), b.squeeze(counted, {2})};
}

/// A scalar operand, or a constant if it is absent.
Value* number(Expansion& e, int i, DType dtype, double absent) {
  Value* operand = e.optional_operand(i);
  if (!operand) return e.b.scalar(dtype, absent);
  e.require_equal(element_count(shape_of(operand)), 1, "numbers of a limit");
  return e.ok() ? e.b.cast(e.b.reshape(operand, {}), dtype) : operand;
}

/// [taken, 3]: batch, class and box of each, in that order; within a class as they were taken.
Value* listed(Builder& b, Value* indices, Value* counted, const Shape& shape, const Dim& steps) {
  const Dim all = shape[0] * shape[1] * steps;
  auto flat = [&](Value* x) { return b.reshape(b.transpose(x, {1, 2, 0}), {all}); };
  Value* positions = positions_where(b, b.equal(flat(counted), b.scalar(DType::i64, 1)));
  if (!b.ok()) return positions;
  const Dim count = shape_of(positions)[0];
  Value* row = b.div(positions, b.dim(steps));
  Value *batch = b.div(row, b.dim(shape[1])), *which = b.remainder(row, b.dim(shape[1]));
  Value* box = b.gather(flat(indices), positions, 0);
  return b.concat({b.reshape(batch, {count, 1}), b.reshape(which, {count, 1}), b.reshape(box, {count, 1})}, 1);
}

}  // namespace

Values expand_NonMaxSuppression(Expansion& e) {
  Builder& b = e.b;
  Value *boxes = e.operand(0), *scores = e.operand(1);
  const int64_t by_centre = e.integer("center_point_box", 0);
  if (!e.ok()) return {boxes};
  if (by_centre != 0 && by_centre != 1) return {e.fail("attribute 'center_point_box' must be 0 or 1")};
  if (rank_of(boxes) != 3 || rank_of(scores) != 3)
    return {e.fail("boxes and scores must have rank 3: [batch, boxes, 4] and [batch, classes, boxes]")};
  e.require_equal(shape_of(boxes)[2], 4, "numbers of a box");
  e.require_equal(shape_of(boxes)[0], shape_of(scores)[0], "batch of the boxes");
  e.require_equal(shape_of(boxes)[1], shape_of(scores)[2], "number of boxes");
  const auto known_most = e.known_tensor(2);
  Value* most = number(e, 2, DType::i64, 0);
  Value* threshold = number(e, 3, dtype_of(boxes), 0);
  Value* least = number(e, 4, dtype_of(scores), kGone);
  if (!e.ok()) return {boxes};
  const Shape shape = shape_of(scores);
  Dim steps = shape[2];
  if (known_most || !e.has_operand(2)) steps = min(steps, std::max<int64_t>(known_most ? known_most->int_at(0) : 0, 0));
  if (steps.is(0)) return {b.zeros(DType::i64, {0, 3})};
  const Boxes all = read_boxes(b, boxes, by_centre == 1);
  Value* left = b.select(b.less(least, scores), scores, b.scalar(scores, kGone));
  const Values results = b.scan(steps, {left}, {}, {all.low[0], all.low[1], all.high[0], all.high[1], all.area, threshold, most},
                                false, 2, [&](Builder& inner, Builder::ScanBody& p) { return step(inner, p, shape); });
  if (!e.ok()) return {boxes};
  return {listed(b, results[1], results[2], shape, steps)};
}

}  // namespace rondo
