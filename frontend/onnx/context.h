// What the readers of one model share.
#pragma once

#include "frontend/onnx/external.h"
#include "frontend/onnx/symbols.h"

namespace rondo {

// Region parameters that stand for captured values, in a whole model: closing deeply nested subgraphs repeats
// them, so a small file could ask for very many.
inline constexpr int64_t kMostCaptures = int64_t{1} << 20;

struct ModelContext {
  ModelContext(std::filesystem::path folder, Diagnostics& warnings) : external(std::move(folder)), warnings(warnings) {}

  int64_t ir_version = 1;
  int opset = 1;
  std::set<std::string> early;  // operators met that are newer than the operator set
  Symbols symbols;
  ExternalData external;
  int64_t captures_left = kMostCaptures;
  Diagnostics& warnings;
};

}  // namespace rondo
