// Branch: reads the parts of a branch node by name. A branch node computes
//
//   results = condition ? then(operands...) : otherwise(operands...)
//
//   operands  [condition: boolean[]][what either region uses]
//   regions   then, otherwise: params (the operands after the condition), outputs of equal types
//   results   the outputs of the region that runs; the other is not run
#pragma once

#include "ir/graph.h"

namespace rondo {

struct Branch {
  Node& node;
  Value*& condition() const { return node.operands[0]; }
  Graph& then() const { return *node.regions[0]; }
  Graph& otherwise() const { return *node.regions[1]; }
  int shared() const { return static_cast<int>(node.operands.size()) - 1; }
  Value*& shared_operand(int i) const { return node.operands[1 + i]; }
};

}  // namespace rondo
