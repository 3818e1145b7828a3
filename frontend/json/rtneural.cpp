// Keras/RTNeural JSON: {"in_shape": [batch, time, features], "layers": [{"type", "activation", "shape", "weights",
// …}]}. Keras's equations (keras_weights.cpp); the type in a layer's row says how its arrays are laid out. Entry:
// read_rtneural_json.
//
// The batch size is not part of a model. Where in_shape fixes the number of steps, so does the input's type; otherwise
// it is T. [batch, features] is a row per step. Declared shapes must be what the weights give. A conv1d is causal
// (zeros before the sequence) where its declared length is unknown or is kept, and valid where the length shrinks;
// `strides` divides either. A conv2d's padding is Keras's, 'valid' or 'same'; its `dilation` is of time, its `strides`
// of features. Tested by tests/frontend/json_test.cpp and tests/corpus/json.list.
#include "frontend/json/rtneural.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "frontend/file.h"
#include "frontend/json/keras_weights.h"
#include "support/closest.h"

namespace rondo {
namespace {

constexpr int64_t kLargestSize = int64_t{1} << 31;
constexpr double kKerasEpsilon = 1e-3;

/// A declared shape without its batch: [time, features…]; nothing where the file has null.
using Declared = std::vector<std::optional<int64_t>>;

Result<Declared> read_shape(const Json& json) {
  RONDO_CHECK(json.require(JsonKind::list, "a shape, a list of sizes and nulls"));
  Declared shape(json.size());
  ErrorList errors;
  for (size_t i = 0; i < json.size(); ++i)
    if (!json.item(i).is(JsonKind::null)) errors.keep(json.item(i).integer(1, kLargestSize), shape[i]);
  RONDO_CHECK(errors.status());
  if (shape.size() < 2 || shape.size() > 4)
    return json.expected("[batch, features], [batch, time, features] or [batch, time, features, channels]");
  if (shape.size() == 2) shape.insert(shape.begin(), std::nullopt);  // a row of features per step
  shape.erase(shape.begin());
  if (json.size() == 2) shape[0] = std::nullopt;
  return shape;
}

/// One layer while it is read.
class LayerReader {
 public:
  LayerReader(ModelBuilder& m, const Json& json, JsonSequence x) : m_(m), json_(json), x_(std::move(x)) {}

  Result<JsonSequence> read();

 private:
  using Add = Status (LayerReader::*)();
  struct Row {
    std::string_view type;
    Add add;
  };
  static const Row kRows[];

  Result<const Row*> read_type();
  Status read_declared();
  Status dense();
  Status lstm() { return recurrent(Op::LSTM); }
  Status gru() { return recurrent(Op::GRU); }
  Status rnn() { return recurrent(Op::RNN); }
  Status recurrent(Op op);
  Result<RecurrentWeights> recurrent_weights(RecurrentLayer& layer);
  Status conv1d();
  Status conv2d();
  Status batchnorm();
  Status prelu();
  Status activation() { return Done{}; }
  Status add_activation();
  Status compare_with_declared() const;

  int64_t channels() const { return x_.channels(); }
  /// The arrays of `weights`, as many as `least` to `most`.
  Result<std::vector<Numbers>> arrays(size_t least, size_t most, std::string_view accepted);
  Result<std::optional<Numbers>> bias(const std::vector<Numbers>& arrays, int64_t size);
  Result<int64_t> member_or(std::string_view name, int64_t absent);
  Result<bool> is_causal(int64_t window, int64_t stride, int64_t dilation, int64_t& steps_out);
  Status require_rank(size_t features, std::string_view input);

