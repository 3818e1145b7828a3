// Facts and claims from an object's instructions and what its writer knows. Tested by audit_test.cpp.
#pragma once

#include "codegen/audit.h"
#include "codegen/audit/lines.h"
#include "codegen/audit/proofs.h"

namespace rondo::machine_code {

/// What an object's writer knows of it. Lines are those of `kernels` kernels, from 1.
struct Knowledge {
  std::map<std::string, FunctionProof> proofs;
  LinesOfFunctions lines = {};
  size_t kernels = 0;
};

Result<Audit> examine(std::string_view object, const Target& target, const Knowledge& knowledge);

}  // namespace rondo::machine_code
