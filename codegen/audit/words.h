// Which instructions belong to the classes that matter to an audit, by LLVM's words for them: what these do is not
// in the tables that LLVM shares.
#pragma once

#include "codegen/audit/disassembly.h"

namespace rondo::machine_code {

/// Hands control to the system or a debugger, stops, or waits.
bool is_system(llvm::StringRef word, const llvm::MCInst& code);
/// Integer division, which faults on a divisor of 0 on some processors.
bool is_division(llvm::StringRef word);
/// Writes the register that says how floating point rounds and what becomes of denormals.
bool writes_float_control(llvm::StringRef word, const llvm::MCInst& code);
/// Floating-point arithmetic of 32-bit ARM, whose exceptions LLVM's tables leave out.
bool is_arm_float(llvm::StringRef word);
/// A helper of the platform's ABI for arithmetic that the processor lacks: it computes, and does nothing else.
bool is_arithmetic_helper(llvm::StringRef symbol);

}  // namespace rondo::machine_code
