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
    ErrorList errors;
    errors.keep(read_header());
    errors.keep(read_members("inputs", kInputs, &DocumentReader::read_input));
    if (document_.has("states")) errors.keep(read_members("states", kStates, &DocumentReader::read_state));
    if (document_.has("constants"))
      errors.keep(read_members("constants", "an object of tensors", &DocumentReader::read_constant));
    if (const auto nodes = document_.find("nodes")) errors.keep(read_own_nodes(*nodes, scope_));
    errors.keep(read_outputs());
    for (State& state : graph_.states) errors.keep(read_next(state));
    RONDO_CHECK(errors.status());
    return std::move(graph_);
  }

 private:
  static constexpr std::string_view kInputs = "an object of types: {\"x\": \"f32[T, 1]\"}";
  static constexpr std::string_view kStates = "{\"h\": {\"type\": \"f32[8]\", \"next\": \"h_next\"}}";

  Status read_header() {
    ErrorList errors;
    errors.keep(read_version());
    graph_.opset = kJsonOpset;
    int64_t opset = kJsonOpset;
    if (const auto given = document_.find("opset")) errors.keep(given->integer(7, kNewestOpset), opset);
    graph_.opset = static_cast<int>(opset);
    if (const auto name = document_.find("name")) errors.keep(name->text(), graph_.name);
    if (const auto doc = document_.find("doc")) errors.keep(doc->text());
    return errors.status();
  }

  Status read_version() {
    RONDO_TRY(const Json version, document_.member("rondo", "1, the version of this form"));
    RONDO_CHECK(version.integer(1, 1));
    return Done{};
  }

  /// Each member of an object of the document defines a value of its name.
  Status read_members(std::string_view part, std::string_view accepted,
                      Status (DocumentReader::*read)(const std::string& name, const Json& json)) {
    const Result<Json> found = document_.member(part, accepted);
    if (!found || !found->is(JsonKind::object)) scope_.lose_names();
    RONDO_TRY(const Json members, found);
    RONDO_CHECK(members.require(JsonKind::object, accepted));
    ErrorList errors;
    for (size_t i = 0; i < members.size(); ++i)
      if (!errors.keep((this->*read)(members.name(i), members.item(i)))) scope_.stand_in(members.name(i));
    return errors.status();
  }

  Status read_input(const std::string& name, const Json& json) {
    RONDO_TRY(Type type, read_own_type(json));
    return scope_.define(name, graph_.add_param(std::move(type), name), json.place());
  }

  Status read_state(const std::string& name, const Json& json) {
    RONDO_CHECK(json.require(JsonKind::object, "{\"type\": \"f32[8]\", \"next\": \"h_next\"}"));
    RONDO_CHECK(json.only({"type", "next", "initial"}));
    RONDO_TRY(const Json type_json, json.member("type", "the state's type, such as \"f32[8]\""));
    RONDO_TRY(const Type type, read_own_type(type_json));
    State state{name, graph_.add_param(type, name), nullptr, std::nullopt};
    RONDO_CHECK(scope_.define(name, state.current, json.place()));
    if (const auto initial = json.find("initial")) {
      RONDO_TRY(state.initial, read_own_tensor(*initial));
      if (state.initial->type() != type)
        return initial->error(
            fmt::format("found {}; accepted: the state's type, {}", to_string(state.initial->type()), to_string(type)));
    }
    graph_.states.push_back(std::move(state));
    return Done{};
  }

  Status read_constant(const std::string& name, const Json& json) {
    RONDO_TRY(Tensor tensor, read_own_tensor(json));
    return scope_.define(name, scope_.constant(std::move(tensor), json.place()), json.place());
  }

  Status read_outputs() {
    RONDO_TRY(const Json outputs, document_.member("outputs", "a list of names"));
    RONDO_CHECK(outputs.require(JsonKind::list, "a list of names"));
    if (outputs.size() == 0) return outputs.expected("at least one name");
    ErrorList errors;
    for (size_t i = 0; i < outputs.size(); ++i) errors.keep(read_output(outputs.item(i)));
    return errors.status();
  }

  Status read_output(const Json& json) {
    RONDO_TRY(const std::string name, json.text());
    RONDO_TRY(Value * value, scope_.require(name, json.place()));
    if (std::find(graph_.output_names.begin(), graph_.output_names.end(), name) != graph_.output_names.end())
      return json.error("an output of this name stands before; accepted: each once");
    graph_.outputs.push_back(value);
    graph_.output_names.push_back(name);
    graph_.declared_outputs.push_back(std::nullopt);
    return Done{};
  }

  Status read_next(State& state) {
    const Json json = *document_.find("states")->find(state.name);
    RONDO_TRY(const Json next, json.member("next", "the value that the state becomes"));
    RONDO_TRY(const std::string name, next.text());
    RONDO_TRY(state.next, scope_.require(name, next.place()));
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
