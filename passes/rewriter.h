// Rewriter: one sweep over a graph's nodes in order, which most passes are made of.
//
// Nodes are visited with their operands already replaced, regions before the node that holds them. A visitor
// appends new nodes through the Builder (they land before the visited node) and tells what becomes of the old one.
// Work is linear in the size of the graph. Tested by rewriter_test.cpp and by every pass.
#pragma once

#include <functional>
#include <unordered_map>

#include "ir/builder.h"

namespace rondo {

class Rewriter {
 public:
  /// Returns a value for each result of the node, which then goes; or nothing: the node stays (it may have been
  /// edited in place: call note_change). Replacements are made only where all types agree exactly.
  using Visit = std::function<std::vector<Value*>(Node&, Builder&, Rewriter&)>;
  explicit Rewriter(Visit visit) : visit_(std::move(visit)) {}

  /// True if the graph changed. The graph is unusable after an error, which is always an internal one.
  Result<bool> run(Graph& graph);

  /// From here on every use of `value` (of the graph being swept) is one of `by`. False if their types differ.
  bool replace(Value* value, Value* by);
  /// What a value of the swept graph has become so far.
  Value* current(Value* value) const;
  void note_change() { changed_ = true; }
  /// Keeps a value that was cut out of a node until the sweep ends, so that no new one gets its address.
  void keep(std::unique_ptr<Value> value) { cut_values_.push_back(std::move(value)); }

 private:
  Status sweep(Graph& graph);
  Status visit_node(Graph& graph, std::unique_ptr<Node> node);
  bool replace_results(Node& node, const std::vector<Value*>& by);

  Visit visit_;
  bool changed_ = false;
  std::unordered_map<const Value*, Value*> replacement_;  // looked up only, never walked
  std::vector<std::unique_ptr<Node>> gone_;
  std::vector<std::unique_ptr<Value>> cut_values_;
};

}  // namespace rondo
