// Kernels whose schedule divides them into tasks, and loops that lie beside each other, for threads that the caller may have.
#pragma once

#include "codegen/emit/frame.h"

namespace rondo::emit {

/// The metadata of calls of rondo_parallel's function: the only calls of an address that is computed.
inline constexpr char kHookCall[] = "rondo.hook";

/// Emits the kernel where the builder is: a call of one function for all of it if the frame's hook is null or there is
/// but one task, a call of the hook otherwise.
Status emit_divided(Emitter& emitter, Frame& frame, const Plan& plan, const Kernel& kernel, const std::string& prefix);

/// A call of a step's function; the first argument is the status' address.
struct StepCall {
  llvm::Function* function;
  llvm::SmallVector<Value*> arguments;
};

/// Emits the calls where the builder is: one after the other if the frame's hook is null, as tasks of the hook otherwise.
/// `name`: what the functions' names begin with.
void emit_beside(Emitter& emitter, Frame& frame, const std::string& name, llvm::ArrayRef<StepCall> calls);

}  // namespace rondo::emit
