// Layers over time, from weights in one common layout: what the dialects share. A sequence is [time, features]; the
// readers bring their weights into these layouts, and say in equations how. Tested through the dialects.
#pragma once

#include "frontend/json/model_builder.h"

namespace rondo {

/// One direction of a recurrent layer. Blocks of `hidden` rows, one per gate, in ONNX's order:
/// LSTM i, o, f, c; GRU z, r, h; RNN one.
struct RecurrentWeights {
  Numbers input;                                      // [gates * hidden, inputs]
  Numbers recurrent;                                  // [gates * hidden, hidden]
  std::optional<Numbers> input_bias, recurrent_bias;  // [gates * hidden] each
  std::optional<Numbers> initial_h, initial_c;        // [hidden]; zeros if absent
};

struct RecurrentLayer {
  Op op = Op::LSTM;
  std::vector<RecurrentWeights> directions;  // forward, then backward if there are two
  bool linear_before_reset = true;           // GRU: the reset gate multiplies (h U + b), not h
  std::vector<std::string> activations;      // ONNX's names for one direction; empty: the operator's own
};

/// How many gates an operator has.
int gate_count(Op op);

/// Blocks of rows of axis 0 in another order: block i of the result is block order[i].
Numbers reordered(const Numbers& numbers, const std::vector<int>& order);

/// What a recurrent layer gives at every step, directions side by side; and after its last step.
struct RecurrentResults {
  Value* sequence;  // [time, directions * hidden]
  Value* last;      // [1, directions * hidden]
};
RecurrentResults add_recurrent(ModelBuilder& m, Value* x, const RecurrentLayer& layer);

/// The same over the steps that count, whose mask, f32[time], is 1: others leave the state as it is. Such a step gives what
/// the step before it gave, the initial state at first; or zeros.
RecurrentResults add_masked_recurrent(ModelBuilder& m, Value* x, Value* mask, bool zeros, const RecurrentLayer& layer);

/// x W + b, over the last axis; W [inputs, outputs].
Value* add_dense(ModelBuilder& m, Value* x, const Numbers& weights, const std::optional<Numbers>& bias);

struct Conv1d {
  Numbers weights;  // [outputs, inputs / groups, window]
  std::optional<Numbers> bias;
  int64_t stride = 1, dilation = 1, groups = 1;
  int64_t before = 0, after = 0;  // zeros put around the sequence; before = (window - 1) * dilation makes it causal
};
Value* add_conv1d(ModelBuilder& m, Value* x, const Conv1d& conv);

struct Conv2d {
  Numbers weights;  // [outputs, inputs / groups, window in time, window in features]
  std::optional<Numbers> bias;
  std::vector<int64_t> strides{1, 1}, dilations{1, 1}, pads{0, 0, 0, 0};  // pads: begin time, features; end
  int64_t groups = 1;
};
/// x [time, features, channels].
Value* add_conv2d(ModelBuilder& m, Value* x, const Conv2d& conv);

/// (x - mean) / sqrt(variance + epsilon) * scale + offset, over the last axis: computed here in double precision as
/// x * slope + intercept. Absent scale is 1, absent offset 0. An error if float32 cannot hold the two.
Result<Value*> add_normalisation(ModelBuilder& m, Value* x, const Numbers& mean, const Numbers& variance,
                                 double epsilon, const std::optional<Numbers>& scale,
                                 const std::optional<Numbers>& offset);

/// x < 0 ? slope * x : x; one slope, or one for each element of the last axis.
Value* add_prelu(ModelBuilder& m, Value* x, const Numbers& slopes);

}  // namespace rondo
