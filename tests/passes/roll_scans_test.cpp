// Cells written out over time: what is rolled gives the same bits, and its code does not grow with the steps.
#include <cmath>

#include "ir/builder.h"
#include "ir/scan.h"
#include "passes/pipeline.h"
#include "tests/passes/layers.h"
#include "tests/passes/meaning.h"

namespace rondo::testing {
namespace {

struct Written {
  Cell cell = Cell::lstm;
  int steps = 4;
  bool from_zeros = true;
  bool reverse = false;
  int layers = 1;
  Dim batch = 2;
  int time_axis = 0;
  DType dtype = DType::f64;
};

class CellWriter {
 public:
  explicit CellWriter(const Written& what) : what_(what), b_(graph_) {
    graph_.name = "written";
    Shape shape{what.batch, kInputs};
    shape.insert(shape.begin() + what.time_axis, Dim(what.steps));
    x_ = graph_.add_param(Type{what.dtype, shape}, "x");
  }

  Graph graph() {
    std::vector<Value*> inputs;
    for (int t = 0; t < what_.steps; ++t)
      inputs.push_back(b_.squeeze(b_.slice_axis(x_, what_.time_axis, t, 1), {what_.time_axis}));
    for (int layer = 0; layer < what_.layers; ++layer) inputs = written_out(inputs, layer);
    std::vector<Value*> parts;
    for (Value* h : inputs) parts.push_back(b_.unsqueeze(h, {what_.time_axis}));
    graph_.outputs = {b_.concat(std::move(parts), what_.time_axis)};
    graph_.output_names = {"y"};
    const Status built = b_.status();
    REQUIRE_MESSAGE(built, (built ? "" : to_string(built.errors()[0])));
    return std::move(graph_);
  }

 private:
  static constexpr int64_t kInputs = 5, kUnits = 3;

  Value* weights(std::vector<int64_t> shape) {
    return b_.constant(layer_weights(what_.dtype, std::move(shape), seed_++));
  }

  Value* start(const std::string& name) {
    const Shape shape{what_.batch, kUnits};
    return what_.from_zeros ? b_.zeros(what_.dtype, shape) : graph_.add_param(Type{what_.dtype, shape}, name);
  }

  std::vector<Value*> written_out(const std::vector<Value*>& inputs, int layer) {
    const int64_t gates = what_.cell == Cell::lstm ? 4 : what_.cell == Cell::gru ? 3 : 1;
    const int64_t columns = *inputs[0]->type->shape[1].constant();
    w_ = weights({columns, gates * kUnits});
    r_ = weights({kUnits, gates * kUnits});
    bw_ = weights({gates * kUnits});
    br_ = weights({gates * kUnits});
    h_ = start("h" + std::to_string(layer));
    c_ = what_.cell == Cell::lstm ? start("c" + std::to_string(layer)) : nullptr;
    std::vector<Value*> outputs(inputs.size());
    for (size_t i = 0; i < inputs.size(); ++i) {
      const size_t t = what_.reverse ? inputs.size() - 1 - i : i;
      step(inputs[t]);
      outputs[t] = h_;
    }
    return outputs;
  }

  void step(Value* x) {
    Value *xw = b_.add(b_.matmul(x, w_), bw_), *hr = b_.add(b_.matmul(h_, r_), br_);
    auto gate = [&](Value* all, int i) { return b_.slice_axis(all, 1, i * kUnits, kUnits); };
    if (what_.cell == Cell::rnn) {
      h_ = b_.tanh(b_.add(xw, hr));
    } else if (what_.cell == Cell::gru) {
      Value* r = b_.sigmoid(b_.add(gate(xw, 0), gate(hr, 0)));
      Value* z = b_.sigmoid(b_.add(gate(xw, 1), gate(hr, 1)));
      Value* n = b_.tanh(b_.add(gate(xw, 2), b_.mul(r, gate(hr, 2))));
      h_ = b_.add(b_.mul(b_.sub(b_.scalar(z, 1), z), n), b_.mul(z, h_));
    } else {
      Value* sum = b_.add(xw, hr);
      c_ = b_.add(b_.mul(b_.sigmoid(gate(sum, 0)), c_), b_.mul(b_.sigmoid(gate(sum, 1)), b_.tanh(gate(sum, 2))));
      h_ = b_.mul(b_.sigmoid(gate(sum, 3)), b_.tanh(c_));
    }
  }

