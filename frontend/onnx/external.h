// Tensor data kept in files beside the model. Tested by tests/frontend/external_test.cpp.
#pragma once

#include <filesystem>
#include <map>

#include "onnx.pb.h"
#include "support/result.h"

namespace rondo {
namespace pb = onnx_pb;

/// Reads references into files of the model's folder and below; a path that leads elsewhere is an error.
class ExternalData {
 public:
  explicit ExternalData(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// The `expected` bytes a tensor refers to. Errors, without a place, say what is wrong with the reference.
  Result<std::string> read(const pb::TensorProto& tensor, uint64_t expected);

 private:
  Result<std::filesystem::path> resolve(const std::string& location) const;

  std::filesystem::path folder_;
  std::map<std::string, uint64_t> bytes_read_;  // per file, to bound what many references to one region can take
};

}  // namespace rondo
