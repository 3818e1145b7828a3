#include "passes/fuse_groups.h"

#include <algorithm>

#include "ir/measure.h"

namespace rondo {
namespace {

constexpr size_t kMaxMembers = 96;  // keeps the live values of one kernel within reason
constexpr size_t kMaxMaps = 32;

constexpr int kMaxProducts = 4;       // reduction nests of one kernel

bool is_reduction(Op op) { return op == Op::reduce || op == Op::reduce_window; }
bool is_contraction(Op op) { return is_product(op) || is_reduction(op); }

/// A convolution in groups divides the kernel's axes in its own way.
bool is_grouped(const Node& node) { return node.op == Op::conv && node.attributes.integer("groups") != 1; }

/// A reshape that inserts or removes axes of length 1.
bool moves_unit_axes_only(const Node& reshape) {
  auto without_ones = [](Shape shape) {
    std::erase_if(shape, [](const Dim& dim) { return dim.is(1); });
    return shape;
  };
  return without_ones(reshape.operands[0]->type->shape) == without_ones(reshape.result()->type->shape);
}

/// A view that a kernel can follow by affine index arithmetic on its axes.
bool is_index_map(const Node& node) {
  if (node.op == Op::reshape) return moves_unit_axes_only(node);
  if (node.op == Op::slice)
    for (int64_t step : node.attributes.integers("steps"))
      if (step < 1) return false;
  return is_view(node.op);
}

bool is_groupable(const Node& node) {
  if (node.results.size() != 1) return false;
  return is_pointwise(node.op) || is_contraction(node.op) || is_index_map(node);
}

/// Equal words mean equal maps of a view's result to its operand.
std::string map_word(const Node& view) {
  std::string word = std::string(info(view.op).word) + to_string(*view.operands[0]->type);
  for (const char* name : {"starts", "sizes", "shape"})
    if (view.attributes.has(name)) word += to_string(Shape(view.attributes.dims(name)));
  for (const char* name : {"steps", "perm"})
    if (view.attributes.has(name))
      for (int64_t number : view.attributes.integers(name)) word += " " + std::to_string(number);
  return word;
}

}  // namespace

std::vector<std::pair<int, int>> symbol_uses(const Graph& graph) {
  std::map<std::string, int> measures;
  std::vector<std::pair<int, int>> uses;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = *graph.nodes[i];
    std::set<std::string> names;
    if (!measures.empty()) collect_symbols(node, names);
    for (const std::string& name : names)
      if (const auto found = measures.find(name); found != measures.end())
        uses.emplace_back(found->second, static_cast<int>(i));
    if (node.op == Op::measure) measures.emplace(node.attributes.text("symbol"), static_cast<int>(i));
  }
  return uses;
}

FusionGroups::FusionGroups(const Graph& graph)
    : graph_(graph), users_(graph.nodes.size()), is_output_(graph.nodes.size(), false),
      group_of_(graph.nodes.size(), -1), demands_(graph.nodes.size()) {
  const int count = static_cast<int>(graph.nodes.size());
  for (int i = 0; i < count; ++i) {
    positions_[graph.nodes[i].get()] = i;
    for (const Value* operand : node(i).operands) {
      const int from = position_of(operand);
      if (from >= 0 && (users_[from].empty() || users_[from].back() != i)) users_[from].push_back(i);
    }
  }
  for (const auto& [measure, user] : symbol_uses(graph)) {
    std::vector<int>& users = users_[measure];
    const auto at = std::lower_bound(users.begin(), users.end(), user);
    if (at == users.end() || *at != user) users.insert(at, user);
  }
  auto mark = [&](const Value* value) {
    if (position_of(value) >= 0) is_output_[position_of(value)] = true;
  };
  for (const Value* output : graph.outputs) mark(output);
  for (const State& state : graph.states) mark(state.next);
  for (int i = count; i-- > 0;) place(i);
  drop_edge_views();
  merge_siblings();
  drop_single_nodes();
}

int FusionGroups::position_of(const Value* value) const {
  return value->producer ? positions_.at(value->producer) : -1;
}

bool FusionGroups::is_copied(const Value* value) {
  if (is_op(value, Op::iota)) return true;
  const Tensor* tensor = constant_of(value);
  return tensor && tensor->count() == 1;
}

bool FusionGroups::needed_outside(int position) const {
  if (is_output_[position]) return true;
  for (int user : users_[position])
    if (group_of_[user] != group_of_[position]) return true;
  return false;
}

void FusionGroups::place(int position) {
  if (!is_groupable(node(position))) return;
  if (join_users(position) || join_one(position) || join_with_views(position)) return;
  if (!is_view(node(position).op)) start_group(position);
}

/// All users are in one group, or in groups that may become one.
bool FusionGroups::join_users(int position) {
  const Node& here = node(position);
  std::set<int> groups;
  for (int user : users_[position]) groups.insert(group_of_[user]);
  if (groups.empty() || groups.count(-1)) return false;
  const Shape& shape = here.result()->type->shape;
  const Shape& iteration = groups_[*groups.begin()].shape;
  if (is_output_[position] && (is_view(here.op) || !(shape == iteration))) return false;
  if (groups.size() > 1 && is_view(here.op) && !(shape == iteration)) return false;
  std::optional<Demand> wanted = demand(position, groups, is_output_[position]);
  if (!wanted || !can_merge(groups, &here)) return false;
  add_member(merge(groups), position, *std::move(wanted));
  return true;
}

