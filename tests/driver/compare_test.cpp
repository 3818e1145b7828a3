#include "driver/compare.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "tests/driver/fixtures.h"

using namespace rondo;
using rondo::test::f32;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinite = std::numeric_limits<double>::infinity();

bool agrees(double got, double want, Tolerance tolerance = {1e-5, 1e-4}) {
  return compare(f32({1}, {got}), f32({1}, {want}), tolerance).good();
}

}  // namespace

TEST_CASE("the tolerance is absolute plus relative") {
  CHECK(agrees(1, 1 + 1e-4));
  CHECK(!agrees(1, 1 + 2e-4));
  CHECK(agrees(0, 0.9e-5));
  CHECK(!agrees(0, 1.1e-5));
  CHECK(agrees(1000, 1000.09));
}

TEST_CASE("NaN matches NaN alone, an infinity itself alone") {
  CHECK(agrees(kNan, kNan));
  CHECK(!agrees(kNan, 0));
  CHECK(!agrees(0, kNan));
  CHECK(agrees(kInfinite, kInfinite));
  CHECK(!agrees(kInfinite, -kInfinite));
  CHECK(!agrees(1e30, kInfinite));
  CHECK(!agrees(kInfinite, 1e30));
}

TEST_CASE("integers are compared exactly, beyond what a double holds") {
  auto pair = [](int64_t a, int64_t b) {
    return compare(Tensor::from_ints(DType::i64, {1}, std::vector<int64_t>{a}),
                   Tensor::from_ints(DType::i64, {1}, std::vector<int64_t>{b}), default_tolerance(DType::i64));
  };
  CHECK(pair(9007199254740993, 9007199254740993).good());
  CHECK(!pair(9007199254740993, 9007199254740992).good());
}

TEST_CASE("shape and type must be the same") {
  CHECK(!compare(f32({2, 1}, {1, 2}), f32({1, 2}, {1, 2}), {}).good());
  CHECK(!compare(f32({2}, {1, 2}), Tensor::from_doubles(DType::f64, {2}, std::vector<double>{1, 2}), {}).good());
}

TEST_CASE("the largest errors are found with their places") {
  Comparison result = compare(f32({2, 2}, {1, 2, 3, 100.5}), f32({2, 2}, {1, 2.5, 3, 100}), {1, 1});
  CHECK(result.good());
  CHECK(result.largest_absolute == doctest::Approx(0.5));
  CHECK(result.absolute_at == 1);
  CHECK(result.largest_relative == doctest::Approx(0.2));
  CHECK(result.relative_at == 1);
  std::string text = describe(compare(f32({2, 2}, {1, 2, 3, 9}), f32({2, 2}, {1, 2, 3, 4}), {}),
                              f32({2, 2}, {1, 2, 3, 9}), f32({2, 2}, {1, 2, 3, 4}));
  CHECK(text.find("[1, 1]") != std::string::npos);
  CHECK(text.find("got 9, want 4") != std::string::npos);
}

TEST_CASE("default tolerances") {
  CHECK(default_tolerance(DType::f32).absolute == 1e-5);
  CHECK(default_tolerance(DType::f64).relative == 1e-10);
  CHECK(default_tolerance(DType::bf16).relative == 1e-2);
  CHECK(default_tolerance(DType::boolean).absolute == 0);
}
