// Which axes of a model's inputs are time: what the user says, what the file's format says, or what the graph shows.
// Tested by tests/passes/stream_test.cpp.
#pragma once

#include "ir/graph.h"
#include "passes/stream.h"

namespace rondo {

struct TimeAxes {
  std::map<std::string, int> inputs;  // name -> axis
  std::set<std::string> symbols;      // dimensions that are the length of the sequence
  std::string text;                   // as a user would write it: "T", "x:1"
};

/// All that may be meant, best first by what the caller says; never empty. An error: what was said means nothing.
Result<std::vector<TimeAxes>> possible_time_axes(const Graph& core, const StreamRequest& request);

}  // namespace rondo
