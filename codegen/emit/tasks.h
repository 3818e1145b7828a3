// Kernels whose schedule divides them into tasks, for threads that the caller may have.
#pragma once

#include "codegen/emit/frame.h"

namespace rondo::emit {

/// The metadata of calls of rondo_parallel's function: the only calls of an address that is computed.
inline constexpr char kHookCall[] = "rondo.hook";

/// Emits the kernel where the builder is: a call of one function for all of it if the frame's hook is null or there is
/// but one task, a call of the hook otherwise.
Status emit_divided(Emitter& emitter, Frame& frame, const Plan& plan, const Kernel& kernel, const std::string& prefix);

}  // namespace rondo::emit
