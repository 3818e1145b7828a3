// PyTorch's conventions; see torch_weights.h. PyTorch's equations:
//
//   LSTM  rows of gates i, f, g, o in weight_ih [4H, in], weight_hh [4H, H], bias_ih and bias_hh [4H]
//         c' = f . c + i . g;   h' = o . tanh(c')
//   GRU   rows of gates r, z, n: n = tanh(x Win' + b_in + r . (h Whn' + b_hn));   h' = (1 - z) . n + z . h
//   RNN   h' = tanh(x Wih' + b_ih + h Whh' + b_hh)
//
// ONNX's rows are i, o, f, c and z, r, h; otherwise they are laid out alike.
#include "frontend/json/torch_weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace rondo {
namespace {

std::vector<int> onnx_order(Op op) {
  if (op == Op::LSTM) return {0, 3, 1, 2};  // i, f, g, o -> i, o, f, c
  if (op == Op::GRU) return {1, 0, 2};      // r, z, n -> z, r, h
  return {0};
}

/// One direction of one layer; `suffix` is "l0" or "l0_reverse".
Result<RecurrentWeights> read_direction(const TorchModule& module, Op op, const std::string& suffix, int64_t inputs,
                                        int64_t hidden) {
  const int64_t rows = gate_count(op) * hidden;
  const std::vector<int> order = onnx_order(op);
  const std::string sizes = fmt::format(" for {} inputs and {} hidden units", shown_size(inputs), hidden);
  const auto array = [&](const std::string& name, std::string_view what, const std::vector<int64_t>& shape,
                         const std::string& meaning) -> Result<Numbers> {
    RONDO_TRY(const Numbers numbers, module.parameter(name + suffix, what));
    RONDO_CHECK(require_shape(numbers, shape, meaning));
    return reordered(numbers, order);
  };
  if (!module.has("weight_ih_" + suffix))  // the layer is not there
    return module.parameter("weight_ih_" + suffix, "the input weights of a layer").errors();
  RecurrentWeights weights;
  ErrorList errors;
  errors.keep(array("weight_ih_", "the input weights of a layer", {rows, inputs},
                    fmt::format("[{} * hidden, inputs]{}", gate_count(op), sizes)),
              weights.input);
  errors.keep(array("weight_hh_", "the recurrent weights of a layer", {rows, hidden},
                    fmt::format("[{} * hidden, hidden]{}", gate_count(op), sizes)),
              weights.recurrent);
  if (module.has("bias_ih_" + suffix) || module.has("bias_hh_" + suffix)) {  // both or neither
    const std::string meaning = "one for each row of the weights";
    errors.keep(array("bias_ih_", "the input biases of a layer", {rows}, meaning), weights.input_bias);
    errors.keep(array("bias_hh_", "the recurrent biases of a layer", {rows}, meaning), weights.recurrent_bias);
  }
  RONDO_CHECK(errors.status());
  return weights;
}

}  // namespace

Result<Numbers> TorchModule::parameter(const std::string& name, std::string_view meaning) const {
  RONDO_TRY(const Json json, state_dict_.member(prefix_ + name, meaning));
  return read_numbers(json);
}

Result<Op> torch_recurrent_kind(const TorchModule& module) {
  RONDO_TRY(const Numbers recurrent, module.parameter("weight_hh_l0", "the recurrent weights"));
  const auto& shape = recurrent.shape;
  const int64_t gates = shape.size() == 2 && shape[1] > 0 && shape[0] % shape[1] == 0 ? shape[0] / shape[1] : 0;
  if (gates == 4) return Op::LSTM;
  if (gates == 3) return Op::GRU;
  if (gates == 1) return Op::RNN;
  return invalid(fmt::format("found an array [{}]; accepted: [4H, H] (LSTM), [3H, H] (GRU) or [H, H] (RNN)",
                             fmt::join(shape, ", ")),
                 recurrent.place);
}

Result<TorchResult> add_torch_recurrent(ModelBuilder& m, Value* x, const TorchModule& module,
                                        const TorchRecurrent& expected) {
  if (const auto projected = module.find("weight_hr_l0"))
    return projected->refused("an LSTM with a projection (proj_size); accepted: one without");
  RONDO_TRY(const Numbers first, module.parameter("weight_hh_l0", "the recurrent weights of the first layer"));
  RONDO_CHECK(require_shape(
      first, {expected.hidden ? gate_count(expected.op) * *expected.hidden : -1, expected.hidden.value_or(-1)},
      fmt::format("[{} * hidden, hidden]", gate_count(expected.op))));
  const int64_t hidden = first.shape[1];
  int64_t features = expected.inputs;
  ErrorList errors;
  for (int64_t layer = 0;; ++layer) {
    const std::string suffix = fmt::format("l{}", layer);
    if (expected.layers ? layer == *expected.layers : !module.has("weight_ih_" + suffix)) break;
    RecurrentLayer row;
    row.op = expected.op;
    const bool both = module.has("weight_ih_" + suffix + "_reverse");
    for (const char* reverse : {"", "_reverse"}) {
      if (*reverse && !both) break;
      errors.keep(read_direction(module, expected.op, suffix + reverse, features, hidden),
                  row.directions.emplace_back());
    }
    if (!errors.failed()) {
      m.pointer = row.directions[0].input.place;
      x = add_recurrent(m, x, row).sequence;
    }
    features = hidden * (both ? 2 : 1);
  }
  RONDO_CHECK(errors.status());
  return TorchResult{x, features};
}

Result<TorchResult> add_torch_linear(ModelBuilder& m, Value* x, const TorchModule& module, int64_t inputs) {
  RONDO_TRY(const Numbers weight, module.parameter("weight", "the weights [out, in] of a linear layer"));
  RONDO_CHECK(require_shape(weight, {-1, inputs}, fmt::format("[out, in] for {} inputs", shown_size(inputs))));
  std::optional<Numbers> bias;
  if (module.has("bias")) {
    RONDO_TRY(bias, module.parameter("bias", "the biases"));
    RONDO_CHECK(require_shape(*bias, {weight.shape[0]}, "one for each output"));
  }
  m.pointer = weight.place;
  return TorchResult{add_dense(m, x, transposed(weight, {1, 0}), bias), weight.shape[0]};
}

}  // namespace rondo
