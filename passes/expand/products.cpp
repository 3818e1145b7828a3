// Matrix products. Tested by expand_products_test.cpp.
#include <fmt/format.h>

#include "passes/expand/expand.h"

namespace rondo {

using Values = std::vector<Value*>;

// As numpy.matmul: a vector on the left is a row, on the right a column, and its unit axis vanishes from the result.
Values expand_MatMul(Expansion& e) {
  Builder& b = e.b;
  Value *left = e.operand(0), *right = e.operand(1);
  if (!e.ok()) return {left};
  if (rank_of(left) == 0 || rank_of(right) == 0)
    return {e.fail("an operand is a scalar; vectors or matrices are needed")};
  const bool row = rank_of(left) == 1, column = rank_of(right) == 1;
  if (row) left = b.unsqueeze(left, {0});
  if (column) right = b.unsqueeze(right, {1});
  Value* product = b.matmul(left, right);
  std::vector<int64_t> vanish;
  if (row) vanish.push_back(rank_of(product) - 2);
  if (column) vanish.push_back(rank_of(product) - 1);
  return {b.squeeze(product, vanish)};
}

// alpha * A' B' + beta * C, where C broadcasts to the product.
Values expand_Gemm(Expansion& e) {
  Builder& b = e.b;
  Value *left = e.operand(0), *right = e.operand(1), *addend = e.optional_operand(2);
  const double alpha = e.number("alpha", 1), beta = e.number("beta", 1);
  const bool transpose_left = e.integer("transA", 0) != 0, transpose_right = e.integer("transB", 0) != 0;
  if (e.opset < 7) e.integer("broadcast", 0);  // NumPy's rule covers what it allows
  if (!e.ok()) return {left};
  if (rank_of(left) != 2 || rank_of(right) != 2) return {e.fail("operands A and B must be matrices")};
  if (addend && rank_of(addend) > 2) return {e.fail("operand C must broadcast to a matrix")};
  if (transpose_left) left = b.transpose(left, {1, 0});
  if (transpose_right) right = b.transpose(right, {1, 0});
  Value* result = b.matmul(left, right);
  if (alpha != 1) result = b.mul(b.scalar(result, alpha), result);
  if (!addend || beta == 0) return {result};
  if (beta != 1) addend = b.mul(b.scalar(addend, beta), addend);
  return {b.add(result, addend)};
}

}  // namespace rondo
