// RNN: h' = f(x W' + h R' + Wb + Rb). Tested by expand_recurrent_test.cpp.
#include "passes/expand/recurrent.h"

namespace rondo {

std::vector<Value*> expand_RNN(Expansion& e) {
  const auto r = read_recurrent(e, 1, {"Tanh"});
  if (!r) return {};
  std::vector<Direction> directions;
  for (int d = 0; d < r->directions(); ++d) {
    directions.push_back({{initial_state(e, *r, 5, d)},
                          {input_weights(e, *r, d, 0), recurrent_weights(e, *r, d, 0), bias_sum(e, *r, d, 0)}});
  }
  auto cell = [&](Builder& b, const Activation* f, Value* x, const auto& carried, const auto& weights) {
    Value* h = carried[0];
    Value* sum = biased(b, b.add(b.matmul(x, weights[0]), b.matmul(h, weights[1])), weights[2]);
    return std::vector<Value*>{f[0](b, clipped(b, *r, sum))};
  };
  return run_recurrent(e, *r, directions, cell);
}

}  // namespace rondo
