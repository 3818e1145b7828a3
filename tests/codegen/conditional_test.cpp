// Steps whose course only the run knows, as machine code: choices, loops that a condition ends, and measures with the
// statuses and values that callers see.
#include "ir/text.h"
#include "tests/codegen/support.h"

using namespace rondo;
using namespace rondo::test;

namespace {

Plan plan_of(const std::string& text) {
  auto parsed = require(parse(text));
  return *std::move(parsed.plan);
}

/// y = 2 x[0:n], for n from 0 to T; what a choice makes of go is added: 100, or the number of halvings that bring 40
/// below 3.
std::string model(int lanes) {
  const std::string schedule =
      lanes > 1 ? "schedule vector=i1 lanes=" + std::to_string(lanes) + " vectors=2" : "schedule vector=i1 lanes=1";
  return R"(plan "conditional" {
  symbols T
  measured measured_n to T+1
  memory constants 0, state 0, scratch 192
  buffer n = input i64[1] slot 0
  buffer x = input f32[T] slot 1
  buffer go = input bool[1] slot 2
  buffer y = output f32[T] slot 0
  buffer found = measured i64[1]
  buffer more = scratch f32[1] at 0
  buffer value = scratch f32[1] at 64
  buffer again = scratch bool[1] at 128
  input "n": i64[] in n
  input "x": f32[T] in x
  input "go": bool[] in go
  output "y": f32[measured_n-1] in y
  choice which: go {
    kernel hundred {
      %0 = immediate 100.0: f32
      store more[0] = %0
    }
  } otherwise {
    kernel begin {
      %0 = immediate 40.0: f32
      %1 = immediate 0.0: f32
      %2 = immediate 1: bool
      store value[0] = %0
      store more[0] = %1
      store again[0] = %2
    }
    loop halve: i0 < 50 while again {
      kernel half {
        %0 = load value[0]: f32
        %1 = immediate 0.5: f32
        %2 = mul %0, %1: f32
        %3 = load more[0]: f32
        %4 = immediate 1.0: f32
        %5 = add %3, %4: f32
        %6 = immediate 3.0: f32
        %7 = less %6, %2: bool
        store value[0] = %2
        store more[0] = %5
        store again[0] = %7
      }
    }
  }
  measure size: measured_n = n from 0 to T {
    kernel report {
      %0 = index {measured_n}: i64
      store found[0] = %0
    }
    kernel double {
      parallel i1 < measured_n-1
      )" + schedule + R"(
      %0 = load x[i1]: f32
      %1 = add %0, %0: f32
      %2 = load more[0]: f32
      %3 = add %1, %2: f32
      store y[i1] = %3
    }
  }
})";
}

struct Call {
  rondo_status status;
  int64_t measured;
  std::vector<float> y;
};

Call call(const Compiled& compiled, int64_t n, bool go, int64_t count) {
  std::vector<float> x(count), y(count, -1);
  for (int64_t i = 0; i < count; ++i) x[i] = float(i);
  const uint8_t flag = go;
  const void* inputs[] = {&n, x.data(), &flag};
  void* outputs[] = {y.data()};
  Memory scratch(compiled.model->scratch_size(&count));
  Call result{RONDO_OK, -1, {}};
  rondo_call arguments{inputs, outputs, &count, nullptr, scratch.get(), nullptr, nullptr, &result.measured};
  result.status = compiled.model->call(&arguments);
  result.y = y;
  return result;
}

}  // namespace

TEST_CASE("choices, ended loops and measured sizes") {
  for (int lanes : {1, 4, 8}) {
    CAPTURE(lanes);
    Compiled compiled(plan_of(model(lanes)));
    for (int64_t n : {0, 1, 7, 19}) {
      for (bool go : {true, false}) {
        CAPTURE(n);
        const Call result = call(compiled, n, go, 19);
        CHECK(result.status == RONDO_OK);
        CHECK(result.measured == n + 1);
        // 40, 20, 10, 5, 2.5: four halvings
        for (int64_t i = 0; i < 19; ++i) CHECK(result.y[i] == (i < n ? float(2 * i) + (go ? 100 : 4) : -1));
      }
    }
  }
}

TEST_CASE("a measured value without room ends the call, and nothing is written") {
  Compiled compiled(plan_of(model(8)));
  for (int64_t n : {int64_t{-1}, int64_t{6}, INT64_MIN, INT64_MAX}) {
    const Call result = call(compiled, n, true, 5);
    CHECK(result.status == RONDO_OVER_CAPACITY);
    CHECK(result.y == std::vector<float>(5, -1));
  }
}

TEST_CASE("shapes: the largest, and those of measured values") {
  Compiled compiled(plan_of(model(8)));
  CHECK(compiled.model->measured_count == 1);
  CHECK(std::string(compiled.model->measured[0]) == "measured_n");
  const int64_t t = 9, measured = 4;
  int64_t shapes[2] = {-1, -1};
  REQUIRE(compiled.model->shapes(&t, nullptr, shapes) == RONDO_OK);
  CHECK((shapes[0] == 9 && shapes[1] == 9));
  REQUIRE(compiled.model->shapes(&t, &measured, shapes) == RONDO_OK);
  CHECK((shapes[0] == 9 && shapes[1] == 3));
}

TEST_CASE("a model with measured dimensions needs a place for them") {
  Compiled compiled(plan_of(model(8)));
  float x = 1, y = 0;
  const int64_t n = 1, t = 1;
  const uint8_t go = 1;
  const void* inputs[] = {&n, &x, &go};
  void* outputs[] = {&y};
  Memory scratch(compiled.model->scratch_size(&t));
  rondo_call arguments{inputs, outputs, &t, nullptr, scratch.get(), nullptr, nullptr, nullptr};
  CHECK(compiled.model->call(&arguments) == RONDO_BAD_POINTER);
}

TEST_CASE("what a measured symbol must equal is checked when it is measured") {
  std::string text = model(8);
  const std::string before = "n from 0 to T {";
  text.replace(text.find(before), before.size(), "n from 0 to T require measured_n == 4 {");
  Compiled compiled(plan_of(text));
  CHECK(call(compiled, 3, true, 5).status == RONDO_OK);
  CHECK(call(compiled, 2, true, 5).status == RONDO_BAD_DIMENSION);
}
