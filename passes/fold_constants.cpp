// fold_constants: nodes whose operands are constant are evaluated; nodes that change nothing go (see simplify.h).
//
// A value that needs nothing (a constant, a dims) moves into the scans, loops and branches that use it as it is, so that
// regions see their weights. Sweeps until nothing changes, a fixed number of times at most.
// Tested by tests/passes/fold_constants.test.
#include "ir/infer.h"
#include "passes/pass.h"
#include "passes/query.h"
#include "passes/simplify.h"

namespace rondo {
namespace {

constexpr int kMaxSweeps = 6;

std::vector<Value*> fold_node(Node& node, Builder& b, Rewriter& rewriter) {
  if (node.op == Op::measure) return {};  // its symbol must be given a value
  if (node.op == Op::branch) return simplify_branch(node, b, rewriter);
  if (node.op == Op::loop) return simplify_loop(node, b, rewriter);
  if (node.op == Op::scan) simplify_scan(node, b, rewriter);
  if (!node.regions.empty() || node.results.size() != 1) return {};
  Value* result = node.result();
  if (!result->elements) result->elements = derive_elements(node);
  Value* by = fold_elements(node, b);
  if (!by) by = fold_evaluated(node, b);
  if (!by && is_pointwise(node.op)) by = simplify_pointwise(node, b, rewriter);
  if (!by && is_view(node.op)) by = simplify_view(node, b);
  if (!by) by = simplify_other(node, b);
  if (!by) return {};
  return {by};
}

}  // namespace

Result<bool> fold_constants(Graph& graph, const PassContext&) {
  bool changed = false;
  for (int i = 0; i < kMaxSweeps; ++i) {
    RONDO_TRY(bool again, Rewriter(fold_node).run(graph));
    if (!again) break;
    changed = true;
    remove_dead_nodes(graph);
  }
  return changed;
}

}  // namespace rondo
