// Running sums and products. Tested by expand_positions_test.cpp.
#include "passes/expand/positions.h"

namespace rondo {

using Values = std::vector<Value*>;

namespace {

using Join = Value* (Builder::*)(Value*, Value*);

struct Running {
  Join join;
  double start;
  bool exclusive, reverse;  // exclusive: each element's total without itself
};

/// A scan along the axis that carries the total.
Value* running(Builder& b, Value* x, int axis, const Running& r) {
  std::vector<int64_t> to_front{axis}, back(rank_of(x));
  for (int i = 0; i < rank_of(x); ++i)
    if (i != axis) to_front.push_back(i);
  for (int i = 0; i < rank_of(x); ++i) back[to_front[i]] = i;
  Value* sequence = b.transpose(x, to_front);
  const Shape slice(shape_of(sequence).begin() + 1, shape_of(sequence).end());
  Value* total = b.broadcast(b.scalar(x, r.start), slice);
  auto body = [&](Builder& inner, Builder::ScanBody& p) -> Values {
    Value* next = (inner.*r.join)(p.carried[0], p.scanned[0]);
    return {next, r.exclusive ? p.carried[0] : next};
  };
  return b.transpose(b.scan(shape_of(sequence)[0], {total}, {sequence}, {}, r.reverse, 1, body)[1], back);
}

// An axis that only the run knows chooses among the totals along all of them.
Values expand_running(Expansion& e, Join join, double start) {
  Builder& b = e.b;
  Value *x = e.operand(0), *axis = e.operand(1);
  const Running r{join, start, e.integer("exclusive", 0) != 0, e.integer("reverse", 0) != 0};
  if (!e.ok()) return {x};
  const int rank = rank_of(x);
  if (axis->elements || known_tensor(axis)) {
    const std::vector<int64_t> axes = e.known_integers(1, "the axis");
    if (e.ok() && axes.size() != 1) e.fail("the axis must be one number");
    const int known = e.ok() ? normalise_axis(e, axes[0], rank) : 0;
    return {e.ok() ? running(b, x, known, r) : x};
  }
  e.require_equal(element_count(shape_of(axis)), 1, "the numbers that name the axis");
  if (rank < 1) e.fail("the operand must have an axis");
  Values along;
  for (int i = 0; e.ok() && i < rank; ++i) along.push_back(b.unsqueeze(running(b, x, i, r), {0}));
  if (!e.ok()) return {x};
  return {b.gather(b.concat(along, 0), from_front(b, b.reshape(axis, {}), rank), 0)};
}

}  // namespace

Values expand_CumSum(Expansion& e) { return expand_running(e, &Builder::add, 0); }
Values expand_CumProd(Expansion& e) { return expand_running(e, &Builder::mul, 1); }

}  // namespace rondo
