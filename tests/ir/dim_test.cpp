// Dim: canonical form, bounds, text.
#include "ir/dim.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using rondo::Dim;

namespace {

const Dim T = Dim::symbol("T"), B = Dim::symbol("B");

}  // namespace

TEST_CASE("equal expressions have one form") {
  CHECK((T + 1) * 2 == 2 + T + T);
  CHECK(T * B == B * T);
  CHECK((T + B) * (T - B) == T * T - B * B);
  CHECK(T - T == Dim(0));
  CHECK_FALSE(T == B);
  CHECK_FALSE(T == T + 1);
}

TEST_CASE("division takes out what divides exactly") {
  CHECK(floor_div(6 * T + 3, Dim(3)) == 2 * T + 1);
  CHECK(floor_div(6 * T + 4, Dim(3)) == 2 * T + 1);
  CHECK(floor_div(6 * T - 1, Dim(3)) == 2 * T - 1);
  CHECK(floor_div(T * B * 4, B * 2) == 2 * T);
  CHECK(floor_div(T * B, B) == T);
  CHECK(floor_div((T + 1) * 3, T + 1) == Dim(3));
  CHECK(floor_div(T - 1, Dim(2)) + 1 == floor_div(T + 1, Dim(2)));
  CHECK(floor_div(Dim(-7), Dim(2)) == Dim(-4));
  CHECK(ceil_div(Dim(7), Dim(2)) == Dim(4));
}

TEST_CASE("min and max by proof") {
  CHECK(min(T, T + 1) == T);
  CHECK(max(T, Dim(1)) == T);
  CHECK(max(T - 1, Dim(0)) == T - 1);
  CHECK(min(T, Dim(0)) == Dim(0));
  CHECK(max(T - min(T, B), Dim(0)) == T - min(T, B));
  CHECK(min(T, B) == min(B, T));
  CHECK_FALSE(min(T, B) == T);
  CHECK(max(T - 2 * floor_div(T, Dim(2)), Dim(0)) == T - 2 * floor_div(T, Dim(2)));
}

TEST_CASE("bounds") {
  CHECK(T.lower_bound() == 1);
  CHECK((2 * T * B + 3).lower_bound() == 5);
  CHECK((Dim(5) - T).upper_bound() == 4);
  CHECK(min(T, Dim(7)).upper_bound() == 7);
  CHECK(floor_div(T, Dim(2)).lower_bound() == 0);
  CHECK((T - 1).lower_bound() == 0);
  CHECK((T - B).lower_bound() < 0);
}

TEST_CASE("evaluation agrees with plain arithmetic") {
  for (int64_t t = 1; t < 12; ++t) {
    for (int64_t b = 1; b < 5; ++b) {
      const Dim::Values values{{"T", t}, {"B", b}};
      CHECK(*floor_div(T - 3, Dim(2)).evaluate(values) == static_cast<int64_t>(std::floor((t - 3) / 2.0)));
      CHECK(*floor_div(5 * T + B, B + 1).evaluate(values) == (5 * t + b) / (b + 1));
      CHECK(*(min(T, B) * max(T, Dim(3)) - T).evaluate(values) == std::min(t, b) * std::max<int64_t>(t, 3) - t);
    }
  }
  auto missing = T.evaluate({});
  REQUIRE_FALSE(missing);
  CHECK(missing.errors()[0].message.find("'T'") != std::string::npos);
  CHECK_FALSE(floor_div(T, B - B).evaluate({{"T", 1}}));
}

TEST_CASE("text") {
  CHECK((2 * T + 1).to_string() == "2*T+1");
  CHECK((B * T - 3).to_string() == "B*T-3");
  CHECK(floor_div(T + 1, Dim(2)).to_string() == "floor(T+1, 2)");
  CHECK(Dim(-4).to_string() == "-4");
  for (const Dim& dim : {2 * T + 1, B * T - 3, floor_div(T, B) * 2, min(T, 3 * B) - max(T, B), Dim(0), -T})
    CHECK(*Dim::parse(dim.to_string()) == dim);
  for (const char* bad : {"", "T+", "min(T)", "3 4", "(T", "T*", "$", "2x"}) CHECK_FALSE(Dim::parse(bad));
  CHECK_FALSE(Dim::parse(std::string(100000, '(')));
  CHECK_FALSE(Dim::parse(std::string(100000, '-')));
}

TEST_CASE("absurd sizes saturate") {
  const Dim huge(int64_t{1} << 62);
  CHECK((huge * 4).is(std::numeric_limits<int64_t>::max()));
  CHECK((Dim(std::numeric_limits<int64_t>::min()) - 1).is(std::numeric_limits<int64_t>::min()));
}

TEST_CASE("deeply nested divisions stay cheap") {
  Dim deep = T;
  for (int i = 0; i < 200; ++i) deep = floor_div(max(deep - B, Dim(0)) + T, B + 1);
  CHECK(deep.lower_bound() >= 0);
  CHECK(deep.evaluate({{"T", 9}, {"B", 2}}));
}

TEST_CASE("substitution") {
  CHECK(floor_div(T, Dim(2)).substitute({{"T", Dim(9)}}) == Dim(4));
  CHECK((T * B).substitute({{"T", B + 1}}) == B * B + B);
}
