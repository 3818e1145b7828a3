// keep_weights: which kernels keep their weights in registers from step to step.
#include "layers.h"

using namespace rondo;
using namespace rondo::testing;

namespace {

int keeping(const Layer& layer, const TargetFacts& facts, const PlanOptions& options = {}) {
  int count = 0;
  const Plan plan = plan_of(layer, facts, options);
  each_kernel(plan.steps, [&](const Kernel& kernel) { count += kernel.schedule.keep; });
  return count;
}

}  // namespace

TEST_CASE("weights of up to two vectors a register are kept") {
  TargetFacts facts = avx512_facts();
  const Layer rnn16{Cell::rnn, 16, 16, 1, 20, false}, lstm16{Cell::lstm, 16, 16, 1, 20, false};
  CHECK(keeping(rnn16, facts) == 1);  // 32 vectors
  CHECK(keeping(rnn16, facts, {{"keep_weights"}}) == 0);
  CHECK(keeping(lstm16, facts) == 0);  // 128 vectors
  facts.vector_registers = 15;
  CHECK(keeping(rnn16, facts) == 0);
}

TEST_CASE("a step that is called alone has nothing to keep") {
  CHECK(keeping({Cell::rnn, 16, 16, 1, 1, true}, avx512_facts()) == 0);
}
