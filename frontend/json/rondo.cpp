// rondo's own JSON, version 1: a model written by hand, in ONNX's operators. docs/json.md describes it,
// docs/rondo.schema.json is its JSON Schema. Entry: read_rondo_json. Tested by tests/frontend/json_own_test.cpp.
#include <fmt/format.h>

#include <algorithm>

#include "frontend/json/dialect.h"
#include "frontend/json/model_builder.h"
#include "frontend/json/own.h"

namespace rondo {
namespace {

constexpr int64_t kNewestOpset = 28;

/// Reads the document in its own order of parts; each relies on those before it.
class DocumentReader {
 public:
  explicit DocumentReader(const Json& document) : document_(document), scope_(graph_, nullptr) {}

  Result<Graph> read() {
    RONDO_CHECK(document_.only(
        {"$schema", "rondo", "opset", "name", "doc", "inputs", "states", "constants", "nodes", "outputs"}));
    RONDO_CHECK(read_header());
    RONDO_CHECK(read_inputs());
    RONDO_CHECK(read_states());
    RONDO_CHECK(read_constants());
    if (const auto nodes = document_.find("nodes")) RONDO_CHECK(read_own_nodes(*nodes, scope_));
    RONDO_CHECK(read_outputs());
    RONDO_CHECK(read_next_states());
    return std::move(graph_);
  }

 private:
  Status read_header() {
    RONDO_TRY(const Json version, document_.member("rondo", "1, the version of this form"));
    RONDO_CHECK(version.integer(1, 1));
    graph_.opset = kJsonOpset;
    if (const auto opset = document_.find("opset")) {
      RONDO_TRY(const int64_t value, opset->integer(7, kNewestOpset));
      graph_.opset = static_cast<int>(value);
    }
    if (const auto name = document_.find("name")) {
      RONDO_TRY(graph_.name, name->text());
    }
    if (const auto doc = document_.find("doc")) RONDO_CHECK(doc->text());
    return Done{};
  }

  Status read_inputs() {
    RONDO_TRY(const Json inputs, document_.member("inputs", "an object of types: {\"x\": \"f32[T, 1]\"}"));
    RONDO_CHECK(inputs.require(JsonKind::object, "an object of types: {\"x\": \"f32[T, 1]\"}"));
    for (size_t i = 0; i < inputs.size(); ++i) {
      RONDO_TRY(Type type, read_own_type(inputs.item(i)));
      RONDO_CHECK(
          scope_.define(inputs.name(i), graph_.add_param(std::move(type), inputs.name(i)), inputs.item(i).place()));
    }
    return Done{};
  }

  Status read_states() {
    const auto states = document_.find("states");
    if (!states) return Done{};
    RONDO_CHECK(states->require(JsonKind::object, "{\"h\": {\"type\": \"f32[8]\", \"next\": \"h_next\"}}"));
    for (size_t i = 0; i < states->size(); ++i) {
      const Json json = states->item(i);
      RONDO_CHECK(json.require(JsonKind::object, "{\"type\": \"f32[8]\", \"next\": \"h_next\"}"));
      RONDO_CHECK(json.only({"type", "next", "initial"}));
      RONDO_TRY(const Json type_json, json.member("type", "the state's type, such as \"f32[8]\""));
      RONDO_TRY(const Type type, read_own_type(type_json));
      State state{states->name(i), graph_.add_param(type, states->name(i)), nullptr, std::nullopt};
      RONDO_CHECK(scope_.define(state.name, state.current, json.place()));
      if (const auto initial = json.find("initial")) {
        RONDO_TRY(state.initial, read_own_tensor(*initial));
        if (state.initial->type() != type)
          return initial->error(fmt::format("found {}; accepted: the state's type, {}",
                                            to_string(state.initial->type()), to_string(type)));
      }
      graph_.states.push_back(std::move(state));
    }
    return Done{};
  }

  Status read_constants() {
    const auto constants = document_.find("constants");
    if (!constants) return Done{};
    RONDO_CHECK(constants->require(JsonKind::object, "an object of tensors"));
    for (size_t i = 0; i < constants->size(); ++i) {
      const std::string place = constants->item(i).place();
      RONDO_TRY(Tensor tensor, read_own_tensor(constants->item(i)));
      RONDO_CHECK(scope_.define(constants->name(i), scope_.constant(std::move(tensor), place), place));
    }
    return Done{};
  }

  Status read_outputs() {
    RONDO_TRY(const Json outputs, document_.member("outputs", "a list of names"));
    RONDO_CHECK(outputs.require(JsonKind::list, "a list of names"));
    if (outputs.size() == 0) return outputs.expected("at least one name");
    for (size_t i = 0; i < outputs.size(); ++i) {
      RONDO_TRY(const std::string name, outputs.item(i).text());
      RONDO_TRY(Value * value, scope_.require(name, outputs.item(i).place()));
      if (std::find(graph_.output_names.begin(), graph_.output_names.end(), name) != graph_.output_names.end())
        return outputs.item(i).error("an output of this name stands before; accepted: each once");
      graph_.outputs.push_back(value);
      graph_.output_names.push_back(name);
      graph_.declared_outputs.push_back(std::nullopt);
    }
    return Done{};
  }

  Status read_next_states() {
    const auto states = document_.find("states");
    for (size_t i = 0; i < graph_.states.size(); ++i) {
      RONDO_TRY(const Json next, states->item(i).member("next", "the value that the state becomes"));
      RONDO_TRY(const std::string name, next.text());
      RONDO_TRY(graph_.states[i].next, scope_.require(name, next.place()));
    }
    return Done{};
  }

  const Json& document_;
  Graph graph_{Level::model};
  OwnScope scope_;
};

}  // namespace

bool is_rondo(const Json& document) { return document.has("rondo"); }

Result<Graph> read_rondo_json(const JsonSource& source) { return DocumentReader(source.document).read(); }

}  // namespace rondo
