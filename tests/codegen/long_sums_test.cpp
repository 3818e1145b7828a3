// How exact recurrent layers are where errors could add up: over 1000 steps, in one call and in 1000, and in sums of 2048
// products: against the same layers computed here in double. docs/numerics.md says what is promised.
#include <fmt/format.h>

#include <cmath>

#include "ir/builder.h"
#include "passes/pipeline.h"
#include "tests/codegen/support.h"

namespace rondo::test {
namespace {

constexpr double kLargestError = 2e-6;  // relative to the largest output

enum class Cell { lstm, gru, rnn };

struct Layer {
  Cell cell;
  int units, steps;
  int gates = cell == Cell::lstm ? 4 : cell == Cell::gru ? 3 : 1;
  std::vector<std::vector<float>> input, recurrent, bias;
  std::vector<float> x;

  Layer(Cell cell, int units, int steps) : cell(cell), units(units), steps(steps) {
    std::mt19937 random(17);
    auto uniform = [&](size_t count, float size) {
      std::vector<float> values(count);
      for (float& value : values) value = (float(random() % 2000001) / 1e6F - 1) * size;
      return values;
    };
    const float size = 1 / std::sqrt(float(units));
    for (int gate = 0; gate < gates; ++gate) {
      input.push_back(uniform(size_t(units) * units, size));
      recurrent.push_back(uniform(size_t(units) * units, size));
      bias.push_back(uniform(units, size));
    }
    x = uniform(size_t(steps) * units, 1.7F);
  }

  std::vector<double> product(const double* v, const std::vector<float>& w) const {
    std::vector<double> sums(units, 0);
    for (int k = 0; k < units; ++k)
      for (int j = 0; j < units; ++j) sums[j] += v[k] * double(w[size_t(k) * units + j]);
    return sums;
  }

  std::vector<double> in_double(const std::vector<float>& first) const {
    std::vector<double> h(first.begin(), first.end()), c = h, all;
    auto sigmoid = [](double v) { return 1 / (1 + std::exp(-v)); };
    for (int step = 0; step < steps; ++step) {
      const std::vector<double> in(x.begin() + ptrdiff_t(step) * units, x.begin() + ptrdiff_t(step + 1) * units);
      std::vector<std::vector<double>> xw, hr;
      for (int gate = 0; gate < gates; ++gate) {
        xw.push_back(product(in.data(), input[gate]));
        hr.push_back(product(h.data(), recurrent[gate]));
      }
      for (int j = 0; j < units; ++j) {
        auto sum = [&](int gate) { return xw[gate][j] + hr[gate][j] + bias[gate][j]; };
        if (cell == Cell::rnn) h[j] = std::tanh(sum(0));
        if (cell == Cell::gru) {
          const double z = sigmoid(sum(0)), r = sigmoid(sum(1));
          h[j] = (1 - z) * std::tanh(xw[2][j] + bias[2][j] + r * hr[2][j]) + z * h[j];
        }
        if (cell == Cell::lstm) {
          c[j] = sigmoid(sum(0)) * c[j] + sigmoid(sum(1)) * std::tanh(sum(2));
          h[j] = sigmoid(sum(3)) * std::tanh(c[j]);
        }
      }
      all.insert(all.end(), h.begin(), h.end());
    }
    return all;
  }

  std::vector<Value*> weights(Builder& b) const {
    std::vector<Value*> all;
    auto constant = [&](const std::vector<float>& values, std::vector<int64_t> shape) {
      all.push_back(b.constant(tensor_of(DType::f32, values).reshaped(std::move(shape))));
    };
    for (int gate = 0; gate < gates; ++gate) {
      constant(input[gate], {units, units});
      constant(recurrent[gate], {units, units});
      constant(bias[gate], {units});
    }
    return all;
  }

