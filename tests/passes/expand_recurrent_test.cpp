// LSTM, GRU and RNN against an implementation that walks each sequence of a batch by itself, step by step, from the
// equations of ONNX's specification; every attribute, operand and subset of results.
#include <functional>

#include "tests/passes/expand_model.h"

namespace rondo::testing {
namespace {

using Vector = std::vector<double>;
using Function = std::function<double(double)>;

/// Repeatable numbers in [-1, 1].
class Numbers {
 public:
  explicit Numbers(uint32_t seed) : state_(seed * 2654435761u + 1) {}
  double next() {
    state_ = state_ * 1664525u + 1013904223u;
    return double(state_ >> 8) / double(1 << 23) - 1;
  }
  Vector vector(int64_t count) {
    Vector values;
    for (int64_t i = 0; i < count; ++i) values.push_back(next());
    return values;
  }

 private:
  uint32_t state_;
};

struct Layer {
  Op op;
  int64_t gates;
  int64_t steps = 4, batch = 3, inputs = 2, hidden = 3;
  std::string direction = "forward";
  bool batch_first = false, biases = true, initial_h = false, initial_c = false, peepholes = false;
  bool input_forget = false, linear_before_reset = false;
  std::vector<int64_t> lengths;          // empty: none given
  bool carry = false;                    // past the end of a sequence, its state
  double clip = 0;                       // 0: none
  std::vector<std::string> activations;  // names as given to the node
  Vector alphas, betas;
  std::vector<Function> functions;  // what they mean, one direction after the other
  std::vector<bool> wanted = {true, true, true};

  int64_t directions() const { return direction == "bidirectional" ? 2 : 1; }
};

struct Data {
  Vector x, w, r, b, h, c, p;  // x [T, B, I], h and c [D, B, H]: as without batch_first
};

struct Results {
  Vector y, h, c;  // [T, D, B, H], [D, B, H]
};

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

/// One sequence in one direction.
class Walk {
 public:
  Walk(const Layer& layer, const Data& data, int64_t d, int64_t n, Results& results)
      : l_(layer), data_(data), d_(d), n_(n), results_(results), h_(layer.hidden), c_(layer.hidden) {}

  void run() {
    const int64_t length = l_.lengths.empty() ? l_.steps : l_.lengths[n_];
    const bool back = l_.direction == "reverse" || d_ == 1;
    for (int64_t j = 0; j < l_.hidden; ++j) {
      h_[j] = l_.initial_h ? data_.h[state(j)] : 0;
      c_[j] = l_.initial_c ? data_.c[state(j)] : 0;
    }
    // Backwards, what lies past the end comes first, and the state is the initial one.
    for (int64_t t = length; l_.carry && back && t < l_.steps; ++t) write(t);
    for (int64_t i = 0; i < length; ++i) step(back ? length - 1 - i : i);
    for (int64_t t = length; l_.carry && !back && t < l_.steps; ++t) write(t);
    for (int64_t j = 0; j < l_.hidden; ++j) {
      results_.h[state(j)] = h_[j];
      results_.c[state(j)] = c_[j];
    }
  }

 private:
  int64_t state(int64_t j) const { return (d_ * l_.batch + n_) * l_.hidden + j; }
  double input_sum(int64_t t, int64_t gate, int64_t j) const {
    double sum = 0;
    for (int64_t k = 0; k < l_.inputs; ++k)
      sum += data_.x[(t * l_.batch + n_) * l_.inputs + k] *
             data_.w[((d_ * l_.gates + gate) * l_.hidden + j) * l_.inputs + k];
    return sum;
  }
  double recurrent_sum(const Vector& h, int64_t gate, int64_t j) const {
    double sum = 0;
    for (int64_t k = 0; k < l_.hidden; ++k)
      sum += h[k] * data_.r[((d_ * l_.gates + gate) * l_.hidden + j) * l_.hidden + k];
    return sum;
  }
  double bias(int64_t gate, int64_t j, bool recurrent) const {
    return l_.biases ? data_.b[(d_ * 2 + recurrent) * l_.gates * l_.hidden + gate * l_.hidden + j] : 0;
  }
  double peephole(int64_t gate, int64_t j) const { return l_.peepholes ? data_.p[(d_ * 3 + gate) * l_.hidden + j] : 0; }
  double bounded(double x) const { return l_.clip == 0 ? x : std::fmax(-l_.clip, std::fmin(l_.clip, x)); }
  double f(int i, double x) const {
    const size_t each = l_.op == Op::LSTM ? 3 : l_.op == Op::GRU ? 2 : 1;
    if (!l_.functions.empty()) return l_.functions[d_ * each + i](bounded(x));
    return each > 1 && i == 0 ? sigmoid(bounded(x)) : std::tanh(bounded(x));
  }
  double all(int64_t t, int64_t gate, int64_t j) const {
    return input_sum(t, gate, j) + recurrent_sum(h_, gate, j) + bias(gate, j, false) + bias(gate, j, true);
  }

