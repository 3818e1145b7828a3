// What the recurrent layers LSTM, GRU and RNN share: their attributes and operands read into plain parts, and the scan
// over time around a cell's equations.
//
// Equations are those of one direction, gate by gate, with gate = activation(clip(x W' + h R' + bias)). Gate weights
// are cut out and transposed outside the scan. Later passes merge the gates' products and hoist those of the inputs.
#pragma once

#include <functional>

#include "passes/expand/activations.h"
#include "passes/expand/expand.h"

namespace rondo {

/// An activation function with its parameters.
struct Activation {
  const ActivationKind* kind = nullptr;
  double alpha = 0, beta = 0;
  Value* operator()(Builder& b, Value* x) const { return kind->apply(b, x, alpha, beta); }
};

/// A recurrent node, read. Operands 0 to 5 are X, W, R, B, sequence_lens and initial_h in all three operators.
struct Recurrent {
  int gates = 1;
  std::vector<bool> reverse;            // one entry a direction
  bool batch_first = false;             // layout=1: of X, Y and the states
  Dim steps, batch, hidden;
  Value* x = nullptr;                   // [steps, batch, inputs]
  Value* input_weights = nullptr;       // [directions, gates * hidden, inputs]
  Value* recurrent_weights = nullptr;   // [directions, gates * hidden, hidden]
  Value* biases = nullptr;              // [directions, 2 * gates * hidden], or null
  Value* lengths = nullptr;             // i64[batch, 1], or null: every sequence is `steps` long
  bool carries = false;                 // what Y is past a sequence's end: the state that is kept, or, as ONNX has it, zero
  std::vector<Activation> activations;  // as many a direction as `default_activations` has
  std::optional<double> clip;

  int directions() const { return static_cast<int>(reverse.size()); }
  const Activation& activation(int direction, int i) const {
    return activations[direction * activations.size() / reverse.size() + i];
  }
};

/// Nothing after an error.
std::optional<Recurrent> read_recurrent(Expansion& e, int gates, std::vector<std::string> default_activations);

// Parts of one direction.
Value* input_weights(Expansion& e, const Recurrent& r, int direction, int gate);      // [inputs, hidden]
Value* recurrent_weights(Expansion& e, const Recurrent& r, int direction, int gate);  // [hidden, hidden]
/// The input (0) or recurrent (1) bias of a gate, [hidden]; null if the layer has none.
Value* bias(Expansion& e, const Recurrent& r, int direction, int gate, int which);
/// Both biases' sum; null if the layer has none.
Value* bias_sum(Expansion& e, const Recurrent& r, int direction, int gate);
/// Initial state from operand i, [batch, hidden]; zeros if it is absent.
Value* initial_state(Expansion& e, const Recurrent& r, int operand, int direction);
/// x + bias, if there is a bias.
inline Value* biased(Builder& b, Value* x, Value* bias) { return bias ? b.add(x, bias) : x; }
/// x bounded to [-clip, clip], if there is a clip.
Value* clipped(Builder& b, const Recurrent& r, Value* x);

/// One step of a cell: the next carried values; the first is the hidden state.
using Cell = std::function<std::vector<Value*>(Builder& b, const Activation* activations, Value* x,
                                               const std::vector<Value*>& carried, const std::vector<Value*>& weights)>;

/// What one direction computes.
struct Direction {
  std::vector<Value*> initial;  // carried values at the start
  std::vector<Value*> weights;  // what the cell uses besides; may hold nulls, which the cell gets as nulls
};

/// Runs a cell over time in every direction and assembles the results: Y, then the last carried values.
std::vector<Value*> run_recurrent(Expansion& e, const Recurrent& r, const std::vector<Direction>& directions,
                                  const Cell& cell);

}  // namespace rondo
