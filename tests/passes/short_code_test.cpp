// Where code is to be short: each kernel is one small tile with no second variant, scans stay loops, nothing is divided;
// and plans mean what their graphs mean.
#include "layers.h"

using namespace rondo;
using namespace rondo::testing;

namespace {

TargetFacts short_code(TargetFacts facts) {
  facts.small_code = true;
  return facts;
}

const TargetFacts kProcessors[] = {short_code(avx512_facts()), short_code(avx2_facts()), short_code(neon_facts()),
                                   short_code(scalar_facts())};

bool divides(const Kernel& kernel, int var, int64_t part) {
  bool good = part == 1;
  for_each_axis(kernel, [&](const Axis& axis) {
    good = good || (axis.var == var && axis.extent.constant() && *axis.extent.constant() % part == 0);
  });
  return good;
}

}  // namespace

TEST_CASE("a kernel's tile is one vector, and its axes have no ends that need another") {
  for (const TargetFacts& facts : kProcessors)
    for (Cell cell : {Cell::lstm, Cell::gru, Cell::rnn})
      for (int64_t units : {1, 7, 32, 33, 200})
        for (const Dim& batch : {Dim(1), Dim(3), Dim::symbol("B")}) {
          CAPTURE(units);
          const Plan plan = plan_of({cell, 40, units, batch, 10, false}, facts);
          each_kernel(plan.steps, [&](const Kernel& kernel) {
            const Schedule& s = kernel.schedule;
            CAPTURE(kernel.name);
            CHECK(s.vectors == 1);
            CHECK(s.rows == 1);
            CHECK(s.unroll == 1);
            CHECK_FALSE(s.flat);
            CHECK(s.prefetch == 0);
            CHECK(s.task_axis < 0);
            CHECK(s.alternate < 0);
            CHECK(divides(kernel, s.vector_axis, s.lanes));
          });
        }
}

TEST_CASE("fast code is divided for threads, but not where there can be none") {
  for (bool threads : {true, false}) {
    TargetFacts facts = scalar_facts();
    facts.threads = threads;
    bool divided = false;
    each_kernel(plan_of({Cell::lstm, 256, 256, Dim::symbol("B"), 10, false}, facts).steps,
                [&](const Kernel& kernel) { divided = divided || kernel.schedule.task_axis >= 0; });
    CHECK(divided == threads);
  }
}

TEST_CASE("vectors are used where they leave nothing over") {
  const Plan plan = plan_of({Cell::lstm, 16, 32, 1, 1, true}, kProcessors[1]);
  bool vectors = false;
  each_kernel(plan.steps, [&](const Kernel& kernel) { vectors = vectors || kernel.schedule.lanes == 8; });
  CHECK(vectors);
}

TEST_CASE("long sums keep the partial results that their accuracy needs") {
  int partials = 1;
  const Plan plan = plan_of({Cell::lstm, 1024, 1024, 1, 1, true}, kProcessors[0]);
  each_kernel(plan.steps, [&](const Kernel& kernel) { partials = std::max(partials, kernel.schedule.unroll); });
  CHECK(partials == 4);
}

TEST_CASE("plans of short code mean what their graphs mean") {
  for (const TargetFacts& facts : kProcessors)
    for (Cell cell : {Cell::lstm, Cell::peephole, Cell::gru, Cell::rnn})
      for (int64_t units : {5, 16}) {
        CAPTURE(units);
        const Layer layer{cell, 3, units, Dim::symbol("B"), Dim::symbol("T"), units == 5};
        check_plan_means(graph_of(layer), plan_of(layer, facts), {{"B", 3}, {"T", 2}});
      }
}

TEST_CASE("a scan of a few steps stays a loop, unless asked otherwise") {
  const auto unrolled = [](const TargetFacts& facts, Unroll unroll) {
    Graph graph = LayerBuilder({Cell::rnn, 2, 2, 1, 3, false}).graph();
    Diagnostics remarks;
    Status done = optimise(graph, facts, {{}, unroll, {}}, remarks);
    REQUIRE(done);
    for (const auto& node : graph.nodes)
      if (node->op == Op::scan) return false;
    return true;
  };
  CHECK(unrolled(avx2_facts(), Unroll::by_cost));
  CHECK_FALSE(unrolled(short_code(avx2_facts()), Unroll::by_cost));
  CHECK(unrolled(short_code(avx2_facts()), Unroll::always));
}
