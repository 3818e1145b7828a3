// print(Graph): model and core graphs as text; docs/ir.md describes the language. One pass over the graph, one table
// of names for each region. Tested by tests/ir/text_test.cpp.
#include <fmt/format.h>

#include <unordered_map>
#include <unordered_set>

#include "ir/lexer.h"
#include "ir/print_parts.h"

namespace rondo {
namespace {

/// The unique names of one graph's values. A value keeps its own name; of several with one name, the later ones get
/// a number after it. Values without a name are numbered.
class Names {
 public:
  explicit Names(const Graph& graph) {
    for (const auto& param : graph.params) add(param.get());
    for (const auto& node : graph.nodes)
      for (const auto& result : node->results) add(result.get());
  }

  struct Entry {
    std::string text;  // with %
    std::string name;  // what a reader takes for the value's name
  };
  const Entry& of(const Value* value) const {
    static const Entry unknown{"%\"(not of this graph)\"", ""};
    auto found = entries_.find(value);
    return found == entries_.end() ? unknown : found->second;
  }

 private:
  void add(const Value* value) {
    if (!value) return;
    if (value->name.empty()) {
      entries_[value] = {fmt::format("%{}", count_++), ""};
      return;
    }
    std::string name = unique(value->name);
    std::string text = "%";
    if (is_value_name(name))
      text += name;
    else
      print_text(text, name);
    entries_[value] = {std::move(text), std::move(name)};
  }

  std::string unique(const std::string& name) {
    if (used_.insert(name).second) return name;
    for (int& suffix = suffixes_[name];;)
      if (std::string next = fmt::format("{}_{}", name, ++suffix); used_.insert(next).second) return next;
  }

  std::unordered_map<const Value*, Entry> entries_;
  std::unordered_set<std::string> used_;
  std::unordered_map<std::string, int> suffixes_;
  int count_ = 0;
};

class GraphPrinter {
 public:
  explicit GraphPrinter(const PrintOptions& options) : options_(options) {}

  std::string print(const Graph& graph) {
    out_ += graph.level == Level::model ? "model " : "core ";
    print_text(out_, graph.name);
    if (graph.opset != 0) out_ += fmt::format(" opset {}", graph.opset);
    out_ += " {\n";
    ++depth_;
    const Names names(graph);
    parameters(graph, names);
    body(graph, names);
    out_ += "}\n";
    return std::move(out_);
  }

 private:
  void line(std::string_view word) {
    out_.append(2 * static_cast<size_t>(depth_), ' ');
    out_ += word;
  }
  void type(const Value* value) {
    if (!value)
      out_ += '_';
    else if (value->type)
      print_type(out_, *value->type);
    else
      out_ += '?';
  }
  void alias(const std::string& name, const std::string& shown) {
    if (name == shown) return;
    out_ += " as ";
    print_text(out_, name);
  }
  template <class List, class Function>
  void comma_separated(const List& list, Function element) {
    bool first = true;
    for (const auto& item : list) {
      if (!first) out_ += ", ";
      first = false;
      element(item);
    }
  }

  void parameters(const Graph& graph, const Names& names) {
    std::unordered_map<const Value*, const State*> states;
    for (const State& state : graph.states) states.emplace(state.current, &state);
    for (const auto& param : graph.params) {
      const auto found = states.find(param.get());
      const State* state = found == states.end() ? nullptr : found->second;
      const Names::Entry& entry = names.of(param.get());
      line(state ? "state " : "input ");
      out_ += entry.text;
      alias(state ? state->name : param->name, entry.name);
      out_ += ": ";
      type(param.get());
      if (state && state->initial) {
        out_ += " initial ";
        print_tensor(out_, *state->initial, options_);
      }
      out_ += '\n';
    }
  }

