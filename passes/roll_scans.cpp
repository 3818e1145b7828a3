// roll_scans: a recurrence that was written out over time, as exporters do with a loop of a known length, becomes a
// scan.
//
// Products that share their weights and repeat are taken as one product of a cell; the cell around them is found,
// proved to be the same in all steps, and rolled if there are kFewestSteps steps or more. The first step may be written
// shorter, because it starts from zeros (roll_earlier.cpp). Then what is left that repeats without being a recurrence,
// such as a product of every step's result, is rolled too: hoisting makes one product of it. The result computes the
// same expressions on the same numbers. unroll_scans judges the new scans like all others; `always` rolls nothing.
// Tested by tests/passes/roll_scans.test and roll_scans_test.cpp.
#include <fmt/format.h>

#include <algorithm>

#include "passes/remarks.h"
#include "passes/roll.h"

namespace rondo {
namespace {

constexpr int kMostRolls = 256;  // in one graph

/// Values that the scan cannot read where they are: each has to be copied into a sequence.
int copies(const Recurrence& recurrence) {
  auto copied = [](const StepInput& sequence) { return sequence.kind == StepInput::Kind::values; };
  return static_cast<int>(std::count_if(recurrence.sequences.begin(), recurrence.sequences.end(), copied));
}

/// What has no memory is only rolled where it walks along one value.
bool walks(const Recurrence& recurrence) {
  auto slices = [](const StepInput& sequence) { return sequence.kind == StepInput::Kind::slices; };
  return copies(recurrence) == 0 && std::any_of(recurrence.sequences.begin(), recurrence.sequences.end(), slices);
}

std::string description(const Recurrence& recurrence) {
  const int nodes = recurrence.work_nodes();
  return fmt::format("{} steps of {} node{} that were written out", recurrence.steps(), nodes, nodes == 1 ? "" : "s");
}

class Finder {
 public:
  Finder(const Graph& graph, const PassContext& context)
      : index_(graph), context_(context), groups_(repeated_products(graph, index_)) {}

  /// What is best rolled next: recurrences before what has no memory.
  template <class Roll>
  Result<bool> roll_one(Roll roll) {
    for (bool with_memory : {true, false})
      for (const auto& group : groups_) {
        std::optional<Recurrence> recurrence = find(group, with_memory);
        if (!recurrence) continue;
        RONDO_TRY(bool rolled, roll(*recurrence));
        if (rolled) return true;
      }
    return false;
  }

 private:
  std::optional<Recurrence> find(std::vector<Node*> group, bool with_memory) const {
    if (!with_memory && !sort_by_slices(group, index_)) return std::nullopt;
    std::vector<Role> roles = find_roles(group, index_, with_memory);
    if (roles.empty()) return std::nullopt;
    std::optional<Recurrence> recurrence = prove_recurrence(std::move(roles));
    if (!recurrence || recurrence->carried.empty() == with_memory) return std::nullopt;
    if (with_memory ? copies(*recurrence) * 2 > recurrence->work_nodes() : !walks(*recurrence)) return std::nullopt;
    if (with_memory) find_earlier_step(*recurrence, index_, context_);
    if (recurrence->steps() < kFewestSteps) return std::nullopt;
    return recurrence;
  }

  const GraphIndex index_;
  const PassContext& context_;
  const std::vector<std::vector<Node*>> groups_;
};

Result<bool> roll_graph(Graph& graph, const PassContext& context) {
  bool changed = false;
  for (const auto& node : graph.nodes)
    for (const auto& region : node->regions) {
      RONDO_TRY(bool inner, roll_graph(*region, context));
      changed |= inner;
    }
  for (int i = 0; i < kMostRolls; ++i) {
    RONDO_TRY(bool rolled, Finder(graph, context).roll_one([&](const Recurrence& recurrence) -> Result<bool> {
      const std::string text = "rolled, " + description(recurrence);
      RONDO_TRY(Node * scan, roll(graph, recurrence));
      if (scan) note(context, *scan, text);
      return scan != nullptr;
    }));
    if (!rolled) break;
    changed = true;
    remove_dead_nodes(graph);
  }
  return changed;
}

}  // namespace

Result<bool> roll_scans(Graph& graph, const PassContext& context) {
  if (context.unroll == Unroll::always) return false;
  return roll_graph(graph, context);
}

}  // namespace rondo
