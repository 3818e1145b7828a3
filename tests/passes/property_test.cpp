// Each pass, alone and in the pipeline, keeps the meaning of random graphs.
#include "ir/text.h"
#include "ir/verify.h"
#include "passes/pipeline.h"
#include "tests/passes/random_graph.h"

#include <map>

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
      run_pass(graph, pass.name, seed % 2 ? Unroll::always : Unroll::by_cost, seed % 3 ? 1 << 15 : 0, seed % 5 ? 1 << 20 : 0);
      check_same_meaning(*before, graph, seed);
      changed += !equal(*before, graph);
    }
    // The graphs hold what the pass looks for; but for chunks their sequences are too short (see below).
    CHECK((changed > 10 || pass.name == "chunk_scans" || pass.name == "tile_layers"));
  }
}

/// Up to three layers of tanh(x W + h R), one upon the other, with 8 rows each, forwards or backwards, perhaps with work
/// between them or with steps that count.
Graph random_layers(uint64_t seed) {
  Random random(seed);
  Graph graph;
  graph.name = "layers";
  Builder b(graph);
  const Dim steps = random.below(2) ? Dim(4 + random.below(6)) : Dim::symbol("T");
  Value* sequence = graph.add_param(Type{DType::f64, {steps, 8, 3}}, "x");
  auto weights = [&] {
    std::vector<double> values(9);
    for (double& value : values) value = random.real();
    return b.constant(Tensor::from_doubles(DType::f64, {3, 3}, values));
  };
  for (int layer = 0, layers = 1 + random.below(3); layer < layers; ++layer) {
    Value* h = graph.add_param(Type{DType::f64, {8, 3}}, "h");
    const bool counts = random.below(4) == 0;
    const std::vector<Value*> results =
        b.scan(steps, {h}, {sequence}, {weights(), weights()}, random.below(4) == 0, 1,
               [&](Builder& inner, const Builder::ScanBody& s) -> std::vector<Value*> {
                 Value* sum = inner.add(inner.matmul(s.carried[0], s.invariants[1]), inner.matmul(s.scanned[0], s.invariants[0]));
                 if (counts) sum = inner.add(sum, inner.cast(s.step, DType::f64));
                 Value* next = inner.tanh(sum);
                 return {next, next};
               });
    graph.outputs.push_back(results[0]);
    sequence = random.below(5) ? results[1] : b.sigmoid(results[1]);
  }
  graph.outputs.push_back(sequence);
  graph.output_names.resize(graph.outputs.size());
  for (size_t i = 0; i < graph.outputs.size(); ++i) graph.output_names[i] = "y" + std::to_string(i);
  return graph;
}

TEST_CASE("layers keep their meaning in chunks, and tiled") {
  std::map<std::string, int> changed;
  for (uint64_t seed = 0; seed < kGraphs; ++seed) {
    CAPTURE(seed);
    Graph graph = random_layers(seed);
    const std::unique_ptr<Graph> before = graph.clone();
    for (const char* pass : {"fold_constants", "chunk_scans", "hoist_input_products", "fold_constants", "tile_layers"}) {
      CAPTURE(pass);
      const std::unique_ptr<Graph> last = graph.clone();
      run_pass(graph, pass, Unroll::by_cost, 0, 600);
      check_same_meaning(*before, graph, seed);
      changed[pass] += !equal(*last, graph);
    }
  }
  CHECK(changed["chunk_scans"] > 200);
  CHECK(changed["tile_layers"] > 50);
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
