// A closed core region made from a model subgraph: what it needs from outside becomes operands of its node.
// Used by the expansions of If, Loop, Scan and SequenceMap. Tested by expand_control_test.cpp.
#pragma once

#include "passes/expand/expand.h"

namespace rondo {

class Region {
 public:
  /// `e` is at the node that gets the region; it lives longer. `number` is the region's among those of the node.
  explicit Region(Expansion& e, int number = 0);

  Graph& graph() { return *graph_; }
  Builder& b() { return builder_; }
  /// A parameter of the region's own, after those there are and before the imported ones.
  Value* add_param(Type type, std::string name);
  void remove_param(Value* param);
  /// An outer value in the region. Constants and known sizes are made again, all else becomes a parameter. Sequences
  /// become sequences of such values.
  Value* import(Value* outer);
  /// Expands a subgraph into the region: `arguments` for its own parameters, and the node's captures.
  Status expand(const Graph& subgraph, std::vector<Value*> arguments);
  std::vector<Value*> outputs;  // of the subgraph; placeholders may be among them

  const std::vector<Value*>& imported() const { return outer_; }
  /// The outer value behind an imported parameter; null for other values.
  Value* outer_of(const Value* param) const;

  /// Tells the graph around what the region found out about dims. False: a contradiction.
  bool adopt_facts();
  /// Closes the region with these outputs: dead nodes and imports without a use go.
  void finish(std::vector<Value*> graph_outputs);
  /// Makes the imported parameters these, in this order (all imported ones must be among them).
  void align_imports(const std::vector<Value*>& order);
  std::unique_ptr<Graph> take() { return std::move(graph_); }

 private:
  Value* import_tensor(Value* outer);

  Expansion& e_;
  std::unique_ptr<Graph> graph_;
  Builder builder_;
  size_t own_params_ = 0;
  std::vector<Value*> outer_;                   // behind the imported parameters, in order
  std::map<const Value*, Value*> imported_as_;  // outer value -> value in the region; looked up only
};


}  // namespace rondo
