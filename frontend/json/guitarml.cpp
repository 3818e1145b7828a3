// GuitarML/SimpleRNN JSON: {"model_data": {unit_type, input_size, hidden_size, output_size, num_layers, skip, bias_fl},
// "state_dict": {rec.…, lin.weight, lin.bias}}, the parameters in PyTorch's layout (torch_weights.cpp):
//
//   y = lin(rec(x)) + x[:, 0 .. skip)
//
// The first column of x is the signal; further ones are knobs. bias_fl says whether lin has a bias. Entry:
// read_guitarml_json. Tested by tests/frontend/json_test.cpp and tests/corpus/json.list.
#include <fmt/format.h>

#include "frontend/file.h"
#include "frontend/json/dialect.h"
#include "frontend/json/torch_weights.h"

namespace rondo {
namespace {

constexpr int64_t kLargestSize = 1 << 20, kMostLayers = 64;

struct Declared {
  Op op = Op::LSTM;
  int64_t inputs = 1, hidden = 1, outputs = 1, layers = 1, skip = 0;
  bool bias = true;
};

Result<int64_t> size_of(const Json& data, std::string_view name, int64_t low, int64_t high,
                        std::optional<int64_t> absent = {}) {
  const std::optional<Json> found = data.find(name);
  if (!found && absent) return *absent;
  if (!found)
    return data.error(fmt::format("the member '{}' is missing; accepted: an integer from {} to {}", name, low, high));
  return found->integer(low, high);
}

Result<Op> unit_of(const Json& data) {
  RONDO_TRY(const Json unit, data.member("unit_type", "'LSTM', 'GRU' or 'RNN'"));
  RONDO_TRY(const std::string word, unit.text());
  if (word == "LSTM") return Op::LSTM;
  if (word == "GRU") return Op::GRU;
  if (word == "RNN") return Op::RNN;
  return unit.refused(fmt::format("found the unit type {}; accepted: LSTM, GRU, RNN", in_quotes(word)));
}

Status check_model(const Json& data) {
  const auto model = data.find("model");
  if (!model) return Done{};
  RONDO_TRY(const std::string word, model->text());
  if (word != "SimpleRNN")
    return model->refused(fmt::format("found the model {}; accepted: 'SimpleRNN'", in_quotes(word)));
  return Done{};
}

Result<Declared> read_declared(const Json& data) {
  RONDO_CHECK(data.require(JsonKind::object, "an object with unit_type, input_size, hidden_size, …"));
  Declared declared;
  ErrorList errors;
  errors.keep(check_model(data));
  errors.keep(unit_of(data), declared.op);
  errors.keep(size_of(data, "input_size", 1, kLargestSize), declared.inputs);
  errors.keep(size_of(data, "hidden_size", 1, kLargestSize), declared.hidden);
  errors.keep(size_of(data, "output_size", 1, kLargestSize, 1), declared.outputs);
  errors.keep(size_of(data, "num_layers", 1, kMostLayers, 1), declared.layers);
  errors.keep(size_of(data, "skip", 0, kLargestSize, 0), declared.skip);
  if (const auto bias = data.find("bias_fl")) errors.keep(bias->boolean(), declared.bias);
  RONDO_CHECK(errors.status());
  const bool adds = declared.skip == 0 || declared.skip == 1 || declared.skip == declared.outputs;
  if (!adds || declared.skip > declared.inputs)
    return data.find("skip")->expected(
        fmt::format("0, 1, or the output size {}, and at most the input size {}", declared.outputs, declared.inputs));
  return declared;
}

/// Every parameter must be one that the declared layers use.
Status check_names(const Json& state_dict, const Declared& declared) {
  ErrorList errors;
  for (size_t i = 0; i < state_dict.size(); ++i) {
    const std::string& name = state_dict.name(i);
    bool known = name == "lin.weight" || name == "lin.bias";
    for (int64_t layer = 0; layer < declared.layers; ++layer)
      for (const char* kind : {"weight_ih", "weight_hh", "bias_ih", "bias_hh"})
        known = known || name == fmt::format("rec.{}_l{}", kind, layer);
    if (!known)
      errors.add({state_dict.item(i).error(
          fmt::format("this parameter is not used; accepted: rec.weight_ih_lK, rec.weight_hh_lK, rec.bias_ih_lK, "
                      "rec.bias_hh_lK for "
                      "the {} layers, lin.weight, lin.bias",
                      declared.layers))});
  }
  RONDO_CHECK(errors.status());
  const auto bias = state_dict.find("lin.bias");
  if (bias && !declared.bias) return bias->error("a bias, while bias_fl is false; accepted: no bias, or bias_fl true");
  if (!bias && declared.bias)
    return state_dict.error("the member 'lin.bias' is missing; accepted: without it, bias_fl false");
  return Done{};
}

/// Where the sizes have errors, the parameters can still be looked at as such.
Status check_arrays(const Json& state_dict) {
  ErrorList errors;
  for (size_t i = 0; i < state_dict.size(); ++i) errors.keep(read_numbers(state_dict.item(i)));
  return errors.status();
}

Result<TorchResult> add_output(ModelBuilder& m, const TorchResult& x, const TorchModule& module,
                               const Declared& declared) {
  RONDO_TRY(const TorchResult y, add_torch_linear(m, x.value, module, x.features));
  if (y.features != declared.outputs)
    return module.find("weight")->error(
        fmt::format("has {} rows; accepted: the declared output size, {}", y.features, declared.outputs));
  return y;
}

}  // namespace

bool is_guitarml(const Json& document) { return document.has("model_data") || document.has("state_dict"); }

Result<Graph> read_guitarml_json(const JsonSource& source) {
  const Json& document = source.document;
  warn_of_unread(source, {"model_data", "state_dict"});
  RONDO_TRY(const Json data, document.member("model_data", "an object with unit_type, input_size, hidden_size, …"));
  RONDO_TRY(const Json state_dict, document.member("state_dict", "an object of parameters"));
  ErrorList errors;
  Declared declared;
  const bool is_declared = errors.keep(read_declared(data), declared);
  const bool has_parameters = errors.keep(state_dict.require(JsonKind::object, "an object of parameters"));
  if (!is_declared && has_parameters) errors.keep(check_arrays(state_dict));
  RONDO_CHECK(errors.status());
  errors.keep(check_names(state_dict, declared));
  ModelBuilder m;
  Value* x = m.input("input", DType::f32, {Dim::symbol("T"), declared.inputs});
  TorchResult y{x, kAnySize};
  errors.keep(add_torch_recurrent(m, x, TorchModule(state_dict, "rec."),
                                  {declared.op, declared.inputs, declared.layers, declared.hidden}),
              y);
  errors.keep(add_output(m, y, TorchModule(state_dict, "lin."), declared), y);
  RONDO_CHECK(errors.status());
  if (declared.skip > 0) {
    m.pointer = data.find("skip")->place();
    y.value = m.add(y.value, declared.skip == declared.inputs ? x : m.slice(x, 1, 0, declared.skip));
  }
  m.output(y.value, "output");
  return std::move(m.graph);
}

}  // namespace rondo
