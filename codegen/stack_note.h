// Files for firmware say nothing of executable stacks, as those of its compilers do not: GNU ld warns of a program in which
// some do and others do not. LLVM always writes the note. Tested by formats_test.cpp.
#pragma once

#include "codegen/codegen.h"

namespace rondo {

/// An ELF object, or assembly for one, without its section .note.GNU-stack.
Result<std::string> without_stack_note(std::string file, Form form);

}  // namespace rondo
