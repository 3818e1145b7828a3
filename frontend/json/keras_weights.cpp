// Keras's conventions; see keras_weights.h. Keras's equations, x and h being rows:
//
//   LSTM  gates i, f, c, o side by side in W [in, 4H], U [H, 4H], b [4H]
//         c' = f . c + i . tanh(x Wc + h Uc + bc);   h' = o . tanh(c')
//   GRU   gates z, r, h side by side in W [in, 3H], U [H, 3H]; h' = z . h + (1 - z) . h~
//         reset_after (b [2, 3H]: input, recurrent)  h~ = tanh(x Wh + bh_in + r . (h Uh + bh_rec))
//         otherwise   (b [3H])                       h~ = tanh(x Wh + (r . h) Uh + bh)
//   RNN   h' = tanh(x W + h U + b)
//
// ONNX wants rows of gates: LSTM i, o, f, c and GRU z, r, h, so W and U are transposed and their blocks reordered.
#include "frontend/json/keras_weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "frontend/file.h"
#include "support/closest.h"

namespace rondo {
namespace {

/// An activation: Keras's name, ONNX's name within a recurrent cell (empty: none), and the function on a sequence.
struct KerasActivation {
  std::string_view name, in_cell;
  Value* (*apply)(ModelBuilder& m, Value* x, KerasVersion version);
};

template <Op op>
Value* unary(ModelBuilder& m, Value* x, KerasVersion) {
  return m.node(op, {x});
}

/// Keras 2: 0.2 x + 0.5 within [0, 1]; Keras 3: x / 6 + 0.5 within [0, 1].
Value* hard_sigmoid(ModelBuilder& m, Value* x, KerasVersion version) {
  return m.node(Op::HardSigmoid, {x}, {{"alpha", version == KerasVersion::two ? 0.2 : 1.0 / 6}, {"beta", 0.5}});
}

constexpr KerasActivation kActivations[] = {
    {"", "", [](ModelBuilder&, Value* x, KerasVersion) { return x; }},
    {"linear", "", [](ModelBuilder&, Value* x, KerasVersion) { return x; }},
    {"tanh", "Tanh", unary<Op::Tanh>},
    {"sigmoid", "Sigmoid", unary<Op::Sigmoid>},
    {"relu", "Relu", unary<Op::Relu>},
    {"elu", "Elu", unary<Op::Elu>},
    {"selu", "", unary<Op::Selu>},
    {"softplus", "Softplus", unary<Op::Softplus>},
    {"softsign", "Softsign", unary<Op::Softsign>},
    {"exponential", "", unary<Op::Exp>},
    {"gelu", "", unary<Op::Gelu>},
    {"softmax", "",
     [](ModelBuilder& m, Value* x, KerasVersion) {
       return m.node(Op::Softmax, {x}, {{"axis", int64_t{-1}}});
     }},
    {"swish", "", [](ModelBuilder& m, Value* x, KerasVersion) { return m.mul(x, m.node(Op::Sigmoid, {x})); }},
    {"silu", "", [](ModelBuilder& m, Value* x, KerasVersion) { return m.mul(x, m.node(Op::Sigmoid, {x})); }},
    {"leaky_relu", "",
     [](ModelBuilder& m, Value* x, KerasVersion) {
       return m.node(Op::LeakyRelu, {x}, {{"alpha", 0.2}});
     }},
    {"relu6", "",
     [](ModelBuilder& m, Value* x, KerasVersion) {
       return m.node(Op::Clip, {x, m.number(0), m.number(6)});
     }},
    {"hard_sigmoid", "", hard_sigmoid},
};

/// "linear, tanh, …; did you mean 'tanh'?"
std::string accepted_activations(bool in_cell, std::string_view found) {
  std::vector<std::string> names;
  for (const KerasActivation& row : kActivations)
    if (!row.name.empty() && (!in_cell || !row.in_cell.empty())) names.emplace_back(row.name);
  return fmt::format("{}{}", fmt::join(names, ", "), did_you_mean(found, names));
}

const KerasActivation* find_activation(std::string_view name) {
  for (const KerasActivation& row : kActivations)
    if (row.name == name) return &row;
  return nullptr;
}

std::vector<int> onnx_order(Op op) {
  if (op == Op::LSTM) return {0, 3, 1, 2};  // i, f, c, o -> i, o, f, c
  if (op == Op::GRU) return {0, 1, 2};
  return {0};
}

Result<RecurrentWeights> with_bias(const KerasRecurrent& arrays, RecurrentWeights weights, bool& linear_before_reset) {
  const int64_t width = gate_count(arrays.op) * arrays.hidden;
  const Numbers& bias = *arrays.bias;
  const std::vector<int> order = onnx_order(arrays.op);
  linear_before_reset = arrays.op == Op::GRU && bias.shape.size() == 2;
  if (!linear_before_reset) {
    RONDO_CHECK(require_shape(bias, {width},
                              arrays.op == Op::GRU ? "b[3 * hidden], or [2, 3 * hidden] where reset_after holds"
                                                   : "the bias, one number for each column of W"));
    weights.input_bias = reordered(bias, order);
    return weights;
  }
  RONDO_CHECK(require_shape(bias, {2, width}, "b[2, 3 * hidden]: input and recurrent biases"));
  const auto middle = bias.values.begin() + width;
  weights.input_bias = Numbers{{width}, {bias.values.begin(), middle}, bias.place};
  weights.recurrent_bias = Numbers{{width}, {middle, bias.values.end()}, bias.place};
  return weights;
}

}  // namespace

Result<Value*> keras_activation(ModelBuilder& m, Value* x, const Json& name, KerasVersion version) {
  if (name.is(JsonKind::null)) return x;
  RONDO_TRY(const std::string text, name.text());
  if (const KerasActivation* row = find_activation(text)) return row->apply(m, x, version);
  return name.refused(
      fmt::format("found the activation {}; accepted: {}", in_quotes(text), accepted_activations(false, text)));
}

Result<std::string> keras_cell_activation(const std::optional<Json>& name, std::string absent) {
  if (!name || name->is(JsonKind::null)) return absent;
  RONDO_TRY(const std::string text, name->text());
  if (text.empty()) return absent;
  const KerasActivation* row = find_activation(text);
  if (row && !row->in_cell.empty()) return std::string(row->in_cell);
  return name->refused(fmt::format("found the activation {} within a cell; accepted: {}", in_quotes(text),
                                   accepted_activations(true, text)));
}

Result<RecurrentWeights> keras_recurrent_weights(const KerasRecurrent& arrays, bool& linear_before_reset) {
  const int64_t gates = gate_count(arrays.op), width = gates * arrays.hidden;
  RONDO_CHECK(require_shape(arrays.kernel, {arrays.inputs, width},
                            fmt::format("W[inputs, {} * hidden] for {} inputs and {} hidden units", gates,
                                        shown_size(arrays.inputs), arrays.hidden)));
  RONDO_CHECK(require_shape(arrays.recurrent_kernel, {arrays.hidden, width},
                            fmt::format("U[hidden, {} * hidden] for {} hidden units", gates, arrays.hidden)));
  const std::vector<int> order = onnx_order(arrays.op);
  RecurrentWeights weights;
  weights.input = reordered(transposed(arrays.kernel, {1, 0}), order);
  weights.recurrent = reordered(transposed(arrays.recurrent_kernel, {1, 0}), order);
  if (arrays.bias) return with_bias(arrays, std::move(weights), linear_before_reset);
  return weights;
}

SamePadding same_padding(int64_t length, int64_t window, int64_t stride, int64_t dilation) {
  const int64_t outputs = (length + stride - 1) / stride;
  const int64_t needed = std::max<int64_t>(0, (outputs - 1) * stride + (window - 1) * dilation + 1 - length);
  return {needed / 2, needed - needed / 2};
}

}  // namespace rondo
