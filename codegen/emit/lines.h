// Lines: to which line of the plan's text the code being emitted belongs, and the line tables made of that.
// Without CodegenOptions::lines, nothing is recorded. Tested by tests/codegen/lines_test.cpp.
#pragma once

#include <llvm/IR/IRBuilder.h>

#include <memory>

#include "codegen/machine.h"

namespace llvm {
class DIBuilder;
}

namespace rondo::emit {

class Lines {
 public:
  Lines(llvm::Module& module, llvm::IRBuilderBase& builder, const Target::Machine& machine,
        const CodegenOptions& options);
  ~Lines();

  /// While it lives, emitted code belongs to this part of the plan; null: to no line, as what kernels share does.
  class At {
   public:
    At(Lines& lines, const void* part) : lines_(lines), before_(lines.current()) { lines.set(lines.line_of(part)); }
    ~At() { lines_.builder_.SetCurrentDebugLocation(before_); }
    At(const At&) = delete;
    At& operator=(const At&) = delete;

   private:
    Lines& lines_;
    llvm::DebugLoc before_;
  };

  /// A function begins where emission is.
  void declare(llvm::Function& function);
  /// All code is emitted: its locations become debug information. Until then they are lines of the file, whatever the
  /// function.
  void finish();

 private:
  llvm::DebugLoc current() const { return builder_.getCurrentDebugLocation(); }
  int line_of(const void* part) const;
  void set(int line);
  void finish(llvm::Function& function, unsigned line);

  llvm::Module& module_;
  llvm::IRBuilderBase& builder_;
  const std::optional<LinesOfText>& text_;
  std::unique_ptr<llvm::DIBuilder> debug_;  // null: no lines are asked for
  llvm::DIFile* file_ = nullptr;
  std::vector<std::pair<llvm::Function*, unsigned>> functions_;
};

}  // namespace rondo::emit
