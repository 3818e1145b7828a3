// Which operators ONNX's own operator sets have, and since when their forms exist; the table is versions.def.
// Tested by tests/frontend/node_test.cpp.
#pragma once

#include <span>
#include <string_view>

namespace rondo {

inline constexpr int kNewestOpset = 28;

struct OperatorVersions {
  std::string_view word;
  int withdrawn;               // the operator set that no longer has it; 0: none
  std::span<const int> forms;  // ascending
};

/// Null for a name that no operator set has.
const OperatorVersions* find_versions(std::string_view word);

/// The form of an operator that an operator set means: the newest it knows; the first for older sets. 0 for a name that
/// no operator set has.
int form_at(std::string_view word, int opset);

}  // namespace rondo
