// The plan's steps as functions: one for each kernel and each outermost loop, and one that calls them in order.
#pragma once

#include "codegen/emit/frame.h"

namespace rondo::emit {

/// rondo_status PREFIX.run(inputs, outputs, state, scratch, constants, dims, parallel): all checked, none null if
/// needed. A null hook is one thread.
Result<llvm::Function*> emit_run(Emitter& emitter, const Plan& plan, const std::string& prefix);

}  // namespace rondo::emit
