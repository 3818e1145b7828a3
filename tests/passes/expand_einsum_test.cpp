// Einsum against NumPy's results, and equations that cannot be meant.
#include "tests/passes/expand_model.h"

namespace rondo::testing {
namespace {

void check_einsum(const std::string& equation, const std::vector<Tensor>& operands, const Tensor& want) {
  CAPTURE(equation);
  check_node(Op::Einsum, 12, {operands.begin(), operands.end()}, {{"equation", equation}}, want);
}

std::string error_of(const std::string& equation, const std::vector<Tensor>& operands) {
  return errors_of(Op::Einsum, 12, {operands.begin(), operands.end()}, {{"equation", equation}});
}

TEST_CASE("sums of products, with and without an arrow, ellipses and repeated letters") {
  check_einsum("ij->ji", {reals({2, 3}, {1, -4, -1, -1, 3, -1})}, reals({3, 2}, {1, -1, -4, 3, -1, -1}));
  check_einsum("ij->i", {reals({2, 3}, {1, -2, 0, 3, 2, 4})}, reals({2}, {-1, 9}));
  check_einsum("ij->", {reals({2, 3}, {4, -3, 2, 3, 3, 4})}, reals({}, {13}));
  check_einsum("i,i", {reals({3}, {-3, 1, 4}), reals({3}, {0, -1, -4})}, reals({}, {-17}));
  check_einsum("ij,jk", {reals({2, 3}, {-1, 1, -4, -2, -1, 4}), reals({3, 2}, {-3, -1, -1, -1, 3, -4})}, reals({2, 2}, {-10, 16, 19, -13}));
  check_einsum("bij,bjk->bik", {reals({2, 2, 3}, {-3, -4, 0, 3, -1, -2, 3, -2, -4, -4, 0, 1}), reals({2, 3, 2}, {1, 2, 4, 0, -3, 0, 4, -3, -3, 3, -1, 2})}, reals({2, 2, 2}, {-19, -6, 5, 6, 22, -23, -17, 14}));
  check_einsum("...ii->...i", {reals({2, 3, 3}, {3, -2, -4, -1, 1, 0, 0, 2, 0, 0, -1, 0, 0, 4, 0, -1, 3, 1})}, reals({2, 3}, {3, 1, 0, 0, 4, 1}));
  check_einsum("ii", {reals({3, 3}, {1, -4, -3, 1, -1, -4, 1, -4, -3})}, reals({}, {-3}));
  check_einsum("i,j->ij", {reals({2}, {-2, 0}), reals({3}, {-2, -4, -1})}, reals({2, 3}, {4, 8, 2, 0, 0, 0}));
  check_einsum("ij,kl->ijkl", {reals({1, 2}, {-2, -4}), reals({2, 1}, {3, 1})}, reals({1, 2, 2, 1}, {-6, -2, -12, -4}));
  check_einsum("...ij,...jk", {reals({2, 1, 2, 3}, {-4, -2, 3, -2, -2, -1, -1, -2, -1, 0, -3, -2}), reals({2, 3, 2}, {-3, 0, 2, 4, -2, -1, -4, -4, 2, -4, 2, -1})}, reals({2, 2, 2, 2}, {2, -11, 4, -7, 18, 21, 2, 17, 1, -7, -2, -10, -2, 13, -10, 14}));
  check_einsum("abc,cd,db->ad", {reals({2, 2, 3}, {-1, 4, 4, 4, -2, -1, -2, -4, 4, 4, -1, 4}), reals({3, 2}, {-2, 4, 0, -1, -4, 0}), reals({2, 2}, {-1, 2, 4, -4})}, reals({2, 2}, {6, -104, -36, -84}));
  check_einsum("ij,ij->ij", {reals({2, 2}, {4, 1, -4, 2}), reals({2, 2}, {1, -1, -3, 4})}, reals({2, 2}, {4, -1, 12, 8}));
  check_einsum("iij,jk->ik", {reals({2, 2, 3}, {-4, 0, 2, 1, 3, 4, 4, -2, 4, 2, 2, -3}), reals({3, 2}, {2, 4, 4, -1, -2, -1})}, reals({2, 2}, {-12, -18, 18, 9}));
  check_einsum("ba,ca->", {reals({2, 2}, {2, -1, 2, 1}), reals({3, 2}, {3, -4, 4, 0, 2, 1})}, reals({}, {36}));
  check_einsum("...a,...a->...", {reals({1, 2}, {4, -2}), reals({3, 2}, {-1, 3, 1, -1, 0, 1})}, reals({3}, {-10, 6, -2}));
  check_einsum(" b i j , b j k -> b i k ", {reals({1, 1, 2}, {1, 2}), reals({1, 2, 1}, {3, 4})}, reals({1, 1, 1}, {11}));
}

TEST_CASE("equations that do not fit") {
  const Tensor x = reals({2, 3}, {1, 2, 3, 4, 5, 6});
  CHECK(contains(error_of("ijk->i", {x}), "3 letters"));
  CHECK(contains(error_of("ij,jk->ik", {x}), "2 operands"));
  CHECK(contains(error_of("ij->ik", {x}), "'k'"));
  CHECK(contains(error_of("ij->ii", {x}), "'i'"));
  CHECK(contains(error_of("i1->i", {x}), "letters"));
  CHECK(contains(error_of("ii->i", {x}), "equal"));
  CHECK(contains(error_of("ij,ij->ij", {x, reals({3, 2}, {1, 2, 3, 4, 5, 6})}), "broadcast"));
}

TEST_CASE("symbolic sizes: a diagonal as a masked sum") {
  Model model(12);
  Value* x = model.input("x", DType::f32, {Dim::symbol("N"), Dim::symbol("N")});
  model.output(model.node(Op::Einsum, {x}, {{"equation", std::string("ii->i")}})[0]);
  const auto got = run(model, {reals({2, 2}, {1, 2, 3, 4})});
  REQUIRE(got.size() == 1);
  check_close(got[0], reals({2}, {1, 4}));
}

}  // namespace
}  // namespace rondo::testing
