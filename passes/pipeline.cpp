// The order of the passes, and how they are run: each is observed and followed by the verifier.
// Tested by pipeline_test.cpp.
#include "passes/pipeline.h"

#include <algorithm>

#include "ir/verify.h"

namespace rondo {
namespace {

constexpr PassInfo kPasses[] = {
#define RONDO_PASS(name, doc) {#name, doc, name},
#include "passes/passes.def"
};

// Weights before anything looks at constants. Constants first, because everything else looks for them. Rolling next, while
// a cell still has its exporter's form: what is rolled is then treated like any layer. Gates before hoisting, so that one
// product is hoisted per layer; chunks before hoisting, so that it is hoisted from a chunk's steps, and layers tiled after
// it, when what passes between them is seen. Hoisting before unrolling, so that even short sequences get one product for
// all steps. Unrolling judges rolled scans too, and nothing rolls after it. Fusion last: nothing looks into fused nodes any
// more.
constexpr std::string_view kOrder[] = {
    "mark_weights",   "fold_constants", "merge_common", "remove_dead",          "roll_scans",
    "fold_constants", "merge_common",   "fuse_gates",   "chunk_scans",          "hoist_input_products",
    "fold_constants", "merge_scans",    "tile_layers",  "unroll_scans",         "fold_constants",
    "merge_common",   "remove_dead",    "fuse_pointwise", "remove_dead",
};

const PassInfo* find_pass(std::string_view name) {
  for (const PassInfo& pass : kPasses)
    if (pass.name == name) return &pass;
  return nullptr;
}

/// A pass that leaves an invalid graph behind is a bug, whatever the verifier calls it.
Diagnostics blame(std::string_view pass, Diagnostics errors) {
  for (Diagnostic& error : errors) {
    error.severity = Severity::internal;
    error.message = "pass " + std::string(pass) + ": " + error.message;
  }
  return errors;
}

/// What a pass found out again inside a region is not kept there if a graph around it says so already.
void drop_repeated_facts(Graph& graph, std::vector<std::pair<Dim, Dim>> known = {}) {
  std::erase_if(graph.equalities, [&](const Equality& fact) {
    return std::find(known.begin(), known.end(), std::pair(fact.a, fact.b)) != known.end();
  });
  for (const Equality& fact : graph.equalities) known.emplace_back(fact.a, fact.b);
  for (const auto& node : graph.nodes)
    for (const auto& region : node->regions) drop_repeated_facts(*region, known);
}

}  // namespace

std::span<const PassInfo> all_passes() { return kPasses; }

std::vector<std::string_view> pipeline_order() {
  std::vector<std::string_view> names;
  for (std::string_view name : kOrder)
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  return names;
}

Status optimise(Graph& core, const TargetFacts& target, const PipelineOptions& options, Diagnostics& remarks) {
  const std::vector<std::string_view> stages = plan_stages();
  for (const std::string& name : options.without)
    if (!find_pass(name) && std::find(stages.begin(), stages.end(), name) == stages.end())
      return invalid("there is no pass '" + name + "' to leave out");
  const PassContext context{target, options.unroll, remarks};
  for (std::string_view name : kOrder) {
    if (name == "mark_weights" && !options.swap_weights) continue;
    if (std::find(options.without.begin(), options.without.end(), name) != options.without.end()) continue;
    if (options.begin) options.begin(name);
    Result<bool> changed = find_pass(name)->function(core, context);
    if (!changed) return blame(name, std::move(changed).errors());
    drop_repeated_facts(core);
    if (Status valid = verify(core); !valid) return blame(name, std::move(valid).errors());
    if (options.observe) options.observe(name, core, *changed);
  }
  return Done{};
}

}  // namespace rondo
