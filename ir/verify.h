// The verifiers: what must hold of a graph or a plan between any two passes.
#pragma once

#include "ir/plan.h"

namespace rondo {

/// Order of definition and use, closed regions, arity, attributes, and that every type is what inference says.
/// All violations are reported, each at its node.
Status verify(const Graph& graph);

/// Buffers and variables exist, every access stays inside its buffer where that can be proved or refuted,
/// lifetimes that overlap do not share memory, state and scratch offsets are aligned.
Status verify(const Plan& plan);

}  // namespace rondo
