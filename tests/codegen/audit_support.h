// Audits of small modules in LLVM's text form, and what they found.
#pragma once

#include <doctest/doctest.h>

#include "codegen/audit.h"
#include "tests/codegen/support.h"

namespace rondo::test {

inline const Claim& claim(const Audit& audit, const std::string& name) {
  for (const Claim& each : audit.claims)
    if (each.name == name) return each;
  FAIL("no claim " << name);
  return audit.claims[0];
}

inline std::string broken(const Audit& audit) {
  std::string names;
  for (const Claim& each : audit.claims)
    if (!each.holds()) names += (names.empty() ? "" : " ") + each.name + " (" + each.against[0] + ")";
  return names;
}

inline int64_t count(const Audit& audit, const std::string& name) {
  for (const InstructionClass& each : audit.classes)
    if (each.name == name) return each.count;
  FAIL("no class " << name);
  return 0;
}

inline Audit audit_ir(const std::string& text, const std::string& target) {
  return require(audit_text(text, require(Target::find({target}))));
}

/// A function whose body is one instruction of assembly.
inline std::string with_assembly(const std::string& instruction) {
  return "define void @f() nounwind {\n  call void asm sideeffect \"" + instruction + "\", \"\"()\n  ret void\n}\n";
}

inline constexpr const char* kOneOfEach[] = {"x86-64-v3", "cortex-a53", "armv7-neon", "cortex-m4", "rv64gcv", "rv32imc"};

}  // namespace rondo::test
