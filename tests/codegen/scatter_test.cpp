// Stores at places that values decide: along a loop, with joining, and lane by lane.
#include "tests/codegen/support.h"

namespace rondo::test {
namespace {

constexpr int kRows = 4, kWidth = 11;

// for t < 6: y[at[t], :] = u[t, :], or += with `join`; y begins as x.
Plan rows_plan(int lanes, bool join) {
  constexpr DType f32 = DType::f32;
  PlanBuilder p;
  int x = p.input("x", {f32, {kRows, kWidth}}), ids = p.input("at", {DType::i64, {6}});
  int u = p.input("u", {f32, {6, kWidth}}), y = p.output("y", {f32, {kRows, kWidth}});
  KernelBuilder copy, write;
  copy.kernel.name = "copy";
  copy.kernel.parallel = {{0, kRows * kWidth}};
  copy.store(copy.load(f32, x, at({{0, 1}})), y, at({{0, 1}}));
  write.kernel.name = "write";
  write.kernel.parallel = {{2, kWidth}};
  int row = write.bounded(DType::i64, write.load(DType::i64, ids, at({{1, 1}})), kRows);
  int value = write.load(f32, u, at({{1, kWidth}, {2, 1}}));
  if (join) value = write.apply(Op::add, f32, {write.load(f32, y, at({{2, 1}}), {{row, kWidth}}), value});
  write.kernel.stores = {{value, y, at({{2, 1}}), {{row, kWidth}}}};
  if (lanes > 1) write.kernel.schedule = {.vector_axis = 2, .lanes = lanes};
  Loop loop{.name = "each", .var = 1, .trip = 6};
  loop.steps = {{write.kernel}};
  p.plan.steps = {{copy.kernel}, {loop}};
  return p.plan;
}

}  // namespace

TEST_CASE("rows written at positions, in order") {
  const std::vector<float> x = small_floats(kRows * kWidth, 1), u = small_floats(6 * kWidth, 2);
  const std::vector<int64_t> places = {2, 0, 2, 3, 3, 3};
  for (bool join : {false, true}) {
    std::vector<float> want = x;
    for (int t = 0; t < 6; ++t)
      for (int j = 0; j < kWidth; ++j) {
        float& to = want[places[t] * kWidth + j];
        to = u[t * kWidth + j] + (join ? to : 0);
      }
    for (int lanes : {1, 4, 8}) {
      CAPTURE(lanes);
      Compiled compiled(rows_plan(lanes, join));
      std::vector<float> y(want.size());
      REQUIRE(compiled.call({x.data(), places.data(), u.data()}, {y.data()}) == RONDO_OK);
      CHECK(y == want);
      for (int64_t wrong : {int64_t{-1}, int64_t{kRows}, INT64_MIN, INT64_MAX}) {
        std::vector<int64_t> bad = places;
        bad[4] = wrong;
        CHECK(compiled.call({x.data(), bad.data(), u.data()}, {y.data()}) == RONDO_INDEX_OUT_OF_RANGE);
      }
    }
  }
}

TEST_CASE("each lane at a place of its own") {
  // y[p[i] * 2 + 1] = x[i] for a permutation p.
  constexpr int n = 13;
  std::vector<int32_t> places(n);
  std::vector<float> x(n);
  for (int i = 0; i < n; ++i) places[i] = i * 5 % n, x[i] = float(i) + 0.5f;
  for (int lanes : {1, 4, 8}) {
    CAPTURE(lanes);
    PlanBuilder p;
    int ids = p.input("p", {DType::i32, {n}}), from = p.input("x", {DType::f32, {n}});
    int y = p.output("y", {DType::f32, {2 * n}});
    KernelBuilder zero, k;
    zero.kernel.parallel = {{0, 2 * n}};
    zero.store(zero.real(DType::f32, 0), y, at({{0, 1}}));
    k.kernel.parallel = {{0, n}};
    int place = k.bounded(DType::i32, k.load(DType::i32, ids, at({{0, 1}})), n);
    k.kernel.stores = {{k.load(DType::f32, from, at({{0, 1}})), y, at({}, 1), {{place, 2}}}};
    if (lanes > 1) k.kernel.schedule = {.vector_axis = 0, .lanes = lanes};
    p.run(zero.kernel);
    p.run(k.kernel);
    Compiled compiled(p.plan);
    std::vector<float> got(2 * n), want(2 * n, 0);
    for (int i = 0; i < n; ++i) want[places[i] * 2 + 1] = x[i];
    REQUIRE(compiled.call({places.data(), x.data()}, {got.data()}) == RONDO_OK);
    CHECK(got == want);
  }
}

}  // namespace rondo::test
