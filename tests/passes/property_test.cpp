// Each pass, alone and in the pipeline, keeps the meaning of random graphs.
#include "ir/text.h"
#include "ir/verify.h"
#include "passes/pipeline.h"
#include "tests/passes/random_graph.h"

namespace rondo::testing {
namespace {

constexpr uint64_t kGraphs = 300;

TEST_CASE("each pass keeps the meaning of random graphs") {
  for (const PassInfo& pass : all_passes()) {
    CAPTURE(pass.name);
    int changed = 0;
    for (uint64_t seed = 0; seed < kGraphs; ++seed) {
      CAPTURE(seed);
      Graph graph = random_graph(seed);
      const std::unique_ptr<Graph> before = graph.clone();
      run_pass(graph, pass.name, seed % 2 ? Unroll::always : Unroll::by_cost, seed % 3 ? 1 << 15 : 0);
      check_same_meaning(*before, graph, seed);
      changed += !equal(*before, graph);
    }
    CHECK(changed > 10);  // the graphs hold what the pass looks for
  }
}

TEST_CASE("the pipeline keeps the meaning of random graphs") {
  for (uint64_t seed = 0; seed < kGraphs; ++seed) {
    CAPTURE(seed);
    Graph graph = random_graph(1000 + seed);
    const std::unique_ptr<Graph> before = graph.clone();
    PipelineOptions options;
    options.unroll = seed % 3 == 0 ? Unroll::always : seed % 3 == 1 ? Unroll::never : Unroll::by_cost;
    Diagnostics remarks;
    Status done = optimise(graph, TargetFacts(), options, remarks);
    REQUIRE_MESSAGE(done, (done ? "" : to_string(done.errors()[0])));
    check_same_meaning(*before, graph, seed);
  }
}

TEST_CASE("a second run of the pipeline finds the same graph for the same input") {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    std::string text;
    for (int run = 0; run < 2; ++run) {
      Graph graph = random_graph(seed);
      Diagnostics remarks;
      REQUIRE(optimise(graph, TargetFacts(), {}, remarks));
      if (run == 0) text = print(graph, {true});
      CHECK(print(graph, {true}) == text);
    }
  }
}

}  // namespace
}  // namespace rondo::testing
