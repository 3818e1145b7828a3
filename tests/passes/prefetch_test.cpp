// prefetch_weights: which kernels ask for the next panel of their weights.
#include "layers.h"

using namespace rondo;
using namespace rondo::testing;

namespace {

int most_lines(const Plan& plan) {
  int most = 0;
  each_kernel(plan.steps, [&](const Kernel& kernel) { most = std::max(most, kernel.schedule.prefetch); });
  return most;
}

TargetFacts small_cache() {
  TargetFacts facts = avx512_facts();
  facts.l2_bytes = 32 << 10;
  return facts;
}

}  // namespace

TEST_CASE("weights that the second cache does not hold are prefetched where blocks of rows share a panel") {
  const Layer layer{Cell::lstm, 64, 64, 32, 3, false};
  CHECK(most_lines(plan_of(layer, small_cache())) > 0);
  CHECK(most_lines(plan_of(layer, small_cache(), {{"prefetch_weights"}})) == 0);
}

TEST_CASE("where the third cache is fast, two blocks of rows prefetch nothing") {
  const Layer two{Cell::lstm, 64, 64, 8, 3, false}, more{Cell::lstm, 64, 64, 32, 3, false};
  TargetFacts facts = small_cache();
  CHECK(most_lines(plan_of(two, facts)) > 0);
  facts.far_bytes_per_cycle = 16;
  CHECK(most_lines(plan_of(two, facts)) == 0);
  CHECK(most_lines(plan_of(more, facts)) > 0);
}

TEST_CASE("near weights and single rows prefetch nothing") {
  TargetFacts large = avx512_facts();
  large.l2_bytes = 64 << 20;
  CHECK(most_lines(plan_of({Cell::lstm, 64, 64, 32, 3, false}, large)) == 0);
  CHECK(most_lines(plan_of({Cell::lstm, 64, 64, 1, 1, true}, small_cache())) == 0);
}
