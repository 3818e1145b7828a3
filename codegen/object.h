// The way from a plan to LLVM's finished module, for those who look at it before it becomes a file.
#pragma once

#include <functional>

#include "codegen/module.h"

namespace rondo {

/// Work with LLVM; what LLVM's libraries report as fatal, or as an error of the model, comes back as an error of ours.
using LlvmWork = std::function<Result<std::string>(llvm::LLVMContext&)>;
Result<std::string> guard_llvm(const Target& target, const LlvmWork& work);

/// The plan's module after LLVM's passes, with its constants. To be called inside guard_llvm.
Result<std::unique_ptr<llvm::Module>> optimised_module(const Plan& plan, const Target& target,
                                                       llvm::LLVMContext& context, const CodegenOptions& options);

}  // namespace rondo
