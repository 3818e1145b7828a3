// Other schedules of a kernel: valid ones, and plans made with them compute the same.
#include <doctest/doctest.h>

#include "ir/builder.h"
#include "ir/verify.h"
#include "passes/pipeline.h"
#include "plan_interpreter.h"

using namespace rondo;

namespace {

/// y[t, j] = tanh(sum over k of x[t, k] w[k, j]), with T rows.
Graph product() {
  Graph graph;
  graph.name = "test";
  Builder b(graph);
  Value* x = graph.add_param(Type{DType::f32, {Dim::symbol("T"), 24}}, "x");
  std::vector<double> weights(24 * 40);
  for (size_t i = 0; i < weights.size(); ++i) weights[i] = double(i * 7 % 13) / 8 - 0.7;
  Value* y = b.tanh(b.matmul(x, b.constant(Tensor::from_doubles(DType::f32, {24, 40}, weights))));
  graph.output_names = {"y"};
  graph.outputs = {y};
  REQUIRE(b.status());
  return graph;
}

TargetFacts facts(int vector_bytes, int registers) {
  TargetFacts target;
  target.vector_bytes = vector_bytes;
  target.vector_registers = registers;
  return target;
}

std::vector<double> run(const Plan& plan) {
  Array x = Array::zeros(DType::f32, {5, 24});
  for (size_t i = 0; i < x.reals.size(); ++i) x.reals[i] = double(i * 11 % 19) / 8 - 1;
  auto results = interpret(plan, {x}, {{"T", 5}});
  REQUIRE(results);
  return (*results)[0].reals;
}

}  // namespace

TEST_CASE("every choice makes a plan that verifies and computes the same") {
  const Graph graph = product();
  for (const TargetFacts& target : {facts(64, 32), facts(32, 16), facts(16, 8)}) {
    CAPTURE(target.vector_bytes);
    std::vector<KernelChoices> choices;
    auto own = make_plan(graph, target, {.choices = &choices});
    REQUIRE(own);
    const std::vector<double> want = run(*own);
    REQUIRE(!choices.empty());
    size_t tried = 0;
    for (size_t k = 0; k < choices.size(); ++k) {
      REQUIRE(choices[k].tiles.size() > 1);
      for (const Tile& tile : choices[k].tiles) {
        Tuning tuning;
        for (const KernelChoices& one : choices) tuning.push_back({one.kernel, one.fingerprint, one.tiles[0]});
        tuning[k].tile = tile;
        auto plan = make_plan(graph, target, {.tuning = &tuning});
        REQUIRE(plan);
        REQUIRE(verify(*plan));
        CHECK((*plan == *own) == (tile == choices[k].tiles[0]));
        const std::vector<double> got = run(*plan);
        REQUIRE(got.size() == want.size());
        for (size_t i = 0; i < got.size(); ++i) CHECK(got[i] == doctest::Approx(want[i]).epsilon(1e-6));
        ++tried;
      }
    }
    CHECK(tried >= 4);
  }
}

TEST_CASE("without vectors, tiles of single elements are to choose from") {
  std::vector<KernelChoices> choices;
  REQUIRE(make_plan(product(), facts(0, 16), {.choices = &choices}));
  CHECK_FALSE(choices.empty());
  for (const KernelChoices& choice : choices)
    for (const Tile& tile : choice.tiles) CHECK(tile.lanes == 1);
}
