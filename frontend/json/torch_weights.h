// PyTorch's conventions, shared by the dialects that hold a state_dict: names and layouts of modules' parameters.
// Tested by tests/frontend/json_test.cpp.
#pragma once

#include "frontend/json/layers.h"

namespace rondo {

/// The parameters of a module: those of a state_dict whose names begin with its prefix ("rec.", or "").
class TorchModule {
 public:
  TorchModule(const Json& state_dict, std::string prefix) : state_dict_(state_dict), prefix_(std::move(prefix)) {}

  std::string place() const { return state_dict_.place(); }
  std::optional<Json> find(std::string_view name) const { return state_dict_.find(prefix_ + std::string(name)); }
  bool has(std::string_view name) const { return find(name).has_value(); }
  Result<Numbers> parameter(const std::string& name, std::string_view meaning) const;

 private:
  const Json state_dict_;
  std::string prefix_;
};

/// All layers of a recurrent module, one after the other, from x [time, inputs]. `hidden` is checked where it is given.
struct TorchRecurrent {
  Op op = Op::LSTM;
  int64_t inputs = 0;
  std::optional<int64_t> layers, hidden;
};
struct TorchResult {
  Value* value;
  int64_t features;
};
Result<TorchResult> add_torch_recurrent(ModelBuilder& m, Value* x, const TorchModule& module,
                                        const TorchRecurrent& expected);

/// y = x weight' + bias. weight [out, in].
Result<TorchResult> add_torch_linear(ModelBuilder& m, Value* x, const TorchModule& module, int64_t inputs);

/// LSTM, GRU or RNN, by the shape of weight_hh_l0.
Result<Op> torch_recurrent_kind(const TorchModule& module);

}  // namespace rondo
