// Fusion at size: what it takes stays linear, and what it makes stays within its rules.
#include <chrono>

#include "ir/builder.h"
#include "ir/verify.h"
#include "tests/passes/meaning.h"
#include "passes/pipeline.h"
#include "passes/query.h"
#include "tests/passes/random_graph.h"

namespace rondo {
namespace {

/// A recurrent cell written out for many steps, as some exporters do.
Graph unrolled_cell(int steps) {
  Graph graph;
  graph.name = "unrolled";
  Builder b(graph);
  const std::vector<double> elements(12, 0.25);
  Value* x = graph.add_param(Type{DType::f32, {1, steps}}, "x");
  Value *h = graph.add_param(Type{DType::f32, {1, 2}}, "h"), *c = h;
  Value* w = b.constant(Tensor::from_doubles(DType::f32, {1, 4}, std::span(elements).first(4)));
  Value* r = b.constant(Tensor::from_doubles(DType::f32, {2, 4}, std::span(elements).first(8)));
  for (int t = 0; t < steps; ++t) {
    Value* gates = b.add(b.matmul(b.slice_axis(x, 1, t, 1), w), b.matmul(h, r));
    c = b.add(c, b.sigmoid(b.slice_axis(gates, 1, 0, 2)));
    h = b.mul(b.tanh(c), b.sigmoid(b.slice_axis(gates, 1, 2, 2)));
  }
  graph.outputs = {h};
  graph.output_names = {"y"};
  return graph;
}

TEST_CASE("a step of an unrolled cell is one kernel with both its products and two results") {
  Graph graph = unrolled_cell(6);
  const std::unique_ptr<Graph> before = graph.clone();
  testing::run_pass(graph, "fuse_pointwise");
  testing::check_same_meaning(*before, graph, 3);
  int fused = 0, alone = 0;
  for (const auto& node : graph.nodes) {
    fused += node->op == Op::fused;
    alone += node->op != Op::fused && node->op != Op::constant && node->op != Op::slice;
    if (node->op != Op::fused) continue;
    for (const auto& result : node->results) CHECK(result->type->shape == Shape{1, 2});
  }
  CHECK(fused == 6);
  CHECK(alone == 0);
}

void check_fused(const Node& fused) {
  int products = 0, reductions = 0;
  CHECK(!fused.results.empty());
  for (const auto& result : fused.results) CHECK(result->type->shape == fused.result()->type->shape);
  for (const auto& node : fused.regions[0]->nodes) {
    const bool product = node->op == Op::matmul || node->op == Op::conv;
    products += product;
    reductions += node->op == Op::reduce || node->op == Op::reduce_window;
    if (product)
      for (const Value* operand : node->operands) CHECK(!operand->producer);
    const bool allowed = product || is_pointwise(node->op) || node->op == Op::reduce || is_view(node->op) ||
                         node->op == Op::iota || node->op == Op::constant;
    CHECK(allowed);
    // Work on fewer elements than the results have would be done again for each of them.
    const bool work = is_pointwise(node->op) || product || node->op == Op::reduce;
    const Dim results = element_count(fused.result()->type->shape), own = element_count(node->result()->type->shape);
    if (work) CHECK(provably_le(results, own));
    if (node->op == Op::constant) CHECK(element_count(node->result()->type->shape).is(1));
  }
  CHECK(reductions <= 1);
  CHECK((reductions == 0 || products == 0));
}

void check_all_fused(const Graph& graph) {
  for (const auto& node : graph.nodes) {
    if (node->op == Op::fused) check_fused(*node);
    for (const auto& region : node->regions)
      if (node->op != Op::fused) check_all_fused(*region);
  }
}

TEST_CASE("fused nodes hold products of values from outside, or one reduction, and have results of one shape") {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    Graph graph = testing::random_graph(seed);
    testing::run_pass(graph, "fuse_pointwise");
    check_all_fused(graph);
  }
}

TEST_CASE("graphs of many thousand nodes take seconds at most") {
  Graph graph = unrolled_cell(1000);
  REQUIRE(graph.nodes.size() > 10'000);
  const auto start = std::chrono::steady_clock::now();
  Diagnostics remarks;
  Status done = optimise(graph, TargetFacts(), {}, remarks);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  REQUIRE_MESSAGE(done, (done ? "" : to_string(done.errors()[0])));
  CHECK(seconds.count() < 20);
}

}  // namespace
}  // namespace rondo
