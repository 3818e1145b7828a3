// What LLVM knows of code while it writes it, and machine code does not tell: the size of each function's frame, and
// which loops end. The audit holds it against the object.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "codegen/codegen.h"

namespace llvm {
class Module;
}

namespace rondo::machine_code {

struct FunctionProof {
  int64_t frame_bytes = 0;
  int64_t scalable_bytes = 0;  // of the frame, where it holds registers whose length the processor decides: at the
                               // length that code is compiled for
  bool fixed_frame = true;     // false: the frame's size depends on values
  int bounded_loops = 0;       // whose number of iterations is known when they begin, or a bound of it
  int unbounded_loops = 0;
  int hook_calls = 0;          // calls of the caller's hook for threads
};

struct Proven {
  std::string object;
  std::map<std::string, FunctionProof> functions;  // by symbol
};

/// A finished module as an object, and what is known of it. To be called inside guard_llvm.
Result<Proven> emit_proven(llvm::Module& module, const Target& target);

}  // namespace rondo::machine_code
