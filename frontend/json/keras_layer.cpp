// Keras layers by class; see keras_layer.h. Weights in frugally-deep's form are flat: base64 of float32, or numbers.
// Their layouts, row-major:
//
//   Dense              weights [in, out], bias [out];   Embedding  weights [input_dim, output_dim]
//   LSTM, GRU          weights [in, gates * units], recurrent_weights [units, gates * units], bias (keras_weights.cpp)
//   Bidirectional      the same with forward_ and backward_ before the names
//   Conv1D             weights [out, window, in / groups];   Conv2D  weights [out, height, width, in / groups]
//   BatchNormalization moving_mean, moving_variance, gamma, beta;   PReLU  alpha
//
// Every member of a layer's configuration is honoured, known not to matter at inference, or an error.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "frontend/file.h"
#include "frontend/json/keras_layer_reader.h"
#include "frontend/tensor_bytes.h"
#include "support/closest.h"

namespace rondo {
namespace {

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

}  // namespace

const KerasLayer::Row KerasLayer::kRows[] = {
    {"Dense", &KerasLayer::dense},
    {"TimeDistributed", &KerasLayer::time_distributed},
    {"LSTM", &KerasLayer::lstm},
    {"GRU", &KerasLayer::gru},
    {"Bidirectional", &KerasLayer::bidirectional},
    {"Masking", &KerasLayer::masking},
    {"Embedding", &KerasLayer::embedding},
    {"Conv1D", &KerasLayer::conv1d, false},
    {"Conv2D", &KerasLayer::conv2d, false},
    {"BatchNormalization", &KerasLayer::batch_normalization},
    {"PReLU", &KerasLayer::prelu},
    {"ReLU", &KerasLayer::relu},
    {"LeakyReLU", &KerasLayer::leaky_relu},
    {"ELU", &KerasLayer::elu},
    {"Softmax", &KerasLayer::softmax, false},
    {"Activation", &KerasLayer::activation},
    {"Dropout", &KerasLayer::identity},
    {"SpatialDropout1D", &KerasLayer::identity},
    {"GaussianNoise", &KerasLayer::identity},
    {"GaussianDropout", &KerasLayer::identity},
    {"GlobalAveragePooling1D", &KerasLayer::global_average},
    {"GlobalMaxPooling1D", &KerasLayer::global_max, false},
    {"Add", &KerasLayer::add, true, true},
    {"Multiply", &KerasLayer::multiply, true, true},
    {"Subtract", &KerasLayer::subtract, true, true},
    {"Concatenate", &KerasLayer::concatenate, true, true},
};

Status KerasLayer::only(std::initializer_list<std::string_view> names) const {
  ErrorList errors;
  for (size_t i = 0; i < config_.size(); ++i) {
    const std::string& name = config_.name(i);
    if (is_idle(name) || std::find(names.begin(), names.end(), name) != names.end()) continue;
    const Json value = config_.item(i);
    const bool off = value.is(JsonKind::null) || (value.is(JsonKind::boolean) && value.node().integer == 0);
    if (!off)
      errors.add({value.refused(
          fmt::format("the option {} of this layer is not known; accepted: null or false, or {}{}", in_quotes(name),
                      fmt::join(names, ", "), did_you_mean(name, {names.begin(), names.end()})))});
  }
  return errors.status();
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
  read_arrays_.insert(name);
  RONDO_TRY(const Json json, all.member(name, "weights: base64 of float32, or a list of numbers"));
  const bool written = json.is(JsonKind::list) && json.size() > 0 && json.item(0).is(JsonKind::number);
  RONDO_TRY(Numbers numbers, written ? read_numbers(json) : read_base64(json));
  const auto any = std::find(shape.begin(), shape.end(), kAnySize);
  if (any != shape.end()) *any = 1;
  RONDO_TRY(const int64_t bytes, checked_byte_count(DType::f32, shape, json.place()));
  const int64_t count = bytes / byte_size(DType::f32);
  if (any != shape.end()) {
    if (numbers.count() == 0 || numbers.count() % count != 0)
      return json.error(fmt::format("found {} numbers; accepted: a multiple of {}", numbers.count(), count));
    *any = numbers.count() / count;
  } else if (numbers.count() != count) {
    return json.error(
        fmt::format("found {} numbers; accepted: {}, [{}]", numbers.count(), count, fmt::join(shape, ", ")));
  }
  return reshaped(std::move(numbers), std::move(shape));
}

Status KerasLayer::check_unread() const {
  const std::optional<Json> all = model_.parameters.find(name_);
  ErrorList errors;
  for (size_t i = 0; all && i < all->size(); ++i) {
    const std::string& name = all->name(i);
    if (!read_arrays_.count(name) && name != "td_input_len" && name != "td_output_len")
      errors.add({all->item(i).error("the layer has no use for this array; accepted: those that its options ask for")});
  }
  return errors.status();
}

Result<std::optional<Numbers>> KerasLayer::bias(int64_t count) const {
  RONDO_TRY(const bool use, flag(config_, "use_bias", true));
  if (!use) return std::optional<Numbers>();
  RONDO_TRY(Numbers numbers, weights("bias", {count}));
  return std::optional(std::move(numbers));
}

Status KerasLayer::require_rank(size_t features) {
  if (x_.has_rank(features)) return Done{};
  return json_.error(fmt::format("its input is [time, {}]; accepted: {}", fmt::join(x_.features, ", "),
                                 features == 1 ? "[time, features]" : "[time, features, channels]"));
}

Status KerasLayer::dense() {
  RONDO_CHECK(only({"units", "activation", "use_bias"}));
  RONDO_TRY(const int64_t units, size("units"));
  Numbers w;
  std::optional<Numbers> b;
  ErrorList errors;
  errors.keep(weights("weights", {channels(), units}), w);
  errors.keep(bias(units), b);
  if (!errors.failed()) x_.value = add_dense(m_, x_.value, w, b);
  x_.set_channels(units);
  errors.keep(apply_activation());
  return errors.status();
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

Status KerasLayer::require_last(const Json& axis) const {
  RONDO_TRY(const auto values, axis.integers(-1, 3));
  const auto last = static_cast<int64_t>(x_.features.size()) + 1;  // with the batch's axis, and that of time
  const bool fits = values.size() == 1 && (values[0] == -1 || values[0] == last || values[0] == last - 1);
  if (fits || x_.features.empty()) return Done{};
  return axis.expected("the last axis");
}

Status KerasLayer::batch_normalization() {
  RONDO_CHECK(only({"axis", "epsilon", "center", "scale"}));
  ErrorList errors;
  if (const auto axis = config_.find_value("axis")) errors.keep(require_last(*axis));
  double epsilon = 0;
  bool scale = true, center = true;
  errors.keep(number("epsilon", 1e-3), epsilon);
  errors.keep(flag(config_, "scale", true), scale);
  errors.keep(flag(config_, "center", true), center);
  RONDO_CHECK(errors.status());
  RONDO_TRY(const Numbers mean, weights("moving_mean", {channels()}));
  Numbers variance;
  std::optional<Numbers> gamma, beta;
  errors.keep(weights("moving_variance", mean.shape), variance);
  if (scale) errors.keep(weights("gamma", mean.shape), gamma);
  if (center) errors.keep(weights("beta", mean.shape), beta);
  RONDO_CHECK(errors.status());
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
  if (x_.mask)
    x_.value = masked_mean();
  else
    x_.value = m_.node(op, {x_.value}, {{"axes", std::vector<int64_t>{0}}, {"keepdims", int64_t{1}}});
  x_.steps = 1;
  x_.mask = nullptr;
  return Done{};
}

Status KerasLayer::merged(Op op) {
  RONDO_CHECK(only({}));
  if (inputs_.size() < 2) return json_.error("a layer that merges needs two inputs or more");
  RONDO_CHECK(require_one_mask());
  for (size_t i = 1; i < inputs_.size(); ++i) {
    const bool are_known = x_.is_known() && inputs_[i].is_known();
    if (are_known && (inputs_[i].features != x_.features || inputs_[i].steps != x_.steps))
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
  RONDO_CHECK(require_one_mask());
  std::vector<Value*> parts{x_.value};
  for (size_t i = 1; i < inputs_.size(); ++i) {
    if (!x_.is_known() || !inputs_[i].is_known()) return told_already();
    if (inputs_[i].features.size() != x_.features.size() || inputs_[i].steps != x_.steps)
      return json_.error("its inputs differ in more than their last axis; accepted: equal steps");
    parts.push_back(inputs_[i].value);
    x_.features.back() += inputs_[i].features.back();
  }
  x_.value = m_.node(Op::Concat, std::move(parts), {{"axis", int64_t{-1}}});
  return Done{};
}

Status KerasLayer::check_inputs(const Row& row, const Json& type) const {
  if (inputs_.size() > 1 && !row.merges)
    return json_.refused(fmt::format("the layer is called on {} inputs; accepted: one", inputs_.size()));
  for (const JsonSequence& input : inputs_) {
    if (input.mask && !row.masked)
      return type.refused(
          "a mask reaches this layer, which would have to take it into account; accepted: recurrent layers, means over "
          "time, and layers that work on each step alone");
    if (input.ids && row.add != &KerasLayer::embedding)
      return type.refused("its input are the ids of an Embedding layer, [batch, time]; accepted: Embedding");
  }
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
    RONDO_CHECK(check_inputs(row, type));
    RONDO_CHECK((this->*row.add)());
    RONDO_CHECK(check_unread());
    return x_;
  }
  return type.refused(fmt::format("found the layer class {}; accepted: InputLayer, {}", in_quotes(class_name), types));
}

Result<JsonSequence> add_keras_layer(KerasModel& model, const Json& layer, const std::string& name,
                                     const std::vector<JsonSequence>& inputs) {
  return KerasLayer(model, layer, name, inputs).read();
}

}  // namespace rondo
