// A kernel's code: loops over tiles, in each tile the reduction nest, then the parallel work, then the stores.
// One entry: emit_kernel. Every load of a tile comes before its stores, so a kernel may write where it reads as long as
// tiles do not read each other's elements. Tested by kernel_test.cpp, schedule_test.cpp.
#pragma once

#include "codegen/emit/frame.h"

namespace rondo::emit {

/// What an instruction's value changes with.
struct Dependence {
  bool vector = false;     // the vector axis
  bool row = false;        // the row axis
  bool reduction = false;  // any reduction variable: it is computed inside the reduction nest
  bool step = false;       // the innermost reduction variable
};

struct KernelFacts {
  std::vector<Dependence> depends;  // by instruction
  std::vector<int> reduces;         // reduce instructions
  std::vector<int> prepared;        // instructions outside the reduction nest whose values are used inside
  bool vector_in_reduction = false;
  int step_axis = -1;  // variable of the innermost reduction axis

  static Result<KernelFacts> of(const Kernel& kernel);
};

/// The elements computed together, from the current values of the axes' variables on.
struct Tile {
  int lanes = 1, vectors = 1, rows = 1;
  int active = 1;  // lanes of the last vector that exist; fewer than `lanes` in a masked tile
};

/// A part of a kernel's task axis: `begin` is a multiple of the task's size, and so is `end` unless it is the extent.
struct Range {
  Value *begin = nullptr, *end = nullptr;
};

/// Emits the kernel where the builder is, all of it or a part. `frame` sees its buffers, symbols and the loops
/// around it.
Status emit_kernel(Emitter& emitter, Frame& frame, const Plan& plan, const Kernel& kernel, Range range = {});

}  // namespace rondo::emit
