// A kernel's code: loops over tiles, in each tile the reduction nests, then the parallel work, then the stores.
// One entry: emit_kernel. Every load of a tile comes before its stores, so a kernel may write where it reads as long as
// tiles do not read each other's elements. Tested by kernel_test.cpp, schedule_test.cpp.
#pragma once

#include "codegen/emit/frame.h"

namespace rondo::emit {

/// What an instruction's value changes with.
struct Dependence {
  bool vector = false;  // the vector axis
  bool row = false;     // the row axis
  int nest = -1;        // the reduction nest inside which it is computed
  bool step = false;    // the innermost variable of that nest
};

struct KernelFacts {
  std::vector<Dependence> depends;         // by instruction
  std::vector<int> uses;                   // by instruction: by others and by stores
  std::vector<std::vector<int>> reduces;   // by nest: its reduce instructions
  std::vector<std::vector<int>> prepared;  // by nest: instructions outside whose values are used inside
  bool vector_in_reduction = false;

  static Result<KernelFacts> of(const Kernel& kernel);
};

/// The elements computed together, from the current values of the axes' variables on.
struct Tile {
  int lanes = 1, vectors = 1, rows = 1;
  int active = 1;  // lanes of the last vector that exist; fewer than `lanes` in a masked tile
  bool whole = true;  // all its rows exist: on the matrix unit there may be fewer
};

/// A part of a kernel's task axis: `begin` is a multiple of the task's size, and so is `end` unless it is the extent.
struct Range {
  Value *begin = nullptr, *end = nullptr;
};

/// Emits the kernel where the builder is, all of it or a part. `frame` sees its buffers, symbols and the loops
/// around it.
Status emit_kernel(Emitter& emitter, Frame& frame, const Plan& plan, const Kernel& kernel, Range range = {});

}  // namespace rondo::emit
