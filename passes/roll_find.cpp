// What repeats in a graph: see roll.h.
//
// From a product that repeats, the cell grows in all steps at once: if a node is the next step's version of another,
// so are the operands they have, where these are of one class, and so may be their users. What does not fit is cut off
// again. All of this only proposes: prove_recurrence decides. Tested by tests/passes/roll_scans.test.
#include <algorithm>

#include "passes/roll.h"

namespace rondo {
namespace {

constexpr int kMaxRefinements = 16;
constexpr size_t kMaxUses = 64;  // of one value, that are looked through for its role

/// Who follows whom from one step to the next.
class Chains {
 public:
  /// In order: a later step's node stands later in the graph, as it must where one step depends on the other.
  Chains(const GraphIndex& index, bool in_order) : index_(index), in_order_(in_order) {}

  bool pair(Node* a, Node* b) {
    if (a == b || next_.count(a) || previous_.count(b)) return false;
    if ((in_order_ && index_.position(a) >= index_.position(b)) || !same_class(*a, *b)) return false;
    if (!join_chains(a, b)) return false;
    next_[a] = b;
    previous_[b] = a;
    pairs_.push_back({a, b});
    return true;
  }

  void grow() {
    for (size_t i = 0; i < pairs_.size(); ++i) {
      auto [a, b] = pairs_[i];
      for (size_t k = 0; k < a->operands.size(); ++k) pair_producers(a->operands[k], b->operands[k]);
      extend(b);
      for (const auto& result : a->results)
        if (const auto& uses = index_.uses(result.get()); uses.size() <= kMaxUses)
          for (const GraphIndex::Use& use : uses)
            if (previous_.count(use.node)) extend(use.node);
    }
  }

  void refine() {
    for (int i = 0; i < kMaxRefinements; ++i) {
      std::vector<std::pair<Node*, Node*>> kept;
      for (auto [a, b] : pairs_)
        if (fits(*a, *b))
          kept.push_back({a, b});
        else
          next_.erase(a), previous_.erase(b);
      if (kept.size() == pairs_.size()) return;
      pairs_ = std::move(kept);
    }
  }

  Node* next(const Node* node) const { return find(next_, node); }
  Node* previous(const Node* node) const { return find(previous_, node); }
  bool holds(const Node* node) const { return next(node) || previous(node); }

 private:
  using Map = std::unordered_map<const Node*, Node*>;
  static Node* find(const Map& map, const Node* node) {
    auto it = map.find(node);
    return it == map.end() ? nullptr : it->second;
  }

  /// From the end of one chain to the start of another. False: it is the same chain, which would become a ring.
  bool join_chains(Node* end, Node* start) {
    auto or_itself = [](const Map& map, Node* node) {
      Node* found = find(map, node);
      return found ? found : node;
    };
    Node *first = or_itself(start_of_, end), *last = or_itself(end_of_, start);
    if (first == start) return false;
    start_of_[last] = first;
    end_of_[first] = last;
    return true;
  }

  void pair_producers(Value* x, Value* y) {
    if (x == y || !x->producer || !y->producer || x->index != y->index || same_sequence(x, y)) return;
    pair(x->producer, y->producer);
  }

  bool follows(const Value* x, const Value* y) const {
    return x->producer && y->producer && x->index == y->index && next(x->producer) == y->producer;
  }

  /// Could these be one node in successive steps, from what is known of their operands?
  bool plausible(const Node& a, const Node& b) const {
    for (size_t i = 0; i < a.operands.size(); ++i) {
      const Value *x = a.operands[i], *y = b.operands[i];
      if (x == y || same_sequence(x, y) || follows(x, y)) continue;
      if ((x->producer && next(x->producer)) || (y->producer && previous(y->producer))) return false;
      if (!x->producer && !y->producer ? !(x->type == y->type)
                                       : !x->producer || !y->producer || !same_class(*x->producer, *y->producer))
        return false;
    }
    return true;
  }

  /// Looks for the next step's version of a chain's end, among the users of what its operands become.
  void extend(Node* end) {
    if (next(end)) return;
    for (size_t i = 0; i < end->operands.size(); ++i) {
      const Value* operand = end->operands[i];
      Node* becomes = operand->producer ? next(operand->producer) : nullptr;
      if (!becomes) continue;
      const auto& uses = index_.uses(becomes->result(operand->index));
      if (uses.size() > kMaxUses) continue;
      for (const GraphIndex::Use& use : uses)
        if (use.operand == static_cast<int>(i) && !previous(use.node) && same_class(*end, *use.node) &&
            plausible(*end, *use.node) && pair(end, use.node))
          return;
    }
  }