/// The group of the first users that it fits, as a further result for the others.
bool FusionGroups::join_one(int position) {
  const Node& here = node(position);
  if (is_view(here.op)) return false;
  for (int user : users_[position]) {
    const int group = group_of_[user];
    if (group < 0 || !(groups_[group].shape == here.result()->type->shape)) continue;
    std::optional<Demand> wanted = demand(position, {group}, true);
    if (!wanted || !can_merge({group}, &here)) continue;
    std::vector<int> others;
    for (int other : users_[position])
      if (group_of_[other] != group) others.push_back(other);
    if (reaches(others, {group})) continue;
    add_member(group, position, *std::move(wanted));
    return true;
  }
  return false;
}

/// A contraction joins one group of its users, and views of it that others read become results there: the reset gate's
/// kernel of a GRU also stores the update gate's sums.
bool FusionGroups::join_with_views(int position) {
  if (!is_contraction(node(position).op) || is_output_[position]) return false;
  std::set<int> tried{-1};
  for (int user : users_[position]) {
    const int group = group_of_[user];
    if (!tried.insert(group).second || !can_merge({group}, &node(position))) continue;
    std::vector<int> views, readers;
    bool fits = true;
    for (int other : users_[position]) {
      if (group_of_[other] == group) continue;
      fits = fits && is_index_map(node(other)) && node(other).result()->type->shape == groups_[group].shape;
      views.push_back(other);
      for (int reader : users_[other])
        if (group_of_[reader] != group) readers.push_back(reader);
    }
    if (!fits || reaches(readers, {group})) continue;
    std::optional<Demand> wanted = demand(position, {group}, false);
    if (!wanted) continue;
    for (int view : views) (*wanted)["/" + map_word(node(view))] = element_count(groups_[group].shape);
    if (!asks_once(position, *wanted)) continue;
    for (int view : views) {
      remove_member(view);
      add_member(group, view, {{"", element_count(groups_[group].shape)}});
    }
    add_member(group, position, *std::move(wanted));
    return true;
  }
  return false;
}

void FusionGroups::start_group(int position) {
  const Shape& shape = node(position).result()->type->shape;
  groups_.push_back({shape});
  add_member(static_cast<int>(groups_.size()) - 1, position, {{"", element_count(shape)}});
}

void FusionGroups::add_member(int group, int position, Demand demand) {
  group_of_[position] = group;
  demands_[position] = std::move(demand);
  std::vector<int>& members = groups_[group].members;
  members.insert(std::lower_bound(members.begin(), members.end(), position), position);
  groups_[group].products += is_product(node(position).op);
  groups_[group].reductions += is_reduction(node(position).op);
}

void FusionGroups::remove_member(int position) {
  if (group_of_[position] < 0) return;
  std::erase(groups_[group_of_[position]].members, position);
  group_of_[position] = -1;
}

/// No more elements are asked for than there are.
bool FusionGroups::asks_once(int position, const Demand& demand) const {
  Dim total = 0;
  for (const auto& [map, elements] : demand) total += elements;
  return demand.size() <= kMaxMaps && provably_le(total, element_count(node(position).result()->type->shape));
}

/// What the members of the groups ask of a node; nothing if it cannot be computed with them.
std::optional<FusionGroups::Demand> FusionGroups::demand(int position, const std::set<int>& groups,
                                                         bool is_result) const {
  const Node& here = node(position);
  const Shape& shape = here.result()->type->shape;
  Demand demand;
  if (is_result) demand[""] = element_count(shape);
  for (int user : users_[position])
    if (groups.count(group_of_[user]) && !add_demand(here, node(user), demands_[user], demand)) return std::nullopt;
  if (is_view(here.op) ? demand.size() > kMaxMaps : !asks_once(position, demand)) return std::nullopt;
  return demand;
}

bool FusionGroups::add_demand(const Node& here, const Node& user, const Demand& users_demand, Demand& demand) const {
  const Type &type = *here.result()->type, &users_type = *user.result()->type;
  std::string word;
  if (is_pointwise(user.op)) {
    // A smaller operand is asked for the same element many times: only a view of something else may be.
    const bool same = type.shape == users_type.shape;
    if (!same && !is_view(here.op)) return false;
    if (!same) word = "^" + to_string(type.shape);
  } else if (is_view(user.op)) {
    word = "/" + map_word(user);
  } else if (user.op == Op::reduce) {
    // Each element of the operand goes into one sum, so it is computed once if each sum is.
    if (users_demand.size() != 1 || !(users_demand.begin()->second == element_count(users_type.shape))) return false;
    demand[users_demand.begin()->first + "%"] = element_count(type.shape);
    return true;
  } else {
    return false;
  }
  for (const auto& [map, elements] : users_demand) demand[map + word] = elements;
  return true;
}

