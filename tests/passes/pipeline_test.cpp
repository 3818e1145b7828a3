#include "passes/pipeline.h"

#include <algorithm>

#include "ir/builder.h"
#include "ir/verify.h"
#include "tests/passes/meaning.h"

namespace rondo {
namespace {

/// An LSTM layer over x[T, 2, 3] with 4 hidden units, as it is expanded: four gates, each with two products.
Graph lstm_layer() {
  Graph graph;
  graph.name = "lstm";
  Builder b(graph);
  testing::Random random(7);
  auto weights = [&](std::vector<int64_t> shape) {
    std::vector<double> elements(static_cast<size_t>(shape[0] * (shape.size() > 1 ? shape[1] : 1)));
    for (double& element : elements) element = random.real();
    return b.constant(Tensor::from_doubles(DType::f64, std::move(shape), elements));
  };
  Value* x = graph.add_param(Type{DType::f64, {Dim::symbol("T"), 2, 3}}, "x");
  std::vector<Value*> invariants;
  for (int gate = 0; gate < 4; ++gate)
    for (Value* value : {weights({3, 4}), weights({4, 4}), weights({4})}) invariants.push_back(value);
  Value* zero = b.zeros(DType::f64, {2, 4});
  auto cell = [](Builder& inner, const Builder::ScanBody& body) {
    auto gate = [&](int i) {
      Value* xw = inner.matmul(body.scanned[0], body.invariants[3 * i]);
      Value* hr = inner.matmul(body.carried[0], body.invariants[3 * i + 1]);
      return inner.add(inner.add(xw, hr), body.invariants[3 * i + 2]);
    };
    Value* c = inner.add(inner.mul(inner.sigmoid(gate(0)), body.carried[1]),
                         inner.mul(inner.sigmoid(gate(1)), inner.tanh(gate(2))));
    Value* h = inner.mul(inner.sigmoid(gate(3)), inner.tanh(c));
    return std::vector<Value*>{h, c, h};
  };
  auto results = b.scan(Dim::symbol("T"), {zero, zero}, {x}, invariants, false, 1, cell);
  graph.outputs = {results[2]};
  graph.output_names = {"y"};
  return graph;
}

int count(const Graph& graph, Op op) {
  int found = 0;
  for (const auto& node : graph.nodes) {
    found += node->op == op;
    for (const auto& region : node->regions) found += count(*region, op);
  }
  return found;
}

TEST_CASE("an LSTM layer becomes one product before the loop and one kernel in it") {
  Graph graph = lstm_layer();
  const std::unique_ptr<Graph> before = graph.clone();
  Diagnostics remarks;
  TargetFacts target;
  target.l1_bytes = 0;  // no product is too small to be moved
  REQUIRE(optimise(graph, target, {.without = {"chunk_scans"}}, remarks));
  testing::check_same_meaning(*before, graph, 5);
  auto is_scan = [](const auto& node) { return node->op == Op::scan; };
  const auto scan = std::find_if(graph.nodes.begin(), graph.nodes.end(), is_scan);
  REQUIRE(scan != graph.nodes.end());
  CHECK(count(graph, Op::matmul) == 2);
  CHECK(count(graph, Op::fused) == 2);
  const Graph& body = *(*scan)->regions[0];
  CHECK(count(body, Op::fused) == 1);
  for (const auto& node : body.nodes)
    CHECK((node->op == Op::fused || node->op == Op::slice || node->op == Op::constant));
  REQUIRE(remarks.size() == 2);
  CHECK(remarks[1].message == "scan: not unrolled, only the run knows its steps: T");
  CHECK(remarks[0].message == "scan: hoisted 1 product, 96*T multiply-adds");  // T steps of 2 x 3 x (4 gates of 4)
}

TEST_CASE("small input products stay in the loop, in one kernel with the recurrent ones") {
  Graph graph = lstm_layer();
  const std::unique_ptr<Graph> before = graph.clone();
  Diagnostics remarks;
  REQUIRE(optimise(graph, TargetFacts(), {}, remarks));
  testing::check_same_meaning(*before, graph, 5);
  CHECK(count(graph, Op::fused) == 1);
  CHECK(count(graph, Op::matmul) == 2);
  REQUIRE(remarks.size() == 2);
  CHECK(remarks[0].message.starts_with("scan: its input products stay inside: they are small, "));
}

TEST_CASE("passes are observed in their order, and can be left out") {
  Graph graph = lstm_layer();
  std::vector<std::string> begun, names;
  PipelineOptions options;
  options.without = {"fuse_gates", "hoist_input_products"};
  options.begin = [&](std::string_view name) { begun.emplace_back(name); };
  options.observe = [&](std::string_view name, const Graph& now, bool) {
    names.emplace_back(name);
    CHECK(begun == names);
    CHECK(verify(now));
  };
  Diagnostics remarks;
  REQUIRE(optimise(graph, TargetFacts(), options, remarks));
  CHECK(names.front() == "fold_constants");
  CHECK(std::count(names.begin(), names.end(), "fuse_gates") == 0);
  CHECK(std::count(names.begin(), names.end(), "fuse_pointwise") == 1);
  CHECK(count(graph, Op::matmul) == 8);
  REQUIRE(remarks.size() == 1);  // of those that ran
  CHECK(remarks[0].message.starts_with("scan: not unrolled, "));
}

TEST_CASE("leaving out what does not exist is an error") {
  Graph graph = lstm_layer();
  PipelineOptions options;
  options.without = {"fuse_gate"};
  Diagnostics remarks;
  Status done = optimise(graph, TargetFacts(), options, remarks);
  REQUIRE(!done);
  CHECK(done.errors()[0].message.find("'fuse_gate'") != std::string::npos);
}

TEST_CASE("the order names every pass once") {
  std::vector<std::string_view> order = pipeline_order();
  CHECK(order.size() == all_passes().size());
  for (const PassInfo& pass : all_passes()) CHECK(std::count(order.begin(), order.end(), pass.name) == 1);
}

}  // namespace
}  // namespace rondo
