// A plan as an LLVM module: kernels, the entry points of rondo.h, the reflection record.
#pragma once

#include <llvm/IR/Module.h>

#include "codegen/machine.h"

namespace rondo {

/// The module, its constants still without their contents, so that no pass looks at them.
Result<std::unique_ptr<llvm::Module>> build_module(const Plan& plan, const Target::Machine& machine,
                                                   llvm::LLVMContext& context, const CodegenOptions& options);

/// Gives the constants their contents; after the passes.
Status attach_constants(const Plan& plan, llvm::Module& module, const CodegenOptions& options);

}  // namespace rondo
