// print(Graph): model and core graphs as text; docs/ir.md describes the language. One pass over the graph, one table
// of names for each region. Tested by tests/ir/text_test.cpp.
#include "ir/print_parts.h"
#include "ir/statements.h"

namespace rondo {
namespace {

class GraphPrinter {
 public:
  explicit GraphPrinter(const PrintOptions& options) : options_(options), statements_(options) {}

  std::string print(const Graph& graph) {
    const ValueNames names(graph);
    out_ += statements_.heading(graph) + " {\n";
    ++depth_;
    for (const auto& param : graph.params) line(statements_.parameter(graph, *param, names));
    body(graph, names, nullptr);
    out_ += "}\n";
    return std::move(out_);
  }

 private:
  void indent() { out_.append(2 * static_cast<size_t>(depth_), ' '); }
  void line(const std::string& text) {
    indent();
    out_ += text + "\n";
  }

  void body(const Graph& graph, const ValueNames& names, const Node* around) {
    for (const std::string& fact : statements_.facts(graph)) line(fact);
    for (const auto& each : graph.nodes) node(*each, graph, names, around);
    for (const std::string& end : statements_.ends(graph, names)) line(end);
    --depth_;
    indent();
  }

  void node(const Node& node, const Graph& graph, const ValueNames& names, const Node* around) {
    indent();
    out_ += statements_.node(node, graph, names, around) + cost(node);
    for (const auto& inner : node.regions) region(*inner, graph, node);
    out_ += '\n';
  }

  std::string cost(const Node& node) const {
    const auto found = options_.node_costs ? options_.node_costs->find(&node) : NodeCosts::const_iterator();
    if (!options_.node_costs || found == options_.node_costs->end()) return "";
    std::string text = print_counts(
        {{found->second.multiply_adds, "multiply-adds"}, {found->second.constant_bytes, "constant bytes"}});
    return text.empty() ? "" : "  # " + text;
  }

  void region(const Graph& region, const Graph& outer, const Node& node) {
    const ValueNames names(region);
    out_ += '\n';
    ++depth_;
    indent();
    out_ += statements_.region(region, outer, names) + " {\n";
    ++depth_;
    body(region, names, &node);
    out_ += '}';
    --depth_;
  }

  const PrintOptions& options_;
  const Statements statements_;
  std::string out_;
  int depth_ = 0;
};

}  // namespace

std::string print(const Graph& graph, const PrintOptions& options) { return GraphPrinter(options).print(graph); }

}  // namespace rondo
