// GRU, with z the update gate and r the reset gate (ONNX's order: z, r, h):
//
//   z  = f(x Wz' + h Rz' + Wbz + Rbz)
//   r  = f(x Wr' + h Rr' + Wbr + Rbr)
//   h~ = g(x Wh' + (r . h) Rh' + Wbh + Rbh)       linear_before_reset = 0
//   h~ = g(x Wh' + r . (h Rh' + Rbh) + Wbh)       linear_before_reset != 0
//   h' = (1 - z) . h~ + z . h
//
// Tested by expand_recurrent_test.cpp.
#include "passes/expand/recurrent.h"

namespace rondo {
namespace {

enum Gate { kUpdate, kReset, kCandidate, kGates };

/// A direction's weights, in the order in which they are listed below.
struct GruWeights {
  Value* input[kGates];
  Value* recurrent[kGates];
  Value* bias[kGates];    // of the candidate: the input bias, or the sum where that is what is added
  Value* recurrent_bias;  // of the candidate, where it stays apart

  static GruWeights from(const std::vector<Value*>& list) {
    GruWeights weights;
    for (int gate = 0; gate < kGates; ++gate) {
      weights.input[gate] = list[3 * gate];
      weights.recurrent[gate] = list[3 * gate + 1];
      weights.bias[gate] = list[3 * gate + 2];
    }
    weights.recurrent_bias = list[3 * kGates];
    return weights;
  }
};

std::vector<Value*> list_weights(Expansion& e, const Recurrent& r, int direction, bool linear_before_reset) {
  std::vector<Value*> list;
  for (int gate = 0; gate < kGates; ++gate) {
    list.push_back(input_weights(e, r, direction, gate));
    list.push_back(recurrent_weights(e, r, direction, gate));
    const bool apart = gate == kCandidate && linear_before_reset;
    list.push_back(apart ? bias(e, r, direction, gate, 0) : bias_sum(e, r, direction, gate));
  }
  list.push_back(linear_before_reset ? bias(e, r, direction, kCandidate, 1) : nullptr);
  return list;
}

}  // namespace

std::vector<Value*> expand_GRU(Expansion& e) {
  const bool linear_before_reset = e.integer("linear_before_reset", 0) != 0;
  const auto r = read_recurrent(e, kGates, {"Sigmoid", "Tanh"});
  if (!r) return {};
  std::vector<Direction> directions;
  for (int d = 0; d < r->directions(); ++d) {
    directions.push_back({{initial_state(e, *r, 5, d)}, list_weights(e, *r, d, linear_before_reset)});
  }
  auto cell = [&](Builder& b, const Activation* activations, Value* x, const auto& carried, const auto& list) {
    const Activation &f = activations[0], &g = activations[1];
    const GruWeights w = GruWeights::from(list);
    Value* h = carried[0];
    auto gate = [&](int i) {
      return f(b, clipped(b, *r, biased(b, b.add(b.matmul(x, w.input[i]), b.matmul(h, w.recurrent[i])), w.bias[i])));
    };
    Value *update = gate(kUpdate), *reset = gate(kReset);
    Value* recurrent = linear_before_reset
                           ? b.mul(reset, biased(b, b.matmul(h, w.recurrent[kCandidate]), w.recurrent_bias))
                           : b.matmul(b.mul(reset, h), w.recurrent[kCandidate]);
    Value* sum = biased(b, b.add(b.matmul(x, w.input[kCandidate]), recurrent), w.bias[kCandidate]);
    Value* candidate = g(b, clipped(b, *r, sum));
    Value* one = b.scalar(update, 1);
    return std::vector<Value*>{b.add(b.mul(b.sub(one, update), candidate), b.mul(update, h))};
  };
  return run_recurrent(e, *r, directions, cell);
}

}  // namespace rondo
