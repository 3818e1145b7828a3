// Activation functions by name: shared by the operators of those names and by the recurrent layers.
#pragma once

#include "ir/builder.h"

namespace rondo {

/// A function of ONNX's list of activations for recurrent layers, with the defaults of its parameters.
struct ActivationKind {
  std::string_view name;
  bool takes_alpha, takes_beta;
  double alpha, beta;
  Value* (*apply)(Builder& b, Value* x, double alpha, double beta);
};

/// By name, in any case; null if there is none.
const ActivationKind* find_activation(std::string_view name);
/// "Affine, Elu, …"
std::string activation_names();

Value* relu(Builder& b, Value* x);
/// x > 0 ? x : alpha * (e^x - 1)
Value* elu(Builder& b, Value* x, double alpha);
Value* leaky_relu(Builder& b, Value* x, double alpha);
/// x > alpha ? x : 0
Value* thresholded_relu(Builder& b, Value* x, double alpha);
/// alpha * x + beta, kept within 0 and 1
Value* hard_sigmoid(Builder& b, Value* x, double alpha, double beta);
/// log(1 + e^x), without overflow
Value* softplus(Builder& b, Value* x);
/// x / (1 + |x|)
Value* softsign(Builder& b, Value* x);

}  // namespace rondo
