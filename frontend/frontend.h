// frontend: from files that others wrote to model graphs and tensors. Entry: read_model.
//
// Nothing that a file says is trusted: sizes are checked before memory is taken, names before they are used.
// Diagnostics carry the path as given. Tested by tests/frontend.
#pragma once

#include <filesystem>

#include "ir/graph.h"

namespace rondo {

/// What a model file says of itself.
struct FileFacts {
  std::string format;    // "an ONNX model, IR version 8"
  std::string producer;  // "pytorch 1.13.1"; empty: it does not say
  uint64_t bytes = 0;    // without the files beside it
};

/// Reads a model file; frontends.def lists the kinds. The graph is at the model level: what the file says,
/// operators outside ops.def included. `warnings` receives what deserves a remark.
Result<Graph> read_model(const std::filesystem::path& path, Diagnostics& warnings);
Result<Graph> read_model(const std::filesystem::path& path, Diagnostics& warnings, FileFacts& facts);

/// One serialised ONNX TensorProto: input_0.pb and output_0.pb of ONNX's test data.
Result<Tensor> read_tensor_proto(const std::filesystem::path& path);

}  // namespace rondo