  void step(int64_t t) {
    Vector h = h_, c = c_;
    for (int64_t j = 0; j < l_.hidden; ++j) {
      if (l_.op == Op::RNN) h[j] = f(0, all(t, 0, j));
      if (l_.op == Op::LSTM) lstm(t, j, h, c);
      if (l_.op == Op::GRU) h[j] = gru(t, j);
    }
    h_ = h;
    c_ = c;
    write(t);
  }
  void write(int64_t t) {
    for (int64_t j = 0; j < l_.hidden; ++j) {
      results_.y[((t * l_.directions() + d_) * l_.batch + n_) * l_.hidden + j] = h_[j];
    }
  }
  void lstm(int64_t t, int64_t j, Vector& h, Vector& c) const {
    const double i = f(0, all(t, 0, j) + peephole(0, j) * c_[j]);
    const double forget = l_.input_forget ? 1 - i : f(0, all(t, 2, j) + peephole(2, j) * c_[j]);
    c[j] = forget * c_[j] + i * f(1, all(t, 3, j));
    const double o = f(0, all(t, 1, j) + peephole(1, j) * c[j]);
    // The cell is not clipped, so its activation is called without bounds.
    h[j] = o * (l_.functions.empty() ? std::tanh(c[j]) : l_.functions[d_ * 3 + 2](c[j]));
  }
  double gru(int64_t t, int64_t j) const {
    const double z = f(0, all(t, 0, j));
    double sum = 0;
    if (l_.linear_before_reset) {
      sum = input_sum(t, 2, j) + f(0, all(t, 1, j)) * (recurrent_sum(h_, 2, j) + bias(2, j, true)) + bias(2, j, false);
    } else {
      Vector reset = h_;
      for (int64_t k = 0; k < l_.hidden; ++k) reset[k] *= f(0, all(t, 1, k));
      sum = input_sum(t, 2, j) + recurrent_sum(reset, 2, j) + bias(2, j, false) + bias(2, j, true);
    }
    return (1 - z) * f(1, sum) + z * h_[j];
  }

