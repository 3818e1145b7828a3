// The grouping of one graph's nodes into kernels. Internal to fuse_pointwise.
#pragma once

#include <map>
#include <set>

#include "passes/query.h"

namespace rondo {

/// A set of nodes that becomes one `fused` node. All its results have one shape, the iteration shape.
struct FusionGroup {
  Shape shape;
  std::vector<int> members;  // positions in the graph, ascending; empty: merged into another group
  int products = 0, reductions = 0;  // a kernel holds a few products, or one reduction
};

/// Positions of measure nodes and of nodes that use their symbols: dependences that no operand shows.
std::vector<std::pair<int, int>> symbol_uses(const Graph& graph);

/// Decides what is computed together, walking the graph against its order. A node joins the group of its users if
///  - the group then still has at most one reduction, or a few products of values from outside and no reduction,
///  - no element of it would be computed twice (only views lie between it and its users, and they ask for each
///    element once at most), and
///  - all its users are in the group, or it has the iteration shape, becomes a further result, and no path leads
///    from its other users back into the group, or its other users are views of that shape that become results.
/// Groups of one shape merge when they share a producer that could then join, or an operand of that shape.
class FusionGroups {
 public:
  explicit FusionGroups(const Graph& graph);

  const std::vector<FusionGroup>& groups() const { return groups_; }
  /// The group of a node, or -1.
  int group_of(int position) const { return group_of_[static_cast<size_t>(position)]; }
  /// True if a value is needed by others than members of its producer's group.
  bool needed_outside(int position) const;
  /// True for operands of which each kernel makes its own: constants of one element, indices.
  static bool is_copied(const Value* value);

 private:
  /// The index maps by which the iteration asks for a node's elements, and the elements asked for by each.
  using Demand = std::map<std::string, Dim>;

  void place(int position);
  bool join_users(int position);
  bool join_one(int position);
  bool join_with_views(int position);
  void start_group(int position);
  void add_member(int group, int position, Demand demand);
  void remove_member(int position);
  bool asks_once(int position, const Demand& demand) const;
  std::optional<Demand> demand(int position, const std::set<int>& groups, bool is_result) const;
  bool add_demand(const Node& node, const Node& user, const Demand& users_demand, Demand& demand) const;
  /// Whether these groups, and a further node if there is one, can be one group.
  bool can_merge(const std::set<int>& groups, const Node* joining) const;
  /// Whether a member of these groups makes one of a node's operands.
  bool reads_from(int position, const std::set<int>& groups) const;
  int merge(const std::set<int>& groups);
  bool reaches(const std::vector<int>& starts, const std::set<int>& targets) const;
  void merge_siblings();
  void drop_edge_views();
  void drop_single_nodes();
  const Node& node(int position) const { return *graph_.nodes[static_cast<size_t>(position)]; }
  int position_of(const Value* value) const;

  const Graph& graph_;
  std::unordered_map<const Node*, int> positions_;
  std::vector<std::vector<int>> users_;  // of any result, ascending
  std::vector<bool> is_output_;          // of the graph, or a next state
  std::vector<int> group_of_;
  std::vector<Demand> demands_;
  std::vector<FusionGroup> groups_;
};

}  // namespace rondo
