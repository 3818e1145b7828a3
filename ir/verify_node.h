// What verification and the parser both ask about single nodes and types. Tested by tests/ir/verify_test.cpp.
#pragma once

#include "ir/graph.h"

namespace rondo {

/// Rules about a node by itself that inference does not know: levels, kinds, what a fused region may hold.
/// One message for each breach.
std::vector<std::string> node_errors(const Node& node, Level level);

/// Whether two types are the same under what the graph knows about its dims.
bool agree(const Graph& graph, const Type& a, const Type& b);

}  // namespace rondo
