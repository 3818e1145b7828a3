// Det: elimination with the largest pivot of each column, unrolled. Tested by expand_fourier_test.cpp.
#include <fmt/format.h>

#include "passes/expand/positions.h"

namespace rondo {
namespace {

constexpr int64_t kMaxOrder = 64;

/// Eliminates the first column of matrices [.., m, m]: the rest [.., m-1, m-1], and the pivot with its row's sign [..].
std::pair<Value*, Value*> eliminate(Builder& b, Value* a, int64_t m) {
  const int row = rank_of(a) - 2, column = rank_of(a) - 1;
  Value* first_column = b.slice_axis(a, column, 0, 1);
  Value* place = extreme_position(b, b.abs(first_column), row, true, false);
  Value* is_pivot = b.equal(positions_along(b, shape_of(first_column), row), place);
  Value* pivot_row = b.reduce(b.select(is_pivot, a, b.scalar(a, 0)), "sum", {row}, true);
  Value* pivot = b.slice_axis(pivot_row, column, 0, 1);
  Value* moved = b.less(b.scalar(DType::i64, 0), place);
  Value* factor = b.squeeze(b.select(moved, b.neg(pivot), pivot), {row, column});
  // The first row goes where the pivot's was.
  Value* swapped = b.select(is_pivot, b.slice_axis(a, row, 0, 1), a);
  Value* below = b.slice_axis(swapped, row, 1, m - 1);
  Value* divisor = b.select(b.equal(pivot, b.scalar(pivot, 0)), b.scalar(pivot, 1), pivot);
  Value* multiple = b.div(b.slice_axis(below, column, 0, 1), divisor);
  Value* rest = b.slice_axis(below, column, 1, m - 1);
  return {b.sub(rest, b.mul(multiple, b.slice_axis(pivot_row, column, 1, m - 1))), factor};
}

}  // namespace

std::vector<Value*> expand_Det(Expansion& e) {
  Builder& b = e.b;
  Value* x = e.operand(0);
  const int rank = rank_of(x);
  if (!e.ok()) return {x};
  if (rank < 2) return {e.fail("the operand must have at least 2 axes")};
  e.require_equal(shape_of(x)[rank - 2], shape_of(x)[rank - 1], "rows and columns");
  const auto order = b.graph().resolve(shape_of(x)[rank - 1]).constant();
  if (!order || *order > kMaxOrder)
    return {e.unsupported(fmt::format("matrices must have a constant size of at most {}", kMaxOrder))};
  const Shape batch(shape_of(x).begin(), shape_of(x).end() - 2);
  Value* determinant = b.broadcast(b.scalar(x, 1), batch);
  for (int64_t m = *order; m > 0 && e.ok(); --m) {
    if (m == 1) {
      determinant = b.mul(determinant, b.squeeze(x, {rank - 2, rank - 1}));
      break;
    }
    auto [rest, factor] = eliminate(b, x, m);
    determinant = b.mul(determinant, factor);
    x = rest;
  }
  return {determinant};
}

}  // namespace rondo
