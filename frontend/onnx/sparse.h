// SparseTensorProto -> Tensor, with its zeros. Tested by tests/frontend/sparse_test.cpp.
#pragma once

#include "frontend/onnx/external.h"
#include "ir/tensor.h"

namespace rondo {

/// The dense tensor. Indices are checked: as many as values, inside the shape, ascending.
Result<Tensor> read_sparse(const pb::SparseTensorProto& proto, const std::string& place, ExternalData& external);

}  // namespace rondo
