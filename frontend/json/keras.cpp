// Keras's to_json with weights in frugally-deep's form: {"architecture": what to_json gives, "trainable_params":
// {layer: {array: base64}}, …}. Sequential and functional models; a layer may be called once. Entry: read_keras_json.
//
// The batch is not part of a model: [batch, time, features] becomes [time, features], and so do a batch's rows of
// [batch, features]; what an Embedding layer takes are ids, and [batch, time] becomes [time]. Layers are in
// keras_layer.cpp. Tested by tests/frontend/json_test.cpp.
#include <fmt/format.h>

#include <algorithm>

#include "frontend/file.h"
#include "frontend/json/keras_layer.h"

namespace rondo {
namespace {

constexpr int64_t kLargestSize = int64_t{1} << 31;
constexpr size_t kMostLayers = 4096;

/// The name in ["layer", 0, 0, …].
Result<std::string> read_reference(const Json& json) {
  RONDO_CHECK(json.require(JsonKind::list, "[layer, 0, 0]"));
  if (json.size() < 3) return json.expected("[layer, 0, 0]");
  RONDO_TRY(std::string name, json.item(0).text());
  for (size_t i = 1; i < 3; ++i) {
    if (!json.item(i).is(JsonKind::number) || json.item(i).node().number() != 0)
      return json.item(i).refused(
          fmt::format("found {}; accepted: 0, the one call of a layer and its one result", json.item(i).found()));
  }
  if (json.size() > 3 && json.item(3).is(JsonKind::object) && json.item(3).size() > 0)
    return json.item(3).refused("a call with options; accepted: none");
  return name;
}

/// ["layer", 0, 0] or a list of such.
Result<std::vector<std::string>> read_references(const Json& json) {
  RONDO_CHECK(json.require(JsonKind::list, "a list of [layer, 0, 0]"));
  std::vector<std::string> names;
  if (json.size() > 0 && json.item(0).is(JsonKind::text)) {
    RONDO_TRY(std::string name, read_reference(json));
    return std::vector<std::string>{std::move(name)};
  }
  for (size_t i = 0; i < json.size(); ++i) {
    RONDO_TRY(std::string name, read_reference(json.item(i)));
    names.push_back(std::move(name));
  }
  return names;
}

/// Keras 3's arguments: tensors with a keras_history, alone or in lists.
Status collect_tensors(const Json& json, std::vector<std::string>& names) {
  if (json.is(JsonKind::list)) {
    for (size_t i = 0; i < json.size(); ++i) RONDO_CHECK(collect_tensors(json.item(i), names));
    return Done{};
  }
  const std::optional<Json> config = json.find("config");
  const std::optional<Json> history = config ? config->find("keras_history") : std::nullopt;
  if (!history) return json.expected("a __keras_tensor__ with its keras_history");
  RONDO_TRY(std::string name, read_reference(*history));
  names.push_back(std::move(name));
  return Done{};
}

/// An input says its own type; the type of an Embedding layer that stands first is that of its weights.
Result<DType> ids_type(const Json& input) {
  constexpr std::pair<std::string_view, DType> kTypes[] = {
      {"float32", DType::f32}, {"int32", DType::i32}, {"int64", DType::i64}};
  const std::optional<Json> type = input.find("class_name"), json = input.find("config")->find_value("dtype");
  if (!json || !type || !type->is(JsonKind::text) || type->node().parts->text != "InputLayer") return DType::f32;
  RONDO_TRY(const std::string word, json->text());
  for (const auto& [name, dtype] : kTypes)
    if (name == word) return dtype;
  return json->refused(fmt::format("found {}; accepted: 'float32', 'int32', 'int64'", in_quotes(word)));
}

class KerasReader {
 public:
  explicit KerasReader(const JsonSource& source) : source_(source), document_(source.document) {}

  Result<Graph> read() {
    RONDO_CHECK(read_header());
    ErrorList errors;
    for (size_t i = 0; i < layers_->size(); ++i)
      if (const Json layer = layers_->item(i); !errors.keep(read_layer(layer))) stand_in(layer);
    errors.keep(read_outputs());
    errors.keep(check_parameters());
    RONDO_CHECK(errors.status());
    return std::move(m_.graph);
  }

