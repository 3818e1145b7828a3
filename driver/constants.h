// --const: an input frozen to a value known at compile time.
#pragma once

#include "ir/graph.h"

namespace rondo {

/// Replaces the input by a constant: `value` is a number for all its elements, or the path of an .npy file, whose shape
/// fixes the input's symbolic dimensions.
Status bind_constant(Graph& graph, const std::string& input, const std::string& value);

}  // namespace rondo
