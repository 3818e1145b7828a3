// One small valid model of each JSON dialect, written by hand; tests change them.
#pragma once

#include <string>

namespace rondo::test {

/// Keras/RTNeural: dense(tanh), lstm, conv1d (causal), batchnorm, prelu, activation, dense.
inline const std::string kRtneuralJson = R"json({
  "in_shape": [null, null, 2],
  "layers": [
    {"type": "dense", "activation": "tanh", "shape": [null, null, 3],
     "weights": [[[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]], [0.01, 0.02, 0.03]]},
    {"type": "lstm", "activation": "", "shape": [null, null, 2],
     "weights": [[[1, 2, 3, 4, 5, 6, 7, 8], [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8], [-1, -2, -3, -4, -5, -6, -7, -8]],
                 [[0.1, 0.1, 0.2, 0.2, 0.3, 0.3, 0.4, 0.4], [0.5, 0.5, 0.6, 0.6, 0.7, 0.7, 0.8, 0.8]],
                 [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]]},
    {"type": "conv1d", "activation": "", "shape": [null, null, 2], "kernel_size": [2], "dilation": [3], "groups": 1,
     "weights": [[[[1, 2], [3, 4]], [[5, 6], [7, 8]]], [0.5, -0.5]]},
    {"type": "batchnorm", "activation": "", "shape": [null, null, 2], "epsilon": 0.25,
     "weights": [[2, 3], [0.1, 0.2], [0.5, 0.25], [0.75, 2]]},
    {"type": "prelu", "activation": "", "shape": [null, null, 2], "weights": [[[0.5, 0.25]]]},
    {"type": "activation", "activation": "relu", "shape": [null, null, 2], "weights": []},
    {"type": "dense", "shape": [null, null, 1], "weights": [[[2], [3]]]}
  ]
})json";

inline const std::string kAidaxJson = R"json({
  "in_shape": [null, null, 1],
  "in_skip": 1, "in_gain": 20, "out_gain": -20,
  "metadata": {"name": "test", "samplerate": "48000"},
  "layers": [
    {"type": "gru", "activation": "", "shape": [null, null, 1],
     "weights": [[[0.5, 0.25, 1]], [[0.5, -0.5, 0.25]], [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]]},
    {"type": "dense", "activation": "", "shape": [null, null, 1], "weights": [[[2]], [0.125]]}
  ]
})json";

inline const std::string kGuitarmlJson = R"json({
  "model_data": {"model": "SimpleRNN", "input_size": 2, "skip": 1, "output_size": 1, "unit_type": "GRU",
                 "num_layers": 2, "hidden_size": 1, "bias_fl": true},
  "state_dict": {
    "rec.weight_ih_l0": [[0.5, 0.25], [0.75, -0.5], [1, 0.125]],
    "rec.weight_hh_l0": [[0.5], [-0.25], [0.375]],
    "rec.bias_ih_l0": [0.1, 0.2, 0.3],
    "rec.bias_hh_l0": [0.4, 0.5, 0.6],
    "rec.weight_ih_l1": [[0.5], [-0.5], [1.5]],
    "rec.weight_hh_l1": [[0.25], [0.5], [-0.5]],
    "rec.bias_ih_l1": [0.05, -0.1, 0.15],
    "rec.bias_hh_l1": [0, 0.125, 0.25],
    "lin.weight": [[2]],
    "lin.bias": [0.5]
  }
})json";

/// LSTM, 1 input, 1 hidden unit: W [4, 2], bias [4], h, c, head, its bias.
inline const std::string kNamJson = R"json({
  "version": "0.5.4", "architecture": "LSTM", "metadata": {}, "sample_rate": 48000,
  "config": {"input_size": 1, "hidden_size": 1, "num_layers": 1},
  "weights": [0.5, 0.25,  0.75, -0.5,  1, 0.125,  -0.25, 0.375,
              0.1, 0.2, 0.3, 0.4,  0.6, -0.7,  2, 0.0625]
})json";