 private:
  /// What a layer with errors gives.
  void stand_in(const Json& layer) {
    const Result<std::string> name = name_of(layer);
    lost_ = lost_ || !name;
    last_ = name ? *name : layer.place();
    values_.emplace(last_, JsonSequence::unknown(m_));
  }
  /// A layer that is not there; nothing to say where a layer's name could not be read.
  Diagnostics absent(const Json& json, std::string message) const {
    if (lost_) return told_already();
    return {json.error(std::move(message))};
  }

  Status read_header() {
    warn_of_unread(source_, {"architecture", "image_data_format", "input_shapes", "output_shapes", "tests",
                             "trainable_params", "hash"});
    if (const auto format = document_.find("image_data_format")) {
      RONDO_TRY(const std::string word, format->text());
      if (word != "channels_last")
        return format->refused(fmt::format("found {}; accepted: 'channels_last'", in_quotes(word)));
    }
    RONDO_TRY(const Json architecture, document_.member("architecture", "what Keras's to_json gives"));
    RONDO_TRY(const Json type, architecture.member("class_name", "'Sequential', 'Functional' or 'Model'"));
    RONDO_TRY(const std::string word, type.text());
    sequential_ = word == "Sequential";
    if (!sequential_ && word != "Functional" && word != "Model")
      return type.refused(fmt::format("found {}; accepted: 'Sequential', 'Functional', 'Model'", in_quotes(word)));
    RONDO_TRY(config_, architecture.member("config", "an object with 'layers'"));
    RONDO_TRY(layers_, config_->member("layers", "a list of layers"));
    RONDO_CHECK(layers_->require(JsonKind::list, "a list of layers"));
    if (layers_->size() == 0 || layers_->size() > kMostLayers)
      return layers_->expected(fmt::format("1 to {} layers", kMostLayers));
    const std::optional<Json> version = architecture.find_value("keras_version");
    if (version && version->is(JsonKind::text) && version->node().parts->text.starts_with("3"))
      version_ = KerasVersion::three;
    RONDO_TRY(parameters_, document_.member("trainable_params", "an object of weights by layer"));
    return parameters_->require(JsonKind::object, "an object of weights by layer");
  }

  Result<std::string> name_of(const Json& layer) const {
    std::optional<Json> name = layer.find("name");
    const std::optional<Json> config = layer.find("config");
    if (!name && config) name = config->find("name");
    if (!name) return layer.error("the layer has no name; accepted: 'name' in its config");
    return name->text();
  }

  /// What the layer is called on.
  Result<std::vector<std::string>> inputs_of(const Json& layer) const {
    if (sequential_) return last_.empty() ? std::vector<std::string>() : std::vector<std::string>{last_};
    const std::optional<Json> nodes = layer.find("inbound_nodes");
    if (!nodes || nodes->size() == 0) return std::vector<std::string>();
    RONDO_CHECK(nodes->require(JsonKind::list, "a list of calls"));
    if (nodes->size() > 1) return nodes->refused("the layer is called more than once; accepted: one call");
    const Json call = nodes->item(0);
    if (!call.is(JsonKind::object)) return read_references(call);
    std::vector<std::string> names;
    RONDO_TRY(const Json arguments, call.member("args", "the arguments of a call"));
    RONDO_CHECK(collect_tensors(arguments, names));
    return names;
  }

  /// Whether an input goes to an Embedding layer.
  bool holds_ids(const Json& input, const std::string& name) const {
    for (size_t i = 0; i < layers_->size(); ++i) {
      const Json layer = layers_->item(i);
      const std::optional<Json> type = layer.find("class_name");
      if (!type || !type->is(JsonKind::text) || type->node().parts->text != "Embedding") continue;
      if (sequential_) return i == 0 || (i == 1 && layers_->item(0).place() == input.place());
      const Result<std::vector<std::string>> names = inputs_of(layer);
      if (names && std::find(names->begin(), names->end(), name) != names->end()) return true;
    }
    return false;
  }

  Status read_ids(const Json& input, const Json& shape, const std::string& name) {
    if (shape.size() != 2) return shape.expected("[batch, time], 2 sizes: what an Embedding layer takes");
    JsonSequence x;
    x.ids = true;
    if (!shape.item(1).is(JsonKind::null)) {
      RONDO_TRY(x.steps, shape.item(1).integer(1, kLargestSize));
    }
    RONDO_TRY(const DType dtype, ids_type(input));
    x.value = m_.input(name, dtype, {x.steps ? Dim(*x.steps) : Dim::symbol("T")});
    values_[name] = x;
    last_ = name;
    return Done{};
  }

