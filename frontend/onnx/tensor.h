// TensorProto -> Tensor. Tested by tests/frontend/tensor_test.cpp and external_test.cpp.
#pragma once

#include "frontend/onnx/external.h"
#include "ir/tensor.h"

namespace rondo {

/// `place` names the tensor in errors. Its data may be in any of ONNX's forms; their length is checked against the
/// dims before memory is taken.
Result<Tensor> read_tensor(const pb::TensorProto& proto, const std::string& place, ExternalData& external);

/// The element type of an ONNX number, or what is wrong with it.
Result<DType> read_dtype(int code, const std::string& place);

}  // namespace rondo