bool FusionGroups::can_merge(const std::set<int>& groups, const Node* joining) const {
  int products = joining && is_product(joining->op), reductions = joining && is_reduction(joining->op);
  bool grouped = joining && is_grouped(*joining);
  size_t members = 1;
  std::vector<int> outside;
  for (int group : groups) {
    products += groups_[group].products;
    reductions += groups_[group].reductions;
    for (int member : groups_[group].members) {
      grouped = grouped || is_grouped(node(member));
      if (is_product(node(member).op) && reads_from(member, groups)) return false;
    }
    members += groups_[group].members.size();
    if (!(groups_[group].shape == groups_[*groups.begin()].shape)) return false;
  }
  if (members > kMaxMembers || products > kMaxProducts) return false;
  if (products + reductions > 1 && (reductions > 0 || grouped)) return false;
  if (groups.size() == 1) return true;
  for (int group : groups)
    for (int member : groups_[group].members)
      for (int user : users_[member])
        if (!groups.count(group_of_[user])) outside.push_back(user);
  return !reaches(outside, groups);
}

bool FusionGroups::reads_from(int position, const std::set<int>& groups) const {
  for (const Value* operand : node(position).operands)
    if (const int from = position_of(operand); from >= 0 && groups.count(group_of_[from])) return true;
  return false;
}

int FusionGroups::merge(const std::set<int>& groups) {
  const int into = *groups.begin();
  for (int group : groups) {
    if (group == into) continue;
    FusionGroup& from = groups_[group];
    std::vector<int> all;
    std::merge(groups_[into].members.begin(), groups_[into].members.end(), from.members.begin(), from.members.end(),
               std::back_inserter(all));
    for (int member : from.members) group_of_[member] = into;
    groups_[into].members = std::move(all);
    groups_[into].products += std::exchange(from.products, 0);
    groups_[into].reductions += std::exchange(from.reductions, 0);
    from.members.clear();
  }
  return into;
}

/// True if a path leads from one of the nodes into one of the groups, where groups on the way are entered and left
/// at any member.
bool FusionGroups::reaches(const std::vector<int>& starts, const std::set<int>& targets) const {
  int last = -1;  // no path goes on from a place where everything is later than the targets
  for (int target : targets) last = std::max(last, groups_[target].members.back());
  std::vector<int> pending = starts;
  std::set<int> seen_nodes, seen_groups;
  while (!pending.empty()) {
    const int at = pending.back(), group = group_of_[at];
    pending.pop_back();
    if (targets.count(group)) return true;
    if (group >= 0 ? !seen_groups.insert(group).second : !seen_nodes.insert(at).second) continue;
    if ((group >= 0 ? groups_[group].members.front() : at) > last) continue;
    if (group < 0) {
      pending.insert(pending.end(), users_[at].begin(), users_[at].end());
    } else {
      for (int member : groups_[group].members)
        for (int user : users_[member])
          if (group_of_[user] != group) pending.push_back(user);
    }
  }
  return false;
}

/// A view whose operand comes from outside is not work of the kernel: it is read through.
void FusionGroups::drop_edge_views() {
  for (size_t g = 0; g < groups_.size(); ++g) {
    std::vector<int> stay;
    for (int member : groups_[g].members) {
      const Value* operand = node(member).operands[0];
      const int from = position_of(operand);
      const bool inner = (from >= 0 && group_of_[from] == static_cast<int>(g)) || is_copied(operand);
      if (is_view(node(member).op) && !inner)
        group_of_[member] = -1;
      else
        stay.push_back(member);
    }
    groups_[g].members = std::move(stay);
  }
}

/// Groups of one shape that read the same value of that shape, element by element.
void FusionGroups::merge_siblings() {
  std::unordered_map<const Value*, int> first_reader;  // a node that reads the value
  for (int i = 0; i < static_cast<int>(graph_.nodes.size()); ++i) {
    if (group_of_[i] < 0 || !is_pointwise(node(i).op)) continue;
    for (const Value* operand : node(i).operands) {
      const int from = position_of(operand);
      if (from >= 0 && group_of_[from] == group_of_[i]) continue;
      if (is_copied(operand) || !(operand->type->shape == groups_[group_of_[i]].shape)) continue;
      auto [found, fresh] = first_reader.emplace(operand, i);
      const int other = group_of_[found->second], own = group_of_[i];
      if (fresh || other == own || other < 0) continue;
      if (can_merge({other, own}, nullptr)) merge({other, own});
    }
  }
}

/// One node alone is a kernel as it is, unless it reads indices, which only a fused node can hold.
void FusionGroups::drop_single_nodes() {
  for (FusionGroup& group : groups_) {
    if (group.members.size() != 1) continue;
    bool reads_index = false;
    for (const Value* operand : node(group.members[0]).operands) reads_index |= is_op(operand, Op::iota);
    if (reads_index) continue;
    group_of_[group.members[0]] = -1;
    group.members.clear();
  }
}

}  // namespace rondo
