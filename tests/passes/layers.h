// Graphs of recurrent cells, with weights that differ from element to element: what the planner's tests plan.
#pragma once

#include <doctest/doctest.h>

#include <cmath>

#include "ir/builder.h"
#include "passes/pipeline.h"
#include "plan_interpreter.h"

namespace rondo::testing {

enum class Cell { lstm, peephole, gru, rnn };

struct Layer {
  Cell cell = Cell::lstm;
  int64_t inputs = 4, units = 4;
  Dim batch = 1;
  Dim steps = 1;
  bool streaming = false;  // one step, with states h and c
  DType dtype = DType::f32;
};

inline Tensor layer_weights(DType dtype, std::vector<int64_t> shape, int seed) {
  std::vector<double> values(Tensor::zeros(dtype, shape).count());
  for (size_t i = 0; i < values.size(); ++i) values[i] = double((i * 7919 + 131 * size_t(seed)) % 101) / 64 - 0.75;
  return Tensor::from_doubles(dtype, std::move(shape), values);
}

class LayerBuilder {
 public:
  explicit LayerBuilder(const Layer& layer) : layer_(layer) {}

  Graph graph() const {
    Graph graph;
    graph.name = "layer";
    Builder b(graph);
    const Type state{layer_.dtype, {layer_.batch, layer_.units}};
    Shape sequence = {layer_.batch, layer_.inputs};
    if (!layer_.streaming) sequence.insert(sequence.begin(), layer_.steps);
    Value *x = graph.add_param(Type{layer_.dtype, sequence}, "x"), *h = graph.add_param(state, "h"),
          *c = graph.add_param(state, "c");
    std::vector<Value*> w = weights(b);
    if (layer_.streaming) {
      auto step = next(b, x, h, c, w);
      graph.states = {{"h", h, step[0], {}}, {"c", c, step[1], {}}};
      graph.outputs = {step[0]};
    } else {
      graph.outputs = {b.scan(layer_.steps, {h, c}, {x}, w, false, 1,
                              [&](Builder& inner, const Builder::ScanBody& s) -> std::vector<Value*> {
                                auto step = next(inner, s.scanned[0], s.carried[0], s.carried[1], s.invariants);
                                return {step[0], step[1], step[0]};
                              })[2]};
    }
    graph.output_names = {"y"};
    if (Status built = b.status(); !built) FAIL(to_string(built.errors()[0]));
    return graph;
  }

 private:
  int gates() const { return layer_.cell == Cell::gru ? 3 : layer_.cell == Cell::rnn ? 1 : 4; }

  std::vector<Value*> weights(Builder& b) const {
    std::vector<Value*> all;
    auto add = [&](std::vector<int64_t> shape) {
      all.push_back(b.constant(layer_weights(layer_.dtype, std::move(shape), int(all.size()))));
    };
    for (int gate = 0; gate < gates(); ++gate) {
      add({layer_.inputs, layer_.units});
      add({layer_.units, layer_.units});
      add({layer_.units});
      add({layer_.units});  // peephole
    }
    return all;
  }

  std::vector<Value*> next(Builder& b, Value* x, Value* h, Value* c, const std::vector<Value*>& w) const {
    auto xw = [&](int i) { return b.matmul(x, w[4 * i]); };
    auto hr = [&](int i) { return b.matmul(h, w[4 * i + 1]); };
    auto sum = [&](int i) { return b.add(b.add(xw(i), hr(i)), w[4 * i + 2]); };
    auto looks = [&](int i, Value* at) { return layer_.cell == Cell::peephole ? b.add(sum(i), b.mul(at, w[4 * i + 3])) : sum(i); };
    if (layer_.cell == Cell::rnn) return {b.tanh(sum(0)), c};
    if (layer_.cell == Cell::gru) {
      Value *z = b.sigmoid(sum(0)), *r = b.sigmoid(sum(1));
      Value* n = b.tanh(b.add(b.add(xw(2), w[10]), b.mul(r, hr(2))));
      return {b.add(b.mul(b.sub(b.scalar(z, 1), z), n), b.mul(z, h)), c};
    }
    Value* new_c = b.add(b.mul(b.sigmoid(looks(0, c)), c), b.mul(b.sigmoid(looks(1, c)), b.tanh(sum(2))));
    return {b.mul(b.sigmoid(looks(3, new_c)), b.tanh(new_c)), new_c};
  }

  Layer layer_;
};

inline Graph graph_of(const Layer& layer) { return LayerBuilder(layer).graph(); }

inline Plan plan_of(const Layer& layer, const TargetFacts& facts, const PlanOptions& options = {}) {
  Graph graph = graph_of(layer);
  Diagnostics remarks;
  if (Status done = optimise(graph, facts, {}, remarks); !done) FAIL(to_string(done.errors()[0]));
  Result<Plan> plan = make_plan(graph, facts, options);
  if (!plan) FAIL(to_string(plan.errors()[0]));
  return *std::move(plan);
}

/// Calls f(kernel) for each kernel, in order.
template <class Function>
void each_kernel(const std::vector<Step>& steps, Function f) {
  for (const Step& step : steps) {
    if (const auto* kernel = std::get_if<Kernel>(&step.what)) f(*kernel);
    for_each_nested(step, [&](const std::vector<Step>& nested) { each_kernel(nested, f); });
  }
}

// Facts of the kinds of processors that there are; the numbers are round.
inline Array argument(const Type& type, const Dim::Values& symbols, int seed) {
  std::vector<int64_t> shape;
  for (const Dim& dim : type.shape) shape.push_back(*dim.evaluate(symbols));
  Array array = Array::zeros(type.dtype, shape);
  for (size_t i = 0; i < array.reals.size(); ++i) array.reals[i] = double((i * 37 + 11 * size_t(seed)) % 29) / 16 - 0.9;
  return array;
}

/// The plan computes what the graph does, to 1e-9.
inline void check_plan_means(const Graph& graph, const Plan& plan, const Dim::Values& symbols) {
  std::vector<Array> arguments;
  for (const auto& param : graph.params) arguments.push_back(argument(*param->type, symbols, param->index));
  auto expected = evaluate(graph, arguments);
  auto got = interpret(plan, arguments, symbols);
  if (!expected) FAIL(to_string(expected.errors()[0]));
  if (!got) FAIL(to_string(got.errors()[0]));
  REQUIRE(got->size() == expected->size());
  double worst = 0;
  for (size_t k = 0; k < got->size(); ++k) {
    REQUIRE((*got)[k].reals.size() == (*expected)[k].reals.size());
    for (size_t i = 0; i < (*got)[k].reals.size(); ++i)
      worst = std::max(worst, std::fabs((*got)[k].reals[i] - (*expected)[k].reals[i]));
  }
  CHECK(worst <= 1e-9);
}

inline TargetFacts avx512_facts() { return {8, 64, 32, true, true, 2, 2, 4, 32 << 10, 1 << 20, 128, 48, 10}; }
inline TargetFacts avx2_facts() { return {8, 32, 16, true, true, 2, 2, 4, 32 << 10, 1 << 18, 64, 32, 8}; }
inline TargetFacts neon_facts() { return {8, 16, 32, true, false, 2, 2, 4, 64 << 10, 1 << 19, 32, 16, 8}; }
inline TargetFacts scalar_facts() { return {4, 0, 8, false, false, 1, 1, 4, 16 << 10, 64 << 10, 4, 4, 2}; }

}  // namespace rondo::testing
