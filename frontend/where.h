// Where in a model the node is that an error names: its number in the file, and the subgraphs around it.
// Tested by tests/frontend/where_test.cpp.
#pragma once

#include "ir/graph.h"

namespace rondo {

/// Adds "; node 2 of 5 in 'then_branch' of node 'If_0' (If), node 7 of 9" to the messages whose place is a node of the
/// model.
void tell_where(const Graph& model, Diagnostics& errors);

}  // namespace rondo
