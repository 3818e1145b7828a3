// ConditionalLoop: reads the parts of a loop node by name. A loop node computes
//
//   go_0 = condition; h_0 = init
//   for t = 0 .. trip-1 while go_t:  (go_{t+1}, h_{t+1}, y_t) = body(t, h_t, invariants)
//
//   operands  [condition: boolean[]][carried inits][invariants]
//   region    params (t: i64[], carried..., invariants...)
//             outputs (next condition: boolean[], next carried..., stacked slices...)
//   results   [carried finals][stacked sequences]
//
// Stacked slice y_t becomes y[t]; slices of steps that did not run are zeros. How many ran is for the body to count, in a
// carried value. A loop that no condition ends is a scan (ir/scan.h).
#pragma once

#include "ir/graph.h"

namespace rondo {

struct ConditionalLoop {
  Node& node;
  Graph& body() const { return *node.regions[0]; }
  Dim trip() const { return node.attributes.dim("trip"); }
  int carried() const { return static_cast<int>(node.attributes.integer("carried")); }
  int invariants() const { return static_cast<int>(node.operands.size()) - 1 - carried(); }
  int stacked() const { return static_cast<int>(node.results.size()) - carried(); }

  Value*& condition() const { return node.operands[0]; }
  Value*& carried_init(int i) const { return node.operands[1 + i]; }
  Value*& invariant_operand(int i) const { return node.operands[1 + carried() + i]; }
  Value* step_param() const { return body().params[0].get(); }
  Value* carried_param(int i) const { return body().params[1 + i].get(); }
  Value* invariant_param(int i) const { return body().params[1 + carried() + i].get(); }
  Value*& next_condition() const { return body().outputs[0]; }
  Value*& carried_next(int i) const { return body().outputs[1 + i]; }
  Value*& stacked_output(int i) const { return body().outputs[1 + carried() + i]; }
  Value* carried_final(int i) const { return node.result(i); }
  Value* stacked_result(int i) const { return node.result(carried() + i); }
};

}  // namespace rondo
