// What a plan asks of a machine: operations and bytes of each kernel, as dims, so that they hold for any size.
// Counts are what the mathematics needs: a value is computed once for each combination of the axes it changes with, and
// an element is read once in a run, however often it is used. Tested by tests/ir/cost_test.cpp.
#pragma once

#include <unordered_map>

#include "ir/plan.h"

namespace rondo {

/// What one run of a core node asks for: of the nodes in its regions as often as they run, of a branch the dearer one.
struct NodeCost {
  Dim multiply_adds;   // of products
  Dim constant_bytes;  // of the constants that it uses
};
using NodeCosts = std::unordered_map<const Node*, NodeCost>;

/// Of a matmul or conv.
Dim multiply_adds(const Node& product);
/// Of all nodes of a core graph, those in regions too.
NodeCosts costs_of(const Graph& graph);
/// Of a model's nodes, by what `core`, its expansion, says of where its nodes come from.
NodeCosts costs_of_model(const Graph& model, const Graph& core);

/// All but `runs` are counts of one run.
struct KernelCost {
  Dim runs = 1;                                   // in one call: the trips of the loops around it
  Dim multiply_adds;                              // terms of sums over reduction axes, and products by a weight that are added
  Dim arithmetic;                                 // other operations on floats that a machine has instructions for
  Dim functions;                                  // exp, tanh and the like: tens of instructions each
  Dim constant_bytes, read_bytes, written_bytes;  // read: inputs, state and scratch

  /// Floating-point operations, a function counting as one.
  Dim flops() const { return Dim(2) * multiply_adds + arithmetic + functions; }
  Dim bytes() const { return constant_bytes + read_bytes + written_bytes; }
};

KernelCost cost_of(const Plan& plan, const Kernel& kernel);

struct PlacedCost {
  const Kernel* kernel;
  std::vector<const Loop*> loops;  // around it, outermost first
  const Choice* choice;            // the innermost around it, or null
  bool otherwise;                  // in that choice's second part
  KernelCost cost;
};
/// In the plan's order. Loops run to their end, both parts of a choice run, and what is measured is as large as can be.
std::vector<PlacedCost> costs_of(const Plan& plan);

}  // namespace rondo