  ModelBuilder& m_;
  const Json json_;
  JsonSequence x_;
  std::string type_;
  Declared declared_;
  bool activation_done_ = false;
};

const LayerReader::Row LayerReader::kRows[] = {
    {"dense", &LayerReader::dense},         {"time-distributed-dense", &LayerReader::dense},
    {"lstm", &LayerReader::lstm},           {"gru", &LayerReader::gru},
    {"simple-rnn", &LayerReader::rnn},      {"rnn", &LayerReader::rnn},
    {"conv1d", &LayerReader::conv1d},       {"conv2d", &LayerReader::conv2d},
    {"batchnorm", &LayerReader::batchnorm}, {"batchnorm2d", &LayerReader::batchnorm},
    {"prelu", &LayerReader::prelu},         {"activation", &LayerReader::activation},
};

Result<std::vector<Numbers>> LayerReader::arrays(size_t least, size_t most, std::string_view accepted) {
  RONDO_TRY(const Json weights, json_.member("weights", accepted));
  RONDO_CHECK(weights.require(JsonKind::list, accepted));
  if (weights.size() < least || weights.size() > most) return weights.expected(accepted);
  std::vector<Numbers> result(weights.size());
  ErrorList errors;
  for (size_t i = 0; i < weights.size(); ++i) errors.keep(read_numbers(weights.item(i)), result[i]);
  RONDO_CHECK(errors.status());
  return result;
}

/// The second array, if there is one.
Result<std::optional<Numbers>> LayerReader::bias(const std::vector<Numbers>& arrays, int64_t size) {
  if (arrays.size() < 2) return std::optional<Numbers>();
  RONDO_CHECK(require_shape(arrays[1], {size}, "the bias, one number for each output"));
  return std::optional(arrays[1]);
}

/// An integer, alone or in a list of one.
Result<int64_t> LayerReader::member_or(std::string_view name, int64_t absent) {
  const std::optional<Json> found = json_.find_value(name);
  if (!found) return absent;
  RONDO_TRY(const std::vector<int64_t> values, found->integers(1, kLargestSize));
  if (values.size() != 1) return found->expected("an integer, or a list of one");
  return values[0];
}

Status LayerReader::require_rank(size_t features, std::string_view input) {
  if (x_.has_rank(features)) return Done{};
  return json_.error(
      fmt::format("found a {} layer on [time, {}]; accepted: {}", type_, fmt::join(x_.features, ", "), input));
}

Result<const LayerReader::Row*> LayerReader::read_type() {
  RONDO_TRY(const Json type, json_.member("type", "a layer has 'type', 'shape' and 'weights'"));
  RONDO_TRY(type_, type.text());
  std::vector<std::string> types;
  for (const Row& row : kRows) {
    if (row.type == type_) return &row;
    types.emplace_back(row.type);
  }
  return type.refused(fmt::format("found the layer type {}; accepted: {}{}", in_quotes(type_), fmt::join(types, ", "),
                                  did_you_mean(type_, types)));
}

Status LayerReader::read_declared() {
  RONDO_TRY(const Json shape, json_.member("shape", "the shape of the layer's output"));
  RONDO_TRY(declared_, read_shape(shape));
  return Done{};
}

Status LayerReader::dense() {
  RONDO_TRY(const auto w, arrays(1, 2, "[W[in, out], b[out]], or W alone"));
  RONDO_CHECK(require_shape(w[0], {channels(), declared_.back().value_or(kAnySize)},
                            fmt::format("W[in, out] for {} inputs and the declared output", shown_size(channels()))));
  const int64_t outputs = w[0].shape[1];
  RONDO_TRY(const auto b, bias(w, outputs));
  x_.value = add_dense(m_, x_.value, w[0], b);
  x_.set_channels(outputs);
  return Done{};
}

Result<RecurrentWeights> LayerReader::recurrent_weights(RecurrentLayer& layer) {
  RONDO_TRY(const auto w, arrays(2, 3, "[W[in, gates * hidden], U[hidden, gates * hidden], b]"));
  if (!declared_.back())
    return json_.find("shape")->expected("a shape whose last size, the number of hidden units, is given");
  KerasRecurrent arrays{layer.op, channels(), *declared_.back(), w[0], w[1], {}};
  if (w.size() == 3) arrays.bias = w[2];
  return keras_recurrent_weights(arrays, layer.linear_before_reset);
}

Status LayerReader::recurrent(Op op) {
  RONDO_CHECK(require_rank(1, "[time, features]"));
  RecurrentLayer layer;
  layer.op = op;
  layer.directions.emplace_back();
  std::string activation, gate;
  ErrorList errors;
  errors.keep(recurrent_weights(layer), layer.directions[0]);
  errors.keep(keras_cell_activation(json_.find("activation"), "Tanh"), activation);
  errors.keep(keras_cell_activation(json_.find("recurrent_activation"), "Sigmoid"), gate);
  activation_done_ = true;
  RONDO_CHECK(errors.status());
  if (op == Op::RNN)
    layer.activations = {activation};
  else if (op == Op::GRU)
    layer.activations = {gate, activation};
  else
    layer.activations = {gate, activation, activation};
  x_.value = add_recurrent(m_, x_.value, layer).sequence;
  x_.set_channels(*declared_.back());
  return Done{};
}

/// Whether a convolution over time is causal, by its declared length, and the length that results (0: unknown).
Result<bool> LayerReader::is_causal(int64_t window, int64_t stride, int64_t dilation, int64_t& steps_out) {
  const int64_t reach = (window - 1) * dilation;
  steps_out = 0;
  if (!x_.steps) return true;
  const int64_t causal = (*x_.steps + stride - 1) / stride;
  const int64_t valid = *x_.steps > reach ? (*x_.steps - reach - 1) / stride + 1 : 0;
  steps_out = causal;
  if (!declared_[0] || *declared_[0] == causal) return true;
  steps_out = valid;
  if (*declared_[0] == valid) return false;
  return json_.find("shape")->error(
      fmt::format("found a length of {}; accepted: {} (causal), {} (valid: no step from before the sequence), or null",
                  *declared_[0], causal, valid));
}

// weights [W[window, in / groups, out], b[out]]; ONNX wants [out, in / groups, window].
Status LayerReader::conv1d() {
  RONDO_CHECK(require_rank(1, "[time, features]"));
  RONDO_TRY(const auto w, arrays(1, 2, "[W[window, in / groups, out], b[out]], or W alone"));
  RONDO_TRY(const int64_t groups, member_or("groups", 1));
  RONDO_TRY(const int64_t dilation, member_or("dilation", 1));
  RONDO_TRY(const int64_t stride, member_or("strides", 1));
  RONDO_TRY(const int64_t window, member_or("kernel_size", w[0].shape.empty() ? 1 : w[0].shape[0]));
  if (x_.is_known() && channels() % groups != 0)
    return json_.find("groups")->expected(fmt::format("a divisor of the {} inputs", channels()));
  RONDO_CHECK(
      require_shape(w[0], {window, x_.is_known() ? channels() / groups : kAnySize, declared_.back().value_or(kAnySize)},
                    "W[window, in / groups, out]"));
  const int64_t outputs = w[0].shape[2];
  if (outputs % groups != 0) return json_.find("groups")->expected(fmt::format("a divisor of the {} outputs", outputs));
  Conv1d conv{transposed(w[0], {2, 1, 0}), {}, stride, dilation, groups};
  RONDO_TRY(conv.bias, bias(w, outputs));
  int64_t steps = 0;
  RONDO_TRY(const bool causal, is_causal(window, stride, dilation, steps));
  conv.before = causal ? (window - 1) * dilation : 0;
  x_.value = add_conv1d(m_, x_.value, conv);
  if (steps > 0) x_.steps = steps;
  x_.features.back() = outputs;
  return Done{};
}

// weights [W[window in time, window in features, in, out], b[out]]; ONNX wants [out, in, time, features].
Status LayerReader::conv2d() {
  RONDO_CHECK(require_rank(2, "[time, features, channels]"));
  RONDO_TRY(const auto w, arrays(1, 2, "[W[window in time, window in features, in, out], b[out]], or W alone"));
  const bool sized = w[0].shape.size() == 4;
  RONDO_TRY(const int64_t time_window, member_or("kernel_size_time", sized ? w[0].shape[0] : 1));
  RONDO_TRY(const int64_t window, member_or("kernel_size_feature", sized ? w[0].shape[1] : 1));
  RONDO_TRY(const int64_t dilation, member_or("dilation", 1));
  RONDO_TRY(const int64_t stride, member_or("strides", 1));
  if (!x_.is_known()) return told_already();
  RONDO_TRY(const int64_t filters, member_or("num_filters_in", channels()));
  RONDO_TRY(const int64_t features, member_or("num_features_in", x_.features[0]));
  RONDO_TRY(const int64_t outputs, member_or("num_filters_out", declared_.back().value_or(sized ? w[0].shape[3] : 1)));
  if (filters != channels() || features != x_.features[0])
    return json_.error(fmt::format("declares an input of {} features and {} filters; accepted: what it gets, {} and {}",
                                   features, filters, x_.features[0], channels()));
  RONDO_CHECK(
      require_shape(w[0], {time_window, window, filters, outputs}, "W[window in time, window in features, in, out]"));
  Conv2d conv;
  conv.weights = transposed(w[0], {3, 2, 0, 1});
  RONDO_TRY(conv.bias, bias(w, outputs));
  conv.strides = {1, stride};
  conv.dilations = {dilation, 1};
  const std::optional<Json> padding = json_.find_value("padding");
  RONDO_TRY(const std::string word, padding ? padding->text() : Result<std::string>(std::string("valid")));
  if (word != "valid" && word != "same") return padding->expected("'valid' or 'same', the padding of both axes");
  const int64_t reach = (time_window - 1) * dilation;
  if (word == "same") {
    const SamePadding same = same_padding(features, window, stride, 1);
    conv.pads = {reach / 2, same.before, reach - reach / 2, same.after};
  } else if (x_.steps) {
    if (*x_.steps <= reach)
      return json_.error(
          fmt::format("a window over {} steps of a sequence of {}; accepted: at most those", reach + 1, *x_.steps));
    x_.steps = *x_.steps - reach;
  }
  const int64_t room = features + conv.pads[1] + conv.pads[3] - window;
  if (room < 0)
    return json_.error(fmt::format("a window of {} on {} features; accepted: at most those", window, features));
  x_.value = add_conv2d(m_, x_.value, conv);
  x_.features = {room / stride + 1, outputs};
  return Done{};
}

// weights [scale, offset, mean, variance], or [mean, variance] where the layer is not affine.
Status LayerReader::batchnorm() {
  RONDO_TRY(const auto w, arrays(2, 4, "[gamma, beta, mean, variance], or [mean, variance]"));
  if (w.size() == 3) return json_.find("weights")->expected("[gamma, beta, mean, variance], or [mean, variance]");
  const int64_t count = x_.is_known() ? channels() : w[0].count();
  for (const Numbers& row : w) RONDO_CHECK(require_shape(row, {count}, "one number for each channel"));
  double epsilon = kKerasEpsilon;
  if (const auto given = json_.find_value("epsilon")) {
    RONDO_TRY(epsilon, given->number());
  }
  const bool affine = w.size() == 4;
  RONDO_TRY(x_.value, add_normalisation(m_, x_.value, w[affine ? 2 : 0], w[affine ? 3 : 1], epsilon,
                                        affine ? std::optional(w[0]) : std::nullopt,
                                        affine ? std::optional(w[1]) : std::nullopt));
  return Done{};
}

Status LayerReader::prelu() {
  RONDO_TRY(const auto w, arrays(1, 1, "[alpha]"));
  if (w[0].count() != 1 && w[0].count() != channels() && x_.is_known())
    return require_shape(w[0], {1, channels()}, "one slope for each channel, or one for all");
  x_.value = add_prelu(m_, x_.value, w[0]);
  return Done{};
}

/// The activation behind the layer, where it is none of a cell's own.
Status LayerReader::add_activation() {
  const std::optional<Json> name = json_.find("activation");
  if (!name || activation_done_) return Done{};
  RONDO_TRY(x_.value, keras_activation(m_, x_.value, *name, KerasVersion::two));
  return Done{};
}

/// The shape that is declared for the whole.
Status LayerReader::compare_with_declared() const {
  if (!x_.is_known()) return Done{};
  const Json shape = *json_.find("shape");
  bool same = declared_.size() == x_.features.size() + 1;
  for (size_t i = 0; same && i < x_.features.size(); ++i)
    same = !declared_[i + 1] || *declared_[i + 1] == x_.features[i];
  if (same && declared_[0] && x_.steps) same = *declared_[0] == *x_.steps;
  if (same) return Done{};
  return shape.error(fmt::format("declares another output than the layer has; accepted: [batch, {}, {}]",
                                 x_.steps ? std::to_string(*x_.steps) : "time", fmt::join(x_.features, ", ")));
}

Result<JsonSequence> LayerReader::read() {
  RONDO_CHECK(json_.require(JsonKind::object, "a layer, an object with 'type', 'shape' and 'weights'"));
  m_.pointer = json_.place();
  ErrorList errors;
  const bool sound =
      errors.keep(json_.only({"type", "activation", "recurrent_activation", "shape", "weights", "kernel_size",
                              "dilation", "groups", "strides", "epsilon", "kernel_size_time", "kernel_size_feature",
                              "num_filters_in", "num_features_in", "num_filters_out", "padding", "name"}));
  const Row* row = nullptr;
  errors.keep(read_type(), row);
  if (errors.keep(read_declared()) && row && sound) errors.keep((this->*row->add)());
  errors.keep(add_activation());
  RONDO_CHECK(errors.status());
  RONDO_CHECK(compare_with_declared());
  return x_;
}

}  // namespace

Result<JsonSequence> add_rtneural_input(ModelBuilder& m, const Json& document) {
  RONDO_TRY(const Json in_shape, document.member("in_shape", "[batch, time, features]"));
  RONDO_TRY(const Declared shape, read_shape(in_shape));
  JsonSequence x;
  x.steps = shape[0];
  Shape dims{x.steps ? Dim(*x.steps) : Dim::symbol("T")};
  for (size_t i = 1; i < shape.size(); ++i) {
    if (!shape[i]) return in_shape.item(in_shape.size() - shape.size() + i).expected("the number of features");
    x.features.push_back(*shape[i]);
    dims.push_back(*shape[i]);
  }
  x.value = m.input("input", DType::f32, std::move(dims));
  return x;
}

Result<JsonSequence> add_rtneural_layers(ModelBuilder& m, const Json& document, JsonSequence x) {
  RONDO_TRY(const Json layers, document.member("layers", "a list of layers"));
  RONDO_CHECK(layers.require(JsonKind::list, "a list of layers"));
  if (layers.size() == 0) return layers.expected("at least one layer");
  ErrorList errors;
  for (size_t i = 0; i < layers.size(); ++i)
    if (!errors.keep(LayerReader(m, layers.item(i), x).read(), x)) x = JsonSequence::unknown(m);
  RONDO_CHECK(errors.status());
  return x;
}

bool is_rtneural(const Json& document) { return document.has("in_shape") || document.has("layers"); }

Result<Graph> read_rtneural_json(const JsonSource& source) {
  warn_of_unread(source, {"in_shape", "layers"});
  ModelBuilder m;
  ErrorList errors;
  JsonSequence x;
  if (!errors.keep(add_rtneural_input(m, source.document), x)) x = JsonSequence::unknown(m);
  errors.keep(add_rtneural_layers(m, source.document, x), x);
  RONDO_CHECK(errors.status());
  m.output(x.value, "output");
  return std::move(m.graph);
}

}  // namespace rondo
