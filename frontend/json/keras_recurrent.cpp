// Keras's recurrent layers, alone and in Bidirectional; see keras_layer.cpp for the layouts of their weights.
#include <fmt/format.h>

#include "frontend/file.h"
#include "frontend/json/keras_layer_reader.h"

namespace rondo {

/// Layouts of one direction after the other, named with these prefixes.
Result<RecurrentLayer> KerasLayer::recurrent_layer(Op op, const Json& config,
                                                   const std::vector<std::string>& prefixes) const {
  for (const char* name : {"go_backwards", "return_state", "time_major"}) RONDO_CHECK(must_be(config, name, false));
  RONDO_TRY(const bool stateful, flag(config, "stateful", false));
  if (stateful)
    model_.warnings.push_back(warning("the layer keeps its state between calls in Keras; here it begins with zeros",
                                      config.find("stateful")->place()));
  RONDO_TRY(const Json units_json, config.member("units", "an integer"));
  RONDO_TRY(const int64_t units, units_json.integer(1, kLargestSize));
  RONDO_TRY(const bool use_bias, flag(config, "use_bias", true));
  RONDO_TRY(const bool reset_after, flag(config, "reset_after", op == Op::GRU));
  const int64_t width = gate_count(op) * units;
  RecurrentLayer layer;
  layer.op = op;
  layer.linear_before_reset = reset_after;
  ErrorList errors;
  for (const std::string& prefix : prefixes) {
    KerasRecurrent arrays{op, channels(), units, {}, {}, {}};
    ErrorList missing;
    missing.keep(weights(prefix + "weights", {channels(), width}), arrays.kernel);
    missing.keep(weights(prefix + "recurrent_weights", {units, width}), arrays.recurrent_kernel);
    const bool two = op == Op::GRU && reset_after;
    if (use_bias)
      missing.keep(weights(prefix + "bias", two ? std::vector<int64_t>{2, width} : std::vector<int64_t>{width}),
                   arrays.bias);
    if (errors.keep(missing.status()))
      errors.keep(keras_recurrent_weights(arrays, layer.linear_before_reset), layer.directions.emplace_back());
  }
  std::string activation, gate;
  errors.keep(keras_cell_activation(config.find("activation"), "Tanh"), activation);
  errors.keep(keras_cell_activation(config.find("recurrent_activation"), "Sigmoid"), gate);
  RONDO_CHECK(errors.status());
  layer.activations = {gate, activation};
  if (op == Op::LSTM) layer.activations.push_back(activation);
  return layer;
}

Status KerasLayer::take_recurrent(const RecurrentLayer& layer, const Json& config) {
  RONDO_TRY(const bool sequences, flag(config, "return_sequences", false));
  RONDO_TRY(const bool zeros, flag(config, "zero_output_for_mask", false));
  const RecurrentResults results = x_.mask ? add_masked_recurrent(m_, x_.value, x_.mask, zeros, layer)
                                           : add_recurrent(m_, x_.value, layer);
  x_.value = sequences ? results.sequence : results.last;
  if (!sequences) x_.steps = 1;
  if (!sequences) x_.mask = nullptr;
  x_.features = {layer.directions[0].recurrent.shape[1] * static_cast<int64_t>(layer.directions.size())};
  return Done{};
}

Status KerasLayer::recurrent(Op op) {
  RONDO_CHECK(require_rank(1));
  RONDO_CHECK(only({"units", "activation", "recurrent_activation", "use_bias", "return_sequences", "reset_after",
                    "go_backwards", "return_state", "time_major", "stateful"}));
  RONDO_TRY(const RecurrentLayer layer, recurrent_layer(op, config_, {""}));
  return take_recurrent(layer, config_);
}

Status KerasLayer::bidirectional() {
  RONDO_CHECK(require_rank(1));
  RONDO_CHECK(only({"layer", "backward_layer", "merge_mode"}));
  RONDO_TRY(const std::string mode, word("merge_mode", "concat"));
  if (mode != "concat")
    return config_.find("merge_mode")->refused(fmt::format("found {}; accepted: 'concat'", in_quotes(mode)));
  RONDO_TRY(const Json layer_json, config_.member("layer", "the layer that runs both ways"));
  RONDO_TRY(const Json type, layer_json.member("class_name", "'LSTM' or 'GRU'"));
  RONDO_TRY(const std::string word, type.text());
  if (word != "LSTM" && word != "GRU")
    return type.refused(fmt::format("found {}; accepted: 'LSTM', 'GRU'", in_quotes(word)));
  RONDO_TRY(config_, layer_json.member("config", "the layer's options"));
  RONDO_CHECK(only({"units", "activation", "recurrent_activation", "use_bias", "return_sequences", "reset_after",
                    "go_backwards", "return_state", "time_major", "stateful"}));
  RONDO_TRY(const RecurrentLayer layer,
            recurrent_layer(word == "LSTM" ? Op::LSTM : Op::GRU, config_, {"forward_", "backward_"}));
  return take_recurrent(layer, config_);
}

}  // namespace rondo
