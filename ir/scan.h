// Scan: reads the parts of a scan node by name. A scan node computes
//
//   h_0 = init;  for t = 0 .. trip-1:  (h_{t+1}, y_t) = body(t, h_t, x_t, invariants)
//
//   operands  [carried inits][scanned sequences][invariants]
//   region    params (t: i64[], carried..., scanned slices..., invariants...)
//             outputs (next carried..., stacked slices...)
//   results   [carried finals][stacked sequences]
//
// Axis 0 of a scanned sequence is time: x_t = x[t], or x[trip-1-t] where reverse_scanned is 1. Stacked
// slice y_t becomes y[t], or y[trip-1-t] where reverse_stacked is 1.
#pragma once

#include "ir/graph.h"

namespace rondo {

struct Scan {
  Node& node;
  Graph& body() const { return *node.regions[0]; }
  Dim trip() const { return node.attributes.dim("trip"); }
  int carried() const { return static_cast<int>(node.attributes.integer("carried")); }
  int scanned() const { return static_cast<int>(node.attributes.integer("scanned")); }
  int invariants() const { return static_cast<int>(node.operands.size()) - carried() - scanned(); }
  int stacked() const { return static_cast<int>(node.results.size()) - carried(); }
  bool reverse_scanned(int i) const { return node.attributes.integers("reverse_scanned")[i] != 0; }
  bool reverse_stacked(int i) const { return node.attributes.integers("reverse_stacked")[i] != 0; }

  Value*& carried_init(int i) const { return node.operands[i]; }
  Value*& scanned_operand(int i) const { return node.operands[carried() + i]; }
  Value*& invariant_operand(int i) const { return node.operands[carried() + scanned() + i]; }
  Value* step_param() const { return body().params[0].get(); }
  Value* carried_param(int i) const { return body().params[1 + i].get(); }
  Value* scanned_param(int i) const { return body().params[1 + carried() + i].get(); }
  Value* invariant_param(int i) const { return body().params[1 + carried() + scanned() + i].get(); }
  Value*& carried_next(int i) const { return body().outputs[i]; }
  Value*& stacked_output(int i) const { return body().outputs[carried() + i]; }
  Value* carried_final(int i) const { return node.result(i); }
  Value* stacked_result(int i) const { return node.result(carried() + i); }
};

}  // namespace rondo
