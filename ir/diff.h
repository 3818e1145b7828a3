// diff: what has changed between two graphs, as text that a person reads.
// Tested by tests/ir/diff_test.cpp.
#pragma once

#include "ir/text.h"

namespace rondo {

/// Lines that went begin with "-", lines that came with "+", each with some of what is around it; the first line counts
/// the nodes by operator. Values are called as print calls those of `after`; one that went has its old name and a '.
/// That values without a name are numbered anew is no change. Empty: there is no difference.
std::string diff(const Graph& before, const Graph& after, const PrintOptions& options = {});

}  // namespace rondo
