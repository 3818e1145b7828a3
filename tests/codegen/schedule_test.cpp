// Reductions under every schedule: products with rows, vectors, unrolling and packed panels; reductions along lanes.
#include <fmt/format.h>

#include "tests/codegen/support.h"

namespace rondo::test {
namespace {

struct Shape3 {
  int m, n, k;
};

// z[i, j] = relu(b[j] + sum_k x[i, k] w[k, j]); w packed in panels of `panel` columns, or row-major (0).
Plan product(Shape3 s, const std::vector<float>& w, int panel, Schedule schedule, bool symbolic) {
  Dim m = symbolic ? Dim::symbol("M") : Dim(s.m), k_dim = symbolic ? Dim::symbol("K") : Dim(s.k);
  PlanBuilder p;
  if (symbolic) p.plan.symbols = {"M", "K"};
  int x = p.input("x", {DType::f32, {m, k_dim}}), b = p.input("b", {DType::f32, {s.n}}),
      z = p.output("z", {DType::f32, {m, s.n}});
  std::vector<float> packed = w;
  Index w_index = at({{1, 1}, {2, s.n}});
  if (panel > 0) {
    int panels = (s.n + panel - 1) / panel;
    packed.assign(size_t(panels) * s.k * panel, 0);
    for (int k = 0; k < s.k; ++k)
      for (int j = 0; j < s.n; ++j) packed[(size_t(j / panel) * s.k + k) * panel + j % panel] = w[size_t(k) * s.n + j];
    w_index = with_panel(at({{2, panel}}), 1, panel, s.k * panel);
  }
  int weights = p.constant(tensor_of(DType::f32, packed));
  KernelBuilder k;
  k.kernel.parallel = {{0, m}, {1, s.n}};
  k.kernel.reductions = {{{2, k_dim}}};
  int term = k.apply(Op::mul, DType::f32,
                     {k.load(DType::f32, x, at({{0, k_dim}, {2, 1}})), k.load(DType::f32, weights, w_index)});
  int biased = k.apply(Op::add, DType::f32, {k.reduce(DType::f32, term), k.load(DType::f32, b, at({{1, 1}}))});
  k.store(k.apply(Op::maximum, DType::f32, {biased, k.real(DType::f32, 0)}), z, at({{0, s.n}, {1, 1}}));
  k.kernel.schedule = schedule;
  p.run(k.kernel);
  return p.plan;
}

void check_product(Shape3 s, int panel, Schedule schedule, bool symbolic, const TargetSpec& spec) {
  std::vector<float> x = small_floats(s.m * s.k, 1), w = small_floats(s.k * s.n, 2), b = small_floats(s.n, 3);
  std::vector<float> z(s.m * s.n + 1, -7);
  Compiled compiled(product(s, w, panel, schedule, symbolic), spec);
  std::vector<int64_t> dims = symbolic ? std::vector<int64_t>{s.m, s.k} : std::vector<int64_t>{};
  REQUIRE(compiled.call({x.data(), b.data()}, {z.data()}, dims) == RONDO_OK);
  for (int i = 0; i < s.m; ++i)
    for (int j = 0; j < s.n; ++j) {
      float sum = 0;
      for (int k = 0; k < s.k; ++k) sum += x[i * s.k + k] * w[k * s.n + j];
      CHECK(z[i * s.n + j] == std::max(sum + b[j], 0.0f));
    }
  CHECK(z.back() == -7);
}

}  // namespace

TEST_CASE("products: rows, vectors, unrolling, panels, symbolic extents") {
  struct Case {
    int lanes, vectors, rows, unroll, panel;
  };
  for (Case c : {Case{1, 1, 1, 1, 0}, Case{16, 1, 1, 1, 0}, Case{16, 2, 3, 1, 16}, Case{16, 2, 4, 2, 32},
                 Case{8, 2, 2, 4, 16}, Case{8, 4, 1, 3, 8}, Case{4, 3, 2, 2, 4}, Case{16, 4, 6, 1, 64}})
    for (Shape3 s : {Shape3{1, 1, 1}, Shape3{7, 37, 5}, Shape3{12, 64, 8}, Shape3{5, 70, 9}})
      for (bool symbolic : {false, true})
        for (const char* target : {"", "x86-64"}) {
          std::string what = fmt::format("{} x {} lanes, {} rows, unroll {}, panel {}, {} columns, '{}'", c.vectors,
                                         c.lanes, c.rows, c.unroll, c.panel, s.n, target);
          CAPTURE(what);
          Schedule schedule{.vector_axis = c.lanes > 1 ? 1 : -1,
                            .lanes = c.lanes,
                            .vectors = c.vectors,
                            .row_axis = c.rows > 1 ? 0 : -1,
                            .rows = c.rows,
                            .unroll = c.unroll};
          check_product(s, c.panel, schedule, symbolic, {target});
        }
}

TEST_CASE("every number of symbolic rows is computed in whole blocks and ever smaller ones") {
  for (int rows : {2, 3, 5, 6, 7, 12}) {
    CAPTURE(rows);
    const Schedule schedule{.vector_axis = 1, .lanes = 16, .row_axis = 0, .rows = rows};
    for (int m = 1; m <= 2 * rows; ++m) check_product({m, 20, 3}, 16, schedule, true, {});
  }
}

TEST_CASE("a reduction along lanes: whole vectors, then the rest") {
  // z[i] = combine over j, k of x[i, j, k]
  for (Combine combine : {Combine::sum, Combine::prod, Combine::max, Combine::min})
    for (auto [lanes, vectors, unroll] :
         {std::tuple{1, 1, 1}, std::tuple{16, 1, 1}, std::tuple{8, 2, 2}, std::tuple{4, 1, 3}})
      for (int n : {1, 5, 16, 40, 67})
        for (bool outer : {false, true}) {  // lanes along the outer or the inner reduction axis
          constexpr int m = 3, inner = 2;
          PlanBuilder p;
          int x = p.input("x", {DType::f32, {m, inner, n}}), z = p.output("z", {DType::f32, {m}});
          KernelBuilder k;
          k.kernel.parallel = {{0, m}};
          k.kernel.reductions = {outer ? std::vector<Axis>{{2, n}, {1, inner}} : std::vector<Axis>{{1, inner}, {2, n}}};
          k.store(k.reduce(DType::f32, k.load(DType::f32, x, at({{0, inner * n}, {1, n}, {2, 1}})), combine), z,
                  at({{0, 1}}));
          if (lanes > 1)
            k.kernel.schedule = {
                .vector_axis = 2, .lanes = lanes, .vectors = vectors, .row_axis = 0, .rows = 2, .unroll = unroll};
          p.run(k.kernel);
          Compiled compiled(p.plan);
          std::vector<float> xs = small_floats(m * inner * n, n), zs(m);
          if (combine == Combine::prod)
            for (float& v : xs) v = v < 0 ? -1 : v < 3 ? 1 : 2;
          REQUIRE(compiled.call({xs.data()}, {zs.data()}) == RONDO_OK);
          for (int i = 0; i < m; ++i) {
            float want = combine == Combine::prod ? 1 : combine == Combine::sum ? 0 : xs[i * inner * n];
            for (int j = 0; j < inner * n; ++j) {
              float v = xs[i * inner * n + j];
              want = combine == Combine::sum    ? want + v
                     : combine == Combine::prod ? want * v
                     : combine == Combine::max  ? std::max(want, v)
                                                : std::min(want, v);
            }
            CHECK(zs[i] == want);
          }
        }
}

TEST_CASE("reductions of integers and booleans, and over nothing") {
  struct Case {
    DType dtype;
    Combine combine;
    std::vector<int64_t> values;
    int64_t want, empty;
  };
  for (const Case& c :
       {Case{DType::i32, Combine::sum, {3, -5, 7}, 5, 0}, Case{DType::i8, Combine::max, {-3, -5, -7}, -3, -128},
        Case{DType::u8, Combine::max, {3, 200, 7}, 200, 0}, Case{DType::u16, Combine::min, {3, 60000, 7}, 3, 65535},
        Case{DType::i64, Combine::min, {3, -5, 7}, -5, INT64_MAX}, Case{DType::i64, Combine::prod, {3, -5, 7}, -105, 1},
        Case{DType::boolean, Combine::max, {0, 1, 0}, 1, 0}, Case{DType::boolean, Combine::min, {1, 1, 0}, 0, 1}})
    for (bool empty : {false, true}) {
      PlanBuilder p;
      int x = p.constant(Tensor::from_ints(c.dtype, {3}, c.values)), z = p.output("z", {c.dtype, {1}});
      KernelBuilder k;
      k.kernel.reductions = {{{0, empty ? 0 : 3}}};
      k.store(k.reduce(c.dtype, k.load(c.dtype, x, at({{0, 1}})), c.combine), z, at({}));
      p.run(k.kernel);
      Compiled compiled(p.plan);
      std::string out(byte_size(c.dtype), '\0');
      REQUIRE(compiled.call({}, {out.data()}) == RONDO_OK);
      CHECK(Tensor(c.dtype, {1}, out).int_at(0) == (empty ? c.empty : c.want));
    }
}

TEST_CASE("several reductions in one nest share it; unchanging values are computed before it") {
  constexpr int n = 20, k_count = 6;
  PlanBuilder p;
  int x = p.input("x", {DType::f32, {k_count}}), c = p.input("c", {DType::f32, {n}});
  int z = p.output("z", {DType::f32, {n}}), y = p.output("y", {DType::f32, {n}});
  std::vector<float> w = small_floats(2 * k_count * n, 8);
  int weights = p.constant(tensor_of(DType::f32, w));
  KernelBuilder k;
  k.kernel.parallel = {{0, n}};
  k.kernel.reductions = {{{1, k_count}}};
  int scale = k.apply(Op::abs, DType::f32, {k.load(DType::f32, c, at({{0, 1}}))});
  int value = k.load(DType::f32, x, at({{1, 1}}));
  auto gate = [&](int offset) {
    int weight = k.apply(Op::mul, DType::f32, {k.load(DType::f32, weights, at({{0, 1}, {1, n}}, offset)), scale});
    return k.reduce(DType::f32, k.apply(Op::mul, DType::f32, {weight, value}));
  };
  int first = gate(0), second = gate(k_count * n);
  k.store(first, z, at({{0, 1}}));
  k.store(k.apply(Op::sub, DType::f32, {first, second}), y, at({{0, 1}}));
  k.kernel.schedule = {.vector_axis = 0, .lanes = 8, .vectors = 2, .unroll = 2};
  p.run(k.kernel);
  Compiled compiled(p.plan);
  std::vector<float> xs = small_floats(k_count, 9), cs = small_floats(n, 10), zs(n), ys(n);
  REQUIRE(compiled.call({xs.data(), cs.data()}, {zs.data(), ys.data()}) == RONDO_OK);
  for (int i = 0; i < n; ++i) {
    float sums[2] = {0, 0};
    for (int g = 0; g < 2; ++g)
      for (int j = 0; j < k_count; ++j) sums[g] += w[(g * k_count + j) * n + i] * std::abs(cs[i]) * xs[j];
    CHECK(zs[i] == sums[0]);
    CHECK(ys[i] == sums[0] - sums[1]);
  }
}

TEST_CASE("elements do not depend on the width they are computed with") {
  // Rounding differs with order and with fused multiply-add only, and neither depends on lanes.
  constexpr int m = 3, n = 29, k = 40;
  std::mt19937 random(4);
  auto noise = [&](size_t count) {
    std::vector<float> values(count);
    for (float& v : values) v = float(random()) / 4e9f - 0.5f;
    return values;
  };
  std::vector<float> x = noise(m * k), w = noise(k * n), b = noise(n), first;
  for (auto [lanes, vectors, rows] :
       {std::tuple{1, 1, 1}, std::tuple{16, 2, 1}, std::tuple{8, 1, 2}, std::tuple{4, 4, 3}})
    for (int panel : {0, 16}) {
      Schedule schedule{.vector_axis = lanes > 1 ? 1 : -1,
                        .lanes = lanes,
                        .vectors = vectors,
                        .row_axis = rows > 1 ? 0 : -1,
                        .rows = rows};
      Compiled compiled(product({m, n, k}, w, panel, schedule, false));
      std::vector<float> z(m * n);
      REQUIRE(compiled.call({x.data(), b.data()}, {z.data()}) == RONDO_OK);
      if (first.empty()) first = z;
      CHECK(std::memcmp(first.data(), z.data(), z.size() * 4) == 0);
    }
}

TEST_CASE("prefetching asks for lines and changes no result") {
  for (int panel : {16, 32})
    for (bool symbolic : {false, true}) {
      const Schedule schedule{.vector_axis = 1, .lanes = 16, .vectors = panel / 16, .row_axis = 0, .rows = 3, .prefetch = 2};
      CAPTURE(panel);
      check_product({11, 70, 9}, panel, schedule, symbolic, {});
      const Plan plan = product({11, 70, 9}, small_floats(9 * 70, 2), panel, schedule, symbolic);
      const std::string ir = require(generate(plan, require(Target::find({})), Form::llvm));
      CHECK(ir.find("call void @llvm.prefetch") != std::string::npos);
    }
}

TEST_CASE("schedules that make no sense are refused") {
  auto refused = [](Schedule schedule) {
    Plan plan = product({2, 4, 3}, small_floats(12, 1), 0, schedule, false);
    Target target = require(Target::find({}));
    return !generate(plan, target, Form::object);
  };
  CHECK(refused({.vector_axis = 7, .lanes = 4}));
  CHECK(refused({.lanes = 4}));
  CHECK(refused({.row_axis = 2, .rows = 2}));
  CHECK(refused({.vector_axis = 1, .lanes = 0}));
  CHECK(refused({.vector_axis = 1, .lanes = 4, .row_axis = 1, .rows = 2}));
  CHECK_FALSE(refused({.vector_axis = 1, .lanes = 4}));
}

}  // namespace rondo::test
