// codegen: a plan becomes LLVM IR, assembly, an object, an archive or a shared library, and a C header.
// LLVM and lld stay behind this interface. Everything is returned as bytes; the caller writes files.
#pragma once

#include "ir/plan.h"
#include "ir/target_facts.h"

namespace rondo {

/// What the user asked for; empty fields mean the machine rondo runs on.
struct TargetSpec {
  std::string triple, cpu, features;
};

class Target {
 public:
  static Result<Target> find(const TargetSpec& spec);
  const TargetSpec& spec() const;  // complete: normalised triple, CPU, features
  const TargetFacts& facts() const;

  struct Machine;  // LLVM's side
  Machine& machine() const { return *machine_; }

 private:
  std::shared_ptr<Machine> machine_;
};

struct TargetName {
  std::string name, doc;
};
std::vector<TargetName> target_names();

enum class Form : uint8_t { llvm, assembly, object };

struct CodegenOptions {
  bool profile = false;  // kernels add up their time in a table of ProfileEntry that the object exports
};

/// A row of PREFIX_profile. The first row, named "", times nothing, once a call: what the readings cost. Then
/// one row for each kernel, in the plan's order; then one whose name is null.
struct ProfileEntry {
  const char* name;
  uint64_t ticks, calls;
};

/// Deterministic: the same plan, target and options give the same bytes.
Result<std::string> generate(const Plan& plan, const Target& target, Form form, const CodegenOptions& options = {});

/// A shared library from one position-independent object; no undefined symbol is allowed.
Result<std::string> link_shared(std::string_view object, const Target& target, const std::string& soname);
Result<std::string> make_archive(std::string_view object, const Target& target, const std::string& member);

/// The generated header: plain C11, usable from C++, complete in itself.
std::string make_header(const Plan& plan);

}  // namespace rondo
