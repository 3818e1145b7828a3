// The code is generated once more, by the same passes, with an ear to what LLVM knows of it. What it knows holds for the
// object in hand since the two are the same bytes. Tested by audit_test.cpp.
#include "codegen/audit.h"

#include <fmt/format.h>
#include <llvm/AsmParser/Parser.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/Support/SourceMgr.h>

#include <algorithm>

#include "codegen/audit/claims.h"
#include "codegen/object.h"

namespace rondo {

bool Audit::certified() const {
  return std::all_of(claims.begin(), claims.end(), [](const Claim& claim) { return claim.holds(); });
}

Result<Audit> audit(const Plan& plan, const Target& target, const CodegenOptions& options, std::string_view object) {
  machine_code::Proven proven;
  RONDO_TRY(std::string again, guard_llvm(target, [&](llvm::LLVMContext& context) -> Result<std::string> {
              RONDO_TRY(auto module, optimised_module(plan, target, context, options));
              RONDO_TRY(proven, machine_code::emit_proven(*module, target));
              return proven.object;
            }));
  if (again != object) return internal_error("the code that is audited is not the code that was written");
  return machine_code::examine(object, target, proven.functions);
}

Result<Audit> audit_text(const std::string& text, const Target& target) {
  machine_code::Proven proven;
  RONDO_TRY(std::string object, guard_llvm(target, [&](llvm::LLVMContext& context) -> Result<std::string> {
              llvm::SMDiagnostic error;
              auto module = llvm::parseAssemblyString(text, error, context);
              if (!module) return invalid(fmt::format("line {}: {}", error.getLineNo(), error.getMessage().str()));
              module->setTargetTriple(target.spec().triple);
              module->setDataLayout(data_layout(target.machine()));
              RONDO_TRY(proven, machine_code::emit_proven(*module, target));
              return proven.object;
            }));
  return machine_code::examine(object, target, proven.functions);
}

}  // namespace rondo
