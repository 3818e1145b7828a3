// TypeProto -> Type: what the interface of a model declares. Tested by tests/frontend/interface_test.cpp.
#pragma once

#include "frontend/onnx/symbols.h"
#include "ir/type.h"
#include "onnx.pb.h"

namespace rondo {
namespace pb = onnx_pb;

/// Gives every named dimension of a value its symbol, so that names win over the made-up ones of `read_type`.
void reserve_names(const pb::ValueInfoProto& value, Symbols& symbols);

/// The declared type of an input; it must be a tensor of known element type and rank. A dimension of size -1,
/// or without size and name, is dynamic and gets a name made from the input's.
Result<Type> read_type(const pb::ValueInfoProto& value, const std::string& place, Symbols& symbols);

}  // namespace rondo