  Status read_layer(const Json& layer) {
    RONDO_CHECK(layer.require(JsonKind::object, "a layer"));
    RONDO_TRY(const std::string name, name_of(layer));
    if (values_.count(name)) return layer.error(fmt::format("a second layer called {}", in_quotes(name)));
    RONDO_TRY(const Json type, layer.member("class_name", "a layer's class"));
    RONDO_TRY(const std::string word, type.text());
    if (word == "InputLayer") return read_input(layer, name);
    RONDO_TRY(const std::vector<std::string> names, inputs_of(layer));
    std::vector<JsonSequence> inputs;
    for (const std::string& input : names) {
      if (!values_.count(input))
        return absent(layer,
                      fmt::format("its input is the layer {}, which does not stand before it", in_quotes(input)));
      inputs.push_back(values_.at(input));
    }
    if (sequential_ && inputs.empty()) {  // the shape may stand at the first layer
      RONDO_CHECK(read_input(layer, name + "_input"));
      inputs.push_back(values_.at(name + "_input"));
    }
    KerasModel model{m_, *parameters_, version_, source_.warnings};
    RONDO_TRY(values_[name], add_keras_layer(model, layer, name, inputs));
    last_ = name;
    return Done{};
  }

  Status read_input(const Json& layer, const std::string& name) {
    const std::optional<Json> config = layer.find("config");
    std::optional<Json> shape = config ? config->find("batch_input_shape") : std::nullopt;
    if (!shape && config) shape = config->find("batch_shape");
    if (!shape) return layer.error("the model's input has no shape; accepted: 'batch_input_shape' or 'batch_shape'");
    RONDO_CHECK(shape->require(JsonKind::list, "[batch, time, features]"));
    if (holds_ids(layer, name)) return read_ids(layer, *shape, name);
    if (shape->size() < 2 || shape->size() > 4) return shape->expected("[batch, time, features], 2 to 4 sizes");
    JsonSequence x;
    Shape dims;
    const size_t time = shape->size() == 2 ? 0 : 1;
    if (!shape->item(time).is(JsonKind::null) && time == 1) {
      RONDO_TRY(x.steps, shape->item(time).integer(1, kLargestSize));
    }
    dims.push_back(x.steps ? Dim(*x.steps) : Dim::symbol("T"));
    for (size_t i = time + 1; i < shape->size(); ++i) {
      RONDO_TRY(const int64_t size, shape->item(i).integer(1, kLargestSize));
      x.features.push_back(size);
      dims.push_back(size);
    }
    x.value = m_.input(name, DType::f32, std::move(dims));
    values_[name] = x;
    last_ = name;
    return Done{};
  }

  Status read_outputs() {
    std::vector<std::string> names{last_};
    const std::optional<Json> outputs = sequential_ ? std::nullopt : config_->find("output_layers");
    if (outputs) {
      RONDO_TRY(names, read_references(*outputs));
    }
    for (const std::string& name : names)
      if (!values_.count(name)) return absent(*outputs, fmt::format("there is no layer {}", in_quotes(name)));
    if (m_.graph.params.size() == 1 && m_.graph.timing.size() == 1)
      m_.graph.params[0]->name = m_.graph.timing[0].name = "input";
    if (names.empty()) return outputs->expected("at least one output");
    for (const std::string& name : names) m_.output(values_.at(name).value, names.size() == 1 ? "output" : name);
    return Done{};
  }

  Status check_parameters() const {
    ErrorList errors;
    for (size_t i = 0; i < parameters_->size(); ++i)
      if (!values_.count(parameters_->name(i)))
        errors.add(absent(parameters_->item(i), "weights of a layer that the architecture does not have"));
    return errors.status();
  }

  const JsonSource& source_;
  const Json& document_;
  ModelBuilder m_;
  std::optional<Json> config_, layers_, parameters_;
  bool sequential_ = false;
  KerasVersion version_ = KerasVersion::two;
  std::map<std::string, JsonSequence> values_;  // by layer
  std::string last_;                            // the layer read last
  bool lost_ = false;                           // a layer's name could not be read
};

}  // namespace

bool is_keras(const Json& document) {
  const auto architecture = document.find("architecture");
  return document.has("trainable_params") || (architecture && architecture->is(JsonKind::object));
}

Result<Graph> read_keras_json(const JsonSource& source) { return KerasReader(source).read(); }

}  // namespace rondo
