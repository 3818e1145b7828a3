// What runs code for another processor: QEMU, in user mode for Linux, as a whole machine for bare metal.
// Tested by tests/driver/runner_test.cpp.
#pragma once

#include "codegen/codegen.h"

namespace rondo {

/// How programs for a target stand on it, and what runs them here.
struct Emulator {
  std::vector<std::string> command;  // to which the program's path is appended
  std::string start;                 // the harness's start-up file: linux.c, cortex_m.c or riscv.c
  std::string memory;                // bare metal: the MEMORY part of a linker script; empty on Linux
};

/// An error where QEMU has no such machine.
Result<Emulator> find_emulator(const Target& target);

}  // namespace rondo
