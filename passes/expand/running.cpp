// Running sums and products. Tested by expand_positions_test.cpp.
#include <fmt/format.h>

#include "passes/expand/expand.h"

namespace rondo {

using Values = std::vector<Value*>;

namespace {

using Join = Value* (Builder::*)(Value*, Value*);

// A scan along the axis that carries the total. exclusive=1: each element's total without itself.
Values expand_running(Expansion& e, Join join, double start) {
  Builder& b = e.b;
  Value* x = e.operand(0);
  const bool exclusive = e.integer("exclusive", 0) != 0, reverse = e.integer("reverse", 0) != 0;
  const std::vector<int64_t> axes = e.known_integers(1, "the axis");
  if (!e.ok()) return {x};
  if (axes.size() != 1) return {e.fail("the axis must be one number")};
  const int axis = normalise_axis(e, axes[0], rank_of(x));
  if (!e.ok()) return {x};
  std::vector<int64_t> to_front{axis}, back(rank_of(x));
  for (int i = 0; i < rank_of(x); ++i)
    if (i != axis) to_front.push_back(i);
  for (int i = 0; i < rank_of(x); ++i) back[to_front[i]] = i;
  Value* sequence = b.transpose(x, to_front);
  const Shape slice(shape_of(sequence).begin() + 1, shape_of(sequence).end());
  Value* total = b.broadcast(b.scalar(x, start), slice);
  auto body = [&](Builder& inner, Builder::ScanBody& p) -> Values {
    Value* next = (inner.*join)(p.carried[0], p.scanned[0]);
    return {next, exclusive ? p.carried[0] : next};
  };
  Value* running = b.scan(shape_of(sequence)[0], {total}, {sequence}, {}, reverse, 1, body)[1];
  return {b.transpose(running, back)};
}

}  // namespace

Values expand_CumSum(Expansion& e) { return expand_running(e, &Builder::add, 0); }
Values expand_CumProd(Expansion& e) { return expand_running(e, &Builder::mul, 1); }

}  // namespace rondo
