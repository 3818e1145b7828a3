// Keras layers by class; see keras_layer.h. Weights in frugally-deep's form are flat: base64 of float32, or numbers.
// Their layouts, row-major:
//
//   Dense              weights [in, out], bias [out]
//   LSTM, GRU          weights [in, gates * units], recurrent_weights [units, gates * units], bias (keras_weights.cpp)
//   Bidirectional      the same with forward_ and backward_ before the names
//   Conv1D             weights [out, window, in / groups];   Conv2D  weights [out, height, width, in / groups]
//   BatchNormalization moving_mean, moving_variance, gamma, beta;   PReLU  alpha
//
// Every member of a layer's configuration is honoured, known not to matter at inference, or an error.
#include "frontend/json/keras_layer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "frontend/file.h"
#include "frontend/tensor_bytes.h"

namespace rondo {
namespace {

constexpr int64_t kLargestSize = int64_t{1} << 24;

/// Members of a configuration without meaning for inference.
bool is_idle(std::string_view name) {
  constexpr std::string_view kIdle[] = {"name",
                                        "trainable",
                                        "dtype",
                                        "batch_input_shape",
                                        "batch_shape",
                                        "implementation",
                                        "unroll",
                                        "dropout",
                                        "recurrent_dropout",
                                        "seed",
                                        "zero_output_for_mask",
                                        "momentum",
                                        "unit_forget_bias",
                                        "noise_shape",
                                        "rate",
                                        "stddev",
                                        "cudnn",
                                        "use_cudnn",
                                        "supports_masking",
                                        "synchronized",
                                        "renorm"};
  for (std::string_view ending : {"_initializer", "_regularizer", "_constraint"})
    if (name.ends_with(ending)) return true;
  return std::find(std::begin(kIdle), std::end(kIdle), name) != std::end(kIdle);
}

class KerasLayer {
 public:
  KerasLayer(KerasModel& model, const Json& layer, std::string name, const std::vector<JsonSequence>& inputs)
      : model_(model), m_(model.m), json_(layer), config_(layer), name_(std::move(name)), inputs_(inputs) {}

  Result<JsonSequence> read();

 private:
  using Add = Status (KerasLayer::*)();
  struct Row {
    std::string_view type;
    Add add;
  };
  static const Row kRows[];

  Status dense();
  Status time_distributed();
  Status lstm() { return recurrent(Op::LSTM); }
  Status gru() { return recurrent(Op::GRU); }
  Status recurrent(Op op);
  Status bidirectional();
  Status conv1d();
  Status conv2d();
  Status batch_normalization();
  Status prelu();
  Status relu();
  Status leaky_relu();
  Status elu();
  Status softmax();
  Status activation();
  Status identity() { return only({}); }
  Status global_average() { return reduced(Op::ReduceMean); }
  Status global_max() { return reduced(Op::ReduceMax); }
  Status reduced(Op op);
  Status add() { return merged(Op::Add); }
  Status multiply() { return merged(Op::Mul); }
  Status subtract() { return merged(Op::Sub); }
  Status merged(Op op);
  Status concatenate();

  // The configuration.
  Status only(std::initializer_list<std::string_view> names) const;
  Result<int64_t> size(std::string_view name, std::optional<int64_t> absent = {}) const;
  Result<std::vector<int64_t>> sizes(std::string_view name, size_t count) const;
  Result<bool> flag(const Json& config, std::string_view name, bool absent) const;
  Result<double> number(std::string_view name, double absent) const;
  Result<std::string> word(std::string_view name, std::string absent) const;
  Status must_be(const Json& config, std::string_view name, bool value) const;
  Status apply_activation();

  // Weights.
  Result<Json> parameters() const { return model_.parameters.member(name_, "the weights of the layer of this name"); }
  Result<Numbers> weights(const std::string& name, std::vector<int64_t> shape) const;
  Result<std::optional<Numbers>> bias(int64_t count) const;

