// Joining scans: two over the same steps become one, whose body does the work of both. Internal to passes/.
#pragma once

#include "ir/scan.h"

namespace rondo {

/// Nodes that read, directly or not, what the node at `first` makes, among the positions up to `last`.
std::vector<bool> readers_of(const Graph& graph, size_t first, size_t last);

/// The stacked result of `first` that is the scanned operand i of `second` step by step: both forward, or both
/// backward. -1: the operand is something else.
int stacked_for(const Scan& first, const Scan& second, int i);

/// Joins the scans at two positions. Their trips are equal, and all that the second reads of the first's results are
/// those of stacked_for. What does not read the first scan moves before the joined one, the rest after it. Gives the
/// joined scan's position.
Result<size_t> join_scans(Graph& graph, size_t first, size_t second);

}  // namespace rondo
