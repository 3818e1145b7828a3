// Dimension expressions as instructions, against the same expressions in C++.
#include "tests/codegen/support.h"

namespace rondo::test {
namespace {

int64_t floor_of(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a % b < 0) != (b < 0)); }

}  // namespace

TEST_CASE("every kind of expression, for many values") {
  Dim t = Dim::symbol("T"), n = Dim::symbol("N");
  PlanBuilder p;
  p.plan.symbols = {"T", "N"};
  p.output("z",
           {DType::f32,
            {t * n + Dim(2) * t - Dim(3), floor_div(t - Dim(7), 4), floor_div(t - n, n), floor_div(n - t * t, 3 - 5),
             min(t, n), max(t, Dim(5)) * n, ceil_div(t, 8), floor_div(t, 8) * Dim(8), max(t - Dim(10), 0)}});
  Compiled compiled(p.plan);
  for (int64_t a : {1, 2, 3, 6, 7, 8, 9, 15, 16, 17, 100})
    for (int64_t b : {1, 2, 5, 64}) {
      std::vector<int64_t> dims = {a, b}, got(9);
      REQUIRE(compiled.model->shapes(dims.data(), nullptr, got.data()) == RONDO_OK);
      std::vector<int64_t> want = {a * b + 2 * a - 3,
                                   floor_of(a - 7, 4),
                                   floor_of(a - b, b),
                                   floor_of(b - a * a, -2),
                                   std::min(a, b),
                                   std::max<int64_t>(a, 5) * b,
                                   (a + 7) / 8,
                                   a / 8 * 8,
                                   std::max<int64_t>(a - 10, 0)};
      CHECK(got == want);
    }
}

TEST_CASE("a divisor that becomes zero does not trap") {
  Dim t = Dim::symbol("T");
  PlanBuilder p;
  p.plan.symbols = {"T"};
  p.output("z", {DType::f32, {floor_div(Dim(12), t - Dim(3))}});
  Compiled compiled(p.plan);
  for (int64_t a : {1, 2, 3, 4, 5}) {
    int64_t got = 0;
    REQUIRE(compiled.model->shapes(&a, nullptr, &got) == RONDO_OK);
    if (a != 3) CHECK(got == floor_of(12, a - 3));
  }
}

}  // namespace rondo::test