  void body(const Graph& graph, const Names& names) {
    facts(graph);
    for (const auto& each : graph.nodes) node(*each, graph, names);
    for (const State& state : graph.states) {
      line("next ");
      out_ += names.of(state.current).text + " = " + names.of(state.next).text + "\n";
    }
    outputs(graph, names);
    --depth_;
    line("");
  }

  void facts(const Graph& graph) {
    for (const Equality& equality : graph.equalities) {
      line("require ");
      print_dim(out_, equality.a);
      out_ += " == ";
      print_dim(out_, equality.b);
      if (!equality.reason.empty()) {
        out_ += " because ";
        print_text(out_, equality.reason);
      }
      out_ += '\n';
    }
    for (const auto& [name, dim] : graph.bindings) {
      line("bind ");
      print_dim(out_, Dim::symbol(name));
      out_ += " = ";
      print_dim(out_, dim);
      out_ += '\n';
    }
  }

  void outputs(const Graph& graph, const Names& names) {
    if (graph.output_names.empty() && !graph.outputs.empty()) {
      line("yield ");
      comma_separated(graph.outputs, [&](const Value* value) { out_ += names.of(value).text; });
      out_ += '\n';
      return;
    }
    for (size_t i = 0; i < graph.outputs.size(); ++i) {
      const Names::Entry& entry = names.of(graph.outputs[i]);
      line("output ");
      out_ += entry.text;
      alias(i < graph.output_names.size() ? graph.output_names[i] : "", entry.name);
      if (i < graph.declared_outputs.size() && graph.declared_outputs[i]) {
        out_ += ": ";
        print_type(out_, *graph.declared_outputs[i]);
      }
      out_ += '\n';
    }
  }

  void node(const Node& node, const Graph& graph, const Names& names) {
    const auto reference = [&](const Value* value) { out_ += value ? names.of(value).text : "_"; };
    line("");
    comma_separated(node.results, [&](const auto& result) { reference(result.get()); });
    if (!node.results.empty()) out_ += " = ";
    out_ += info(node.op).word;
    if (!node.kind.empty()) {
      out_ += ' ';
      print_text(out_, node.kind);
    }
    out_ += '(';
    comma_separated(node.operands, reference);
    out_ += ')';
    attributes(node.attributes);
    types(node, graph);
    if (!node.name.empty()) {
      out_ += " @ ";
      print_text(out_, node.name);
    }
    for (const auto& inner : node.regions) region(*inner, graph);
    out_ += '\n';
  }

  void attributes(const Attributes& attributes) {
    if (attributes.entries().empty()) return;
    out_ += " {";
    comma_separated(attributes.entries(), [&](const auto& entry) {
      print_name(out_, entry.first);
      out_ += " = ";
      print_attribute(out_, entry.second, options_);
    });
    out_ += '}';
  }

  /// At the model level, nodes whose types are all unknown show none.
  void types(const Node& node, const Graph& graph) {
    bool known = graph.level == Level::core;
    for (const auto& result : node.results) known |= result && result->type;
    if (!known || node.results.empty()) return;
    out_ += ": ";
    comma_separated(node.results, [&](const auto& result) { type(result.get()); });
  }

  void region(const Graph& region, const Graph& outer) {
    const Names names(region);
    out_ += '\n';
    ++depth_;
    line("region ");
    if (!region.name.empty()) {
      print_text(out_, region.name);
      out_ += ' ';
    }
    if (region.opset != outer.opset) out_ += fmt::format("opset {} ", region.opset);
    out_ += '(';
    comma_separated(region.params, [&](const auto& param) {
      out_ += names.of(param.get()).text + ": ";
      type(param.get());
    });
    out_ += ") {\n";
    ++depth_;
    body(region, names);
    out_ += '}';
    --depth_;
  }

  const PrintOptions& options_;
  std::string out_;
  int depth_ = 0;
};

}  // namespace

std::string print(const Graph& graph, const PrintOptions& options) { return GraphPrinter(options).print(graph); }

}  // namespace rondo