/// rnn (2 inputs, 1 hidden unit), then a linear layer with 2 outputs.
inline const std::string kStateDictJson = R"json({
  "rnn.weight_ih_l0": [[0.5, -0.25]],
  "rnn.weight_hh_l0": [[0.75]],
  "rnn.bias_ih_l0": [0.1],
  "rnn.bias_hh_l0": [0.2],
  "out.weight": [[2], [-1]],
  "out.bias": [0.5, 0.25]
})json";

/// Functional: Dense(2, tanh) beside a Conv1D(2, causal), added, then GRU(1).
/// base64: 0.5 is AAAAPw==, [1, 2] AACAPwAAAEA=, [0.5, 0.25] AAAAPwAAgD4=.
inline const std::string kKerasJson = R"json({
  "architecture": {
    "class_name": "Functional", "keras_version": "2.11.0", "backend": "tensorflow",
    "config": {
      "name": "model",
      "layers": [
        {"class_name": "InputLayer", "config": {"batch_input_shape": [null, null, 1], "dtype": "float32", "name": "in"},
         "name": "in", "inbound_nodes": []},
        {"class_name": "Dense", "config": {"name": "d", "trainable": true, "units": 2, "activation": "tanh",
         "use_bias": false, "kernel_initializer": {"class_name": "Zeros", "config": {}}},
         "name": "d", "inbound_nodes": [[["in", 0, 0, {}]]]},
        {"class_name": "Conv1D", "config": {"name": "c", "filters": 2, "kernel_size": [2], "strides": [1],
         "padding": "causal", "data_format": "channels_last", "dilation_rate": [1], "groups": 1, "activation": "linear",
         "use_bias": true}, "name": "c", "inbound_nodes": [[["in", 0, 0, {}]]]},
        {"class_name": "Add", "config": {"name": "a"}, "name": "a",
         "inbound_nodes": [[["d", 0, 0, {}], ["c", 0, 0, {}]]]},
        {"class_name": "GRU", "config": {"name": "g", "units": 1, "activation": "tanh",
         "recurrent_activation": "sigmoid", "use_bias": true, "return_sequences": true, "return_state": false,
         "go_backwards": false, "stateful": false, "reset_after": true}, "name": "g",
         "inbound_nodes": [[["a", 0, 0, {}]]]}
      ],
      "input_layers": [["in", 0, 0]],
      "output_layers": [["g", 0, 0]]
    }
  },
  "image_data_format": "channels_last",
  "input_shapes": [[null, 1]],
  "trainable_params": {
    "d": {"weights": ["AACAPwAA", "AEA="]},
    "c": {"weights": [1, 2, 3, 4], "bias": ["AAAAPwAAgD4="]},
    "g": {"weights": [0.5, 0.25, 1, -0.5, 0.75, 0.125], "recurrent_weights": [0.25, 0.5, -0.5],
          "bias": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]}
  }
})json";

/// A leaky integrator as a cell of its own, and an operator written out.
inline const std::string kRondoJson = R"json({
  "rondo": 1,
  "name": "leaky", "opset": 17,
  "inputs": {"x": "f32[T, 2]"},
  "constants": {"W": [[1, 2], [3, 4]], "zero": {"f32": 0, "shape": [2]}, "axes": {"i64": [1]}},
  "nodes": [
    "p = Tanh(x @ W + 0.5)",
    {"scan": {
      "over": {"xt": "p"},
      "state": {"h": {"from": "zero", "next": "n"}},
      "nodes": ["n = 0.5 * h + 0.25 * xt"],
      "each": {"s": "n"},
      "last": {"end": "h"}
    }},
    {"op": "ReduceSum", "in": ["s", "axes"], "out": "y", "attributes": {"keepdims": 1}}
  ],
  "outputs": ["y", "end"]
})json";

}  // namespace rondo::test