  const Layer& l_;
  const Data& data_;
  int64_t d_, n_;
  Results& results_;
  Vector h_, c_;
};

Data random_data(const Layer& l) {
  Numbers numbers(static_cast<uint32_t>(l.gates * 100 + l.hidden));
  const int64_t d = l.directions(), rows = l.gates * l.hidden;
  return {numbers.vector(l.steps * l.batch * l.inputs),
          numbers.vector(d * rows * l.inputs),
          numbers.vector(d * rows * l.hidden),
          numbers.vector(d * 2 * rows),
          numbers.vector(d * l.batch * l.hidden),
          numbers.vector(d * l.batch * l.hidden),
          numbers.vector(d * 3 * l.hidden)};
}

/// [a, b, rest] -> [b, a, rest]
Vector swapped(const Vector& from, int64_t a, int64_t b, int64_t rest) {
  Vector to(from.size());
  for (int64_t i = 0; i < a; ++i)
    for (int64_t j = 0; j < b; ++j)
      for (int64_t k = 0; k < rest; ++k) to[(j * a + i) * rest + k] = from[(i * b + j) * rest + k];
  return to;
}

Tensor doubles(std::vector<int64_t> shape, const Vector& values) { return reals(std::move(shape), values, DType::f64); }

Tensor state_tensor(const Layer& l, const Vector& values) {
  if (!l.batch_first) return doubles({l.directions(), l.batch, l.hidden}, values);
  return doubles({l.batch, l.directions(), l.hidden}, swapped(values, l.directions(), l.batch, l.hidden));
}

Tensor y_tensor(const Layer& l, const Vector& y) {
  const int64_t d = l.directions();
  if (!l.batch_first) return doubles({l.steps, d, l.batch, l.hidden}, y);
  Vector to(y.size());
  for (int64_t t = 0; t < l.steps; ++t)
    for (int64_t k = 0; k < d; ++k)
      for (int64_t n = 0; n < l.batch; ++n)
        for (int64_t j = 0; j < l.hidden; ++j)
          to[((n * l.steps + t) * d + k) * l.hidden + j] = y[((t * d + k) * l.batch + n) * l.hidden + j];
  return doubles({l.batch, l.steps, d, l.hidden}, to);
}

Attributes attributes_of(const Layer& l) {
  Attributes attributes{{"hidden_size", l.hidden}, {"direction", l.direction}};
  if (l.batch_first) attributes.set("layout", int64_t{1});
  if (l.clip != 0) attributes.set("clip", l.clip);
  if (l.input_forget) attributes.set("input_forget", int64_t{1});
  if (l.linear_before_reset) attributes.set("linear_before_reset", int64_t{1});
  if (l.carry) attributes.set("ragged", std::string("carry"));
  if (!l.activations.empty()) attributes.set("activations", l.activations);
  if (!l.alphas.empty()) attributes.set("activation_alpha", l.alphas);
  if (!l.betas.empty()) attributes.set("activation_beta", l.betas);
  return attributes;
}

std::vector<std::optional<Tensor>> operands_of(const Layer& l, const Data& data) {
  const int64_t d = l.directions(), rows = l.gates * l.hidden;
  std::vector<std::optional<Tensor>> operands{
      l.batch_first ? doubles({l.batch, l.steps, l.inputs}, swapped(data.x, l.steps, l.batch, l.inputs))
                    : doubles({l.steps, l.batch, l.inputs}, data.x),
      doubles({d, rows, l.inputs}, data.w), doubles({d, rows, l.hidden}, data.r)};
  operands.resize(8);
  if (l.biases) operands[3] = doubles({d, 2 * rows}, data.b);
  if (!l.lengths.empty()) operands[4] = whole({l.batch}, l.lengths, DType::i32);
  if (l.initial_h) operands[5] = state_tensor(l, data.h);
  if (l.initial_c) operands[6] = state_tensor(l, data.c);
  if (l.peepholes) operands[7] = doubles({d, 3 * l.hidden}, data.p);
  while (!operands.back()) operands.pop_back();
  return operands;
}

/// The node with X and sequence_lens as inputs of symbolic time and batch, weights as constants or inputs.
void build(Model& model, const Layer& l, const std::vector<std::optional<Tensor>>& operands, bool runtime_weights,
           std::vector<Tensor>& arguments) {
  std::vector<Value*> values;
  for (size_t i = 0; i < operands.size(); ++i) {
    if (!operands[i]) {
      values.push_back(nullptr);
    } else if (i == 0 || i == 4 || runtime_weights) {
      Shape shape(operands[i]->shape().begin(), operands[i]->shape().end());
      if (i == 0) shape[l.batch_first] = Dim::symbol("B"), shape[!l.batch_first] = Dim::symbol("T");
      if (i == 4) shape = {Dim::symbol("N")};
      values.push_back(model.input("x" + std::to_string(i), operands[i]->dtype(), shape));
      arguments.push_back(*operands[i]);
    } else {
      values.push_back(model.constant(*operands[i]));
    }
  }
  Node* node = model.graph.append(l.op, values, attributes_of(l), l.op == Op::LSTM ? 3 : 2);
  node->place = "node 'layer'";
  for (size_t i = 0; i < node->results.size(); ++i) {
    if (!l.wanted[i])
      node->results[i].reset();
    else
      model.output(node->result(static_cast<int>(i)), "y" + std::to_string(i));
  }
}

void check_layer(const Layer& l, bool runtime_weights = false) {
  const Data data = random_data(l);
  const int64_t d = l.directions(), states = d * l.batch * l.hidden;
  Results want{Vector(l.steps * states, 0), Vector(states, 0), Vector(states, 0)};
  for (int64_t k = 0; k < d; ++k)
    for (int64_t n = 0; n < l.batch; ++n) Walk(l, data, k, n, want).run();
  const std::vector<Tensor> expected{y_tensor(l, want.y), state_tensor(l, want.h), state_tensor(l, want.c)};

  Model model(14);
  std::vector<Tensor> arguments;
  build(model, l, operands_of(l, data), runtime_weights, arguments);
  const std::vector<Tensor> got = run(model, arguments);
  size_t next = 0;
  for (int i = 0; i < (l.op == Op::LSTM ? 3 : 2); ++i) {
    if (!l.wanted[i]) continue;
    REQUIRE(next < got.size());
    CAPTURE(info(l.op).word);
    CAPTURE(l.direction);
    CAPTURE(i);
    check_close(got[next++], expected[i], 1e-10);
  }
  CHECK(next == got.size());
}

const std::vector<Layer> kLayers = {
    {.op = Op::LSTM, .gates = 4}, {.op = Op::GRU, .gates = 3}, {.op = Op::RNN, .gates = 1}};

/// Every kind of layer in every direction and layout, changed by `change`.
template <class Change>
void check_all(Change change) {
  for (Layer layer : kLayers) {
    for (const char* direction : {"forward", "reverse", "bidirectional"}) {
      for (bool batch_first : {false, true}) {
        layer.direction = direction;
        layer.batch_first = batch_first;
        Layer changed = layer;
        change(changed);
        check_layer(changed);
      }
    }
  }
}

TEST_CASE("layers in every direction and layout") {
  check_all([](Layer&) {});
}
TEST_CASE("layers without biases") {
  check_all([](Layer& l) { l.biases = false; });
}
TEST_CASE("layers with a clip") {
  check_all([](Layer& l) { l.clip = 0.25; });
}
TEST_CASE("layers of one step") {
  check_all([](Layer& l) { l.steps = 1; });
}

TEST_CASE("layers with initial states") {
  check_all([](Layer& l) {
    l.initial_h = true;
    l.initial_c = l.op == Op::LSTM;
  });
}

TEST_CASE("ragged batches: Y is zero past each length, the last states are those of the last valid step") {
  check_all([](Layer& l) { l.lengths = {2, 4, 1}; });
  check_all([](Layer& l) {
    l.lengths = {4, 1, 3};
    l.initial_h = true;
    l.clip = 0.5;
  });
}

TEST_CASE("ragged batches, carried: Y keeps the state past each length") {
  check_all([](Layer& l) {
    l.lengths = {2, 4, 1};
    l.carry = true;
  });
  check_all([](Layer& l) {
    l.lengths = {0, 1, 3};
    l.initial_h = l.carry = true;
  });
}

TEST_CASE("--ragged is for layers with lengths, and knows two words") {
  Model with(14), without(14);
  std::vector<Tensor> arguments;
  Layer layer = kLayers[1];
  build(without, layer, operands_of(layer, random_data(layer)), false, arguments);
  layer.lengths = {1, 2, 3};
  build(with, layer, operands_of(layer, random_data(layer)), false, arguments);
  CHECK(bind_ragged(with.graph, "carry"));
  CHECK(*with.graph.nodes.back()->attributes.find("ragged") == Attribute(std::string("carry")));
  CHECK_FALSE(bind_ragged(without.graph, "carry"));
  REQUIRE(bind_ragged(with.graph, "hold"));
  const auto core = with.expand();
  REQUIRE_FALSE(core);
  CHECK(core.errors()[0].message.find("must be zero or carry") != std::string::npos);
}

TEST_CASE("weights that are inputs") {
  for (Layer layer : kLayers) {
    layer.direction = "bidirectional";
    layer.initial_h = true;
    check_layer(layer, true);
  }
}

TEST_CASE("every subset of results") {
  for (Layer layer : kLayers) {
    for (int mask = 1; mask < (layer.op == Op::LSTM ? 8 : 4); ++mask) {
      layer.wanted = {(mask & 1) != 0, (mask & 2) != 0, (mask & 4) != 0};
      layer.direction = "bidirectional";
      layer.lengths = {2, 4, 1};
      check_layer(layer);
    }
  }
}

TEST_CASE("LSTM: peepholes, input_forget, all at once") {
  Layer layer = kLayers[0];
  layer.peepholes = true;
  check_layer(layer);
  layer.clip = 0.3;
  check_layer(layer);
  layer.input_forget = true;
  layer.initial_h = layer.initial_c = true;
  layer.direction = "bidirectional";
  layer.lengths = {3, 1, 4};
  check_layer(layer);
}

TEST_CASE("GRU: linear_before_reset") {
  for (bool biases : {true, false}) {
    Layer layer = kLayers[1];
    layer.linear_before_reset = true;
    layer.biases = biases;
    check_layer(layer);
    layer.direction = "bidirectional";
    layer.clip = 0.3;
    layer.lengths = {3, 1, 4};
    check_layer(layer);
  }
}

TEST_CASE("activations by name in any case; alpha and beta go in order to those that take them") {
  Layer rnn = kLayers[2];
  struct Case {
    const char* name;
    Vector alphas, betas;
    Function function;
  };
  const Case cases[] = {
      {"Relu", {}, {}, [](double x) { return x > 0 ? x : 0; }},
      {"TANH", {}, {}, [](double x) { return std::tanh(x); }},
      {"sigmoid", {}, {}, sigmoid},
      {"Affine", {}, {}, [](double x) { return x; }},
      {"affine", {0.5}, {0.25}, [](double x) { return 0.5 * x + 0.25; }},
      {"LeakyRelu", {}, {}, [](double x) { return x < 0 ? 0.01 * x : x; }},
      {"leakyRELU", {0.3}, {}, [](double x) { return x < 0 ? 0.3 * x : x; }},
      {"ThresholdedRelu", {}, {}, [](double x) { return x > 1 ? x : 0; }},
      {"ThresholdedRelu", {0.2}, {}, [](double x) { return x > 0.2 ? x : 0; }},
      {"ScaledTanh", {}, {}, [](double x) { return std::tanh(x); }},
      {"ScaledTanh", {0.5}, {2.0}, [](double x) { return 0.5 * std::tanh(2 * x); }},
      {"HardSigmoid", {}, {}, [](double x) { return std::fmax(0, std::fmin(1, 0.2 * x + 0.5)); }},
      {"HardSigmoid", {0.4}, {0.1}, [](double x) { return std::fmax(0, std::fmin(1, 0.4 * x + 0.1)); }},
      {"Elu", {}, {}, [](double x) { return x < 0 ? std::exp(x) - 1 : x; }},
      {"Elu", {0.7}, {}, [](double x) { return x < 0 ? 0.7 * (std::exp(x) - 1) : x; }},
      {"Softsign", {}, {}, [](double x) { return x / (1 + std::fabs(x)); }},
      {"Softplus", {}, {}, [](double x) { return std::log1p(std::exp(x)); }},
  };
  for (const Case& test : cases) {
    CAPTURE(test.name);
    rnn.activations = {test.name};
    rnn.alphas = test.alphas;
    rnn.betas = test.betas;
    rnn.functions = {test.function};
    check_layer(rnn);
  }
  Layer lstm = kLayers[0];
  lstm.direction = "bidirectional";
  lstm.activations = {"HardSigmoid", "Tanh", "LeakyRelu", "Sigmoid", "Affine", "Elu"};
  lstm.alphas = {0.4, 0.3, 0.5};  // HardSigmoid, LeakyRelu, Affine; Elu takes its default
  lstm.betas = {0.1, 0.25};       // HardSigmoid, Affine
  lstm.functions = {cases[12].function, cases[1].function, cases[6].function, sigmoid,
                    cases[4].function,  cases[13].function};
  check_layer(lstm);
}

TEST_CASE("old and absent attributes") {
  const Layer l = kLayers[0];
  const auto operands = operands_of(l, random_data(l));
  CHECK(errors_of(Op::LSTM, 14, operands, {}, 3) == "");
  CHECK(errors_of(Op::LSTM, 1, operands, {{"output_sequence", int64_t{1}}, {"hidden_size", int64_t{3}}}, 3) == "");
}

TEST_CASE("what is wrong is named") {
  const Layer l = kLayers[0];
  auto operands = operands_of(l, random_data(l));
  auto errors = [&](Attributes attributes) { return errors_of(Op::LSTM, 14, operands, std::move(attributes), 3); };
  CHECK(contains(errors({{"hidden_size", int64_t{4}}}), "hidden_size"));
  CHECK(contains(errors({{"direction", std::string("backward")}}), "'direction'"));
  CHECK(contains(errors({{"direction", std::string("bidirectional")}}), "directions of W"));
  CHECK(contains(errors({{"clip", -1.0}}), "'clip'"));
  CHECK(contains(errors({{"activations", std::vector<std::string>{"Sigmoid", "Tanh"}}}), "2 names"));
  CHECK(contains(errors({{"activations", std::vector<std::string>{"Sigmoid", "Tanh", "Swish"}}}), "ScaledTanh"));
  CHECK(contains(errors({{"activation_alpha", std::vector<double>{0.5}}}), "'activation_alpha'"));
  CHECK(contains(errors({{"output_sequence", int64_t{1}}}), "'output_sequence'"));
  CHECK(contains(errors({{"linear_before_reset", int64_t{1}}}), "'linear_before_reset'"));
  operands[1] = reals({1, 12, 5}, Vector(60, 0), DType::f64);
  CHECK(contains(errors({}), "inputs of W and X"));
  operands[1] = reals({12, 2}, Vector(24, 0), DType::f64);
  CHECK(contains(errors({}), "rank 3"));
}

}  // namespace
}  // namespace rondo::testing
