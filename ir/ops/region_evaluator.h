// RegionEvaluator: runs one graph any number of times with the same symbol values; a scan's body once per step. Symbols
// measured on the way get their values as they are, and what was required of them is checked.
// The graph must outlive it. Constants are made once. Tested by tests/ir/region_test.cpp.
#pragma once

#include <unordered_map>

#include "ir/reference.h"

namespace rondo {

class RegionEvaluator {
 public:
  RegionEvaluator(const Graph& graph, const Dim::Values& symbols);

  /// Outputs, then states' next values. One argument per parameter.
  Result<std::vector<Array>> run(std::span<const Array* const> arguments);

 private:
  struct Step {
    const Node* node;
    std::vector<int> operands;  // slots
    std::vector<int> results;   // slots
    std::vector<int> dying;     // slots that nothing reads any more after this step
  };

  Status run_step(const Step& step);
  Status bind(const Node& measure, const Array& value);
  int find_slot(const Value* value);
  void find_dying();

  const Graph& graph_;
  Dim::Values symbols_;
  std::unordered_map<const Value*, int> slots_;  // looked up, never iterated
  std::vector<Step> steps_;
  std::vector<int> outputs_;
  bool complete_ = true;               // every value used is defined before
  std::vector<Array> values_;          // by slot; empty for parameters
  std::vector<const Array*> current_;  // by slot; null: not computed yet
};

/// a and b, whose symbols have values, are equal.
Status check_equality(const Dim& a, const Dim& b, const std::string& reason, const Dim::Values& symbols);

/// The array has the type, as far as its sizes can be computed from the symbols.
Status check_type(const Array& array, const Type& type, const Dim::Values& symbols);

}  // namespace rondo
