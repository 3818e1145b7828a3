// alternate_order: which kernels walk their weights backwards in every other run, and by what they count.
#include "layers.h"

using namespace rondo;
using namespace rondo::testing;

namespace {

struct Seen {
  int by_loop = 0, by_turn = 0, turns = 0;  // kernels; buffers
  bool changes = false;                     // the last step changes the turn
};

Seen look(const Plan& plan) {
  Seen seen;
  each_kernel(plan.steps, [&](const Kernel& kernel) {
    seen.by_loop += kernel.schedule.alternate >= 0;
    seen.by_turn += kernel.schedule.turn >= 0;
  });
  for (const Buffer& buffer : plan.buffers) seen.turns += buffer.kind == Buffer::Kind::turn;
  if (const auto* last = std::get_if<Kernel>(&plan.steps.back().what))
    seen.changes = last->stores.size() == 1 && plan.buffers[last->stores[0].buffer].kind == Buffer::Kind::turn;
  return seen;
}

}  // namespace

TEST_CASE("a layer whose weights the first cache does not hold alternates by its loop") {
  const Seen seen = look(plan_of({Cell::lstm, 256, 256, 1, 50, false}, avx512_facts()));
  CHECK(seen.by_loop > 0);
  CHECK(seen.by_turn == 0);
  CHECK(seen.turns == 0);
  CHECK_FALSE(seen.changes);
}

TEST_CASE("a model with state alternates from call to call, by one turn in its state") {
  const Layer layer{Cell::lstm, 256, 256, 1, 1, true};
  const Plan plan = plan_of(layer, avx512_facts());
  const Seen seen = look(plan);
  CHECK(seen.by_loop == 0);
  CHECK(seen.by_turn > 0);
  CHECK(seen.turns == 1);
  CHECK(seen.changes);
  CHECK(plan.states.size() == 2);  // the turn is none of the caller's states
  const Plan without = plan_of(layer, avx512_facts(), {{"alternate_order"}});
  CHECK(look(without).turns == 0);
  CHECK(*plan.state_bytes.constant() == *without.state_bytes.constant() + Plan::kAlignment);
}

TEST_CASE("small weights, few tiles and kernels that run once stay in order") {
  auto nothing = [](const Plan& plan) {
    const Seen seen = look(plan);
    CHECK(seen.by_loop + seen.by_turn + seen.turns == 0);
    CHECK_FALSE(seen.changes);
  };
  nothing(plan_of({Cell::lstm, 16, 16, 1, 1, true}, avx512_facts()));
  nothing(plan_of({Cell::lstm, 16, 16, 1, 50, false}, avx512_facts()));
  nothing(plan_of({Cell::rnn, 2000, 8, 1, 1, true}, avx512_facts()));  // 64000 bytes, but one vector of columns
  Graph graph;
  graph.name = "once";
  Builder b(graph);
  Value* x = graph.add_param(Type{DType::f32, {1, 256}}, "x");
  graph.outputs = {b.matmul(x, b.constant(layer_weights(DType::f32, {256, 512}, 1)))};
  graph.output_names = {"y"};
  Result<Plan> plan = make_plan(graph, avx512_facts());
  REQUIRE(bool(plan));
  nothing(*plan);
  // Lanes are what tiles are along.
  nothing(plan_of({Cell::lstm, 256, 256, 1, 1, true}, scalar_facts()));
}

TEST_CASE("what decides is the size of the first cache") {
  TargetFacts facts = avx512_facts();
  const Layer layer{Cell::rnn, 256, 256, 1, 1, true};  // two matrices of 256 KiB
  facts.l1_bytes = 512 << 10;
  CHECK(look(plan_of(layer, facts)).by_turn == 0);
  facts.l1_bytes = (512 << 10) - 1;
  CHECK(look(plan_of(layer, facts)).by_turn == 1);
}
