// audit: what machine code is made of, and whether it may run where a deadline must be kept. All of it is found in the
// object itself, by taking it apart again. Tested by audit_test.cpp.
#pragma once

#include "codegen/codegen.h"

namespace rondo {

struct FunctionFacts {
  std::string name;  // as in C; steps of the plan are named PREFIX.STEP, those of short plans are parts of PREFIX.run
  bool entry = false;       // others may call it
  int64_t code_bytes = 0;
  int64_t stack_bytes = 0;  // its own and that of what it calls; -1: without a bound that is known
  int loops = 0;
  std::vector<std::string> calls;  // sorted
};

/// One line of the certificate: a word, what it claims, and what in the object speaks against it.
struct Claim {
  std::string name, text;
  std::vector<std::string> against;
  bool holds() const { return against.empty(); }
};

/// How many instructions of a class there are: of those that could fault, or hand control to someone else.
struct InstructionClass {
  std::string name, text;
  int64_t count = 0;
};

/// What of an object belongs to one kernel alone.
struct KernelFacts {
  int64_t code_bytes = 0;
  int64_t stack_bytes = 0;             // in use while it runs, at most, its callers' included; -1: without a known bound
  std::vector<std::string> undefined;  // what it calls that the linker must find elsewhere, through other functions too; sorted
  std::vector<int64_t> classes;        // its instructions, by Audit::classes
};

struct Audit {
  int64_t code_bytes = 0;       // all code
  int64_t read_only_bytes = 0;  // the weights, numbers that the code uses, the reflection record
  int64_t writable_bytes = 0;   // memory of its own: none, but what a loader must relocate
  int64_t stack_bytes = 0;      // the deepest entry point; -1: without a bound that is known
  std::vector<FunctionFacts> functions;  // in the order of their addresses
  std::vector<KernelFacts> kernels;      // in the order of costs_of; empty: unknown
  std::vector<std::string> undefined;    // what the linker must find elsewhere, sorted
  std::vector<InstructionClass> classes;
  std::vector<Claim> claims;
  bool certified() const;
};

/// Audits `object`, which generate made of the same plan, target and options.
Result<Audit> audit(const Plan& plan, const Target& target, const CodegenOptions& options, std::string_view object);

/// The same of any module in LLVM's text form; for tests.
Result<Audit> audit_text(const std::string& module, const Target& target);

}  // namespace rondo
