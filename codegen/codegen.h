// codegen: a plan becomes LLVM IR, assembly, an object, an archive or a shared library, and a C header.
// LLVM and lld stay behind this interface. Everything is returned as bytes; the caller writes files.
#pragma once

#include <map>

#include "ir/plan_text.h"
#include "ir/target_facts.h"

namespace rondo {

/// What the user asked for; empty fields mean the machine rondo runs on.
struct TargetSpec {
  std::string triple, cpu, features;
  bool small_code = false;  // code is to be short rather than fast
  bool matrix_unit = false;  // products of several rows on the processor's matrix unit; an error where it has none
};

class Target {
 public:
  static Result<Target> find(const TargetSpec& spec);
  const TargetSpec& spec() const;  // complete: normalised triple, CPU, features
  const TargetFacts& facts() const;
  /// What programs for it stand on. none: bare metal.
  enum class System : uint8_t { linux_kernel, none, other };
  System system() const;
  /// Of vectors whose length the instructions do not say (SVE, RVV): the length that code is compiled for; otherwise 0.
  int vector_bits() const;

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

/// Debug information: machine code belongs to lines of the plan's text, in a file of this name beside it.
struct LinesOfText {
  std::string file;
  PlanLines lines;  // of the very plan that is compiled
};

struct CodegenOptions {
  bool profile = false;  // kernels add up their time in a table of ProfileEntry that the object exports
  bool external_constants = false;  // the object holds none: every call brings them, as weights_of gives them
  std::string constants_section;    // where they are; empty: kConstantsSection on ELF, the format's own elsewhere
  std::optional<LinesOfText> lines;  // none: no debug information
};
inline constexpr char kConstantsSection[] = ".rodata.rondo.w";

/// A row of PREFIX_profile. The first row, named "", times nothing, once a call: what the readings cost. Then
/// one row for each kernel, in the plan's order; then one whose name is null.
struct ProfileEntry {
  const char* name;
  uint64_t ticks, calls;
};

/// Deterministic: the same plan, target and options give the same bytes.
Result<std::string> generate(const Plan& plan, const Target& target, Form form, const CodegenOptions& options = {});

/// What an object needs from elsewhere, sorted.
Result<std::vector<std::string>> undefined_symbols(std::string_view object);

/// The blob that rondo_call.constants points to, aligned as Plan::kAlignment says; empty if the plan has no constants.
std::string weights_of(const Plan& plan);
int64_t weight_bytes(const Plan& plan);  // of the blob

/// Of all that decides the code and the blob's layout, but for names and the values in the blob.
uint64_t fingerprint(const Plan& plan);

/// A shared library from one position-independent object; no undefined symbol is allowed. It keeps what only debuggers
/// read (names of inner functions, line tables) if asked to.
Result<std::string> link_shared(std::string_view object, const Target& target, const std::string& soname,
                                bool keep_debug = false);
Result<std::string> make_archive(std::string_view object, const Target& target, const std::string& member);

/// A program without a C library that starts at _start or, where `script` is not empty, is laid out as the linker
/// script says; Linux or bare metal.
Result<std::string> link_program(const std::vector<std::string>& objects, const Target& target,
                                 const std::string& script);

/// How Clang is told to compile C for the target's processor and calling convention.
std::vector<std::string> clang_arguments(const Target& target);

/// The generated header: plain C11, usable from C++, complete in itself.
std::string make_header(const Plan& plan, const CodegenOptions& options = {});

}  // namespace rondo