  /// The next h and c (the same for cells that have no c).
  std::vector<Value*> next(Builder& b, Value* in, Value* h, Value* c, const std::vector<Value*>& w) const {
    auto xw = [&](int i) { return b.matmul(in, w[3 * i]); };
    auto hr = [&](int i) { return b.matmul(h, w[3 * i + 1]); };
    auto sum = [&](int i) { return b.add(b.add(xw(i), hr(i)), w[3 * i + 2]); };
    if (cell == Cell::rnn) {
      Value* result = b.tanh(sum(0));
      return {result, result};
    }
    if (cell == Cell::gru) {
      Value *z = b.sigmoid(sum(0)), *r = b.sigmoid(sum(1));
      Value* n = b.tanh(b.add(b.add(xw(2), w[8]), b.mul(r, hr(2))));
      Value* result = b.add(b.mul(b.sub(b.scalar(z, 1), z), n), b.mul(z, h));
      return {result, result};
    }
    Value* new_c = b.add(b.mul(b.sigmoid(sum(0)), c), b.mul(b.sigmoid(sum(1)), b.tanh(sum(2))));
    return {b.mul(b.sigmoid(sum(3)), b.tanh(new_c)), new_c};
  }
};

Plan planned(Graph graph, const TargetSpec& spec) {
  const Target target = require(Target::find(spec));
  Diagnostics remarks;
  REQUIRE(bool(optimise(graph, target.facts(), {}, remarks)));
  return require(make_plan(graph, target.facts()));
}

/// All steps in one call.
Graph sequence(const Layer& layer) {
  Graph graph;
  graph.name = "layer";
  Builder b(graph);
  Value* x = graph.add_param(Type{DType::f32, {layer.steps, 1, layer.units}}, "x");
  Value* first = graph.add_param(Type{DType::f32, {1, layer.units}}, "first");
  auto body = [&](Builder& inner, const Builder::ScanBody& s) -> std::vector<Value*> {
    auto next = layer.next(inner, s.scanned[0], s.carried[0], s.carried[1], s.invariants);
    return {next[0], next[1], next[0]};
  };
  graph.outputs = {b.scan(layer.steps, {first, first}, {x}, layer.weights(b), false, 1, body)[2]};
  graph.output_names = {"y"};
  REQUIRE(bool(b.status()));
  return graph;
}

/// One step a call; h and c are states.
Graph one_step(const Layer& layer, const std::vector<float>& first) {
  Graph graph;
  graph.name = "layer";
  Builder b(graph);
  const Type type{DType::f32, {1, layer.units}};
  Value *x = graph.add_param(type, "x"), *h = graph.add_param(type, "h"), *c = h;
  if (layer.cell == Cell::lstm) c = graph.add_param(type, "c");
  auto next = layer.next(b, x, h, c, layer.weights(b));
  const Tensor initial = tensor_of(DType::f32, first).reshaped({1, layer.units});
  graph.states = {{"h", h, next[0], initial}};
  if (c != h) graph.states.push_back({"c", c, next[1], initial});
  graph.outputs = {next[0]};
  graph.output_names = {"y"};
  REQUIRE(bool(b.status()));
  return graph;
}

std::vector<float> stream(const Layer& layer, const Compiled& compiled) {
  std::vector<float> y(layer.x.size());
  Memory state(compiled.model->state_size(nullptr));
  REQUIRE(compiled.model->reset(state.get(), nullptr) == RONDO_OK);
  for (int t = 0; t < layer.steps; ++t)
    REQUIRE(compiled.call({&layer.x[size_t(t) * layer.units]}, {&y[size_t(t) * layer.units]}, {}, state.get()) == RONDO_OK);
  return y;
}

void check_error(const char* what, const Layer& layer, const std::vector<float>& y, const std::vector<double>& exact) {
  double worst = 0, scale = 0;
  for (size_t i = 0; i < y.size(); ++i) {
    worst = std::max(worst, std::fabs(y[i] - exact[i]));
    scale = std::max(scale, std::fabs(exact[i]));
  }
  const char* cells[] = {"LSTM", "GRU", "RNN"};
  std::string seen = fmt::format("{} of {}, {}: {:.3g}", cells[int(layer.cell)], layer.units, what, worst / scale);
  if (std::getenv("RONDO_SHOW_ERRORS")) std::puts(seen.c_str());
  CAPTURE(seen);
  CHECK(worst / scale <= kLargestError);
  CHECK(scale > 0.1);
}

}  // namespace

TEST_CASE("1000 steps of 64 units: errors do not add up") {
  for (Cell cell : {Cell::lstm, Cell::gru, Cell::rnn})
    for (const char* target : {"", "x86-64"}) {
      const Layer layer(cell, 64, 1000);
      const std::vector<float> first(64, 0.25F);
      const std::vector<double> exact = layer.in_double(first);
      const Compiled whole(planned(sequence(layer), {target}));
      std::vector<float> y(layer.x.size());
      REQUIRE(whole.call({layer.x.data(), first.data()}, {y.data()}) == RONDO_OK);
      check_error("in one call", layer, y, exact);
      check_error("call by call", layer, stream(layer, Compiled(planned(one_step(layer, first), {target}))), exact);
    }
}

TEST_CASE("a step of 1024 units: sums of 2048 products") {
  for (Cell cell : {Cell::rnn, Cell::lstm}) {
    const Layer layer(cell, 1024, 3);
    std::vector<float> first(1024);
    for (int i = 0; i < 1024; ++i) first[i] = float(i * 37 % 101 - 50) / 16;  // more than h can be, as callers may pass
    check_error("call by call", layer, stream(layer, Compiled(planned(one_step(layer, first), {}))), layer.in_double(first));
  }
}

}  // namespace rondo::test
