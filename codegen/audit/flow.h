// The control flow of one function of an object. Tested by audit_test.cpp.
#pragma once

#include "codegen/audit/disassembly.h"

namespace rondo::machine_code {

struct Shape {
  int loops = 0;                       // places that a path comes back to
  std::vector<size_t> strays;          // instructions that go to a place inside other code, or run off the end
};
/// `entries`: the addresses in the same section at which functions begin.
Shape shape_of(const Routine& routine, const std::vector<uint64_t>& entries);

}  // namespace rondo::machine_code
