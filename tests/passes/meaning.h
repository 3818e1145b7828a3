// Do two core graphs mean the same? Both are evaluated by the reference evaluator on the same random arguments.
#pragma once

#include <doctest/doctest.h>

#include "ir/reference.h"
#include "passes/pass.h"

namespace rondo::testing {

/// Deterministic numbers from a seed.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 2 + 1) {}
  /// 0 .. n-1
  int below(int n) { return static_cast<int>(next() % static_cast<uint64_t>(n)); }
  /// -1 .. 1, in steps that every float type holds
  double real() { return static_cast<double>(next() % 257) / 128 - 1; }

 private:
  uint64_t next() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return state_ >> 33;
  }
  uint64_t state_;
};

/// Values of all parameters: reals in -1 .. 1, integers 0 .. 2. Symbols get values from 2 to 4 by their names' order.
std::vector<Array> random_arguments(const Graph& graph, uint64_t seed);

/// Checks that the outputs and next states agree to 1e-9, and that `after` is valid.
void check_same_meaning(const Graph& before, const Graph& after, uint64_t seed);

/// Runs one pass, gives its remarks, and checks that a graph said to be unchanged is.
Diagnostics run_pass(Graph& graph, std::string_view pass, Unroll unroll = Unroll::by_cost, int64_t l1_bytes = 0,
                     int64_t l2_bytes = TargetFacts{}.l2_bytes);

}  // namespace rondo::testing