  Result<RecurrentLayer> recurrent_layer(Op op, const Json& config, const std::vector<std::string>& prefixes) const;
  Status take_recurrent(const RecurrentLayer& layer, const Json& config);
  Status require_rank(size_t features) const;
  int64_t channels() const { return x_.features.back(); }

  KerasModel& model_;
  ModelBuilder& m_;
  const Json json_;
  Json config_;
  std::string name_;
  const std::vector<JsonSequence>& inputs_;
  JsonSequence x_;
};

const KerasLayer::Row KerasLayer::kRows[] = {
    {"Dense", &KerasLayer::dense},
    {"TimeDistributed", &KerasLayer::time_distributed},
    {"LSTM", &KerasLayer::lstm},
    {"GRU", &KerasLayer::gru},
    {"Bidirectional", &KerasLayer::bidirectional},
    {"Conv1D", &KerasLayer::conv1d},
    {"Conv2D", &KerasLayer::conv2d},
    {"BatchNormalization", &KerasLayer::batch_normalization},
    {"PReLU", &KerasLayer::prelu},
    {"ReLU", &KerasLayer::relu},
    {"LeakyReLU", &KerasLayer::leaky_relu},
    {"ELU", &KerasLayer::elu},
    {"Softmax", &KerasLayer::softmax},
    {"Activation", &KerasLayer::activation},
    {"Dropout", &KerasLayer::identity},
    {"SpatialDropout1D", &KerasLayer::identity},
    {"GaussianNoise", &KerasLayer::identity},
    {"GaussianDropout", &KerasLayer::identity},
    {"GlobalAveragePooling1D", &KerasLayer::global_average},
    {"GlobalMaxPooling1D", &KerasLayer::global_max},
    {"Add", &KerasLayer::add},
    {"Multiply", &KerasLayer::multiply},
    {"Subtract", &KerasLayer::subtract},
    {"Concatenate", &KerasLayer::concatenate},
};

Status KerasLayer::only(std::initializer_list<std::string_view> names) const {
  for (size_t i = 0; i < config_.size(); ++i) {
    const std::string& name = config_.name(i);
    if (is_idle(name) || std::find(names.begin(), names.end(), name) != names.end()) continue;
    const Json value = config_.item(i);
    const bool off = value.is(JsonKind::null) || (value.is(JsonKind::boolean) && value.node().integer == 0);
    if (!off)
      return value.refused(fmt::format("the option {} of this layer is not known; accepted: null or false, or {}",
                                       in_quotes(name), fmt::join(names, ", ")));
  }
  return Done{};
}

Result<int64_t> KerasLayer::size(std::string_view name, std::optional<int64_t> absent) const {
  const std::optional<Json> found = config_.find_value(name);
  if (!found && absent) return *absent;
  RONDO_TRY(const Json value, config_.member(name, "an integer"));
  return value.integer(1, kLargestSize);
}

/// As many integers as there are axes; one alone stands for all. 1 where it is absent.
Result<std::vector<int64_t>> KerasLayer::sizes(std::string_view name, size_t count) const {
  const std::optional<Json> found = config_.find_value(name);
  if (!found) return std::vector<int64_t>(count, 1);
  RONDO_TRY(std::vector<int64_t> values, found->integers(1, kLargestSize));
  if (values.size() == 1) values.resize(count, values[0]);
  if (values.size() != count) return found->expected(fmt::format("a list of {} integers", count));
  return values;
}

Result<bool> KerasLayer::flag(const Json& config, std::string_view name, bool absent) const {
  const std::optional<Json> found = config.find_value(name);
  return found ? found->boolean() : Result<bool>(absent);
}

Result<double> KerasLayer::number(std::string_view name, double absent) const {
  const std::optional<Json> found = config_.find_value(name);
  return found ? found->number() : Result<double>(absent);
}

Result<std::string> KerasLayer::word(std::string_view name, std::string absent) const {
  const std::optional<Json> found = config_.find_value(name);
  return found ? found->text() : Result<std::string>(std::move(absent));
}

Status KerasLayer::must_be(const Json& config, std::string_view name, bool value) const {
  RONDO_TRY(const bool given, flag(config, name, value));
  if (given == value) return Done{};
  return config.find(name)->refused(fmt::format("found {}; accepted: {}", given, value));
}

Status KerasLayer::apply_activation() {
  if (const auto name = config_.find_value("activation")) {
    RONDO_TRY(x_.value, keras_activation(m_, x_.value, *name, model_.version));
  }
  return Done{};
}

Result<Numbers> KerasLayer::weights(const std::string& name, std::vector<int64_t> shape) const {
  RONDO_TRY(const Json all, parameters());
  RONDO_TRY(const Json json, all.member(name, "weights: base64 of float32, or a list of numbers"));
  const bool written = json.is(JsonKind::list) && json.size() > 0 && json.item(0).is(JsonKind::number);
  RONDO_TRY(Numbers numbers, written ? read_numbers(json) : read_base64(json));
  RONDO_TRY(const int64_t bytes, checked_byte_count(DType::f32, shape, json.place()));
  const int64_t count = bytes / byte_size(DType::f32);
  if (numbers.count() != count)
    return json.error(
        fmt::format("found {} numbers; accepted: {}, [{}]", numbers.count(), count, fmt::join(shape, ", ")));
  return reshaped(std::move(numbers), std::move(shape));
}

Result<std::optional<Numbers>> KerasLayer::bias(int64_t count) const {
  RONDO_TRY(const bool use, flag(config_, "use_bias", true));
  if (!use) return std::optional<Numbers>();
  RONDO_TRY(Numbers numbers, weights("bias", {count}));
  return std::optional(std::move(numbers));
}

Status KerasLayer::require_rank(size_t features) const {
  if (x_.features.size() == features) return Done{};
  return json_.error(fmt::format("its input is [time, {}]; accepted: {}", fmt::join(x_.features, ", "),
                                 features == 1 ? "[time, features]" : "[time, features, channels]"));
}

Status KerasLayer::dense() {
  RONDO_CHECK(only({"units", "activation", "use_bias"}));
  RONDO_TRY(const int64_t units, size("units"));
  RONDO_TRY(const Numbers w, weights("weights", {channels(), units}));
  RONDO_TRY(const auto b, bias(units));
  x_.value = add_dense(m_, x_.value, w, b);
  x_.features.back() = units;
  return apply_activation();
}

/// Dense over the last axis is what it does at each step anyway.
Status KerasLayer::time_distributed() {
  RONDO_TRY(const Json layer, config_.member("layer", "the layer that is applied at each step"));
  RONDO_TRY(const Json type, layer.member("class_name", "a layer's class"));
  RONDO_TRY(const std::string word, type.text());
  if (word != "Dense") return type.refused(fmt::format("found {} at each step; accepted: Dense", in_quotes(word)));
  RONDO_TRY(config_, layer.member("config", "the layer's options"));
  return dense();
}

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
  for (const std::string& prefix : prefixes) {
    KerasRecurrent arrays{op, channels(), units, {}, {}, {}};
    RONDO_TRY(arrays.kernel, weights(prefix + "weights", {channels(), width}));
    RONDO_TRY(arrays.recurrent_kernel, weights(prefix + "recurrent_weights", {units, width}));
    if (use_bias) {
      const bool two = op == Op::GRU && reset_after;
      RONDO_TRY(arrays.bias,
                weights(prefix + "bias", two ? std::vector<int64_t>{2, width} : std::vector<int64_t>{width}));
    }
    RONDO_TRY(RecurrentWeights direction, keras_recurrent_weights(arrays, layer.linear_before_reset));
    layer.directions.push_back(std::move(direction));
  }
  RONDO_TRY(const std::string activation, keras_cell_activation(config.find("activation"), "Tanh"));
  RONDO_TRY(const std::string gate, keras_cell_activation(config.find("recurrent_activation"), "Sigmoid"));
  layer.activations = {gate, activation};
  if (op == Op::LSTM) layer.activations.push_back(activation);
  return layer;
}

Status KerasLayer::take_recurrent(const RecurrentLayer& layer, const Json& config) {
  RONDO_TRY(const bool sequences, flag(config, "return_sequences", false));
  const RecurrentResults results = add_recurrent(m_, x_.value, layer);
  x_.value = sequences ? results.sequence : results.last;
  if (!sequences) x_.steps = 1;
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

Status KerasLayer::conv1d() {
  RONDO_CHECK(require_rank(1));
  RONDO_CHECK(only({"filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate", "groups",
                    "activation", "use_bias"}));
  RONDO_TRY(const std::string format, word("data_format", "channels_last"));
  if (format != "channels_last") return config_.find("data_format")->expected("'channels_last'");
  RONDO_TRY(const int64_t filters, size("filters"));
  RONDO_TRY(const auto window, sizes("kernel_size", 1));
  RONDO_TRY(const auto strides, sizes("strides", 1));
  RONDO_TRY(const auto dilations, sizes("dilation_rate", 1));
  RONDO_TRY(const int64_t groups, size("groups", 1));
  if (channels() % groups != 0 || filters % groups != 0)
    return config_.find("groups")->expected(fmt::format("a divisor of {} inputs and {} filters", channels(), filters));
  RONDO_TRY(const Numbers w, weights("weights", {filters, window[0], channels() / groups}));
  Conv1d conv{transposed(w, {0, 2, 1}), {}, strides[0], dilations[0], groups};
  RONDO_TRY(conv.bias, bias(filters));
  const int64_t reach = (window[0] - 1) * dilations[0];
  RONDO_TRY(const std::string padding, word("padding", "valid"));
  if (padding == "causal") {
    conv.before = reach;
  } else if (padding == "same") {
    if (!x_.steps && strides[0] != 1)
      return config_.find("padding")->refused(
          "'same' with strides over a sequence of any length; accepted: 'causal', 'valid', "
          "or a fixed number of steps");
    const SamePadding same = x_.steps ? same_padding(*x_.steps, window[0], strides[0], dilations[0])
                                      : SamePadding{reach / 2, reach - reach / 2};
    conv.before = same.before, conv.after = same.after;
  } else if (padding != "valid") {
    return config_.find("padding")->expected("'valid', 'same' or 'causal'");
  }
  if (x_.steps) {
    const int64_t room = *x_.steps + conv.before + conv.after - reach - 1;
    if (room < 0) return json_.error(fmt::format("its window spans {} steps, its input has {}", reach + 1, *x_.steps));
    x_.steps = room / strides[0] + 1;
  }
  x_.value = add_conv1d(m_, x_.value, conv);
  x_.features = {filters};
  return apply_activation();
}

Status KerasLayer::conv2d() {
  RONDO_CHECK(require_rank(2));
  RONDO_CHECK(only({"filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate", "groups",
                    "activation", "use_bias"}));
  RONDO_TRY(const std::string format, word("data_format", "channels_last"));
  if (format != "channels_last") return config_.find("data_format")->expected("'channels_last'");
  if (!x_.steps) return json_.refused("a Conv2D over a sequence of any length; accepted: a fixed number of steps");
  RONDO_TRY(const int64_t filters, size("filters"));
  RONDO_TRY(const auto window, sizes("kernel_size", 2));
  Conv2d conv;
  RONDO_TRY(conv.strides, sizes("strides", 2));
  RONDO_TRY(conv.dilations, sizes("dilation_rate", 2));
  RONDO_TRY(conv.groups, size("groups", 1));
  if (channels() % conv.groups != 0 || filters % conv.groups != 0)
    return config_.find("groups")->expected(fmt::format("a divisor of {} inputs and {} filters", channels(), filters));
  RONDO_TRY(const Numbers w, weights("weights", {filters, window[0], window[1], channels() / conv.groups}));
  conv.weights = transposed(w, {0, 3, 1, 2});
  RONDO_TRY(conv.bias, bias(filters));
  RONDO_TRY(const std::string padding, word("padding", "valid"));
  if (padding != "valid" && padding != "same") return config_.find("padding")->expected("'valid' or 'same'");
  int64_t lengths[2] = {*x_.steps, x_.features[0]};
  for (size_t axis = 0; axis < 2; ++axis) {
    if (padding == "same") {
      const SamePadding same = same_padding(lengths[axis], window[axis], conv.strides[axis], conv.dilations[axis]);
      conv.pads[axis] = same.before, conv.pads[axis + 2] = same.after;
    }
    const int64_t room =
        lengths[axis] + conv.pads[axis] + conv.pads[axis + 2] - (window[axis] - 1) * conv.dilations[axis] - 1;
    if (room < 0)
      return json_.error(fmt::format("its window is larger than its input, {} along axis {}", lengths[axis], axis));
    lengths[axis] = room / conv.strides[axis] + 1;
  }
  x_.value = add_conv2d(m_, x_.value, conv);
  x_.steps = lengths[0];
  x_.features = {lengths[1], filters};
  return apply_activation();
}

Status KerasLayer::batch_normalization() {
  RONDO_CHECK(only({"axis", "epsilon", "center", "scale"}));
  if (const auto axis = config_.find_value("axis")) {
    RONDO_TRY(const auto values, axis->integers(-1, 3));
    const auto last = static_cast<int64_t>(x_.features.size()) + 1;  // with the batch's axis, and that of time
    if (values.size() != 1 || (values[0] != -1 && values[0] != last && values[0] != last - 1))
      return axis->expected("the last axis");
  }
  RONDO_TRY(const double epsilon, number("epsilon", 1e-3));
  RONDO_TRY(const bool scale, flag(config_, "scale", true));
  RONDO_TRY(const bool center, flag(config_, "center", true));
  std::optional<Numbers> gamma, beta;
  if (scale) {
    RONDO_TRY(gamma, weights("gamma", {channels()}));
  }
  if (center) {
    RONDO_TRY(beta, weights("beta", {channels()}));
  }
  RONDO_TRY(const Numbers mean, weights("moving_mean", {channels()}));
  RONDO_TRY(const Numbers variance, weights("moving_variance", {channels()}));
  RONDO_TRY(x_.value, add_normalisation(m_, x_.value, mean, variance, epsilon, gamma, beta));
  return Done{};
}

/// One slope for each channel: shared over time (shared_axes), as it must be for a sequence of any length.
Status KerasLayer::prelu() {
  RONDO_CHECK(only({"shared_axes"}));
  RONDO_TRY(const Numbers alpha, weights("alpha", {channels()}));
  x_.value = add_prelu(m_, x_.value, alpha);
  return Done{};
}

Status KerasLayer::relu() {
  RONDO_CHECK(only({"max_value", "negative_slope", "threshold"}));
  for (const char* name : {"negative_slope", "threshold"}) {
    RONDO_TRY(const double value, number(name, 0));
    if (value != 0) return config_.find(name)->refused(fmt::format("found {}; accepted: 0", value));
  }
  x_.value = m_.node(Op::Relu, {x_.value});
  if (config_.find_value("max_value")) {
    RONDO_TRY(const double bound, number("max_value", 0));
    x_.value = m_.node(Op::Clip, {x_.value, nullptr, m_.number(bound)});
  }
  return Done{};
}

Status KerasLayer::leaky_relu() {
  RONDO_CHECK(only({"alpha", "negative_slope"}));
  RONDO_TRY(const double alpha, number("alpha", 0.3));
  RONDO_TRY(const double slope, number("negative_slope", alpha));
  x_.value = m_.node(Op::LeakyRelu, {x_.value}, {{"alpha", slope}});
  return Done{};
}

Status KerasLayer::elu() {
  RONDO_CHECK(only({"alpha"}));
  RONDO_TRY(const double alpha, number("alpha", 1));
  x_.value = m_.node(Op::Elu, {x_.value}, {{"alpha", alpha}});
  return Done{};
}

Status KerasLayer::softmax() {
  RONDO_CHECK(only({"axis"}));
  if (const auto axis = config_.find_value("axis")) {
    RONDO_TRY(const auto values, axis->integers(-1, 3));
    if (values != std::vector<int64_t>{-1}) return axis->expected("-1, the last axis");
  }
  x_.value = m_.node(Op::Softmax, {x_.value}, {{"axis", int64_t{-1}}});
  return Done{};
}

Status KerasLayer::activation() {
  RONDO_CHECK(only({"activation"}));
  RONDO_CHECK(config_.member("activation", "an activation's name"));
  return apply_activation();
}

/// Over time, which becomes one step.
Status KerasLayer::reduced(Op op) {
  RONDO_CHECK(require_rank(1));
  RONDO_CHECK(only({"data_format", "keepdims"}));
  RONDO_TRY(const std::string format, word("data_format", "channels_last"));
  if (format != "channels_last") return config_.find("data_format")->expected("'channels_last'");
  x_.value = m_.node(op, {x_.value}, {{"axes", std::vector<int64_t>{0}}, {"keepdims", int64_t{1}}});
  x_.steps = 1;
  return Done{};
}

Status KerasLayer::merged(Op op) {
  RONDO_CHECK(only({}));
  if (inputs_.size() < 2) return json_.error("a layer that merges needs two inputs or more");
  for (size_t i = 1; i < inputs_.size(); ++i) {
    if (inputs_[i].features != x_.features || inputs_[i].steps != x_.steps)
      return json_.error("its inputs have different shapes; accepted: equal ones");
    x_.value = m_.node(op, {x_.value, inputs_[i].value});
  }
  return Done{};
}

Status KerasLayer::concatenate() {
  RONDO_CHECK(only({"axis"}));
  if (const auto axis = config_.find_value("axis")) {
    RONDO_TRY(const int64_t value, axis->integer(-1, -1));
    static_cast<void>(value);
  }
  std::vector<Value*> parts{x_.value};
  for (size_t i = 1; i < inputs_.size(); ++i) {
    if (inputs_[i].features.size() != x_.features.size() || inputs_[i].steps != x_.steps)
      return json_.error("its inputs differ in more than their last axis; accepted: equal steps");
    parts.push_back(inputs_[i].value);
    x_.features.back() += inputs_[i].features.back();
  }
  x_.value = m_.node(Op::Concat, std::move(parts), {{"axis", int64_t{-1}}});
  return Done{};
}

Result<JsonSequence> KerasLayer::read() {
  RONDO_TRY(const Json type, json_.member("class_name", "a layer's class"));
  RONDO_TRY(const std::string class_name, type.text());
  RONDO_TRY(config_, json_.member("config", "the layer's options"));
  RONDO_CHECK(config_.require(JsonKind::object, "the layer's options"));
  if (inputs_.empty()) return json_.error("the layer has no input");
  m_.pointer = json_.place();
  x_ = inputs_[0];
  std::string types;
  for (const Row& row : kRows) {
    types += (types.empty() ? "" : ", ") + std::string(row.type);
    if (row.type != class_name) continue;
    RONDO_CHECK((this->*row.add)());
    return x_;
  }
  return type.refused(fmt::format("found the layer class {}; accepted: InputLayer, {}", in_quotes(class_name), types));
}

}  // namespace

Result<JsonSequence> add_keras_layer(KerasModel& model, const Json& layer, const std::string& name,
                                     const std::vector<JsonSequence>& inputs) {
  return KerasLayer(model, layer, name, inputs).read();
}

}  // namespace rondo
