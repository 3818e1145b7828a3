// The code is generated once more, by the same passes, with an ear to what LLVM knows of it, and with a line table that
// tells kernels apart. What that says holds for the object in hand since its code is the same bytes. Tested by
// audit_test.cpp.
#include "codegen/audit.h"

#include <fmt/format.h>
#include <llvm/AsmParser/Parser.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/Support/SourceMgr.h>

#include <algorithm>

#include "codegen/audit/claims.h"
#include "codegen/audit/contents.h"
#include "codegen/audit/lines.h"
#include "codegen/object.h"
#include "ir/cost.h"

namespace rondo {

bool Audit::certified() const {
  return std::all_of(claims.begin(), claims.end(), [](const Claim& claim) { return claim.holds(); });
}

namespace {

/// A line for each kernel, with all of its parts, from 1 in the plan's order.
PlanLines lines_of_kernels(const Plan& plan) {
  PlanLines lines;
  int line = 0;
  for (const PlacedCost& placed : costs_of(plan)) {
    const Kernel& kernel = *placed.kernel;
    lines[&kernel] = ++line;
    for_each_axis(kernel, [&](const Axis& axis) { lines[&axis] = line; });
    for (const Instr& instr : kernel.body) lines[&instr] = line;
    for (const Store& store : kernel.stores) lines[&store] = line;
  }
  return lines;
}

Result<machine_code::Proven> proven_code(const Plan& plan, const Target& target, const CodegenOptions& options) {
  machine_code::Proven proven;
  RONDO_TRY(proven.object, guard_llvm(target, [&](llvm::LLVMContext& context) -> Result<std::string> {
              RONDO_TRY(auto module, optimised_module(plan, target, context, options));
              RONDO_TRY(proven, machine_code::emit_proven(*module, target));
              return proven.object;
            }));
  return proven;
}

}  // namespace

// On some targets LLVM orders instructions otherwise where there are line tables: then kernels' bytes are not known.
Result<Audit> audit(const Plan& plan, const Target& target, const CodegenOptions& options, std::string_view object) {
  CodegenOptions with_lines = options;
  with_lines.lines = LinesOfText{"kernels", lines_of_kernels(plan)};
  RONDO_TRY(std::string code, machine_code::code_of(object));
  RONDO_TRY(machine_code::Proven proven, proven_code(plan, target, with_lines));
  RONDO_TRY(std::string code_again, machine_code::code_of(proven.object));
  const bool lines_fit = code == code_again;
  if (!lines_fit) {
    RONDO_TRY(proven, proven_code(plan, target, options));
    RONDO_TRY(code_again, machine_code::code_of(proven.object));
  }
  if (code != code_again) return internal_error("the code that is audited is not the code that was written");
  machine_code::Knowledge knowledge{std::move(proven.functions)};
  if (lines_fit) {
    RONDO_TRY(const auto routines, machine_code::Disassembler(target).read(proven.object));
    RONDO_TRY(knowledge.lines, machine_code::lines_of_functions(proven.object, routines));
    knowledge.kernels = costs_of(plan).size();
  }
  return machine_code::examine(object, target, knowledge);
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
  return machine_code::examine(object, target, {std::move(proven.functions)});
}

}  // namespace rondo
