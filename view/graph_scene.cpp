// scene_of(Graph): a vertex for each parameter, node and output; regions are boxes.
// Tested by tests/view/scene_test.cpp.
#include <algorithm>
#include <unordered_map>

#include "ir/lexer.h"
#include "ir/print_parts.h"
#include "support/places.h"
#include "view/family.h"
#include "view/scene.h"

namespace rondo::view {

std::string shown(std::string_view text) {
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7F; };
  if (is_utf8(text) && std::none_of(text.begin(), text.end(), is_control)) return std::string(text);
  std::string escaped;
  print_text(escaped, text);
  return escaped.substr(1, escaped.size() - 2);
}

std::string shown(const Dim& dim) {
  std::string text;
  print_dim(text, dim);
  return text;
}

namespace {

class GraphScene {
 public:
  Scene make(const Graph& graph) {
    parameters(graph);
    for (const auto& node : graph.nodes) this->node(*node, -1, 0);
    for (const State& state : graph.states) add_use("next", state.name, -1, 0, {state.next});
    for (size_t i = 0; i < graph.outputs.size(); ++i)
      add_use("output", i < graph.output_names.size() ? graph.output_names[i] : "", -1, 0, {graph.outputs[i]});
    return std::move(scene_);
  }

 private:
  Vertex& add(std::string_view word, std::string_view family, int parent, int region) {
    Vertex& vertex = scene_.vertices.emplace_back();
    vertex.word = shown(word);
    vertex.family = family;
    vertex.parent = parent;
    vertex.region = region;
    return vertex;
  }
  int last() const { return static_cast<int>(scene_.vertices.size()) - 1; }

  void add_use(std::string_view word, std::string_view name, int parent, int region,
               const std::vector<Value*>& values) {
    Vertex& vertex = add(word, "interface", parent, region);
    vertex.name = shown(name);
    for (const Value* value : values) vertex.operands.push_back(use(value));
  }

  void define(const Value* value, Vertex& vertex) {
    places_[value] = {last(), static_cast<int>(vertex.results.size())};
    std::string type;
    if (value && value->type) print_type(type, *value->type);
    vertex.results.push_back({value ? shown(value->name) : "", std::move(type)});
  }

  Use use(const Value* value) const {
    const auto found = places_.find(value);
    return found == places_.end() ? Use{} : found->second;
  }

  void parameters(const Graph& graph) {
    std::unordered_map<const Value*, const State*> states;
    for (const State& state : graph.states) states.emplace(state.current, &state);
    for (const auto& param : graph.params) {
      const auto found = states.find(param.get());
      const bool is_state = found != states.end();
      Vertex& vertex = add(is_state ? "state" : "input", "interface", -1, 0);
      vertex.name = shown(is_state ? found->second->name : param->name);
      if (is_state && found->second->initial) fact(vertex, "initial", *found->second->initial);
      define(param.get(), vertex);
    }
  }

  void node(const Node& node, int parent, int region) {
    Vertex& vertex = add(node.op == Op::unsupported ? std::string_view(node.kind) : info(node.op).word,
                         family_of(node.op), parent, region);
    vertex.name = shown(node.name);
    vertex.place = shown(shown_places(node.place));
    for (const std::string& place : split_places(node.place)) vertex.places.push_back(shown(place));
    for (const Value* operand : node.operands) vertex.operands.push_back(use(operand));
    for (const auto& [name, value] : node.attributes.entries()) fact(vertex, name, value);
    for (const auto& result : node.results) define(result.get(), vertex);
    const int self = last();
    for (size_t i = 0; i < node.regions.size(); ++i) this->region(node, *node.regions[i], self, static_cast<int>(i));
  }

  void region(const Node& node, const Graph& region, int parent, int which) {
    for (const auto& param : region.params) {
      Vertex& vertex = add("parameter", "interface", parent, which);
      vertex.name = shown(param->name);
      vertex.operands.push_back(use(outside(node, region, param->index)));
      define(param.get(), vertex);
    }
    for (const auto& inner : region.nodes) this->node(*inner, parent, which);
    add_use("yield", "", parent, which, region.outputs);
  }

  /// The operand that a parameter stands for. A region's last parameters are its node's last operands; only the count
  /// of a loop's steps stands where the node has its condition (or ONNX's Loop its trip count).
  static const Value* outside(const Node& node, const Graph& region, int param) {
    if (param == 0 && (node.op == Op::loop || node.op == Op::Loop)) return nullptr;
    const auto operand = std::ssize(node.operands) - std::ssize(region.params) + param;
    return operand < 0 ? nullptr : node.operands[static_cast<size_t>(operand)];
  }

  void fact(Vertex& vertex, std::string_view name, const Attribute& value) {
    std::string text;
    print_attribute(text, value, {});
    vertex.facts.emplace_back(shown(name), shown(text));
  }

  Scene scene_;
  std::unordered_map<const Value*, Use> places_;
};

}  // namespace

Scene scene_of(const Graph& graph) { return GraphScene().make(graph); }

}  // namespace rondo::view
