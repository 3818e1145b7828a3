// Facts and claims from an object's instructions and what its writer knows. Tested by audit_test.cpp.
#pragma once

#include "codegen/audit.h"
#include "codegen/audit/proofs.h"

namespace rondo::machine_code {

Result<Audit> examine(std::string_view object, const Target& target, const std::map<std::string, FunctionProof>& proofs);

}  // namespace rondo::machine_code
