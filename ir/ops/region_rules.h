// What inference and evaluation of operators with regions share. Tested by tests/ir/region_test.cpp, branch_test.cpp.
#pragma once

#include "ir/ops/arrays.h"
#include "ir/ops/checks.h"

namespace rondo {

/// Gives the region's nodes the types they lack, once its parameters are found to fit. What the region found out about
/// dims holds outside too, and is kept there. Outputs' types may not depend on what is measured inside.
Status infer_region(const InferContext& context, Graph& region);
Status require_params(const InferContext& context, const Graph& region, size_t wanted);

/// sequence[t] = slice.
void put_slice(const Array& slice, int64_t t, Array& sequence);

}  // namespace rondo
