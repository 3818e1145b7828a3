// The parts of roll_scans. Internal to passes/.
//
// A recurrence written out over time is found as roles: a role is one node of the cell, in all its steps. What feeds a
// role's operands is then proved to be of a kind that a scan has; nothing is rolled that is not.
#pragma once

#include "passes/pass.h"
#include "passes/query.h"

#include "ir/scan.h"

namespace rondo {

constexpr int kFewestSteps = 4;               // that are worth a loop
constexpr int64_t kLargestStepConstant = 64;  // bytes: the number of a step, not the weights of a layer

/// Where the nodes of a graph stand and who uses their results.
class GraphIndex {
 public:
  struct Use {
    Node* node;
    int operand;
  };
  explicit GraphIndex(const Graph& graph);
  int position(const Node* node) const { return positions_.at(node); }
  const std::vector<Use>& uses(const Value* value) const;
  /// A number for a value, by the order in which values are met.
  int number(const Value* value) const { return numbers_.at(value); }

 private:
  std::unordered_map<const Node*, int> positions_;
  std::unordered_map<const Value*, int> numbers_;
  std::unordered_map<const Value*, std::vector<Use>> uses_;
};

/// The same operator, attributes, regions and result types.
bool same_class(const Node& a, const Node& b);
/// Two slices of one value that differ in where they start, or two constants of one type: what a scan scans.
bool same_sequence(const Value* a, const Value* b);
/// Work: neither a source nor a view.
bool is_work(const Node& node);

/// Nodes that may be one product of a cell in successive steps: the same class, with one operand in common.
std::vector<std::vector<Node*>> repeated_products(const Graph& graph, const GraphIndex& index);

/// Products of slices of constant places, in the order of these. False: they are not.
bool sort_by_slices(std::vector<Node*>& anchors, const GraphIndex& index);

/// One node of the cell; by step. Null: a step that is not written out (see find_earlier_step).
struct Role {
  std::vector<Node*> steps;
};

/// The cell that computes a repeated product, as far as it repeats; ordered so that a step can be computed in the
/// order of roles. Empty: there is none. In order: of two steps' nodes, the later step's stands later in the graph.
std::vector<Role> find_roles(const std::vector<Node*>& anchors, const GraphIndex& index, bool in_order);

/// A value that changes from step to step and is known before the first.
struct StepInput {
  enum class Kind : uint8_t { constants, slices, values } kind = Kind::values;
  std::vector<Value*> values;  // by step
  // Slices: those of `source` along `axis`, `stride` elements from one to the next.
  Value* source = nullptr;
  int axis = 0;
  int64_t stride = 0;
  std::vector<Dim> first_starts;  // where the first one starts, which need not be written out
};

/// What an operand of a role is, in every step.
struct Feed {
  enum class Kind : uint8_t { invariant, inner, carried, scanned } kind;
  Value* value = nullptr;    // invariant
  int role = -1, result = 0;  // inner: of this step, carried: of the step before
  int at = -1;               // in Recurrence::carried or Recurrence::sequences
};

struct CarriedRole {
  int role, result;
  Value* init;  // null: zeros
};

/// A recurrence, proved: step t of all roles computes what their feeds say.
struct Recurrence {
  std::vector<Role> roles;
  std::vector<std::vector<Feed>> feeds;  // by role, by operand
  std::vector<StepInput> sequences;
  std::vector<CarriedRole> carried;
  int steps() const { return static_cast<int>(roles[0].steps.size()); }
  /// The node of a role in any step that is written out.
  const Node& node(int role) const { return *roles[static_cast<size_t>(role)].steps.back(); }
  int work_nodes() const;
};

/// The recurrence that the roles are, or nothing: an operand is none of what a scan has.
std::optional<Recurrence> prove_recurrence(std::vector<Role> roles);

/// A first step from zeros is written shorter than the others: what zeros make of it. If a step of the cell from zeros,
/// simplified, equals what stands before the first step, the recurrence gets this step too.
bool find_earlier_step(Recurrence& recurrence, const GraphIndex& index, const PassContext& context);

/// Replaces the nodes of the recurrence by a scan. Null, with the graph as it was: what goes into the recurrence
/// depends on what comes out of it.
Result<Node*> roll(Graph& graph, const Recurrence& recurrence);

}  // namespace rondo
