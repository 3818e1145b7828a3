// Ranges of indices, to prove that an access stays in its buffer or refute it. Tested by tests/ir/verify_test.cpp.
#pragma once

#include "ir/plan.h"

namespace rondo {

/// The smallest and largest value something takes while a kernel runs; nothing where that is not known.
struct Range {
  Dim low, high;
};

/// Extents of the variables in scope.
using Extents = std::map<int, Dim>;

/// The range of an index; its variables must be in scope and their extents at least 1.
std::optional<Range> range_of(const Index& index, const Extents& extents);
std::optional<Range> range_of(const Index& index, const std::vector<Instr::Indirect>& indirect,
                              const std::vector<Instr>& body, const Extents& extents);
/// The range of the places that a load reads or a store writes, indirect parts included.
template <class Access>
std::optional<Range> range_of_access(const Access& access, const std::vector<Instr>& body, const Extents& extents) {
  return range_of(access.index, access.indirect, body, extents);
}

/// Whether a range provably leaves [0, count) for every value of the symbols.
bool leaves(const Range& range, const Dim& count);

/// Whether a kernel that changes a buffer it reads provably loads an element that it stores for another one; elements
/// are computed in any order, so each may depend on its own old value alone. Looks for a witness among the first few
/// elements along each axis, with every symbol at one small value.
bool reads_another(const Kernel& kernel, const Instr& load, const Store& store, const Extents& extents);

}  // namespace rondo
