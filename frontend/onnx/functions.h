// Model-local functions: each call is replaced by the function's nodes before the graph is read.
// Tested by tests/frontend/function_test.cpp.
#pragma once

#include "onnx.pb.h"
#include "support/result.h"

namespace rondo {
namespace pb = onnx_pb;

/// Replaces every call in the model's graph, nested graphs included. Values of a function get names of their own; its
/// nodes are called after the call: "call/node". Recursion is an error, and so is a function whose operator set gives
/// one of its operators another form than `opset`, the model's.
Status inline_functions(pb::ModelProto& model, int opset);

}  // namespace rondo
