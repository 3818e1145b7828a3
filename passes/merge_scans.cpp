// merge_scans: independent scans over the same steps become one scan, so that the chains of both run side by side.
//
// A step of a small cell is a chain of dependent work that leaves most of the machine idle: the two directions of a
// bidirectional layer, or parallel layers, fill each other's gaps. That pays while the weights of both lie in the
// first cache; beyond it bandwidth decides, and each scan had better keep its own weights close.
// Tested by tests/passes/merge_scans.test and property_test.cpp.
#include <fmt/format.h>

#include "passes/join_scans.h"
#include "passes/pass.h"
#include "passes/remarks.h"

namespace rondo {
namespace {

/// Whether the scans at two positions may be one.
bool independent(const Graph& graph, size_t first, size_t second) {
  if (graph.nodes[first]->op != Op::scan || graph.nodes[second]->op != Op::scan) return false;
  const Scan a{*graph.nodes[first]}, b{*graph.nodes[second]};
  return a.trip() == b.trip() && !a.trip().is(1) && !readers_of(graph, first, second)[second];
}

/// Whether the scans at two positions should be one.
bool pays(const Graph& graph, size_t first, size_t second, const PassContext& context) {
  const Scan a{*graph.nodes[first]}, b{*graph.nodes[second]};
  const std::optional<int64_t> left = bytes_of_step(a), right = bytes_of_step(b);
  if (!left || !right) {
    note(context, b.node, fmt::format("does not run with {}: what a step reads again is not known", display_name(a.node)));
    return false;
  }
  const bool fits = *left + *right <= context.target.l1_bytes;
  note(context, b.node, fmt::format("{} with {}: together a step reads {} bytes again, the first cache holds {}",
                                    fits ? "runs" : "does not run", display_name(a.node), *left + *right,
                                    context.target.l1_bytes));
  return fits;
}

}  // namespace

Result<bool> merge_scans(Graph& graph, const PassContext& context) {
  bool changed = false;
  for (const auto& node : graph.nodes)
    for (const auto& region : node->regions) {
      RONDO_TRY(const bool inner, merge_scans(*region, context));
      changed |= inner;
    }
  for (size_t second = 0; second < graph.nodes.size(); ++second)
    for (size_t first = 0; first < second; ++first) {
      if (!independent(graph, first, second) || !pays(graph, first, second, context)) continue;
      RONDO_TRY(second, join_scans(graph, first, second));
      changed = true;
      first = static_cast<size_t>(-1);  // the joined scan with all before it
    }
  return changed;
}

}  // namespace rondo
