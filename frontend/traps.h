// Traps: what exporters of recurrent models are known for, and what a model may have lost on the way into its file.
// Nothing here is an error: the file means what it says. Tested by tests/frontend/traps_test.cpp.
#pragma once

#include "frontend/frontend.h"

namespace rondo {

/// One remark for each, with the node, input or constants it is about. `model` has its types, as far as they are known.
Diagnostics find_traps(const Graph& model, const FileFacts& facts);

}  // namespace rondo
