// See lines.h.
#include "codegen/emit/lines.h"

#include <llvm/BinaryFormat/Dwarf.h>
#include <llvm/IR/DIBuilder.h>
#include <llvm/IR/Module.h>

namespace rondo::emit {

using llvm::DISubprogram;

// The file is named without a folder: the same bytes wherever the plan lies.
Lines::Lines(llvm::Module& module, llvm::IRBuilderBase& builder, const Target::Machine& machine,
             const CodegenOptions& options)
    : module_(module), builder_(builder), text_(options.lines) {
  if (!text_) return;
  debug_ = std::make_unique<llvm::DIBuilder>(module);
  file_ = debug_->createFile(text_->file, ".");
  debug_->createCompileUnit(llvm::dwarf::DW_LANG_C, file_, "rondo", true, "", 0, "",
                            llvm::DICompileUnit::LineTablesOnly);
  module.addModuleFlag(llvm::Module::Warning, "Debug Info Version", llvm::DEBUG_METADATA_VERSION);
  if (machine.triple.isWindowsMSVCEnvironment())
    module.addModuleFlag(llvm::Module::Warning, "CodeView", 1);
  else
    module.addModuleFlag(llvm::Module::Warning, "Dwarf Version", 4);
}

Lines::~Lines() = default;

int Lines::line_of(const void* part) const {
  if (!text_) return 0;
  const auto found = text_->lines.find(part);
  return found == text_->lines.end() ? 0 : found->second;
}

void Lines::set(int line) {
  if (debug_) builder_.SetCurrentDebugLocation(llvm::DILocation::get(module_.getContext(), line, 0, file_));
}

void Lines::declare(llvm::Function& function) {
  if (debug_) functions_.emplace_back(&function, current() ? current().getLine() : 0);
}

void Lines::finish() {
  if (!debug_) return;
  for (auto [function, line] : functions_) finish(*function, line);
  debug_->finalize();
}

void Lines::finish(llvm::Function& function, unsigned line) {
  auto* type = debug_->createSubroutineType(debug_->getOrCreateTypeArray({}));
  DISubprogram* subprogram =
      debug_->createFunction(file_, function.getName(), "", file_, line, type, line, llvm::DINode::FlagPrototyped,
                             DISubprogram::SPFlagDefinition | DISubprogram::SPFlagOptimized);
  function.setSubprogram(subprogram);
  for (llvm::BasicBlock& block : function)
    for (llvm::Instruction& instruction : block) {
      const unsigned at = instruction.getDebugLoc() ? instruction.getDebugLoc().getLine() : line;
      instruction.setDebugLoc(llvm::DILocation::get(module_.getContext(), at, 0, subprogram));
    }
}

}  // namespace rondo::emit
