// Changing the signature of branches and conditional loops: operands, parameters, outputs and results stay in step here
// and nowhere else. (For scans see scan_edit.h.) Tested by tests/passes/remove_dead.test and fold_constants.test.
#pragma once

#include "ir/branch.h"
#include "ir/builder.h"
#include "ir/loop.h"

namespace rondo {

/// Which parts stay; all, to begin with.
struct BranchParts {
  explicit BranchParts(const Node& branch)
      : shared(branch.operands.size() - 1, true), results(branch.results.size(), true) {}
  std::vector<bool> shared, results;
  bool all() const;
};
struct LoopParts {
  explicit LoopParts(const ConditionalLoop& loop)
      : carried(loop.carried(), true), invariants(loop.invariants(), true), stacked(loop.stacked(), true) {}
  std::vector<bool> carried, invariants, stacked;
  bool all() const;
};

/// Cuts out the parts that do not stay. Their parameters must have no uses inside, their results none outside; the cut
/// values are returned, so that the caller decides how long their addresses stay taken.
std::vector<std::unique_ptr<Value>> keep_parts(Node& branch, const BranchParts& parts);
std::vector<std::unique_ptr<Value>> keep_parts(Node& loop, const LoopParts& parts);

/// Appends an invariant operand to a conditional loop; gives the body's parameter for it.
Value* add_loop_invariant(Node& loop, Value* operand);

/// Moves a region's nodes to the end of the builder's graph, with arguments in place of its parameters; its outputs.
std::vector<Value*> move_out(Graph& region, const std::vector<Value*>& arguments, Builder& b);

}  // namespace rondo