  const Written what_;
  Graph graph_;
  Builder b_;
  int seed_ = 1;
  Value *x_, *w_ = nullptr, *r_ = nullptr, *bw_ = nullptr, *br_ = nullptr, *h_ = nullptr, *c_ = nullptr;
};

Graph written_out(const Written& what) { return CellWriter(what).graph(); }

int count_scans(const Graph& graph) {
  int scans = 0;
  for (const auto& node : graph.nodes) scans += node->op == Op::scan;
  return scans;
}

/// Equal, a zero's sign apart.
void check_same_bits(const Graph& before, const Graph& after) {
  for (uint64_t seed : {1, 2, 3}) {
    const std::vector<Array> arguments = random_arguments(before, seed);
    Result<std::vector<Array>> want = evaluate(before, arguments), got = evaluate(after, arguments);
    REQUIRE(want);
    REQUIRE_MESSAGE(got, (got ? "" : to_string(got.errors()[0])));
    REQUIRE(want->size() == got->size());
    for (size_t i = 0; i < want->size(); ++i) {
      CHECK((*want)[i].shape == (*got)[i].shape);
      CHECK((*want)[i].reals == (*got)[i].reals);
    }
  }
}

Graph rolled(Graph graph) {
  for (const char* pass : {"fold_constants", "merge_common", "remove_dead", "roll_scans"}) run_pass(graph, pass);
  return graph;
}

TEST_CASE("every step of every cell is rolled, to the same bits") {
  for (Cell cell : {Cell::lstm, Cell::gru, Cell::rnn})
    for (bool from_zeros : {true, false})
      for (bool reverse : {true, false})
        for (int time_axis : {0, 1})
          for (const Dim& batch : {Dim(2), Dim::symbol("B")}) {
            const Written what{cell, 6, from_zeros, reverse, 1, batch, time_axis};
            CAPTURE(int(cell));
            CAPTURE(from_zeros);
            CAPTURE(reverse);
            CAPTURE(time_axis);
            CAPTURE(batch.to_string());
            const Graph before = written_out(what), after = rolled(written_out(what));
            check_same_bits(before, after);
            REQUIRE(count_scans(after) == 1);
            int products = 0;
            for (const auto& node : after.nodes) {
              products += node->op == Op::matmul;
              if (node->op == Op::scan) CHECK(Scan{*node}.trip().is(6));
            }
            CHECK(products == 0);  // no step is left outside
          }
}

TEST_CASE("layers on layers are rolled one by one, so that each one's input products can be hoisted") {
  const Written what{Cell::gru, 8, true, false, 3};
  const Graph before = written_out(what), after = rolled(written_out(what));
  check_same_bits(before, after);
  CHECK(count_scans(after) == 3);
}

int count_kernels(int steps, Cell cell, int layers) {
  Written what{cell, steps, true, false, layers};
  what.dtype = DType::f32;
  Graph graph = written_out(what);
  Diagnostics remarks;
  PipelineOptions options;
  options.unroll = Unroll::never;
  REQUIRE(optimise(graph, avx2_facts(), options, remarks));
  Result<Plan> plan = make_plan(graph, avx2_facts());
  REQUIRE_MESSAGE(plan, (plan ? "" : to_string(plan.errors()[0])));
  int kernels = 0;
  each_kernel(plan->steps, [&](const Kernel&) { ++kernels; });
  return kernels;
}

TEST_CASE("the number of kernels does not grow with the steps that are written out") {
  for (Cell cell : {Cell::lstm, Cell::gru, Cell::rnn})
    for (int layers : {1, 2}) {
      const int kernels = count_kernels(4, cell, layers);
      CHECK(kernels <= 5 * layers);
      for (int steps : {5, 16, 64}) CHECK(count_kernels(steps, cell, layers) == kernels);
    }
}

TEST_CASE("a scan that was rolled is unrolled again only where short scans are") {
  Written what{Cell::rnn, 4};
  Graph graph = written_out(what);
  Diagnostics remarks;
  REQUIRE(optimise(graph, avx2_facts(), {}, remarks));
  CHECK(count_scans(graph) == 0);
  REQUIRE(remarks.size() == 3);
  CHECK(remarks[0].message == "scan: rolled, 4 steps of 6 nodes that were written out");
  CHECK(remarks[2].message == "scan: unrolled, 4 steps of 6 nodes");
}

TEST_CASE("a first step that starts from something else than zeros stays as it is") {
  Graph graph;
  graph.name = "shifted";
  Builder b(graph);
  Value* x = graph.add_param(Type{DType::f64, {6, 3}}, "x");
  Value *w = b.constant(layer_weights(DType::f64, {3, 3}, 1)), *r = b.constant(layer_weights(DType::f64, {3, 3}, 2));
  Value* h = nullptr;
  for (int t = 0; t < 6; ++t) {
    Value* xw = b.matmul(b.slice_axis(x, 0, t, 1), w);
    h = b.tanh(h ? b.add(xw, b.matmul(h, r)) : b.add(xw, b.scalar(xw, 0.5)));
  }
  graph.outputs = {h};
  graph.output_names = {"h"};
  const std::unique_ptr<Graph> before = graph.clone();
  const Graph after = rolled(std::move(graph));
  check_same_bits(*before, after);
  CHECK(count_scans(after) == 1);
  for (const auto& node : after.nodes)
    if (node->op == Op::scan) CHECK(Scan{*node}.trip().is(5));
}

/// A cell that is itself a scan of one step, as a layer that an exporter calls step by step is.
Graph layers_of_one_step(int steps) {
  Graph graph;
  graph.name = "called";
  Builder b(graph);
  Value *x = graph.add_param(Type{DType::f64, {steps, 2, 3}}, "x"), *h = graph.add_param(Type{DType::f64, {2, 3}}, "h");
  Value* r = b.constant(layer_weights(DType::f64, {3, 3}, 1));
  std::vector<Value*> all;
  for (int t = 0; t < steps; ++t) {
    Node origin;
    origin.name = "layer_" + std::to_string(t);
    Builder step(graph, &origin);
    h = step.scan(1, {h}, {b.slice_axis(x, 0, t, 1)}, {r}, false, 0, [](Builder& inner, const Builder::ScanBody& body) {
      Value* sum = inner.add(body.scanned[0], inner.matmul(body.carried[0], body.invariants[0]));
      return std::vector<Value*>{inner.tanh(sum)};
    })[0];
    all.push_back(b.unsqueeze(h, {0}));
  }
  graph.outputs = {b.concat(std::move(all), 0)};
  graph.output_names = {"y"};
  return graph;
}

TEST_CASE("layers that are called step by step are rolled, whatever their nodes are called") {
  const Graph before = layers_of_one_step(5), after = rolled(layers_of_one_step(5));
  check_same_bits(before, after);
  REQUIRE(count_scans(after) == 1);
  for (const auto& node : after.nodes)
    if (node->op == Op::scan) {
      CHECK(Scan{*node}.trip().is(5));
      CHECK(count_scans(Scan{*node}.body()) == 1);
    }
}

}  // namespace
}  // namespace rondo::testing
