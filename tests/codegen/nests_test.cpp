// Kernels with several reduction nests, and reductions that begin with a value, under many schedules: against plain
// loops over numbers that sums keep exact.
#include <fmt/format.h>

#include "tests/codegen/support.h"

namespace rondo::test {
namespace {

enum class Use {
  chained,  // y = nest 1 from (nest 0 from b)
  kept,     // y = nest 1 + max(nest 0, 0): what nest 0 gave is needed after nest 1
  inner,    // y = sum over nest 1 of h r clamp(nest 0)
};

struct Shape {
  int m, n, k0, k1;
};

struct Case {
  Shape shape;
  Use use;
  int panel;      // of the weights; 0: row-major
  bool symbolic;  // M, and the extents of the nests as K0 - 1 and K1 - 1
  Schedule schedule;
};

struct Data {
  std::vector<float> x, h, w, r, b;
  explicit Data(Shape s)
      : x(small_floats(s.m * s.k0, 1)),
        h(small_floats(s.m * s.k1, 2)),
        w(small_floats(s.k0 * s.n, 3)),
        r(small_floats(s.k1 * s.n, 4)),
        b(small_floats(s.n, 5)) {}
};

struct Weights {
  int buffer;
  Index index;
};

/// w[k, j] of `count` rows, with `var` for k and 1 for j.
Weights add_weights(PlanBuilder& p, const std::vector<float>& w, int count, int n, int panel, int var) {
  if (panel == 0) return {p.constant(tensor_of(DType::f32, w)), at({{1, 1}, {var, n}})};
  const int panels = (n + panel - 1) / panel;
  std::vector<float> packed(size_t(panels) * count * panel, 0);
  for (int k = 0; k < count; ++k)
    for (int j = 0; j < n; ++j) packed[(size_t(j / panel) * count + k) * panel + j % panel] = w[size_t(k) * n + j];
  return {p.constant(tensor_of(DType::f32, packed)), with_panel(at({{var, panel}}), 1, panel, count * panel)};
}

// Outputs: y, and what nest 0 gave (unless it is chained).
Plan two_products(const Case& c, const Data& data) {
  const Shape s = c.shape;
  const Dim m = c.symbolic ? Dim::symbol("M") : Dim(s.m);
  const Dim k0 = c.symbolic ? Dim::symbol("K0") - Dim(1) : Dim(s.k0), k1 = c.symbolic ? Dim::symbol("K1") - Dim(1) : Dim(s.k1);
  PlanBuilder p;
  if (c.symbolic) p.plan.symbols = {"M", "K0", "K1"};
  const int x = p.input("x", {DType::f32, {m, k0}}), h = p.input("h", {DType::f32, {m, k1}});
  const int b = p.input("b", {DType::f32, {s.n}});
  const int y = p.output("y", {DType::f32, {m, s.n}}), z = p.output("z", {DType::f32, {m, s.n}});
  const Weights w = add_weights(p, data.w, s.k0, s.n, c.panel, 2), r = add_weights(p, data.r, s.k1, s.n, c.panel, 3);
  KernelBuilder k;
  k.kernel.parallel = {{0, m}, {1, s.n}};
  k.kernel.reductions = {{{2, k0}}, {{3, k1}}};
  auto product = [&](int left, const Weights& right) {
    return k.apply(Op::mul, DType::f32, {left, k.load(DType::f32, right.buffer, right.index)});
  };
  const int bias = k.load(DType::f32, b, at({{1, 1}}));
  const int first = k.reduce(DType::f32, product(k.load(DType::f32, x, at({{0, k0}, {2, 1}})), w));
  k.kernel.body[first].operands.push_back(bias);
  int step = k.load(DType::f32, h, at({{0, k1}, {3, 1}}));
  if (c.use == Use::inner) {
    const int low = k.apply(Op::maximum, DType::f32, {first, k.real(DType::f32, -1)});
    step = k.apply(Op::mul, DType::f32, {step, k.apply(Op::minimum, DType::f32, {low, k.real(DType::f32, 1)})});
  }
  int second = k.reduce(DType::f32, product(step, r));
  k.kernel.body[second].nest = 1;
  if (c.use == Use::chained) k.kernel.body[second].operands.push_back(first);
  if (c.use == Use::kept)
    second = k.apply(Op::add, DType::f32, {second, k.apply(Op::maximum, DType::f32, {first, k.real(DType::f32, 0)})});
  k.store(second, y, at({{0, s.n}, {1, 1}}));
  if (c.use != Use::chained) k.store(first, z, at({{0, s.n}, {1, 1}}));
  k.kernel.schedule = c.schedule;
  p.run(k.kernel);
  return p.plan;
}

void check(const Case& c, const TargetSpec& spec = {}) {
  const Shape s = c.shape;
  const Data data(s);
  const Compiled compiled(two_products(c, data), spec);
  std::vector<float> y(s.m * s.n + 1, -7), z(s.m * s.n + 1, -7);
  const std::vector<int64_t> dims = {s.m, s.k0 + 1, s.k1 + 1};
  const float nothing = 0;  // where the extent is zero there is still an address
  auto address = [&](const std::vector<float>& v) { return v.empty() ? &nothing : v.data(); };
  REQUIRE(compiled.call({address(data.x), address(data.h), data.b.data()}, {y.data(), z.data()}, dims) == RONDO_OK);
  bool same = true;
  for (int i = 0; i < s.m; ++i)
    for (int j = 0; j < s.n; ++j) {
      float first = data.b[j], second = 0;
      for (int k = 0; k < s.k0; ++k) first += data.x[i * s.k0 + k] * data.w[k * s.n + j];
      for (int k = 0; k < s.k1; ++k) second += data.h[i * s.k1 + k] * data.r[k * s.n + j];
      if (c.use == Use::inner) second *= std::min(std::max(first, -1.0f), 1.0f);
      if (c.use == Use::kept) second += std::max(first, 0.0f);
      if (c.use == Use::chained) second += first;
      same = same && y[i * s.n + j] == second;
      if (c.use != Use::chained) same = same && z[i * s.n + j] == first;
    }
  CHECK(same);
  CHECK(y.back() == -7);
  CHECK(z.back() == -7);
}

Schedule tile(int lanes, int vectors, int rows, int unroll) {
  return {.vector_axis = lanes > 1 ? 1 : -1,
          .lanes = lanes,
          .vectors = vectors,
          .row_axis = rows > 1 ? 0 : -1,
          .rows = rows,
          .unroll = unroll};
}

}  // namespace

TEST_CASE("two products in one kernel: chained, kept for later, inside the later one") {
  struct Tile {
    int lanes, vectors, rows, unroll, panel;
    bool flat;
  };
  for (Tile t : {Tile{1, 1, 1, 1, 0, false}, Tile{16, 1, 1, 2, 16, true}, Tile{8, 2, 3, 1, 16, false},
                 Tile{8, 2, 2, 4, 0, true}, Tile{4, 3, 2, 3, 4, false}, Tile{16, 2, 4, 2, 32, true}})
    for (Shape s : {Shape{1, 1, 1, 1}, Shape{3, 37, 5, 9}, Shape{4, 64, 8, 3}, Shape{5, 20, 0, 7}, Shape{2, 20, 6, 0},
                    Shape{2, 5, 0, 0}})
      for (Use use : {Use::chained, Use::kept, Use::inner}) {
        Case c{s, use, t.panel, false, tile(t.lanes, t.vectors, t.rows, t.unroll)};
        c.schedule.flat = t.flat;
        std::string what = fmt::format("{} x {}, {} and {}; use {}; {} x {} lanes, {} rows, unroll {}, panel {}{}", s.m,
                                       s.n, s.k0, s.k1, int(use), t.vectors, t.lanes, t.rows, t.unroll, t.panel,
                                       t.flat ? ", flat" : "");
        CAPTURE(what);
        check(c);
        if (t.lanes == 8) check(c, {"x86-64"});
      }
}

TEST_CASE("two products whose extents only the call knows") {
  for (Schedule schedule : {tile(1, 1, 1, 1), tile(8, 2, 3, 2), tile(16, 1, 1, 4)})
    for (Use use : {Use::chained, Use::kept, Use::inner})
      for (Shape s : {Shape{7, 37, 5, 9}, Shape{1, 16, 1, 2}, Shape{3, 20, 0, 7}, Shape{3, 20, 4, 0}})
        for (int panel : {0, 16}) {
          std::string what = fmt::format("{} x {}, {} and {}; use {}; {} lanes, panel {}", s.m, s.n, s.k0, s.k1,
                                         int(use), schedule.lanes, panel);
          CAPTURE(what);
          if (s.k0 * s.k1 > 0 || panel == 0) check({s, use, panel, true, schedule});
        }
}

TEST_CASE("straight-line nests give the bits of loops") {
  for (int unroll : {1, 2, 3})
    for (int k : {1, 4, 7}) {
      std::vector<std::vector<float>> results;
      for (bool flat : {false, true}) {
        Data data({2, 21, k, k + 2});
        for (auto* values : {&data.x, &data.h, &data.w, &data.r})
          for (float& v : *values) v = std::sin(v * 3);
        Case c{{2, 21, k, k + 2}, Use::chained, 0, false, tile(8, 2, 2, unroll)};
        c.schedule.flat = flat;
        const Compiled compiled(two_products(c, data));
        std::vector<float> y(42), z(42);
        REQUIRE(compiled.call({data.x.data(), data.h.data(), data.b.data()}, {y.data(), z.data()}) == RONDO_OK);
        results.push_back(y);
      }
      CHECK(std::memcmp(results[0].data(), results[1].data(), results[0].size() * 4) == 0);
    }
}

TEST_CASE("reductions that begin with a value: every combination, lanes along it and across it") {
  constexpr int m = 3;
  for (Combine combine : {Combine::sum, Combine::prod, Combine::max, Combine::min})
    for (int n : {0, 1, 5, 16, 40})
      for (auto [axis, lanes, unroll, flat] :
           {std::tuple{-1, 1, 1, false}, std::tuple{-1, 1, 3, true}, std::tuple{1, 8, 2, false},
            std::tuple{1, 4, 1, true}, std::tuple{0, 2, 2, false}}) {
        PlanBuilder p;
        int x = p.input("x", {DType::f32, {m, n}}), b = p.input("b", {DType::f32, {m}}),
            z = p.output("z", {DType::f32, {m}});
        KernelBuilder k;
        k.kernel.parallel = {{0, m}};
        k.kernel.reductions = {{{1, n}}};
        int begin = k.load(DType::f32, b, at({{0, 1}}));
        int reduced = k.reduce(DType::f32, k.load(DType::f32, x, at({{0, n}, {1, 1}})), combine);
        k.kernel.body[reduced].operands.push_back(begin);
        k.store(reduced, z, at({{0, 1}}));
        k.kernel.schedule = {.vector_axis = axis, .lanes = lanes, .unroll = unroll, .flat = flat};
        p.run(k.kernel);
        Compiled compiled(p.plan);
        std::vector<float> xs = small_floats(m * n, n + 1), bs = small_floats(m, 7), zs(m);
        if (combine == Combine::prod)
          for (float& v : xs) v = v < 0 ? -1 : v < 3 ? 1 : 2;
        const float nothing = 0;
        REQUIRE(compiled.call({xs.empty() ? &nothing : xs.data(), bs.data()}, {zs.data()}) == RONDO_OK);
        CAPTURE(n);
        CAPTURE(axis);
        for (int i = 0; i < m; ++i) {
          float want = bs[i];
          for (int j = 0; j < n; ++j) {
            const float v = xs[i * n + j];
            want = combine == Combine::sum    ? want + v
                   : combine == Combine::prod ? want * v
                   : combine == Combine::max  ? std::max(want, v)
                                              : std::min(want, v);
          }
          CHECK(zs[i] == want);
        }
      }
}

TEST_CASE("nests that cannot run in their order are refused") {
  auto refused = [](auto change) {
    const Shape s{2, 8, 3, 4};
    Plan plan = two_products({s, Use::chained, 0, false, {}}, Data(s));
    change(std::get<Kernel>(plan.steps[0].what));
    Target target = require(Target::find({}));
    return !generate(plan, target, Form::object);
  };
  CHECK_FALSE(refused([](Kernel&) {}));
  CHECK(refused([](Kernel& k) { k.schedule = {.vector_axis = 3, .lanes = 4}; }));
  // The first reduction would begin with the result of the second.
  CHECK(refused([](Kernel& k) { std::swap(k.reductions[0], k.reductions[1]); for (Instr& i : k.body) if (i.kind == Instr::Kind::reduce) i.nest = 1 - i.nest; }));
}

}  // namespace rondo::test
