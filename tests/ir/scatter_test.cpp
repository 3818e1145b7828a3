// scatter: order, joining, and what inference and evaluation refuse.
#include "tests/ir/evaluate.h"

using namespace rondo;
using namespace rondo::testing;

namespace {

Attributes combine(const char* word) { return {{"combine", std::string(word)}}; }

}  // namespace

TEST_CASE("scatter: later updates replace earlier ones") {
  CHECK_SAME(run(Op::scatter, {reals({1, 2, 3, 4}), ints({1, 3, 1}), reals({10, 20, 30})}, combine("none")),
             reals({1, 30, 3, 20}));
  CHECK_SAME(run(Op::scatter, {real_array({3, 2}, {1, 2, 3, 4, 5, 6}), ints({2}, DType::i32), real_array({1, 2}, {8, 9})},
                 combine("none")),
             real_array({3, 2}, {1, 2, 3, 4, 8, 9}));
  CHECK_SAME(run(Op::scatter, {int_array({2}, {0, 1}, DType::boolean), ints({0}), int_array({1}, {1}, DType::boolean)},
                 combine("none")),
             int_array({2}, {1, 1}, DType::boolean));
}

TEST_CASE("scatter: updates joined with what is there") {
  const Array data = ints({1, 2, 100}, DType::i8), at = ints({2, 2, 0}), updates = ints({100, 3, -5}, DType::i8);
  CHECK_SAME(run(Op::scatter, {data, at, updates}, combine("sum")), ints({-4, 2, -53}, DType::i8));   // 203 wraps
  CHECK_SAME(run(Op::scatter, {data, at, updates}, combine("prod")), ints({-5, 2, 48}, DType::i8));   // 30000 wraps
  CHECK_SAME(run(Op::scatter, {data, at, updates}, combine("max")), ints({1, 2, 100}, DType::i8));
  CHECK_SAME(run(Op::scatter, {data, at, updates}, combine("min")), ints({-5, 2, 3}, DType::i8));
  CHECK_SAME(run(Op::scatter, {reals({1, 2}), ints({0, 1}), reals({kNaN, 1})}, combine("max")), reals({kNaN, 2}));
}

TEST_CASE("scatter: what is refused") {
  const Array data = reals({1, 2, 3});
  auto error = [&](Array positions, Array updates, const char* word = "none") {
    return error_of(try_run(Op::scatter, {data, std::move(positions), std::move(updates)}, combine(word)));
  };
  CHECK(error(ints({3}), reals({1})).find("position 3 at 0 is outside [0, 3)") != std::string::npos);
  CHECK(error(ints({-1}), reals({1})).find("position -1") != std::string::npos);
  CHECK(error(ints({1}), reals({1, 2})).find("must be equal, not 2 and 1") != std::string::npos);
  CHECK(error(reals({1}), reals({1})).find("must be integers") != std::string::npos);
  CHECK(error(ints({1}), ints({1})).find("same type") != std::string::npos);
  CHECK(error(ints({1}), reals({1}), "mean").find("must be one of") != std::string::npos);
}
