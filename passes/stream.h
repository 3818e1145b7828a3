// --stream: the graph of a whole sequence becomes the graph of one step, whose state has a fixed size.
//
// Frame t of a step's output, counted over all steps, is frame t - latency of the whole sequence's output
// (docs/streaming.md). What the result's ports have of time is in Graph::timing and
// Graph::stepping. Tested by tests/passes/stream_test.cpp.
#pragma once

#include "passes/pass.h"

namespace rondo {

struct StreamRequest {
  /// Which axes are time: the name of a dimension, or INPUT:AXIS. Empty: they are found.
  std::vector<std::string> axes;
  bool swap_weights = false;  // nothing may be decided by the values of weights
};

/// Takes an expanded graph, whose timing is what the model's file says. What cannot be streamed is an error at the node
/// that cannot.
Result<Graph> make_step(Graph core, const StreamRequest& request, const TargetFacts& target, Diagnostics& remarks);

}  // namespace rondo
