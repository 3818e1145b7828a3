// narrow_weights: what is stored narrow and what stays, rounding, sharing, and weights that do not fit.
#include <doctest/doctest.h>

#include <cmath>

#include "ir/builder.h"
#include "ir/text.h"
#include "passes/pipeline.h"
#include "plan_interpreter.h"

using namespace rondo;

namespace {

constexpr int kSize = 4;

struct Product {
  Graph graph;
  Builder b{graph};
  Value* x;

  Product() {
    graph.name = "product";
    x = graph.add_param(Type{DType::f32, {2, kSize}}, "x");
  }
  Value* weights(double first) {
    std::vector<double> values(kSize * kSize);
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i) / 7 - 1;
    values[0] = first;
    return b.constant(Tensor::from_doubles(DType::f32, {kSize, kSize}, values));
  }
  void output(Value* value) {
    graph.output_names.push_back("y" + std::to_string(graph.outputs.size()));
    graph.outputs.push_back(value);
  }
  Result<Plan> plan(DType stored, int vector_bytes = 16) {
    Diagnostics remarks;
    TargetFacts facts;
    facts.vector_bytes = vector_bytes;
    facts.vector_registers = 16;
    RONDO_CHECK(b.status());
    RONDO_CHECK(optimise(graph, facts, {}, remarks));
    PlanOptions options;
    options.weights = stored;
    return make_plan(graph, facts, options);
  }
};

std::vector<double> values(const Plan& plan, size_t output = 0) {
  Array x = Array::zeros(DType::f32, {2, kSize});
  for (size_t i = 0; i < x.reals.size(); ++i) x.reals[i] = static_cast<double>(i) / 4 - 1;
  auto results = interpret(plan, {x}, {});
  if (!results) FAIL(to_string(results.errors()[0]));
  return (*results)[output].reals;
}

int constants_of(const Plan& plan, DType dtype) {
  int count = 0;
  for (const Buffer& buffer : plan.buffers) count += buffer.kind == Buffer::Kind::constant && buffer.dtype == dtype;
  return count;
}

template <class T>
T require(Result<T> result) {
  if (!result) FAIL(to_string(result.errors()[0]));
  return *std::move(result);
}

}  // namespace

TEST_CASE("a product's weights are stored narrow, rounded to nearest even; its bias is not") {
  for (int vector_bytes : {0, 16})
    for (DType stored : {DType::f16, DType::bf16}) {
      CAPTURE(to_string(stored));
      Product m;
      const std::vector<double> bias = {0.3, 0.1, -0.7, 0.9};
      m.output(m.b.add(m.b.matmul(m.x, m.weights(0.1)), m.b.constant(Tensor::from_doubles(DType::f32, {kSize}, bias))));
      const Plan plan = require(m.plan(stored, vector_bytes));
      CHECK(constants_of(plan, stored) == 1);
      CHECK(constants_of(plan, DType::f32) == 1);
      const std::vector<double> got = values(plan);
      const double step = stored == DType::f16 ? 0x1p-10 : 0x1p-7;  // of numbers in [1, 2)
      auto rounded = [&](double v) {
        if (v == 0) return 0.0;
        const double unit = std::ldexp(step, std::ilogb(v));
        return std::nearbyint(v / unit) * unit;
      };
      for (int row = 0; row < 2; ++row)
        for (int column = 0; column < kSize; ++column) {
          double sum = static_cast<float>(bias[column]);
          for (int k = 0; k < kSize; ++k) {
            const int at = k * kSize + column;
            const double weight = at == 0 ? 0.1 : at / 7.0 - 1;
            sum += ((row * kSize + k) / 4.0 - 1) * rounded(static_cast<float>(weight));
          }
          CHECK(got[row * kSize + column] == doctest::Approx(sum).epsilon(1e-9));
        }
    }
}

TEST_CASE("a constant that is also read outside products keeps its type there") {
  Product m;
  Value* w = m.weights(0.1);
  m.output(m.b.matmul(m.x, w));
  m.output(m.b.add(m.b.reshape(m.b.slice(m.x, {0, 0}, {1, kSize}, {1, 1}), {kSize}), w));
  const Plan plan = require(m.plan(DType::bf16));
  CHECK(constants_of(plan, DType::bf16) == 1);
  CHECK(constants_of(plan, DType::f32) == 1);
  CHECK(values(plan, 1)[0] == doctest::Approx(-1 + static_cast<double>(0.1F)).epsilon(1e-12));
}

TEST_CASE("f32 changes nothing") {
  Product m, same;
  m.output(m.b.matmul(m.x, m.weights(0.1)));
  same.output(same.b.matmul(same.x, same.weights(0.1)));
  CHECK(constants_of(require(m.plan(DType::f32)), DType::f32) == 1);
}

TEST_CASE("a weight beyond float16's range is an error that names it; bfloat16 holds it") {
  Product m;
  m.output(m.b.matmul(m.x, m.weights(70000)));
  auto plan = m.plan(DType::f16);
  REQUIRE(!plan);
  CHECK(plan.errors()[0].message.find("f16 cannot hold the weight 70000") != std::string::npos);
  CHECK(plan.errors()[0].message.find("bf16") != std::string::npos);
  CHECK(bool(m.plan(DType::bf16)));
  Product infinite;  // infinities are what the model says, and fit
  infinite.output(infinite.b.matmul(infinite.x, infinite.weights(HUGE_VAL)));
  CHECK(bool(infinite.plan(DType::f16)));
}

TEST_CASE("the text keeps that the math is fast") {
  Product m;
  m.output(m.b.tanh(m.x));
  PlanOptions options;
  options.fast_math = true;
  const Plan plan = require(make_plan(m.graph, {}, options));
  const std::string text = print(plan, {.full_weights = true});
  CHECK(text.find("math fast") != std::string::npos);
  CHECK(text.find("cell_tanh") != std::string::npos);
  auto again = parse(text);
  REQUIRE(bool(again));
  CHECK(*again->plan == plan);
}
