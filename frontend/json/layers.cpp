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

namespace {

/// W, R and B.
std::vector<Value*> weights_of(ModelBuilder& m, const RecurrentLayer& layer) {
  return {m.constant(stacked(layer.directions, [](const RecurrentWeights& w) { return w.input; })),
          m.constant(stacked(layer.directions, [](const RecurrentWeights& w) { return w.recurrent; })),
          m.constant(stacked(layer.directions, both_biases))};
}

}  // namespace

RecurrentResults add_recurrent(ModelBuilder& m, Value* x, const RecurrentLayer& layer) {
  const auto directions = static_cast<int64_t>(layer.directions.size());
  const int64_t hidden = layer.directions[0].recurrent.shape[1];
  std::vector<Value*> operands = weights_of(m, layer);
  operands.insert(operands.begin(), m.unsqueeze(x, {1}));
  operands.push_back(nullptr);
  operands.push_back(initial_state(m, layer, &RecurrentWeights::initial_h));
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

namespace {

/// One direction as a Scan over time around the operator on one element, whose sequence has the length 1 if the step
/// counts, and otherwise 0: then the operator keeps its state.
RecurrentResults masked_direction(ModelBuilder& m, Value* x, Value* mask, bool zeros, const RecurrentLayer& layer,
                                  bool backward) {
  const int64_t hidden = layer.directions[0].recurrent.shape[1];
  const int states = layer.op == Op::LSTM ? 2 : 1;
  ModelBuilder step(m.graph.opset);
  step.pointer = m.pointer;
  std::vector<Value*> outside, inside;
  for (int i = 0; i < states; ++i) {
    Value* initial = initial_state(m, layer, i == 0 ? &RecurrentWeights::initial_h : &RecurrentWeights::initial_c);
    outside.push_back(initial ? initial : m.constant(Tensor::zeros(DType::f32, {1, 1, hidden})));
    inside.push_back(step.graph.add_param(std::nullopt, i == 0 ? "h" : "c"));
  }
  outside.insert(outside.end(), {x, mask});
  Value *element = step.graph.add_param(std::nullopt, "x"), *counts = step.graph.add_param(std::nullopt, "counts");
  std::vector<Value*> operands = weights_of(step, layer);
  operands.insert(operands.begin(), step.unsqueeze(element, {0, 1}));
  operands.push_back(step.node(Op::Cast, {step.unsqueeze(counts, {0})}, {{"to", int64_t{onnx_code(DType::i32)}}}));
  operands.insert(operands.end(), inside.begin(), inside.end());
  Value* y = step.node(layer.op, std::move(operands), attributes_of(layer, hidden), 1 + states);
  for (int i = 0; i < states; ++i) step.graph.outputs.push_back(y->producer->result(1 + i));
  step.graph.outputs.push_back(zeros ? step.squeeze(y, {0, 1, 2}) : step.squeeze(y->producer->result(1), {0, 1}));

  Attributes attributes{{"num_scan_inputs", int64_t{2}}, {"captures", int64_t{0}},
                        {"regions", std::vector<std::string>{"body"}}};
  if (backward) attributes.set("scan_input_directions", std::vector<int64_t>{1, 1});
  if (backward) attributes.set("scan_output_directions", std::vector<int64_t>{1});
  Node* scan = m.node(Op::Scan, std::move(outside), std::move(attributes), states + 1)->producer;
  scan->regions.push_back(std::make_unique<Graph>(std::move(step.graph)));
  return {scan->result(states), m.squeeze(scan->result(0), {1})};
}

}  // namespace

RecurrentResults add_masked_recurrent(ModelBuilder& m, Value* x, Value* mask, bool zeros, const RecurrentLayer& layer) {
  std::vector<Value*> sequences, lasts;
  for (size_t i = 0; i < layer.directions.size(); ++i) {
    RecurrentLayer one = layer;
    one.directions = {layer.directions[i]};
    const RecurrentResults results = masked_direction(m, x, mask, zeros, one, i == 1);
    sequences.push_back(results.sequence);
    lasts.push_back(results.last);
  }
  if (sequences.size() == 1) return {sequences[0], lasts[0]};
  return {m.node(Op::Concat, std::move(sequences), {{"axis", int64_t{-1}}}),
          m.node(Op::Concat, std::move(lasts), {{"axis", int64_t{-1}}})};
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
