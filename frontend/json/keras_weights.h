// Keras's conventions, shared by the dialects that follow them: layouts of weights, names of activations.
// Tested by tests/frontend/json_test.cpp.
#pragma once

#include "frontend/json/layers.h"

namespace rondo {

/// Which Keras wrote the model, where functions differ between its versions.
enum class KerasVersion : uint8_t { two, three };

/// The activation that a text names, applied to x; "" and "linear" give x itself.
Result<Value*> keras_activation(ModelBuilder& m, Value* x, const Json& name, KerasVersion version);
/// ONNX's name of the activation within a cell; `absent` for "" or an absent name.
Result<std::string> keras_cell_activation(const std::optional<Json>& name, std::string absent);

/// A recurrent layer's arrays as Keras stores them; inputs and hidden are what must fit.
struct KerasRecurrent {
  Op op = Op::LSTM;
  int64_t inputs = 0, hidden = 0;
  Numbers kernel;            // W [inputs, gates * hidden]
  Numbers recurrent_kernel;  // U [hidden, gates * hidden]
  std::optional<Numbers> bias;
};
/// `linear_before_reset` is set by the form of a GRU's bias.
Result<RecurrentWeights> keras_recurrent_weights(const KerasRecurrent& arrays, bool& linear_before_reset);

/// Zeros around a sequence for padding 'same': what makes the length ceil(length / stride), the larger part at the end.
struct SamePadding {
  int64_t before, after;
};
SamePadding same_padding(int64_t length, int64_t window, int64_t stride, int64_t dilation);

}  // namespace rondo
