// Kernels divided into tasks: the same bits as undivided ones, for any hook; what the hook is asked for; failures.
#include <fmt/format.h>

#include "runtime/include/rondo_pool.h"
#include "tests/codegen/support.h"
#include "tests/elf_symbols.h"

namespace rondo::test {
namespace {

struct Shape {
  int m, n, k;
};

// y[i, j] = tanh(b[j] + sum_k x[i, k] w[k, j]), in a loop that runs `trips` times and adds to y each time.
Plan accumulate(Shape s, const std::vector<float>& w, Schedule schedule, bool symbolic, int trips = 3) {
  Dim m = symbolic ? Dim::symbol("M") : Dim(s.m), n = symbolic ? Dim::symbol("N") : Dim(s.n);
  PlanBuilder p;
  if (symbolic) p.plan.symbols = {"M", "N"};
  int x = p.input("x", {DType::f32, {m, s.k}}), y = p.output("y", {DType::f32, {trips, m, n}});
  int weights = symbolic ? p.input("w", {DType::f32, {s.k, n}}) : p.constant(tensor_of(DType::f32, w));
  KernelBuilder k;
  k.kernel.name = "product";
  k.kernel.parallel = {{0, m}, {1, n}};
  k.kernel.reductions = {{{2, s.k}}};
  int value = k.load(DType::f32, x, at({{0, s.k}, {2, 1}}));
  int term = k.apply(Op::mul, DType::f32, {value, k.load(DType::f32, weights, at({{1, 1}, {2, n}}))});
  int trip = k.apply(Op::cast, DType::f32, {k.index(DType::i32, at({{3, 1}}))});
  int sum = k.apply(Op::add, DType::f32, {k.reduce(DType::f32, term), trip});
  k.store(k.apply(Op::tanh, DType::f32, {sum}), y, at({{0, n}, {1, 1}, {3, m * n}}));
  k.kernel.schedule = schedule;
  p.plan.steps.push_back({Loop{"time", "", 3, Dim(trips), {{k.kernel}}}});
  return p.plan;
}

/// Runs the tasks last to first, and notes what it was asked for.
struct Backwards {
  std::vector<int64_t> counts;
  rondo_parallel hook{[](void* user, rondo_task task, void* data, int64_t count) {
                        static_cast<Backwards*>(user)->counts.push_back(count);
                        for (int64_t i = count; i-- > 0;) task(data, i);
                      },
                      this};
};

rondo_status call(const Compiled& compiled, std::vector<const void*> inputs, std::vector<void*> outputs,
                  const std::vector<int64_t>& dims, const rondo_parallel* parallel) {
  rondo_call call = {inputs.data(), outputs.data(), dims.data(), nullptr, nullptr, nullptr, parallel};
  return compiled.model->call(&call);
}

struct Division {
  Schedule schedule;
  bool symbolic;
};

void check_division(Shape s, Division division) {
  std::vector<float> x = small_floats(s.m * s.k, 1), w = small_floats(s.k * s.n, 2);
  std::vector<int64_t> dims = {s.m, s.n};
  auto results = [&](const Compiled& compiled, const rondo_parallel* parallel) {
    std::vector<float> y(3 * s.m * s.n + 1, -7);
    CHECK(call(compiled, {x.data(), w.data()}, {y.data()}, dims, parallel) == RONDO_OK);
    CHECK(y.back() == -7);
    return y;
  };
  Schedule whole = division.schedule;
  whole.task_axis = -1, whole.task_size = 0;
  const Compiled undivided(accumulate(s, w, whole, division.symbolic));
  const std::vector<float> expected = results(undivided, nullptr);
  const Compiled divided(accumulate(s, w, division.schedule, division.symbolic));
  CHECK(results(divided, nullptr) == expected);
  Backwards backwards;
  CHECK(results(divided, &backwards.hook) == expected);
  const int64_t extent = division.schedule.task_axis == 0 ? s.m : s.n, size = division.schedule.task_size;
  const int64_t tasks = (extent + size - 1) / size;
  CHECK(backwards.counts == std::vector<int64_t>(tasks > 1 ? 3 : 0, tasks));
  for (int threads : {1, 2, 3}) {
    std::unique_ptr<rondo_pool, void (*)(rondo_pool*)> pool(rondo_pool_create(threads), rondo_pool_destroy);
    REQUIRE(pool);
    CHECK(results(divided, rondo_pool_parallel(pool.get())) == expected);
  }
}

}  // namespace

TEST_CASE("the same bits in whatever order and wherever tasks run") {
  for (Shape s : {Shape{1, 16, 3}, Shape{7, 37, 5}, Shape{12, 64, 8}, Shape{5, 70, 2}})
    for (bool symbolic : {false, true})
      for (Schedule schedule : {Schedule{.task_axis = 0, .task_size = 2},
                                Schedule{.vector_axis = 1, .lanes = 16, .task_axis = 1, .task_size = 16},
                                Schedule{.vector_axis = 1, .lanes = 8, .vectors = 2, .task_axis = 0, .task_size = 1},
                                Schedule{.vector_axis = 1, .lanes = 8, .vectors = 2, .row_axis = 0, .rows = 3, .task_axis = 1, .task_size = 32},
                                Schedule{.vector_axis = 1, .lanes = 4, .vectors = 2, .row_axis = 0, .rows = 4, .unroll = 2, .task_axis = 0, .task_size = 4},
                                Schedule{.task_axis = 1, .task_size = 1000}}) {
        std::string what = fmt::format("{} x {} {}, {} lanes, {} vectors, {} rows, tasks i{}/{}", s.m, s.n,
                                       symbolic ? "symbolic" : "constant", schedule.lanes, schedule.vectors,
                                       schedule.rows, schedule.task_axis, schedule.task_size);
        CAPTURE(what);
        check_division(s, {schedule, symbolic});
      }
}

TEST_CASE("loops beside each other run as tasks, with the same bits, and either may fail the call") {
  // y[t, d, i] = x[i] * (t + d) + count[d], count[d] += 1; d = 0 forwards, 1 backwards; picked by an index within 10.
  constexpr int kTrips = 5, kWidth = 20;
  PlanBuilder p;
  const int x = p.input("x", {DType::f32, {10}}), y = p.output("y", {DType::f32, {kTrips, 2, kWidth}});
  const int ids[] = {p.input("i", {DType::i32, {kWidth}}), p.input("j", {DType::i32, {kWidth}})};
  for (int d : {0, 1}) {
    KernelBuilder k;
    k.kernel.name = d ? "back" : "forth";
    k.kernel.parallel = {{0, kWidth}};
    const int place = k.bounded(DType::i32, k.load(DType::i32, ids[d], at({{0, 1}})), 10);
    const int factor = k.apply(Op::cast, DType::f32, {k.index(DType::i32, at({{3, 1}}, d))});
    Instr picked;
    picked.kind = Instr::Kind::load;
    picked.buffer = x;
    picked.indirect = {{place, Dim(1)}};
    k.kernel.body.push_back(picked);
    const int value = static_cast<int>(k.kernel.body.size()) - 1;
    const int row = d ? kWidth * (2 * kTrips - 1) : 0;
    k.store(k.apply(Op::mul, DType::f32, {value, factor}), y, at({{0, 1}, {3, d ? -2 * kWidth : 2 * kWidth}}, row));
    p.plan.steps.push_back({Loop{d ? "time_back" : "time", "", 3, Dim(kTrips), {{k.kernel}}, -1, d == 1}});
  }
  const Compiled compiled(p.plan);
  std::vector<float> xs = small_floats(10, 1), out(2 * kTrips * kWidth);
  std::vector<int> forth(kWidth), back(kWidth);
  for (int i = 0; i < kWidth; ++i) forth[i] = i % 10, back[i] = 9 - i % 7;
  const auto run = [&](const rondo_parallel* hook) {
    std::fill(out.begin(), out.end(), -7.0f);
    return call(compiled, {xs.data(), forth.data(), back.data()}, {out.data()}, {}, hook);
  };
  const auto is_right = [&] {
    for (int t = 0; t < kTrips; ++t)
      for (int i = 0; i < kWidth; ++i) {
        if (out[(2 * t) * kWidth + i] != xs[forth[i]] * static_cast<float>(t)) return false;
        if (out[(2 * t + 1) * kWidth + i] != xs[back[i]] * static_cast<float>(kTrips - 1 - t + 1)) return false;
      }
    return true;
  };
  Backwards backwards;
  std::unique_ptr<rondo_pool, void (*)(rondo_pool*)> pool(rondo_pool_create(2), rondo_pool_destroy);
  REQUIRE(pool);
  for (const rondo_parallel* hook : {static_cast<const rondo_parallel*>(nullptr),
                                     static_cast<const rondo_parallel*>(&backwards.hook), rondo_pool_parallel(pool.get())}) {
    CHECK(run(hook) == RONDO_OK);
    CHECK(is_right());
    for (std::vector<int>* indices : {&forth, &back}) {
      const int good = std::exchange((*indices)[3], 10);
      CHECK(run(hook) == RONDO_INDEX_OUT_OF_RANGE);
      (*indices)[3] = good;
    }
  }
  CHECK(backwards.counts == std::vector<int64_t>{2, 2, 2});
}

TEST_CASE("an index out of range in any one task fails the call") {
  constexpr int kCount = 24;
  PlanBuilder p;
  int x = p.input("x", {DType::i32, {kCount}}), y = p.output("y", {DType::i32, {kCount}});
  KernelBuilder k;
  k.kernel.parallel = {{0, kCount}};
  k.store(k.bounded(DType::i32, k.load(DType::i32, x, at({{0, 1}})), 10), y, at({{0, 1}}));
  k.kernel.schedule = {.vector_axis = 0, .lanes = 4, .task_axis = 0, .task_size = 8};
  p.run(k.kernel);
  Compiled compiled(p.plan);
  Backwards backwards;
  for (int bad = -1; bad < kCount; ++bad) {
    std::vector<int> values(kCount, 9), out(kCount);
    if (bad >= 0) values[bad] = 10;
    const rondo_status expected = bad >= 0 ? RONDO_INDEX_OUT_OF_RANGE : RONDO_OK;
    CHECK(call(compiled, {values.data()}, {out.data()}, {}, &backwards.hook) == expected);
    CHECK(call(compiled, {values.data()}, {out.data()}, {}, nullptr) == expected);
    if (bad >= 0) values[bad] = 0;
    CHECK(out == values);
  }
}

TEST_CASE("a hook without a function is refused; a model without tasks does not look at it") {
  std::vector<float> w = small_floats(32, 2), x = small_floats(4, 1), y(96);
  rondo_parallel empty = {nullptr, nullptr};
  Compiled divided(accumulate({2, 16, 2}, w, {.task_axis = 1, .task_size = 4}, false));
  CHECK(call(divided, {x.data()}, {y.data()}, {}, &empty) == RONDO_BAD_POINTER);
  Compiled undivided(accumulate({2, 16, 2}, w, {}, false));
  CHECK(call(undivided, {x.data()}, {y.data()}, {}, &empty) == RONDO_OK);
}

TEST_CASE("an object with tasks needs nothing from outside, and only it has a wrapper that takes a hook") {
  Schedule schedule{.vector_axis = 1, .lanes = 4, .task_axis = 1, .task_size = 8};
  Plan plan = accumulate({4, 32, 8}, small_floats(256, 2), schedule, false);
  for (const char* triple : {"x86_64-linux-gnu", "aarch64-linux-gnu", "riscv64-linux-gnu"}) {
    Target target = require(Target::find({triple}));
    auto missing = undefined_symbols(require(generate(plan, target, Form::object)));
    REQUIRE(missing);
    CHECK(missing->empty());
  }
  CHECK(make_header(plan).find("model_run_parallel(") != std::string::npos);
  std::get<Kernel>(std::get<Loop>(plan.steps[0].what).steps[0].what).schedule = {};
  CHECK(make_header(plan).find("model_run_parallel(") == std::string::npos);
}

}  // namespace rondo::test
