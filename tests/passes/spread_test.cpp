// spread_numbers: which kernels spread numbers from registers.
#include "layers.h"

using namespace rondo;
using namespace rondo::testing;

namespace {

int spreading(const Layer& layer, const TargetFacts& facts, const PlanOptions& options = {}) {
  int count = 0;
  const Plan plan = plan_of(layer, facts, options);
  each_kernel(plan.steps, [&](const Kernel& kernel) { count += kernel.schedule.spread; });
  return count;
}

}  // namespace

TEST_CASE("many numbers beside near weights come from registers, where shuffles are free") {
  TargetFacts facts = avx512_facts();
  facts.l1_bytes = 48 << 10;
  const Layer rnn{Cell::rnn, 32, 32, 1, 1, true};
  CHECK(spreading(rnn, facts) == 0);
  facts.shuffles = 1;
  CHECK(spreading(rnn, facts) == 1);
  CHECK(spreading(rnn, facts, {{"spread_numbers"}}) == 0);
  CHECK(spreading({Cell::rnn, 16, 16, 1, 1, true}, facts) == 0);     // few numbers: the longer way counts
  CHECK(spreading({Cell::lstm, 128, 128, 1, 1, true}, facts) == 0);  // far weights: their loads count
  CHECK(spreading({Cell::rnn, 32, 32, 8, 1, true}, facts) == 0);     // rows share the weights
}
