// GraphProto -> Graph, and the nodes in it. Entry: read_main_graph.
//
// Names of values live in the message, which must outlive the reading. Tested by tests/frontend.
#pragma once

#include <unordered_map>

#include "frontend/onnx/captures.h"
#include "frontend/onnx/context.h"
#include "ir/graph.h"

namespace rondo {

/// A model's graph, with its interface.
Result<Graph> read_main_graph(const pb::GraphProto& proto, ModelContext& context);

/// A node's subgraph as a closed region: its parameters are its own inputs, then the captured values.
Result<std::unique_ptr<Graph>> read_region(const pb::GraphProto& proto, const std::vector<std::string_view>& captured,
                                           ModelContext& context);

using ValuesByName = std::unordered_map<std::string_view, Value*>;

/// Appends a node and enters its results into `values`. All operands must be there. A node with subgraphs gets
///   operands    its own, then the captured values, the same for all regions
///   regions     one per subgraph, sorted by the attribute's name
///   attributes  captures = number of captured values, regions = the subgraphs' attribute names
Status append_node(const NodeUses& uses, ValuesByName& values, ModelContext& context, Graph& graph);

}  // namespace rondo
