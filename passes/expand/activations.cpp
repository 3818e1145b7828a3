// Activation functions: the operators of those names, and the table from which recurrent layers take theirs.
// Tested by expand_pointwise_test.cpp and expand_recurrent_test.cpp.
#include "passes/expand/activations.h"

#include <algorithm>
#include <cctype>

#include "passes/expand/expand.h"

namespace rondo {

Value* relu(Builder& b, Value* x) { return b.maximum(x, b.scalar(x, 0)); }

Value* elu(Builder& b, Value* x, double alpha) {
  return b.select(b.less(b.scalar(x, 0), x), x, b.mul(b.scalar(x, alpha), b.expm1(x)));
}

Value* leaky_relu(Builder& b, Value* x, double alpha) {
  return b.select(b.less(x, b.scalar(x, 0)), b.mul(b.scalar(x, alpha), x), x);
}

Value* thresholded_relu(Builder& b, Value* x, double alpha) {
  return b.select(b.less(b.scalar(x, alpha), x), x, b.scalar(x, 0));
}

Value* hard_sigmoid(Builder& b, Value* x, double alpha, double beta) {
  Value* line = b.add(b.mul(b.scalar(x, alpha), x), b.scalar(x, beta));
  return b.maximum(b.scalar(x, 0), b.minimum(b.scalar(x, 1), line));
}

Value* softplus(Builder& b, Value* x) { return b.add(relu(b, x), b.log1p(b.exp(b.neg(b.abs(x))))); }

Value* softsign(Builder& b, Value* x) { return b.div(x, b.add(b.scalar(x, 1), b.abs(x))); }

namespace {

constexpr ActivationKind kActivations[] = {
    {"Affine", true, true, 1, 0,
     [](Builder& b, Value* x, double alpha, double beta) {
       return b.add(b.mul(b.scalar(x, alpha), x), b.scalar(x, beta));
     }},
    {"Elu", true, false, 1, 0, [](Builder& b, Value* x, double alpha, double) { return elu(b, x, alpha); }},
    {"HardSigmoid", true, true, 0.2, 0.5, hard_sigmoid},
    {"LeakyRelu", true, false, 0.01, 0,
     [](Builder& b, Value* x, double alpha, double) { return leaky_relu(b, x, alpha); }},
    {"Relu", false, false, 0, 0, [](Builder& b, Value* x, double, double) { return relu(b, x); }},
    {"ScaledTanh", true, true, 1, 1,
     [](Builder& b, Value* x, double alpha, double beta) {
       return b.mul(b.scalar(x, alpha), b.tanh(b.mul(b.scalar(x, beta), x)));
     }},
    {"Sigmoid", false, false, 0, 0, [](Builder& b, Value* x, double, double) { return b.sigmoid(x); }},
    {"Softplus", false, false, 0, 0, [](Builder& b, Value* x, double, double) { return softplus(b, x); }},
    {"Softsign", false, false, 0, 0, [](Builder& b, Value* x, double, double) { return softsign(b, x); }},
    {"Tanh", false, false, 0, 0, [](Builder& b, Value* x, double, double) { return b.tanh(x); }},
    {"ThresholdedRelu", true, false, 1, 0,
     [](Builder& b, Value* x, double alpha, double) { return thresholded_relu(b, x, alpha); }},
};

bool same_word(std::string_view a, std::string_view b) {
  auto same = [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same);
}

}  // namespace

const ActivationKind* find_activation(std::string_view name) {
  for (const ActivationKind& kind : kActivations) {
    if (same_word(kind.name, name)) return &kind;
  }
  return nullptr;
}

std::string activation_names() {
  std::string names;
  for (const ActivationKind& kind : kActivations) names += (names.empty() ? "" : ", ") + std::string(kind.name);
  return names;
}

using Values = std::vector<Value*>;

Values expand_Relu(Expansion& e) { return {relu(e.b, e.operand(0))}; }
Values expand_Elu(Expansion& e) { return {elu(e.b, e.operand(0), e.number("alpha", 1))}; }
Values expand_LeakyRelu(Expansion& e) { return {leaky_relu(e.b, e.operand(0), e.number("alpha", 0.01))}; }
Values expand_ThresholdedRelu(Expansion& e) { return {thresholded_relu(e.b, e.operand(0), e.number("alpha", 1))}; }
Values expand_Softplus(Expansion& e) { return {softplus(e.b, e.operand(0))}; }
Values expand_Softsign(Expansion& e) { return {softsign(e.b, e.operand(0))}; }
Values expand_Sigmoid(Expansion& e) { return {e.b.sigmoid(e.operand(0))}; }
Values expand_Tanh(Expansion& e) { return {e.b.tanh(e.operand(0))}; }

Values expand_HardSigmoid(Expansion& e) {
  return {hard_sigmoid(e.b, e.operand(0), e.number("alpha", 0.2), e.number("beta", 0.5))};
}

Values expand_HardSwish(Expansion& e) {
  Value* x = e.operand(0);
  return {e.b.mul(x, hard_sigmoid(e.b, x, 1.0 / 6, 0.5))};
}

// gamma * (x > 0 ? x : alpha * (e^x - 1)); the constants gained digits with opset 6.
Values expand_Selu(Expansion& e) {
  Value* x = e.operand(0);
  const double alpha = e.number("alpha", e.opset < 6 ? 1.6732 : 1.67326319217681884765625);
  const double gamma = e.number("gamma", e.opset < 6 ? 1.0507 : 1.05070102214813232421875);
  return {e.b.mul(e.b.scalar(x, gamma), elu(e.b, x, alpha))};
}

// max(0, x) + min(0, alpha * (e^(x / alpha) - 1))
Values expand_Celu(Expansion& e) {
  Builder& b = e.b;
  Value* x = e.operand(0);
  const double alpha = e.number("alpha", 1);
  Value* curve = b.mul(b.scalar(x, alpha), b.expm1(b.div(x, b.scalar(x, alpha))));
  return {b.add(relu(b, x), b.minimum(b.scalar(x, 0), curve))};
}

// none: x/2 * (1 + erf(x / sqrt 2));  tanh: x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3)))
Values expand_Gelu(Expansion& e) {
  Builder& b = e.b;
  Value* x = e.operand(0);
  const std::string approximate = e.text("approximate", "none");
  if (approximate != "none" && approximate != "tanh") {
    return {e.fail("attribute 'approximate' is '" + approximate + "', must be 'none' or 'tanh'")};
  }
  Value* curve = nullptr;
  if (approximate == "none") {
    curve = b.erf(b.mul(x, b.scalar(x, 0.70710678118654752440)));
  } else {
    Value* cubic = b.mul(b.scalar(x, 0.044715), b.mul(x, b.mul(x, x)));
    curve = b.tanh(b.mul(b.scalar(x, 0.79788456080286535588), b.add(x, cubic)));
  }
  return {b.mul(b.mul(b.scalar(x, 0.5), x), b.add(b.scalar(x, 1), curve))};
}

// x < 0 ? slope * x : x; the slope broadcasts to x. Before opset 7 it was one number or one for each channel (axis 1).
Values expand_PRelu(Expansion& e) {
  Builder& b = e.b;
  Value *x = e.operand(0), *slope = e.operand(1);
  if (e.opset < 7 && rank_of(slope) == 1 && !shape_of(slope)[0].is(1) && rank_of(x) > 2) {
    Shape per_channel(rank_of(x) - 1, Dim(1));
    per_channel[0] = shape_of(slope)[0];
    slope = b.reshape(slope, per_channel);
  }
  if (rank_of(slope) > rank_of(x)) return {e.fail("the slope has more dimensions than the operand")};
  return {b.select(b.less(x, b.scalar(x, 0)), b.mul(slope, x), x)};
}

}  // namespace rondo