  bool fits(const Node& a, const Node& b) const {
    for (size_t i = 0; i < a.operands.size(); ++i) {
      const Value *x = a.operands[i], *y = b.operands[i];
      if (x == y || same_sequence(x, y) || follows(x, y)) continue;
      const bool y_starts = y->producer && next(y->producer) && !previous(y->producer);
      const bool outside = !(x->producer && holds(x->producer)) && !(y->producer && holds(y->producer));
      const bool constant = tensor_of(x) || tensor_of(y);
      if (!y_starts && (!outside || constant || !(x->type == y->type))) return false;
    }
    return true;
  }

  const GraphIndex& index_;
  const bool in_order_;
  Map next_, previous_;     // looked up only, never walked
  Map start_of_, end_of_;  // the ends of chains as they were joined
  std::vector<std::pair<Node*, Node*>> pairs_;
};

/// Roles and their places in time, from the longest chain of anchors backwards.
class RoleFinder {
 public:
  RoleFinder(const Chains& chains, const GraphIndex& index) : chains_(chains), index_(index) {}

  std::vector<Role> run(const std::vector<Node*>& anchors) {
    int longest = -1;
    for (Node* anchor : anchors) {
      if (chains_.previous(anchor)) continue;
      const int role = role_of(anchor);
      if (longest < 0 || length(role) > length(longest)) longest = role;
    }
    if (longest < 0) return {};
    reach(longest);
    if (!place()) return {};
    return window();
  }

 private:
  int length(int role) const { return static_cast<int>(all_[static_cast<size_t>(role)].size()); }

  /// The number of the chain that a node is in.
  int role_of(Node* node) {
    if (auto it = role_.find(node); it != role_.end()) return it->second;
    while (Node* before = chains_.previous(node)) node = before;
    const int role = static_cast<int>(all_.size());
    all_.emplace_back();
    for (Node* each = node; each; each = chains_.next(each)) {
      role_[each] = role;
      place_[each] = static_cast<int>(all_.back().size());
      all_.back().push_back(each);
    }
    return role;
  }

  void reach(int from) {
    std::vector<bool> seen;
    used_ = {from};
    for (size_t i = 0; i < used_.size(); ++i)
      for (const Value* operand : all_[static_cast<size_t>(used_[i])].back()->operands) {
        if (!operand->producer || !chains_.holds(operand->producer)) continue;
        const int role = role_of(operand->producer);
        seen.resize(all_.size(), false);
        if (role == from || seen[static_cast<size_t>(role)]) continue;
        seen[static_cast<size_t>(role)] = true;
        used_.push_back(role);
      }
  }

  /// Chains end together, unless an operand would come from the future or from two steps ago.
  bool place() {
    first_.assign(all_.size(), 0);
    for (int role : used_) first_[static_cast<size_t>(role)] = -length(role);
    for (int round = 0; round < 8; ++round) {
      bool moved = false;
      for (int role : used_) {
        const Node& last = *all_[static_cast<size_t>(role)].back();
        for (const Value* operand : last.operands) {
          auto it = operand->producer ? role_.find(operand->producer) : role_.end();
          if (it == role_.end()) continue;
          const int lag = time(&last) - time(operand->producer);
          if (lag >= 0 && lag <= 1) continue;
          first_[static_cast<size_t>(it->second)] += lag < 0 ? lag : lag - 1;
          moved = true;
        }
      }
      if (!moved) return true;
    }
    return false;
  }

  int time(const Node* node) const { return first_[static_cast<size_t>(role_.at(node))] + place_.at(node); }

  /// The steps in which all roles are written out.
  std::vector<Role> window() const {
    int begin = INT32_MIN, end = INT32_MAX;
    for (int role : used_) {
      begin = std::max(begin, first_[static_cast<size_t>(role)]);
      end = std::min(end, first_[static_cast<size_t>(role)] + length(role));
    }
    if (end - begin < 2) return {};
    std::vector<Role> roles;
    for (int role : used_) {
      const auto from = all_[static_cast<size_t>(role)].begin() + (begin - first_[static_cast<size_t>(role)]);
      roles.push_back({std::vector<Node*>(from, from + (end - begin))});
    }
    std::sort(roles.begin(), roles.end(), [&](const Role& a, const Role& b) {
      return index_.position(a.steps.back()) < index_.position(b.steps.back());
    });
    return roles;
  }

