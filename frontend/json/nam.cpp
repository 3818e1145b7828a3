// Neural Amp Modeler files: {"version", "architecture", "config", "weights": one flat list}. Entry: read_nam_json.
//
//   LSTM    of each layer: W [4H, in + H], row-major over [x; h], gates i, f, g, o; one bias [4H]; then the learned
//           initial h and c [H]. The head last: weights [H], one bias.
//   Linear  y[t] = b + sum over k < receptive_field of w[k] x[t - k], with zeros before the sequence
//
// The convolutional architectures are refused: what they give at first depends on how a player warms them up.
// Tested by tests/frontend/json_test.cpp and tests/corpus/json.list.
#include <fmt/format.h>

#include <algorithm>

#include "frontend/file.h"
#include "frontend/json/dialect.h"
#include "frontend/json/layers.h"

namespace rondo {
namespace {

constexpr int64_t kLargestSize = 1 << 20, kMostLayers = 64;

Result<int64_t> size_of(const Json& config, std::string_view name, int64_t high, std::optional<int64_t> absent = {}) {
  const std::optional<Json> found = config.find(name);
  if (!found && absent) return *absent;
  if (!found)
    return config.error(fmt::format("the member '{}' is missing; accepted: an integer from 1 to {}", name, high));
  return found->integer(1, high);
}

/// Signals with several channels are not known.
Status require_one_channel(const Json& config) {
  ErrorList errors;
  for (const char* name : {"in_channels", "out_channels"}) {
    int64_t channels = 1;
    if (errors.keep(size_of(config, name, kLargestSize, 1), channels) && channels != 1)
      errors.add({config.find(name)->expected("1 channel")});
  }
  return errors.status();
}

/// Takes the flat list apart, from the front.
class FlatWeights {
 public:
  explicit FlatWeights(Numbers all) : all_(std::move(all)) {}

  /// How many numbers the architecture has, known before any is taken.
  Status require_count(int64_t count, const std::string& meaning) const {
    return require_shape(all_, {count}, meaning);
  }
  Numbers take(std::vector<int64_t> shape) {
    int64_t count = 1;
    for (int64_t size : shape) count *= size;
    const auto start = all_.values.begin() + next_;
    next_ += count;
    return {std::move(shape), {start, start + count}, all_.place};
  }

