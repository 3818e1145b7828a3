// Type inference of core operators: infer_WORD gives the result types of one node from its operands'
// types, its attributes and regions, or says what is wrong with them.
#pragma once

#include "ir/graph.h"

namespace rondo {

struct InferContext {
  const Node& node;
  Graph& graph;  // equalities between dims that inference needs are recorded here

  const Type& operand(int i) const { return *node.operands[i]->type; }
  const Attributes& attributes() const { return node.attributes; }
};

using InferFunction = Result<std::vector<Type>> (*)(const InferContext&);

#define RONDO_CORE_OP(word, min, max, results, doc) \
  Result<std::vector<Type>> infer_##word(const InferContext&);
#include "ir/ops.def"
Result<std::vector<Type>> infer_pointwise(const InferContext&);  // every pointwise operator

/// Sets types and derived elements of a core node's results. Checks arity, operand types, presence and kind of
/// attributes, and that no attribute is unknown to the operator. Regions' parameter types must be set.
Status infer(Node& node, Graph& graph);

/// The element expressions of a core node's result, where they can be known (shape arithmetic on small integer
/// tensors: at most kMaxKnownElements). Called by infer.
inline constexpr int64_t kMaxKnownElements = 256;
std::optional<std::vector<Dim>> derive_elements(const Node& node);

/// NumPy's broadcast of two shapes. Where neither 1 nor equality can be proved, equality is required of the graph.
Result<Shape> broadcast_shapes(const Shape& a, const Shape& b, Graph& graph, const std::string& place);

}  // namespace rondo
