// Runs a plan element by element, with the reference evaluator's arithmetic: what the plan means, apart from any
// machine code. Shared by the tests of the planner.
#pragma once

#include "ir/plan.h"
#include "ir/reference.h"

namespace rondo {

/// Arguments for the inputs, then the states; gives the outputs, then the states afterwards. Errors: an access outside
/// its buffer, an index out of range, an element that is read but was never written. `granted`: what the system says of the
/// matrix unit.
Result<std::vector<Array>> interpret(const Plan& plan, const std::vector<Array>& arguments, const Dim::Values& symbols,
                                     bool granted = false);

}  // namespace rondo