 private:
  Numbers all_;
  int64_t next_ = 0;
};

/// Columns [first, first + count) of a matrix.
Numbers columns(const Numbers& matrix, int64_t first, int64_t count) {
  Numbers result{{matrix.shape[0], count}, {}, matrix.place};
  for (int64_t row = 0; row < matrix.shape[0]; ++row) {
    const auto start = matrix.values.begin() + row * matrix.shape[1] + first;
    result.values.insert(result.values.end(), start, start + count);
  }
  return result;
}

RecurrentWeights take_lstm_layer(FlatWeights& weights, int64_t inputs, int64_t hidden) {
  const std::vector<int> order{0, 3, 1, 2};  // i, f, g, o -> ONNX's i, o, f, c
  const Numbers both = weights.take({4 * hidden, inputs + hidden});
  RecurrentWeights layer;
  layer.input = reordered(columns(both, 0, inputs), order);
  layer.recurrent = reordered(columns(both, inputs, hidden), order);
  layer.input_bias = reordered(weights.take({4 * hidden}), order);
  layer.initial_h = weights.take({hidden});
  layer.initial_c = weights.take({hidden});
  return layer;
}

struct LstmConfig {
  int64_t inputs = 1, hidden = 1, layers = 1;
};

Result<LstmConfig> read_lstm_config(const Json& config) {
  RONDO_CHECK(config.only({"input_size", "hidden_size", "num_layers", "in_channels", "out_channels"}));
  LstmConfig sizes;
  ErrorList errors;
  errors.keep(require_one_channel(config));
  errors.keep(size_of(config, "input_size", kLargestSize, 1), sizes.inputs);
  errors.keep(size_of(config, "hidden_size", kLargestSize), sizes.hidden);
  errors.keep(size_of(config, "num_layers", kMostLayers), sizes.layers);
  RONDO_CHECK(errors.status());
  return sizes;
}

Result<Graph> read_lstm(const LstmConfig& config, FlatWeights weights) {
  const auto [inputs, hidden, layers] = config;
  int64_t count = hidden + 1;
  for (int64_t i = 0; i < layers; ++i) count += 4 * hidden * ((i == 0 ? inputs : hidden) + hidden + 1) + 2 * hidden;
  RONDO_CHECK(weights.require_count(
      count,
      fmt::format("for {} inputs, {} hidden units and {} layers: W, bias, h and c of each layer; the head's weights "
                  "and bias",
                  inputs, hidden, layers)));
  ModelBuilder m;
  m.pointer = "/weights";
  Value* x = m.input("input", DType::f32, {Dim::symbol("T"), inputs});
  for (int64_t i = 0; i < layers; ++i) {
    RecurrentLayer layer;
    layer.directions.push_back(take_lstm_layer(weights, i == 0 ? inputs : hidden, hidden));
    x = add_recurrent(m, x, layer).sequence;
  }
  const Numbers head = weights.take({hidden, 1});
  m.output(add_dense(m, x, head, weights.take({1})), "output");
  return std::move(m.graph);
}

struct LinearConfig {
  int64_t taps = 1;
  bool bias = false;
};

Result<bool> read_bias(const Json& config) {
  RONDO_TRY(const Json bias, config.member("bias", "true or false"));
  return bias.boolean();
}

Result<LinearConfig> read_linear_config(const Json& config) {
  RONDO_CHECK(config.only({"receptive_field", "bias", "in_channels", "out_channels", "implementation"}));
  LinearConfig read;
  ErrorList errors;
  errors.keep(size_of(config, "receptive_field", kLargestSize), read.taps);
  errors.keep(require_one_channel(config));
  errors.keep(read_bias(config), read.bias);
  RONDO_CHECK(errors.status());
  return read;
}

Result<Graph> read_linear(const LinearConfig& config, FlatWeights weights) {
  const auto [taps, bias] = config;
  RONDO_CHECK(weights.require_count(taps + bias, "receptive_field taps, and the bias where there is one"));
  Conv1d conv;
  conv.weights = weights.take({1, 1, taps});
  std::reverse(conv.weights.values.begin(), conv.weights.values.end());  // the last tap is the oldest sample
  if (bias) conv.bias = weights.take({1});
  conv.before = taps - 1;
  ModelBuilder m;
  m.pointer = "/weights";
  Value* x = m.input("input", DType::f32, {Dim::symbol("T"), 1});
  m.output(add_conv1d(m, x, conv), "output");
  return std::move(m.graph);
}

Result<Numbers> read_weights(const Json& document) {
  RONDO_TRY(const Json list, document.member("weights", "a list of numbers"));
  return read_numbers(list);
}

/// The configuration and the weights, which can have errors each, and then the model from the two.
template <class Config>
Result<Graph> read_architecture(const Json& document, Result<Config> (*read_config)(const Json&),
                                Result<Graph> (*read_model)(const Config&, FlatWeights)) {
  const auto config_of = [&]() -> Result<Config> {
    RONDO_TRY(const Json config, document.member("config", "an object of sizes"));
    RONDO_CHECK(config.require(JsonKind::object, "an object of sizes"));
    return read_config(config);
  };
  Config config;
  Numbers weights;
  ErrorList errors;
  errors.keep(config_of(), config);
  errors.keep(read_weights(document), weights);
  RONDO_CHECK(errors.status());
  return read_model(config, FlatWeights(std::move(weights)));
}

}  // namespace

bool is_nam(const Json& document) {
  const auto architecture = document.find("architecture");
  return architecture && !architecture->is(JsonKind::object) && (document.has("config") || document.has("weights"));
}

Result<Graph> read_nam_json(const JsonSource& source) {
  const Json& document = source.document;
  warn_of_unread(source, {"version", "metadata", "architecture", "config", "weights", "sample_rate"});
  RONDO_TRY(const Json architecture, document.member("architecture", "'LSTM' or 'Linear'"));
  RONDO_TRY(const std::string word, architecture.text());
  if (word == "LSTM") return read_architecture(document, read_lstm_config, read_lstm);
  if (word == "Linear") return read_architecture(document, read_linear_config, read_linear);
  return architecture.refused(fmt::format("found the architecture {}; accepted: 'LSTM', 'Linear'", in_quotes(word)));
}

}  // namespace rondo
