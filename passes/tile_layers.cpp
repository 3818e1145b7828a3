// tile_layers: of layers that run in chunks, all work on one chunk before the next is begun.
//
// A scan over chunks whose sequence is what another such scan stacks, chunk by chunk, joins it. A layer's weights are
// still used for all steps of a chunk before those of the next layer are, and what passes from layer to layer takes the
// place of a chunk, not of the whole sequence. Tested by tests/passes/tile_layers.test and property_test.cpp.
#include <fmt/format.h>

#include <algorithm>

#include "passes/join_scans.h"
#include "passes/pass.h"
#include "passes/remarks.h"

namespace rondo {
namespace {

bool runs_in_chunks(const Node& node) {
  if (node.op != Op::scan) return false;
  const auto& body = node.regions[0]->nodes;
  return std::any_of(body.begin(), body.end(), [](const auto& inner) { return inner->op == Op::scan; });
}

/// All that the second reads of what the first makes are its stacked results, step by step; and nothing between them
/// that reads the first is read by the second.
bool follows(const Graph& graph, size_t first, size_t second) {
  const Scan a{*graph.nodes[first]}, b{*graph.nodes[second]};
  if (!(a.trip() == b.trip()) || a.trip().is(1)) return false;
  const std::vector<bool> reads = readers_of(graph, first, second);
  bool any = false;
  for (size_t i = 0; i < b.node.operands.size(); ++i) {
    const Node* producer = b.node.operands[i]->producer;
    const int scanned = static_cast<int>(i) - b.carried();
    const bool is_step = scanned >= 0 && scanned < b.scanned() && stacked_for(a, b, scanned) >= 0;
    any |= is_step;
    for (size_t at = first; at < second; ++at)
      if (graph.nodes[at].get() == producer && (at == first ? !is_step : reads[at])) return false;
  }
  return any;
}

/// The first scan over chunks that the one at `second` follows; nothing if that is none, or follows none.
std::optional<size_t> find_first(const Graph& graph, size_t second) {
  if (!runs_in_chunks(*graph.nodes[second])) return std::nullopt;
  for (size_t first = 0; first < second; ++first)
    if (runs_in_chunks(*graph.nodes[first]) && follows(graph, first, second)) return first;
  return std::nullopt;
}

}  // namespace

Result<bool> tile_layers(Graph& graph, const PassContext& context) {
  bool changed = false;
  for (const auto& node : graph.nodes)
    for (const auto& region : node->regions) {
      RONDO_TRY(const bool inner, tile_layers(*region, context));
      changed |= inner;
    }
  for (size_t second = 0; second < graph.nodes.size(); ++second)
    while (const std::optional<size_t> first = find_first(graph, second)) {
      note(context, *graph.nodes[second],
           fmt::format("works on each chunk as soon as {} has made it", display_name(*graph.nodes[*first])));
      RONDO_TRY(second, join_scans(graph, *first, second));
      changed = true;
    }
  return changed;
}

}  // namespace rondo
