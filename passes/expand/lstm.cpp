// LSTM, with gates i (input), o (output), f (forget) and the candidate c (ONNX's order: i, o, f, c), cell state C:
//
//   i  = f(x Wi' + h Ri' + Pi . C + Wbi + Rbi)
//   f  = f(x Wf' + h Rf' + Pf . C + Wbf + Rbf)    input_forget = 0;  otherwise f = 1 - i
//   c  = g(x Wc' + h Rc' + Wbc + Rbc)
//   C' = f . C + i . c
//   o  = f(x Wo' + h Ro' + Po . C' + Wbo + Rbo)
//   h' = o . h(C')
//
// Tested by expand_recurrent_test.cpp.
#include "passes/expand/recurrent.h"

namespace rondo {
namespace {

enum Gate { kInput, kOutput, kForget, kCandidate, kGates };

/// A direction's weights; lists hold the four of each gate, one gate after the other.
struct LstmWeights {
  Value* input[kGates];
  Value* recurrent[kGates];
  Value* bias[kGates];
  Value* peephole[kGates];

  static LstmWeights from(const std::vector<Value*>& list) {
    LstmWeights weights;
    for (int gate = 0; gate < kGates; ++gate) {
      weights.input[gate] = list[4 * gate];
      weights.recurrent[gate] = list[4 * gate + 1];
      weights.bias[gate] = list[4 * gate + 2];
      weights.peephole[gate] = list[4 * gate + 3];
    }
    return weights;
  }
};

/// [directions, 3 * hidden] -> a gate's part, [hidden]; null for a gate without.
Value* peephole(Expansion& e, const Recurrent& r, Value* peepholes, int direction, int gate) {
  if (!peepholes || gate == kCandidate) return nullptr;
  return e.b.reshape(e.b.slice(peepholes, {direction, Dim(gate) * r.hidden}, {1, r.hidden}), {r.hidden});
}

std::vector<Value*> list_weights(Expansion& e, const Recurrent& r, int direction, Value* peepholes, bool input_forget) {
  std::vector<Value*> list;
  for (int gate = 0; gate < kGates; ++gate) {
    if (gate == kForget && input_forget) {
      list.insert(list.end(), 4, nullptr);
      continue;
    }
    list.push_back(input_weights(e, r, direction, gate));
    list.push_back(recurrent_weights(e, r, direction, gate));
    list.push_back(bias_sum(e, r, direction, gate));
    list.push_back(peephole(e, r, peepholes, direction, gate));
  }
  return list;
}

Value* read_peepholes(Expansion& e, const Recurrent& r) {
  Value* peepholes = e.optional_operand(7);
  if (!peepholes) return nullptr;
  if (rank_of(peepholes) != 2) return e.fail("P must have rank 2: [directions, 3 * hidden_size]");
  e.require_equal(shape_of(peepholes)[0], r.directions(), "directions of P");
  e.require_equal(shape_of(peepholes)[1], Dim(3) * r.hidden, "length of P");
  return peepholes;
}

}  // namespace

std::vector<Value*> expand_LSTM(Expansion& e) {
  const bool input_forget = e.integer("input_forget", 0) != 0;
  const auto r = read_recurrent(e, kGates, {"Sigmoid", "Tanh", "Tanh"});
  if (!r) return {};
  Value* peepholes = read_peepholes(e, *r);
  if (!e.ok()) return {};
  std::vector<Direction> directions;
  for (int d = 0; d < r->directions(); ++d) {
    directions.push_back(
        {{initial_state(e, *r, 5, d), initial_state(e, *r, 6, d)}, list_weights(e, *r, d, peepholes, input_forget)});
  }
  auto cell = [&](Builder& b, const Activation* activations, Value* x, const auto& carried, const auto& list) {
    const Activation &f = activations[0], &g = activations[1], &h = activations[2];
    const LstmWeights w = LstmWeights::from(list);
    Value *hidden = carried[0], *cell_state = carried[1];
    auto sum = [&](int gate, Value* seen_cell) {
      Value* value = biased(b, b.add(b.matmul(x, w.input[gate]), b.matmul(hidden, w.recurrent[gate])), w.bias[gate]);
      if (w.peephole[gate]) value = b.add(value, b.mul(w.peephole[gate], seen_cell));
      return clipped(b, *r, value);
    };
    Value* input = f(b, sum(kInput, cell_state));
    Value* forget = input_forget ? b.sub(b.scalar(input, 1), input) : f(b, sum(kForget, cell_state));
    Value* candidate = g(b, sum(kCandidate, nullptr));
    Value* next_cell = b.add(b.mul(forget, cell_state), b.mul(input, candidate));
    Value* output = f(b, sum(kOutput, next_cell));
    return std::vector<Value*>{b.mul(output, h(b, next_cell)), next_cell};
  };
  return run_recurrent(e, *r, directions, cell);
}

}  // namespace rondo
