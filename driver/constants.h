// --const: an input frozen to a value known at compile time.
#pragma once

#include "ir/graph.h"

namespace rondo {

/// Replaces the input by a constant, whose shape fixes the input's symbolic dimensions.
Status bind_constant(Graph& graph, const std::string& input, const Tensor& value);

/// The same as the command line says it: `value` is a number for all elements, or the path of a tensor's file (see
/// read_tensor_file).
Status bind_constant(Graph& graph, const std::string& input, const std::string& value);

}  // namespace rondo
