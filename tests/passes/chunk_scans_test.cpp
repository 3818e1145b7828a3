// chunk_scans: what plans gain by it; tests/passes/chunk_scans.test has what it does to graphs.
#include "layers.h"

using namespace rondo;
using namespace rondo::testing;

namespace {

TargetFacts small_caches() {
  TargetFacts facts = avx512_facts();
  facts.l1_bytes = 1 << 10, facts.l2_bytes = 8 << 10;
  return facts;
}

Plan plan_without(const Layer& layer, const TargetFacts& facts, std::string pass) {
  Graph graph = graph_of(layer);
  Diagnostics remarks;
  if (Status done = optimise(graph, facts, {.without = {std::move(pass)}}, remarks); !done)
    FAIL(to_string(done.errors()[0]));
  Result<Plan> plan = make_plan(graph, facts, {});
  if (!plan) FAIL(to_string(plan.errors()[0]));
  return *std::move(plan);
}

const Layer kLong{Cell::gru, 12, 16, 1, Dim::symbol("T"), false, DType::f64};  // in chunks of 16 steps

}  // namespace

TEST_CASE("chunks and the steps left over compute what the whole does") {
  for (Cell cell : {Cell::lstm, Cell::gru, Cell::rnn}) {
    Layer layer = kLong;
    layer.cell = cell;
    const Graph graph = graph_of(layer);
    const Plan plan = plan_of(layer, small_caches());
    for (int64_t steps : {1, 15, 16, 17, 32, 51}) {
      CAPTURE(steps);
      check_plan_means(graph, plan, {{"T", steps}});
    }
  }
}

TEST_CASE("the place of what is hoisted does not grow with the sequence") {
  const Dim::Values steps{{"T", 100'000}};
  CHECK(*plan_of(kLong, small_caches()).scratch_bytes.evaluate(steps) < 64 << 10);
  CHECK(*plan_without(kLong, small_caches(), "chunk_scans").scratch_bytes.evaluate(steps) > 100'000 * 3 * 16 * 8);
}

TEST_CASE("chunks and the steps left over read the same packed weights") {
  const Layer layer{Cell::lstm, 64, 64, 1, Dim::symbol("T"), false};
  const TargetFacts facts = avx512_facts();
  const Plan plan = plan_of(layer, facts), whole = plan_without(layer, facts, "chunk_scans");
  CHECK(*plan.scratch_bytes.evaluate({{"T", 100'000}}) < *whole.scratch_bytes.evaluate({{"T", 100'000}}));
  CHECK(plan.constant_bytes < whole.constant_bytes * 11 / 10);
}
