// text_round_trip: parse(print(g)) == g for every model of the corpus that can be read, at every level that it reaches.
// Exit code 77 where the corpus is absent.
#include <cstdio>

#include "frontend/frontend.h"
#include "ir/text.h"
#include "passes/pipeline.h"
#include "tests/corpus/lists.h"

namespace fs = std::filesystem;

namespace {

struct Counts {
  int model = 0, core = 0, optimised = 0, plan = 0, bad = 0;
};

void fail(Counts& counts, const fs::path& path, const char* level, const rondo::Diagnostics& errors) {
  ++counts.bad;
  std::printf("FAIL %s at the %s level: %s\n", path.c_str(), level,
              errors.empty() ? "what is read back differs" : to_string(errors[0]).c_str());
}

void check(const rondo::Graph& graph, const fs::path& path, const char* level, Counts& counts, int& passed) {
  auto parsed = rondo::parse(rondo::print(graph, {.full_weights = true}));
  if (!parsed || !parsed->graph) return fail(counts, path, level, parsed ? rondo::Diagnostics{} : parsed.errors());
  if (!equal(graph, *parsed->graph)) return fail(counts, path, level, {});
  ++passed;
}

void check(const rondo::Plan& plan, const fs::path& path, Counts& counts) {
  auto parsed = rondo::parse(rondo::print(plan, {.full_weights = true}));
  if (!parsed || !parsed->plan) return fail(counts, path, "plan", parsed ? rondo::Diagnostics{} : parsed.errors());
  if (!(plan == *parsed->plan)) return fail(counts, path, "plan", {});
  ++counts.plan;
}

void check_model(const fs::path& path, Counts& counts) {
  rondo::Diagnostics ignored;
  auto model = rondo::read_model(path, ignored);
  if (!model) return;
  check(*model, path, "model", counts, counts.model);
  auto core = rondo::expand(*model, ignored);
  if (!core) return;
  check(*core, path, "core", counts, counts.core);
  const rondo::TargetFacts facts{.vector_bytes = 32, .fused_multiply_add = true};
  if (!rondo::optimise(*core, facts, {}, ignored)) return;
  check(*core, path, "core, optimised,", counts, counts.optimised);
  auto plan = rondo::make_plan(*core, facts);
  if (plan) check(*plan, path, counts);
}

}  // namespace

int main() {
  const fs::path corpus = rondo::test::corpus_folder();
  if (corpus.empty()) {
    std::puts("SKIP: no corpus at $RONDO_CORPUS or ../shared/corpus");
    return rondo::test::kSkip;
  }
  Counts counts;
  for (const fs::path& path : rondo::test::all_models(corpus)) check_model(path, counts);
  std::printf("read back equal: %d models, %d core graphs, %d optimised ones, %d plans; %d not\n", counts.model,
              counts.core, counts.optimised, counts.plan, counts.bad);
  return counts.bad == 0 && counts.plan > 0 ? 0 : 1;
}
