// AttributeProto -> Attribute. Tested by tests/frontend/attribute_test.cpp.
#pragma once

#include "frontend/onnx/external.h"
#include "ir/attributes.h"

namespace rondo {

struct NodeAttributes {
  Attributes values;
  std::vector<const pb::AttributeProto*> graphs;  // sorted by name, so that an operator's regions have one order
};

/// All attributes of a node, or what is wrong with them, at `place`.
Result<NodeAttributes> read_attributes(const pb::NodeProto& node, const std::string& place, ExternalData& external);

}  // namespace rondo
