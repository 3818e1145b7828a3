// The statements of a graph's text, each as one line without indentation: what print arranges and diff compares.
// docs/ir.md describes the language. Tested by tests/ir/text_test.cpp.
#pragma once

#include "ir/text.h"
#include "ir/value_names.h"

namespace rondo {

class Statements {
 public:
  explicit Statements(const PrintOptions& options) : options_(options) {}

  std::string heading(const Graph& graph) const;  // model "name" opset 13
  std::string parameter(const Graph& graph, const Value& param, const ValueNames& names) const;
  std::vector<std::string> facts(const Graph& graph) const;                          // stepping, require, bind
  std::vector<std::string> ends(const Graph& graph, const ValueNames& names) const;  // next, output, yield, time
  /// Up to its regions. `around` is the node whose region the graph is; null: none.
  std::string node(const Node& node, const Graph& graph, const ValueNames& names, const Node* around) const;
  /// region "name" (%p: type)
  std::string region(const Graph& region, const Graph& outer, const ValueNames& names) const;

 private:
  void attributes(std::string& out, const Attributes& attributes) const;
  void types(std::string& out, const Node& node, const Graph& graph) const;
  bool says_its_name(const Node& node, const Node* around) const;

  const PrintOptions& options_;
};

}  // namespace rondo
