// How many steps a loop makes: found from counters that a body carries, and from conditions that compare them with
// sizes. Works on the body as a core region, where t is the step's number. Tested by expand_loop_test.cpp.
#pragma once

#include "passes/expand/region.h"

namespace rondo {

/// A value that is step * t + constant in step t.
struct Linear {
  int64_t step = 0;
  Dim constant;
};

/// One value that a loop body carries.
struct Counted {
  Value* param;  // in the region
  Value* next;   // in the region
  Value* init;   // outside
};

/// For how many steps from the first a condition holds. `steps` absent: forever, or not known.
struct Holds {
  bool exact = false;  // not exact: for at most that many
  std::optional<Dim> steps;
};

class LoopSteps {
 public:
  LoopSteps(const Graph& region, const Value* step, const std::vector<Counted>& carried);

  /// The carried value's course, if it is a counter.
  std::optional<Linear> counter(size_t carried) const { return counters_[carried]; }
  std::optional<Linear> linear(const Value* value) const { return linear(value, kDepth); }
  Holds holds(const Value* condition) const { return holds(condition, kDepth); }
  /// Steps are known to be 0 .. trip-1 from here on.
  void set_trip(Dim trip) { trip_ = std::move(trip); }

 private:
  static constexpr int kDepth = 64;
  std::optional<Linear> linear(const Value* value, int depth) const;
  std::optional<Linear> linear_of_node(const Node& node, int depth) const;
  std::optional<int64_t> increment(const Value* next, const Value* param, int depth) const;
  std::optional<bool> is_true(const Value* condition, int depth) const;
  std::optional<Linear> difference(const Node& node, int depth) const;
  Holds holds(const Value* condition, int depth) const;
  Holds holds_while_positive(const Linear& value) const;
  Holds holds_while_not_zero(const Linear& value) const;

  const Graph& region_;
  const Value* step_;
  const std::vector<Counted>& carried_;
  std::vector<std::optional<Linear>> counters_;
  std::optional<Dim> trip_;
};

/// 1 where a condition outside the loop, on sizes, holds, and 0 where it does not; nothing if it is not of that kind.
std::optional<Dim> condition_of_sizes(const Value* condition);

/// How many steps a loop makes that depends on constants alone, by running its condition; nothing if it does not end
/// within `limit` steps or depends on more.
std::optional<int64_t> simulated_steps(const Graph& region, const Value* condition, const std::vector<Counted>& carried,
                                       int64_t limit);

}  // namespace rondo