  const Chains& chains_;
  const GraphIndex& index_;
  std::vector<std::vector<Node*>> all_;
  std::unordered_map<const Node*, int> role_, place_;  // chain, position in it
  std::vector<int> used_, first_;                      // first_: the time of a chain's first node
};

/// Users of all instances of one result that are the same in every step join, if they are cheap: they need not be
/// computed from stored copies then.
class Followers {
 public:
  Followers(std::vector<Role>& roles, const GraphIndex& index) : roles_(roles), index_(index) {
    for (size_t i = 0; i < roles.size(); ++i) note(static_cast<int>(i));
  }

  void run() {
    for (size_t i = 0; i < roles_.size(); ++i)
      for (size_t k = 0; k < roles_[i].steps[0]->results.size(); ++k) {
        const auto& uses = index_.uses(roles_[i].steps[0]->result(static_cast<int>(k)));
        if (uses.size() > kMaxUses) continue;
        for (const GraphIndex::Use& use : uses)
          if (!role_.count(use.node) && (is_pointwise(use.node->op) || is_view(use.node->op)))
            follow(static_cast<int>(i), static_cast<int>(k), use);
      }
  }

 private:
  void note(int role) {
    const auto& steps = roles_[static_cast<size_t>(role)].steps;
    for (size_t t = 0; t < steps.size(); ++t) role_[steps[t]] = {role, static_cast<int>(t)};
  }

  void follow(int role, int result, const GraphIndex::Use& first) {
    Role follower{{first.node}};
    const auto& steps = roles_[static_cast<size_t>(role)].steps;
    for (size_t t = 1; t < steps.size(); ++t) {
      const auto& uses = index_.uses(steps[t]->result(result));
      if (uses.size() > kMaxUses) return;
      auto it = std::find_if(uses.begin(), uses.end(), [&](const GraphIndex::Use& use) {
        return use.operand == first.operand && !role_.count(use.node) && same_step(*first.node, *use.node, t);
      });
      if (it == uses.end()) return;
      follower.steps.push_back(it->node);
    }
    roles_.push_back(std::move(follower));
    note(static_cast<int>(roles_.size()) - 1);
  }

  /// The operands are the same value, or one role's in the first step and in step t.
  bool same_step(const Node& first, const Node& node, size_t t) const {
    if (!same_class(first, node)) return false;
    for (size_t i = 0; i < node.operands.size(); ++i) {
      const Value *x = first.operands[i], *y = node.operands[i];
      const auto a = x->producer ? role_.find(x->producer) : role_.end();
      const auto b = y->producer ? role_.find(y->producer) : role_.end();
      if (a == role_.end() && b == role_.end() && (x == y || same_sequence(x, y))) continue;
      if (a == role_.end() || b == role_.end() || x->index != y->index) return false;
      if (a->second.first != b->second.first || a->second.second != 0) return false;
      if (b->second.second != static_cast<int>(t)) return false;
    }
    return true;
  }

  std::vector<Role>& roles_;
  const GraphIndex& index_;
  std::unordered_map<const Node*, std::pair<int, int>> role_;  // role, step; looked up only
};

}  // namespace

std::vector<Role> find_roles(const std::vector<Node*>& anchors, const GraphIndex& index, bool in_order) {
  Chains chains(index, in_order);
  for (size_t i = 0; i + 1 < anchors.size(); ++i) chains.pair(anchors[i], anchors[i + 1]);
  chains.grow();
  chains.refine();
  std::vector<Node*> starts;
  for (Node* anchor : anchors)
    if (chains.next(anchor) && !chains.previous(anchor)) starts.push_back(anchor);
  std::vector<Role> roles = RoleFinder(chains, index).run(starts);
  if (!roles.empty()) Followers(roles, index).run();
  std::stable_sort(roles.begin(), roles.end(), [&](const Role& a, const Role& b) {
    return index.position(a.steps.back()) < index.position(b.steps.back());
  });
  return roles;
}

}  // namespace rondo
