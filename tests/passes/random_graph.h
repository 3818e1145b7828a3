// Random core graphs of what the passes look for: plain work on small tensors, products with constants, views, sums,
// scans in scans, cells written out, constants with equal elements, equal expressions.
#pragma once

#include "ir/builder.h"
#include "tests/passes/meaning.h"

namespace rondo::testing {

/// Every graph is valid and can be evaluated; T is symbolic.
Graph random_graph(uint64_t seed);

}  // namespace rondo::testing
