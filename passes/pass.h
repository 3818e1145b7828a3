// What a pass is: one function on a core graph, one row of passes.def, one before/after test.
#pragma once

#include "ir/graph.h"
#include "ir/target_facts.h"

namespace rondo {

enum class Unroll : uint8_t { by_cost, never, always };

struct PassContext {
  const TargetFacts& target;
  Unroll unroll = Unroll::by_cost;
  Diagnostics& remarks;  // why a pass that decides by cost decided as it did
};

/// Each returns true if it changed the graph.
#define RONDO_PASS(name, doc) Result<bool> name(Graph&, const PassContext&);
#include "passes/passes.def"

struct PassInfo {
  std::string_view name, doc;
  Result<bool> (*function)(Graph&, const PassContext&);
};
std::span<const PassInfo> all_passes();

}  // namespace rondo
