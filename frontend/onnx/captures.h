// What subgraphs take from outside: ONNX lets them name outer values; rondo's regions are closed.
// Tested by tests/frontend/region_test.cpp.
#pragma once

#include <string_view>
#include <vector>

#include "onnx.pb.h"

namespace rondo {
namespace pb = onnx_pb;

/// A node with the outer values that its subgraphs use, nested ones included; each name once, in order of first use.
/// The names live in the message.
struct NodeUses {
  const pb::NodeProto* node;
  std::vector<std::string_view> captured;
};

std::vector<NodeUses> find_uses(const pb::GraphProto& graph);

}  // namespace rondo
