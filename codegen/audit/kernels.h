// The part of each kernel in an object: a ledger that is kept while the object's instructions are looked at. Kernels
// are the lines of a line table, from 1. Tested by audit_test.cpp, report_test.cpp.
#pragma once

#include <set>

#include "codegen/audit.h"
#include "codegen/audit/lines.h"

namespace rondo::machine_code {

/// What is known of the stack below a call: a function's own frame, and that of the deepest of its callees; -1: no
/// bound.
struct StackOf {
  int64_t frame = -1, deepest = -1;
};

class KernelLedger {
 public:
  KernelLedger(const LinesOfFunctions& lines, size_t kernels, size_t classes);

  /// What follows is about this instruction.
  void look_at(const Routine& routine, const Instruction& instruction);
  void count(size_t instruction_class);
  void call(const std::string& name);

  /// All functions have been looked at; `stacks` by name.
  std::vector<KernelFacts> close(const std::vector<FunctionFacts>& functions,
                                 const std::map<std::string, StackOf>& stacks);

 private:
  using Calls = std::map<std::string, std::set<std::string>>;  // by the function that makes them

  const LinesOfFunctions& lines_;
  std::vector<KernelFacts> kernels_;
  std::vector<Calls> calls_;  // of each kernel; an entry for each function that holds code of it
  size_t current_ = 0;        // line of the instruction in hand; 0: none
  std::string function_;
};

}  // namespace rondo::machine_code
