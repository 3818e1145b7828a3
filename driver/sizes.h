// The largest sizes that are compiled: far beyond any model, and well inside what the code's arithmetic can hold.
// Tested by tests/driver/sizes_test.cpp.
#pragma once

#include "ir/plan.h"

namespace rondo {

/// Refuses values that are certain to take more than 2^40 bytes, in regions too.
Status check_sizes(const Graph& graph);
/// Refuses buffers of more than 2^40 bytes, and constants of more than 2^30 bytes together.
Status check_sizes(const Plan& plan);

}  // namespace rondo
