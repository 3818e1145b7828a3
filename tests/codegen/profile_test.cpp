// Profiled builds: every run of every kernel is counted, results stay, and other builds have no table.
#include "tests/codegen/support.h"

namespace rondo::test {
namespace {

constexpr DType f32 = DType::f32;

Kernel product(const PlanBuilder&, const std::string& name, int x, int y, int width, int depth) {
  KernelBuilder k;
  k.kernel.name = name;
  k.kernel.parallel = {{1, width}};
  k.kernel.reductions = {{{2, depth}}};
  k.kernel.schedule = {.vector_axis = 1, .lanes = 4};
  int term = k.apply(Op::mul, f32, {k.load(f32, x, at({{1, 1}})), k.load(f32, x, at({{2, 1}}))});
  k.store(k.reduce(f32, term), y, at({{1, 1}}));
  return k.kernel;
}

/// "small" once; "large", with 64 times the work, and "again" T times each.
Plan three_kernels() {
  PlanBuilder p("timed");
  p.plan.symbols = {"T"};
  int x = p.input("x", {f32, {Dim(512)}}), y = p.output("y", {f32, {Dim(64)}});
  p.input("t", {f32, {Dim::symbol("T")}});
  p.plan.steps.push_back({product(p, "small", x, y, 16, 32)});
  Loop loop{.name = "time", .var = 0, .trip = Dim::symbol("T")};
  loop.steps = {{product(p, "large", x, y, 64, 512)}, {product(p, "again", x, y, 16, 32)}};
  p.plan.steps.push_back({loop});
  return p.plan;
}

std::vector<float> call(const Compiled& compiled, int64_t trips) {
  std::vector<float> x = small_floats(512, 1), y(64), t(trips);
  REQUIRE(compiled.call({x.data(), t.data()}, {y.data()}, {trips}) == RONDO_OK);
  return y;
}

}  // namespace

TEST_CASE("every run is counted, and work takes ticks") {
  const Plan plan = three_kernels();
  Compiled plain(plan), timed(plan, {}, {.profile = true});
  CHECK(plain.symbol("timed_profile") == nullptr);
  auto* rows = static_cast<ProfileEntry*>(timed.symbol("timed_profile"));
  REQUIRE(rows != nullptr);
  CHECK(call(plain, 7) == call(timed, 7));
  CHECK(call(plain, 3) == call(timed, 3));
  const std::pair<std::string, uint64_t> expected[] = {{"", 2}, {"small", 2}, {"large", 10}, {"again", 10}};
  for (size_t i = 0; i < 4; ++i) {
    REQUIRE(rows[i].name != nullptr);
    CHECK(rows[i].name == expected[i].first);
    CHECK(rows[i].calls == expected[i].second);
  }
  CHECK(rows[4].name == nullptr);
  CHECK(rows[2].ticks > rows[3].ticks);  // 64 times the work
}

TEST_CASE("a divided kernel is timed as one, with and without a hook") {
  PlanBuilder p("timed");
  const int x = p.input("x", {DType::f32, {Dim(512)}}), y = p.output("y", {DType::f32, {Dim(64)}});
  Kernel kernel = product(p, "divided", x, y, 64, 512);
  kernel.schedule.task_axis = 1;
  kernel.schedule.task_size = 16;
  p.plan.steps = {{kernel}, {product(p, "small", x, y, 16, 32)}};
  Compiled timed(p.plan, {}, {.profile = true}), plain(p.plan);
  auto* rows = static_cast<ProfileEntry*>(timed.symbol("timed_profile"));
  REQUIRE(rows != nullptr);
  int tasks = 0;
  rondo_parallel hook{[](void* user, rondo_task task, void* data, int64_t count) {
                        *static_cast<int*>(user) += static_cast<int>(count);
                        for (int64_t i = 0; i < count; ++i) task(data, i);
                      },
                      &tasks};
  std::vector<float> values = small_floats(512, 1), alone(64), together(64), expected(64);
  auto call = [&](const Compiled& compiled, std::vector<float>& result, const rondo_parallel* parallel) {
    const void* inputs[] = {values.data()};
    void* outputs[] = {result.data()};
    rondo_call arguments = {inputs, outputs, nullptr, nullptr, nullptr, nullptr, parallel};
    return compiled.model->call(&arguments);
  };
  REQUIRE(call(plain, expected, nullptr) == RONDO_OK);
  REQUIRE(call(timed, alone, nullptr) == RONDO_OK);
  REQUIRE(call(timed, together, &hook) == RONDO_OK);
  CHECK(tasks == 4);
  CHECK(alone == expected);
  CHECK(together == expected);
  for (int row : {1, 2}) CHECK(rows[row].calls == 2);
  CHECK(rows[1].ticks > rows[2].ticks);  // 64 times the work
}

TEST_CASE("a target whose counter programs may not read is an error; the others compile") {
  const Plan plan = three_kernels();
  for (const char* name : {"x86-64-v3", "aarch64-unknown-linux-gnu", "riscv64-unknown-linux-gnu"}) {
    CAPTURE(name);
    const bool cpu = std::string(name) == "x86-64-v3";
    Target target =
        require(Target::find(cpu ? TargetSpec{"x86_64-unknown-linux-gnu", name, ""} : TargetSpec{name, "", ""}));
    CHECK(generate(plan, target, Form::object, {.profile = true}));
  }
  Target target = require(Target::find({"thumbv7em-none-eabihf", "cortex-m4", ""}));
  CHECK(generate(plan, target, Form::object));
  auto refused = generate(plan, target, Form::object, {.profile = true});
  REQUIRE(!refused);
  CHECK(to_string(refused.errors()[0]).find("no counter") != std::string::npos);
}

}  // namespace rondo::test
