// Matrix products in every form of their operands.
#include "tests/passes/expand_model.h"

namespace rondo::testing {
namespace {

const Tensor kMatrix = reals({2, 3}, {1, 2, 3, 4, 5, 6});

TEST_CASE("MatMul: matrices, vectors, stacks") {
  check_node(Op::MatMul, 13, {kMatrix, reals({3, 1}, {1, 0, -1})}, {}, reals({2, 1}, {-2, -2}));
  check_node(Op::MatMul, 13, {kMatrix, reals({3}, {1, 0, -1})}, {}, reals({2}, {-2, -2}));
  check_node(Op::MatMul, 13, {reals({2}, {1, 2}), kMatrix}, {}, reals({3}, {9, 12, 15}));
  check_node(Op::MatMul, 1, {reals({2}, {1, 2}), reals({2}, {3, 4})}, {}, reals({}, {11}));
  check_node(Op::MatMul, 13, {reals({2, 1, 2}, {1, 2, 3, 4}), reals({2, 1}, {1, 1})}, {}, reals({2, 1, 1}, {3, 7}));
  check_node(Op::MatMul, 13, {reals({2}, {1, 1}), reals({2, 2, 1}, {1, 2, 3, 4})}, {}, reals({2, 1}, {3, 7}));
  check_node(Op::MatMul, 13, {whole({1, 2}, {1, 2}), whole({2, 1}, {3, 4})}, {}, whole({1, 1}, {11}));
  CHECK(!errors_of(Op::MatMul, 13, {kMatrix, kMatrix}).empty());
  CHECK(contains(errors_of(Op::MatMul, 13, {kMatrix, reals({}, {1})}), "scalar"));
}

TEST_CASE("Gemm: transposes, factors, an addend that broadcasts") {
  const Tensor column = reals({3, 1}, {1, 0, -1}), transposed = reals({3, 2}, {1, 4, 2, 5, 3, 6});
  check_node(Op::Gemm, 13, {kMatrix, column}, {}, reals({2, 1}, {-2, -2}));
  check_node(Op::Gemm, 13, {transposed, column}, {{"transA", int64_t{1}}}, reals({2, 1}, {-2, -2}));
  check_node(Op::Gemm, 13, {kMatrix, reals({1, 3}, {1, 0, -1})}, {{"transB", int64_t{1}}}, reals({2, 1}, {-2, -2}));
  check_node(Op::Gemm, 13, {kMatrix, column, reals({2, 1}, {1, 2})}, {{"alpha", 0.5}, {"beta", 2.0}},
             reals({2, 1}, {1, 3}));
  check_node(Op::Gemm, 13, {kMatrix, column, reals({}, {1})}, {}, reals({2, 1}, {-1, -1}));
  check_node(Op::Gemm, 6, {kMatrix, column, reals({1}, {1})}, {{"broadcast", int64_t{1}}}, reals({2, 1}, {-1, -1}));
  CHECK(contains(errors_of(Op::Gemm, 13, {kMatrix, reals({3}, {1, 2, 3})}), "matrices"));
}

}  // namespace
}  // namespace rondo::testing
