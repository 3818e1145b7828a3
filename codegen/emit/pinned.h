// Pinned: weights of straight-line code that LLVM leaves where they are.
#pragma once

#include "codegen/emit/kernel.h"

namespace rondo::emit {

/// While it lives, the frame's addresses of a tile's weights seem to differ in each run of the loops around: as operands
/// in memory they cost nothing, but moved out of the loops, as all that does not change there, they would be copied to
/// the stack, and back, since no set of registers holds them. Those that the schedule keeps are left to LLVM.
class Pinned {
 public:
  Pinned(Emitter& emitter, Frame& frame, const Plan& plan, const Kernel& kernel, const KernelFacts& facts);
  ~Pinned();
  Pinned(const Pinned&) = delete;
  Pinned& operator=(const Pinned&) = delete;

 private:
  Frame& frame_;
  const std::map<int, Value*> outside_;  // the frame's addresses before
};

}  // namespace rondo::emit
