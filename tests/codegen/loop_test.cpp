// Loops: recurrences over scratch and state, loop variables in indices, loops in loops, trips that depend on
// dimensions.
#include <cmath>

#include "tests/codegen/support.h"

namespace rondo::test {
namespace {

constexpr int kHidden = 20;

// h[t] = x[T - 1 - t] + R h[t - 1] / 4; y[t] = h[t]. Two scratch halves take turns as old and new h.
Plan recurrence(const std::vector<float>& weights, bool symbolic, int lanes, bool flat = false) {
  Dim trip = symbolic ? Dim::symbol("T") : Dim(6);
  constexpr DType f32 = DType::f32;
  PlanBuilder p;
  if (symbolic) p.plan.symbols = {"T"};
  int x = p.input("x", {f32, {trip, kHidden}}), y = p.output("y", {f32, {trip, kHidden}});
  int h = p.state("h", {f32, {kHidden}}), fresh = p.scratch(f32, kHidden), w = p.constant(tensor_of(f32, weights));
  KernelBuilder step, keep;
  step.kernel.name = "step";
  step.kernel.parallel = {{1, kHidden}};
  step.kernel.reductions = {{{2, kHidden}}};
  int term = step.apply(Op::mul, f32, {step.load(f32, h, at({{2, 1}})), step.load(f32, w, at({{1, 1}, {2, kHidden}}))});
  int sum = step.apply(Op::mul, f32, {step.reduce(f32, term), step.real(f32, 0.25)});
  Index backwards = at({{0, -kHidden}, {1, 1}}, (trip - Dim(1)) * Dim(kHidden));
  int next = step.apply(Op::add, f32, {sum, step.load(f32, x, backwards)});
  step.store(next, fresh, at({{1, 1}}));
  step.store(next, y, at({{0, kHidden}, {1, 1}}));
  keep.kernel.name = "keep";
  keep.kernel.parallel = {{1, kHidden}};
  keep.store(keep.load(f32, fresh, at({{1, 1}})), h, at({{1, 1}}));
  if (lanes > 1) step.kernel.schedule = keep.kernel.schedule = {.vector_axis = 1, .lanes = lanes};
  step.kernel.schedule.flat = flat;
  Loop loop{.name = "time", .var = 0, .trip = trip};
  loop.steps = {{step.kernel}, {keep.kernel}};
  p.plan.steps.push_back({loop});
  return p.plan;
}

std::vector<float> expected(const std::vector<float>& x, const std::vector<float>& w, std::vector<float>& h, int trip) {
  std::vector<float> y(x.size());
  for (int t = 0; t < trip; ++t) {
    std::vector<float> next(kHidden);
    for (int j = 0; j < kHidden; ++j) {
      float sum = 0;
      for (int k = 0; k < kHidden; ++k) sum = std::fma(h[k], w[k * kHidden + j], sum);
      next[j] = sum * 0.25f + x[(trip - 1 - t) * kHidden + j];
      y[t * kHidden + j] = next[j];
    }
    h = next;
  }
  return y;
}

}  // namespace

TEST_CASE("a recurrence over a state, call after call") {
  std::vector<float> w(kHidden * kHidden);
  for (size_t i = 0; i < w.size(); ++i) w[i] = float(int(i * 7 % 5) - 2) / 2;
  for (bool symbolic : {false, true})
    for (auto [lanes, flat] : {std::pair(1, false), {16, false}, {1, true}, {16, true}}) {
      Compiled compiled(recurrence(w, symbolic, lanes, flat));
      Memory state(compiled.model->state_size(std::vector<int64_t>{6}.data()));
      REQUIRE(compiled.model->reset(state.get(), std::vector<int64_t>{6}.data()) == RONDO_OK);
      std::vector<float> h(kHidden);
      for (int round = 0; round < 2; ++round) {
        std::vector<float> x = small_floats(6 * kHidden, round), y(6 * kHidden);
        REQUIRE(compiled.call({x.data()}, {y.data()}, {6}, state.get()) == RONDO_OK);
        std::vector<float> want = expected(x, w, h, 6);
        for (size_t i = 0; i < y.size(); ++i) CHECK(y[i] == doctest::Approx(want[i]).epsilon(1e-6));
      }
    }
}

TEST_CASE("weights of straight-line code stay where they are, not on the stack") {
  const std::vector<float> w(kHidden * kHidden, 0.5F);
  const Target target = require(Target::find({"x86_64-unknown-linux-gnu", "x86-64-v3", ""}));
  const std::string assembly = require(generate(recurrence(w, false, 4, true), target, Form::assembly));
  CHECK(assembly.find("fmadd") != std::string::npos);
  CHECK(assembly.find("(%rsp") == std::string::npos);
}

TEST_CASE("loops in loops, and a trip of zero") {
  // z[a, b] = 10 * x[a] + b, two loops around a kernel over nothing but one element.
  Dim n = Dim::symbol("N");
  PlanBuilder p;
  p.plan.symbols = {"N"};
  int x = p.input("x", {DType::i64, {n}}), z = p.output("z", {DType::i64, {n, 3}});
  KernelBuilder k;
  k.kernel.name = "inner";
  int ten = k.apply(Op::mul, DType::i64, {k.load(DType::i64, x, at({{5, 1}})), k.integer(DType::i64, 10)});
  k.store(k.apply(Op::add, DType::i64, {ten, k.index(DType::i64, at({{6, 1}}))}), z, at({{5, 3}, {6, 1}}));
  Loop inner{.name = "columns", .var = 6, .trip = 3}, outer{.name = "rows", .var = 5, .trip = n - Dim(1)};
  inner.steps = {{k.kernel}};
  outer.steps = {{inner}};
  p.plan.steps.push_back({outer});
  Compiled compiled(p.plan);
  for (int count : {1, 2, 5}) {
    std::vector<int64_t> xs(count), zs(count * 3, -1);
    for (int i = 0; i < count; ++i) xs[i] = i * i + 1;
    REQUIRE(compiled.call({xs.data()}, {zs.data()}, {count}) == RONDO_OK);
    for (int i = 0; i < count; ++i)
      for (int j = 0; j < 3; ++j) CHECK(zs[i * 3 + j] == (i < count - 1 ? 10 * xs[i] + j : -1));
  }
}

TEST_CASE("a variable of no loop is an error, not a crash") {
  PlanBuilder p;
  int z = p.output("z", {DType::i64, {1}});
  KernelBuilder k;
  k.store(k.index(DType::i64, at({{3, 1}})), z, at({}));
  p.run(k.kernel);
  Target target = require(Target::find({}));
  auto result = generate(p.plan, target, Form::object);
  REQUIRE_FALSE(bool(result));
  CHECK(result.errors()[0].message.find("variable") != std::string::npos);
}

}  // namespace rondo::test
