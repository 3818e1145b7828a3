// rondo's own JSON: the parts from which a graph, main or within a node, is read. Described in docs/json.md.
// Tested by tests/frontend/json_own_test.cpp.
#pragma once

#include <map>

#include "frontend/json/json.h"
#include "ir/graph.h"

namespace rondo {

/// Deepest nesting of graphs within nodes, and of calls within a formula.
inline constexpr int kDeepestOwn = 32;

/// The values that a graph's nodes may use, by name. What a graph within a node takes from outside becomes a parameter
/// of it when it is first used, since regions are closed.
class OwnScope {
 public:
  OwnScope(Graph& graph, OwnScope* outer) : graph(graph), outer_(outer), depth_(outer ? outer->depth_ + 1 : 0) {}

  Graph& graph;
  int depth() const { return depth_; }
  /// Null if nothing has this name.
  Value* find(const std::string& name);
  /// Gives a value its name; an error if another has it.
  Status define(const std::string& name, Value* value, const std::string& place);
  Result<Value*> require(const std::string& name, const std::string& place);

  /// What has errors should have defined this name: an untyped value has it, so that what uses it can be read.
  void stand_in(const std::string& name);
  /// What has errors should have defined names that are not known: nothing is said from here on of those that are
  /// missing.
  void lose_names() { lost_ = true; }

  const std::vector<std::string>& captured() const { return captured_; }
  /// Makes the parameters after the first `own` those for `names`, in this order; used ones are among them.
  void order_captures(size_t own, const std::vector<std::string>& names);

  Value* append(Op op, std::vector<Value*> operands, Attributes attributes, int results, const std::string& place);
  Value* constant(Tensor tensor, const std::string& place);

 private:
  OwnScope* outer_;
  int depth_;
  std::map<std::string, Value*> values_;
  std::vector<std::string> captured_;
  bool lost_ = false;
};

/// "f32[T, 2*H]".
Result<Type> read_own_type(const Json& json);
/// A number or nested lists (float32), or {"i64": …} with a list, one number and "shape", or base64 and "shape".
Result<Tensor> read_own_tensor(const Json& json);
/// A model operator by its name.
Result<Op> find_own_operator(const std::string& name, const std::string& place);

/// "y, h = Op(a, b + c, attribute=1)". One with errors still defines its names.
Status read_own_formula(const Json& json, OwnScope& scope);
/// A list of nodes: formulas, {"op": …} or {"scan": …}. Each tells its errors.
Status read_own_nodes(const Json& json, OwnScope& scope);

}  // namespace rondo
