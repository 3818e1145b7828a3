// Layers over time as ONNX operators; see layers.h.
#include "frontend/json/layers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cfloat>
#include <cmath>

namespace rondo {
namespace {

/// All directions' arrays one after the other under a leading axis of directions.
Numbers stacked(const std::vector<RecurrentWeights>& directions, auto array_of) {
  Numbers result;
  for (const RecurrentWeights& weights : directions) {
    const Numbers part = array_of(weights);
    result.shape = part.shape;
    result.values.insert(result.values.end(), part.values.begin(), part.values.end());
  }
  result.shape.insert(result.shape.begin(), static_cast<int64_t>(directions.size()));
  return result;
}

/// ONNX's B of one direction: input biases, then recurrent ones.
Numbers both_biases(const RecurrentWeights& weights) {
  const auto rows = static_cast<size_t>(weights.input.shape[0]);
  Numbers bias{{static_cast<int64_t>(2 * rows)}, std::vector<double>(2 * rows), {}};
  if (weights.input_bias) std::copy_n(weights.input_bias->values.begin(), rows, bias.values.begin());
  if (weights.recurrent_bias)
    std::copy_n(weights.recurrent_bias->values.begin(), rows, bias.values.begin() + static_cast<std::ptrdiff_t>(rows));
  return bias;
}

/// An initial state as ONNX wants it, [directions, batch = 1, hidden]; null if it is zeros.
Value* initial_state(ModelBuilder& m, const RecurrentLayer& layer, std::optional<Numbers> RecurrentWeights::*state) {
  if (!(layer.directions[0].*state)) return nullptr;
  Numbers all = stacked(layer.directions, [&](const RecurrentWeights& weights) { return *(weights.*state); });
  return m.constant(reshaped(all, {all.shape[0], 1, all.shape[1]}));
}

Attributes attributes_of(const RecurrentLayer& layer, int64_t hidden) {
  Attributes attributes{{"hidden_size", hidden}};
  if (layer.directions.size() == 2) attributes.set("direction", std::string("bidirectional"));
  if (layer.op == Op::GRU) attributes.set("linear_before_reset", int64_t{layer.linear_before_reset});
  std::vector<std::string> activations;
  for (size_t i = 0; i < layer.directions.size(); ++i)
    activations.insert(activations.end(), layer.activations.begin(), layer.activations.end());
  if (!activations.empty()) attributes.set("activations", std::move(activations));
  return attributes;
}

}  // namespace

int gate_count(Op op) { return op == Op::LSTM ? 4 : op == Op::GRU ? 3 : 1; }

Numbers reordered(const Numbers& numbers, const std::vector<int>& order) {
  Numbers result{numbers.shape, {}, numbers.place};
  const size_t block = numbers.values.size() / order.size();
  for (int from : order) {
    const auto start = numbers.values.begin() + static_cast<std::ptrdiff_t>(static_cast<size_t>(from) * block);
    result.values.insert(result.values.end(), start, start + static_cast<std::ptrdiff_t>(block));
  }
  return result;
}

RecurrentResults add_recurrent(ModelBuilder& m, Value* x, const RecurrentLayer& layer) {
  const auto directions = static_cast<int64_t>(layer.directions.size());
  const int64_t hidden = layer.directions[0].recurrent.shape[1];
  std::vector<Value*> operands{
      m.unsqueeze(x, {1}),
      m.constant(stacked(layer.directions, [](const RecurrentWeights& w) { return w.input; })),
      m.constant(stacked(layer.directions, [](const RecurrentWeights& w) { return w.recurrent; })),
      m.constant(stacked(layer.directions, both_biases)),
      nullptr,
      initial_state(m, layer, &RecurrentWeights::initial_h)};
  if (layer.op == Op::LSTM) operands.push_back(initial_state(m, layer, &RecurrentWeights::initial_c));
  while (!operands.back()) operands.pop_back();
  Value* y = m.node(layer.op, std::move(operands), attributes_of(layer, hidden), layer.op == Op::LSTM ? 3 : 2);
  const Node* node = y->producer;  // Y [time, directions, batch, hidden], Y_h [directions, batch, hidden]
  RecurrentResults results{};
  if (directions == 1) {
    results.sequence = m.squeeze(y, {1, 2});
    results.last = m.squeeze(node->result(1), {1});
  } else {
    results.sequence = m.node(Op::Reshape, {m.squeeze(y, {2}), m.integers({0, directions * hidden})});
    results.last = m.node(Op::Reshape, {node->result(1), m.integers({1, directions * hidden})});
  }
  return results;
}

Value* add_dense(ModelBuilder& m, Value* x, const Numbers& weights, const std::optional<Numbers>& bias) {
  Value* y = m.node(Op::MatMul, {x, m.constant(weights)});
  return bias ? m.add(y, m.constant(*bias)) : y;
}

Value* add_conv1d(ModelBuilder& m, Value* x, const Conv1d& conv) {
  std::vector<Value*> operands{m.unsqueeze(m.transpose(x, {1, 0}), {0}), m.constant(conv.weights)};
  if (conv.bias) operands.push_back(m.constant(*conv.bias));
  Value* y = m.node(Op::Conv, std::move(operands),
                    {{"strides", std::vector<int64_t>{conv.stride}},
                     {"dilations", std::vector<int64_t>{conv.dilation}},
                     {"pads", std::vector<int64_t>{conv.before, conv.after}},
                     {"group", conv.groups}});
  return m.transpose(m.squeeze(y, {0}), {1, 0});
}

Value* add_conv2d(ModelBuilder& m, Value* x, const Conv2d& conv) {
  std::vector<Value*> operands{m.unsqueeze(m.transpose(x, {2, 0, 1}), {0}), m.constant(conv.weights)};
  if (conv.bias) operands.push_back(m.constant(*conv.bias));
  Value* y =
      m.node(Op::Conv, std::move(operands),
             {{"strides", conv.strides}, {"dilations", conv.dilations}, {"pads", conv.pads}, {"group", conv.groups}});
  return m.transpose(m.squeeze(y, {0}), {1, 2, 0});
}

Result<Value*> add_normalisation(ModelBuilder& m, Value* x, const Numbers& mean, const Numbers& variance,
                                 double epsilon, const std::optional<Numbers>& scale,
                                 const std::optional<Numbers>& offset) {
  Numbers slope = variance, intercept = mean;
  for (size_t i = 0; i < slope.values.size(); ++i) {
    slope.values[i] = (scale ? scale->values[i] : 1) / std::sqrt(variance.values[i] + epsilon);
    intercept.values[i] = (offset ? offset->values[i] : 0) - mean.values[i] * slope.values[i];
    if (!(std::abs(slope.values[i]) <= FLT_MAX && std::abs(intercept.values[i]) <= FLT_MAX))
      return invalid(
          fmt::format("the variance of channel {} is {}, and epsilon {}; accepted: a positive sum of the two", i,
                      variance.values[i], epsilon),
          variance.place);
  }
  return m.add(m.mul(x, m.constant(slope)), m.constant(intercept));
}

Value* add_prelu(ModelBuilder& m, Value* x, const Numbers& slopes) {
  return m.node(Op::PRelu, {x, m.constant(reshaped(slopes, {slopes.count()}))});
}

}  // namespace rondo
