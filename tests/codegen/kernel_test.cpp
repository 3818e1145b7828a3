// Kernels without a reduction: copies, tails, strides, broadcasts, gathers, every element type in memory.
#include <cmath>

#include "tests/codegen/support.h"

namespace rondo::test {
namespace {

Plan scaled_sum(int n, Schedule schedule) {  // z[i] = x[i] * y[0] + 1
  PlanBuilder p;
  int x = p.input("x", {DType::f32, {n}}), y = p.input("y", {DType::f32, {1}}), z = p.output("z", {DType::f32, {n}});
  KernelBuilder k;
  k.kernel.parallel = {{0, n}};
  int product = k.apply(Op::mul, DType::f32, {k.load(DType::f32, x, at({{0, 1}})), k.load(DType::f32, y, at({}))});
  k.store(k.apply(Op::add, DType::f32, {product, k.real(DType::f32, 1)}), z, at({{0, 1}}));
  k.kernel.schedule = schedule;
  p.run(k.kernel);
  return p.plan;
}

void check_scaled_sum(const Plan& plan, const TargetSpec& spec, int n) {
  Compiled compiled(plan, spec);
  std::vector<float> x = small_floats(n, n), y = {0.5f}, z(n + 1, -1);
  REQUIRE(compiled.call({x.data(), y.data()}, {z.data()}) == RONDO_OK);
  for (int i = 0; i < n; ++i) CHECK(z[i] == x[i] * 0.5f + 1);
  CHECK(z[n] == -1);
}

}  // namespace

TEST_CASE("every length has its tail right, masked and not") {
  for (int n : {1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 23, 31, 32, 33, 47, 48, 50, 63, 64, 65, 70})
    for (auto [lanes, vectors] : {std::pair{16, 1}, {16, 2}, {4, 3}}) {
      Schedule schedule{.vector_axis = 0, .lanes = lanes, .vectors = vectors};
      check_scaled_sum(scaled_sum(n, schedule), {}, n);
      check_scaled_sum(scaled_sum(n, schedule), {"x86-64"}, n);
    }
  check_scaled_sum(scaled_sum(37, {}), {}, 37);
}

TEST_CASE("a kernel over no elements, or fewer than none, runs no times") {
  Dim n = Dim::symbol("N");
  PlanBuilder p;
  p.plan.symbols = {"N"};
  int x = p.input("x", {DType::f32, {n}}), z = p.output("z", {DType::f32, {n}});
  for (Dim extent : {Dim(0), n - Dim(3)})
    for (auto [lanes, vectors] : {std::pair{1, 1}, {8, 1}, {8, 2}}) {
      KernelBuilder k;
      k.kernel.parallel = {{0, extent}};
      k.store(k.load(DType::f32, x, at({{0, 1}})), z, at({{0, 1}}));
      if (lanes > 1) k.kernel.schedule = {.vector_axis = 0, .lanes = lanes, .vectors = vectors};
      p.run(k.kernel);
    }
  Compiled compiled(p.plan);
  float in[4] = {1, 1, 1, 1}, out[4] = {2, 2, 2, 2};
  for (int64_t count : {1, 2, 3}) CHECK(compiled.call({in}, {out}, {count}) == RONDO_OK);
  CHECK(out[0] == 2);
  CHECK(compiled.call({in}, {out}, {4}) == RONDO_OK);
  CHECK((out[0] == 1 && out[1] == 2));
}

TEST_CASE("strides, reversal and rows") {
  // z[i, j] = x[j, i] + y[n - 1 - j]
  constexpr int m = 11, n = 21;
  for (int lanes : {1, 4, 8, 16})
    for (int rows : {1, 3}) {
      PlanBuilder p;
      int x = p.input("x", {DType::f32, {n, m}}), y = p.input("y", {DType::f32, {n}}),
          z = p.output("z", {DType::f32, {m, n}});
      KernelBuilder k;
      k.kernel.parallel = {{0, m}, {1, n}};
      int sum = k.apply(Op::add, DType::f32,
                        {k.load(DType::f32, x, at({{0, 1}, {1, m}})), k.load(DType::f32, y, at({{1, -1}}, n - 1))});
      k.store(sum, z, at({{0, n}, {1, 1}}));
      k.kernel.schedule = {.vector_axis = 1, .lanes = lanes, .vectors = 1, .row_axis = rows > 1 ? 0 : -1, .rows = rows};
      p.run(k.kernel);
      Compiled compiled(p.plan);
      std::vector<float> xs = small_floats(m * n, 1), ys = small_floats(n, 2), zs(m * n);
      REQUIRE(compiled.call({xs.data(), ys.data()}, {zs.data()}) == RONDO_OK);
      for (int i = 0; i < m; ++i)
        for (int j = 0; j < n; ++j) CHECK(zs[i * n + j] == xs[j * m + i] + ys[n - 1 - j]);
    }
}

TEST_CASE("after a reduction, a product is added to its sum with one rounding") {
  PlanBuilder p;
  const int x = p.input("x", {DType::f32, {2, 8}}), a = p.input("a", {DType::f32, {8}}), z = p.output("z", {DType::f32, {8}});
  KernelBuilder k;
  k.kernel.parallel = {{0, 8}};
  k.kernel.reductions = {{{1, 2}}};
  const int sum = k.reduce(DType::f32, k.load(DType::f32, x, at({{0, 1}, {1, 8}})));
  const int factor = k.load(DType::f32, a, at({{0, 1}}));
  k.store(k.apply(Op::add, DType::f32, {sum, k.apply(Op::mul, DType::f32, {factor, factor})}), z, at({{0, 1}}));
  k.kernel.schedule = {.vector_axis = 0, .lanes = 8};
  p.run(k.kernel);
  const Compiled compiled(p.plan);
  std::vector<float> xs(16, 0), as(8), zs(8);
  for (int i = 0; i < 8; ++i) as[i] = 1 + std::ldexp(1.0F, -12 - i % 2), xs[i] = -as[i] * as[i];
  REQUIRE(compiled.call({xs.data(), as.data()}, {zs.data()}) == RONDO_OK);
  for (int i = 0; i < 8; ++i) CHECK(zs[i] == std::fma(as[i], as[i], xs[i]));
  CHECK(zs[0] != 0);
}

TEST_CASE("stores along reversed and strided lanes") {
  constexpr int n = 21;
  for (int lanes : {1, 4, 16}) {
    PlanBuilder p;
    int x = p.input("x", {DType::i32, {n}}), back = p.output("back", {DType::i32, {n}}),
        wide = p.output("wide", {DType::i32, {3 * n}});
    KernelBuilder k;
    k.kernel.parallel = {{0, n}};
    int value = k.load(DType::i32, x, at({{0, 1}}));
    k.store(value, back, at({{0, -1}}, n - 1));
    k.store(value, wide, at({{0, 3}}, 1));
    k.kernel.schedule = {.vector_axis = 0, .lanes = lanes};
    p.run(k.kernel);
    Compiled compiled(p.plan);
    std::vector<int32_t> xs(n), backs(n), wides(3 * n, -1);
    for (int i = 0; i < n; ++i) xs[i] = 1000 + i;
    REQUIRE(compiled.call({xs.data()}, {backs.data(), wides.data()}) == RONDO_OK);
    for (int i = 0; i < n; ++i) {
      CHECK(backs[n - 1 - i] == 1000 + i);
      CHECK(wides[3 * i + 1] == 1000 + i);
      CHECK(wides[3 * i] == -1);
      CHECK(wides[3 * i + 2] == -1);
    }
  }
}

TEST_CASE("symbolic extents: one compiled kernel, every length") {
  Dim n = Dim::symbol("N"), m = Dim::symbol("M");
  PlanBuilder p;
  p.plan.symbols = {"M", "N"};
  int x = p.input("x", {DType::f32, {m, n}}), z = p.output("z", {DType::f32, {m, n}});
  KernelBuilder k;
  k.kernel.parallel = {{0, m}, {1, n}};
  Index index = at({{0, n}, {1, 1}});
  k.store(k.apply(Op::neg, DType::f32, {k.load(DType::f32, x, index)}), z, index);
  k.kernel.schedule = {.vector_axis = 1, .lanes = 16, .vectors = 2, .row_axis = 0, .rows = 2};
  p.run(k.kernel);
  Compiled compiled(p.plan);
  for (int rows : {1, 2, 5})
    for (int columns : {1, 3, 15, 16, 17, 31, 32, 33, 50, 64, 70}) {
      std::vector<float> xs = small_floats(rows * columns, columns), zs(rows * columns + 1, 99);
      REQUIRE(compiled.call({xs.data()}, {zs.data()}, {rows, columns}) == RONDO_OK);
      for (int i = 0; i < rows * columns; ++i) CHECK(zs[i] == -xs[i]);
      CHECK(zs[rows * columns] == 99);
    }
}

TEST_CASE("every element type survives a copy") {
  constexpr int n = 37;
  for (int code = 0; code <= int(DType::boolean); ++code)
    for (int lanes : {1, 8, 16}) {
      DType dtype = DType(code);
      PlanBuilder p;
      int x = p.input("x", {dtype, {n}}), z = p.output("z", {dtype, {n}});
      KernelBuilder k;
      k.kernel.parallel = {{0, n}};
      k.store(k.load(dtype, x, at({{0, 1}})), z, at({{0, 1}}));
      if (lanes > 1) k.kernel.schedule = {.vector_axis = 0, .lanes = lanes};
      p.run(k.kernel);
      Compiled compiled(p.plan);
      std::string in(size_t(n) * byte_size(dtype), '\0'), out = in;
      for (size_t i = 0; i < in.size(); ++i) in[i] = dtype == DType::boolean ? char(i % 2) : char((i * 37 + 5) % 100);
      REQUIRE(compiled.call({in.data()}, {out.data()}) == RONDO_OK);
      CHECK(out == in);
    }
}

TEST_CASE("gather: indices from data, those outside fail the call and touch nothing") {
  constexpr int rows = 5, width = 19, count = 3;
  for (int lanes : {1, 16})
    for (bool along_lanes : {false, true}) {
      PlanBuilder p;
      int table = p.input("table", {DType::f32, {rows, width}}), ids = p.input("ids", {DType::i64, {count}});
      int z = p.output("z", {DType::f32, {count, width}});
      KernelBuilder k;
      k.kernel.parallel = {{0, count}, {1, width}};
      int id = k.bounded(DType::i64, k.load(DType::i64, ids, at({{0, 1}})), rows);
      k.store(k.load(DType::f32, table, at({{1, 1}}), {{id, width}}), z, at({{0, width}, {1, 1}}));
      if (lanes > 1) k.kernel.schedule = {.vector_axis = along_lanes ? 0 : 1, .lanes = lanes};
      p.run(k.kernel);
      Compiled compiled(p.plan);
      std::vector<float> ts = small_floats(rows * width, 3), zs(count * width);
      std::vector<int64_t> good = {4, 0, 2};
      REQUIRE(compiled.call({ts.data(), good.data()}, {zs.data()}) == RONDO_OK);
      for (int i = 0; i < count; ++i)
        for (int j = 0; j < width; ++j) CHECK(zs[i * width + j] == ts[good[i] * width + j]);
      for (int64_t wrong : {int64_t(5), int64_t(-1), INT64_MAX, INT64_MIN, int64_t(1) << 32}) {
        std::vector<int64_t> bad = {4, wrong, 2};
        CHECK(compiled.call({ts.data(), bad.data()}, {zs.data()}) == RONDO_INDEX_OUT_OF_RANGE);
      }
      CHECK(compiled.call({ts.data(), good.data()}, {zs.data()}) == RONDO_OK);
    }
}

TEST_CASE("index values, with and without panels") {
  constexpr int n = 21;
  for (int lanes : {1, 4, 16})
    for (DType dtype : {DType::i64, DType::i32, DType::u8}) {
      PlanBuilder p;
      int z = p.output("z", {dtype, {n}}), w = p.output("w", {dtype, {n}});
      KernelBuilder k;
      k.kernel.parallel = {{0, n}};
      k.store(k.index(dtype, at({{0, 3}}, 2)), z, at({{0, 1}}));
      k.store(k.index(dtype, with_panel(at({}), 0, 6, 7, 2)), w, at({{0, 1}}));
      if (lanes > 1) k.kernel.schedule = {.vector_axis = 0, .lanes = lanes};
      p.run(k.kernel);
      Compiled compiled(p.plan);
      std::string zs(n * byte_size(dtype), '\0'), ws = zs;
      REQUIRE(compiled.call({}, {zs.data(), ws.data()}) == RONDO_OK);
      Tensor z_values(dtype, {n}, zs), w_values(dtype, {n}, ws);
      for (int i = 0; i < n; ++i) {
        CHECK(z_values.int_at(i) == 2 + 3 * i);
        CHECK(w_values.int_at(i) == i / 6 * 7 + i % 6 * 2);
      }
    }
}

TEST_CASE("a kernel may write where it reads") {
  constexpr int n = 40;
  PlanBuilder p;
  int x = p.input("x", {DType::f32, {n}}), z = p.output("z", {DType::f32, {n}}), y = p.output("y", {DType::f32, {n}});
  KernelBuilder k;
  k.kernel.parallel = {{0, n}};
  int a = k.load(DType::f32, x, at({{0, 1}}));
  k.store(k.real(DType::f32, 0), z, at({{0, 1}}));
  k.store(k.apply(Op::add, DType::f32, {a, a}), y, at({{0, 1}}));
  k.kernel.schedule = {.vector_axis = 0, .lanes = 8};
  p.run(k.kernel);
  Compiled compiled(p.plan);
  std::vector<float> xs = small_floats(n, 5), old = xs, ys(n);
  REQUIRE(compiled.call({xs.data()}, {xs.data(), ys.data()}) == RONDO_OK);  // z is x
  for (int i = 0; i < n; ++i) CHECK(ys[i] == 2 * old[i]);
}

}  // namespace rondo::test
