// The text form of the three levels (.rir): print gives text that parse reads back to an equal object.
#pragma once

#include "ir/cost.h"

namespace rondo {

struct PrintOptions {
  bool full_weights = false;  // false: tensors over 16 elements are shown by statistics, and do not parse back
  bool costs = false;         // of a verified plan: each kernel opens with a comment of what a run of it asks for
  bool brief = false;         // for the eye: what stands nearby is not said again, and constants show few elements
  const NodeCosts* node_costs = nullptr;  // of a graph: what nodes ask for, as comments
};

std::string print(const Graph& graph, const PrintOptions& options = {});
std::string print(const Plan& plan, const PrintOptions& options = {});

struct Parsed {
  std::optional<Graph> graph;  // one of the two
  std::optional<Plan> plan;
};
/// Errors carry "line:column" as their place, and the offending line with a caret in the message.
Result<Parsed> parse(std::string_view text);

}  // namespace rondo
