// Whether two steps of a plan may run at the same time. Tested by tests/ir/verify_test.cpp.
#pragma once

#include "ir/plan.h"

namespace rondo {

/// True if neither step writes an element that the other reads or writes, as far as that can be proved: elements of one
/// buffer are apart if their ranges are, or if they are apart modulo a stride, as the halves of [T, 2, H] are.
bool independent(const Plan& plan, const Step& a, const Step& b);

}  // namespace rondo
