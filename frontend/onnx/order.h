// The order in which nodes can run. Tested by tests/frontend/order_test.cpp.
#pragma once

#include <functional>

#include "frontend/onnx/captures.h"
#include "support/result.h"

namespace rondo {

/// Indices of the nodes such that each follows those it uses; the file's own order wherever that holds already.
/// `available` tells the names known before any node. Errors: a name that nothing defines, or a cycle.
/// The nodes' outputs must be different names.
Result<std::vector<int>> execution_order(const std::vector<NodeUses>& nodes,
                                         const std::function<bool(std::string_view)>& available);

/// "node 'lstm_0' (LSTM)": a node is called after its first output if it has no name.
std::string node_name(const pb::NodeProto& node);
std::string node_place(const pb::NodeProto& node);

/// Whether a domain is ONNX's own.
inline bool is_standard(const std::string& domain) { return domain.empty() || domain == "ai.onnx"; }

}  // namespace rondo
