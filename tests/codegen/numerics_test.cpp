// What docs/numerics.md promises of whole layers: an LSTM of 64 units over 100 steps, planned for this machine with
// each kind of stored weights and of math, against the same layer computed here in double.
#include <fmt/format.h>

#include <cmath>

#include "ir/builder.h"
#include "passes/pipeline.h"
#include "tests/codegen/support.h"

namespace rondo::test {
namespace {

constexpr int kSteps = 100, kUnits = 64, kInputs = 64, kGates = 4;

/// Weights and inputs as trained layers have them: uniform within 1 / sqrt(units), and of size 1.
struct Layer {
  std::vector<std::vector<float>> input, recurrent, bias;
  std::vector<float> x;

  Layer() {
    std::mt19937 random(11);
    auto uniform = [&](size_t count, float size) {
      std::vector<float> values(count);
      for (float& value : values) value = (float(random() % 2000001) / 1e6F - 1) * size;
      return values;
    };
    const float size = 1 / std::sqrt(float(kUnits));
    for (int gate = 0; gate < kGates; ++gate) {
      input.push_back(uniform(kInputs * kUnits, size));
      recurrent.push_back(uniform(kUnits * kUnits, size));
      bias.push_back(uniform(kUnits, size));
    }
    x = uniform(kSteps * kInputs, 1.7F);
  }

  /// The layer whose weights are what is left of these.
  Layer rounded(DType dtype) const {
    Layer layer = *this;
    for (auto* matrices : {&layer.input, &layer.recurrent})
      for (auto& matrix : *matrices)
        for (float& w : matrix)
          w = dtype == DType::f16 ? half_to_float(float_to_half(w)) : bfloat_to_float(float_to_bfloat(w));
    return layer;
  }

  std::vector<double> in_double() const {
    std::vector<double> h(kUnits, 0), c(kUnits, 0), all;
    auto sigmoid = [](double v) { return 1 / (1 + std::exp(-v)); };
    for (int step = 0; step < kSteps; ++step) {
      std::vector<double> sums[kGates];
      for (int gate = 0; gate < kGates; ++gate)
        for (int unit = 0; unit < kUnits; ++unit) {
          double sum = bias[gate][unit];
          for (int k = 0; k < kInputs; ++k) sum += double(x[step * kInputs + k]) * input[gate][k * kUnits + unit];
          for (int k = 0; k < kUnits; ++k) sum += h[k] * recurrent[gate][k * kUnits + unit];
          sums[gate].push_back(sum);
        }
      for (int unit = 0; unit < kUnits; ++unit) {
        c[unit] = sigmoid(sums[0][unit]) * c[unit] + sigmoid(sums[1][unit]) * std::tanh(sums[2][unit]);
        h[unit] = sigmoid(sums[3][unit]) * std::tanh(c[unit]);
      }
      all.insert(all.end(), h.begin(), h.end());
    }
    return all;
  }

  Graph graph() const {
    Graph graph;
    graph.name = "layer";
    Builder b(graph);
    auto constant = [&](const std::vector<float>& values, std::vector<int64_t> shape) {
      return b.constant(tensor_of(DType::f32, values).reshaped(std::move(shape)));
    };
    Value* sequence = graph.add_param(Type{DType::f32, {kSteps, 1, kInputs}}, "x");
    std::vector<Value*> invariants;
    for (int gate = 0; gate < kGates; ++gate) {
      invariants.push_back(constant(input[gate], {kInputs, kUnits}));
      invariants.push_back(constant(recurrent[gate], {kUnits, kUnits}));
      invariants.push_back(constant(bias[gate], {kUnits}));
    }
    Value* zero = b.zeros(DType::f32, {1, kUnits});
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
    graph.outputs = {b.scan(kSteps, {zero, zero}, {sequence}, invariants, false, 1, cell)[2]};
    graph.output_names = {"y"};
    REQUIRE(bool(b.status()));
    return graph;
  }
};

Plan plan_of(const Layer& layer, const PlanOptions& options) {
  const Target host = require(Target::find({}));
  Graph graph = layer.graph();
  Diagnostics remarks;
  REQUIRE(bool(optimise(graph, host.facts(), {}, remarks)));
  return require(make_plan(graph, host.facts(), options));
}

/// Of the plan's outputs, which are computed from `layer`'s inputs, against those of `layer`.
double largest_error(const Layer& layer, const Plan& plan) {
  const Compiled compiled(plan);
  std::vector<float> y(kSteps * kUnits);
  REQUIRE(compiled.call({layer.x.data()}, {y.data()}) == RONDO_OK);
  const std::vector<double> exact = layer.in_double();
  double worst = 0;
  for (size_t i = 0; i < y.size(); ++i) worst = std::max(worst, std::fabs(y[i] - exact[i]));
  return worst;
}

}  // namespace

TEST_CASE("an LSTM of 64 units over 100 steps: the largest error of its outputs") {
  struct Row {
    const char* name;
    PlanOptions options;
    double least, most;
  };
  const Row rows[] = {{"exact, f32", {}, 0, 1e-6},
                      {"exact, f16", {{}, false, DType::f16}, 1e-5, 2.5e-4},
                      {"exact, bf16", {{}, false, DType::bf16}, 1e-4, 2e-3},
                      {"fast, f32", {{}, true, DType::f32}, 1e-6, 1e-4}};
  const Layer layer;
  for (const Row& row : rows) {
    const double error = largest_error(layer, plan_of(layer, row.options));
    std::string seen = fmt::format("{}: {:.3g}", row.name, error);
    if (std::getenv("RONDO_SHOW_ERRORS")) std::puts(seen.c_str());
    CAPTURE(seen);
    CHECK(error <= row.most);
    CHECK(error >= row.least);  // otherwise the option did nothing
  }
}

TEST_CASE("narrow weights are rounded once, and then compute in float32") {
  const Layer layer;
  for (DType stored : {DType::f16, DType::bf16})
    CHECK(largest_error(layer.rounded(stored), plan_of(layer, {{}, false, stored})) <= 1e-6);
}

TEST_CASE("narrow weights take half the bytes; states, biases and outputs stay float32") {
  const Layer layer;
  const Plan wide = plan_of(layer, {}), narrow = plan_of(layer, {{}, false, DType::bf16});
  const int64_t biases = int64_t(kGates) * kUnits * 4, weights = wide.constant_bytes - biases;
  CHECK(narrow.constant_bytes >= weights / 2);
  CHECK(narrow.constant_bytes <= weights / 2 + 2 * biases);
  for (const Buffer& buffer : narrow.buffers)
    if (buffer.kind != Buffer::Kind::constant) CHECK(buffer.dtype == DType::f32);
}

}  // namespace rondo::test
