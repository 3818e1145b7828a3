// The reference evaluator: core graphs computed in double precision (integers in 64 bits), element by
// element. Slow and plain; the truth that optimised graphs and compiled code are compared with.
// Floats are not rounded to their type between operators; a cast to a narrower float type is.
#pragma once

#include "ir/graph.h"

namespace rondo {

/// A value under evaluation, row-major. Floating dtypes live in `reals`, all others in `ints`.
struct Array {
  DType dtype = DType::f32;
  std::vector<int64_t> shape;
  std::vector<double> reals;
  std::vector<int64_t> ints;

  static Array zeros(DType dtype, std::vector<int64_t> shape);
  static Array from(const Tensor& tensor);
  Tensor to_tensor() const;  // rounded to dtype
  int64_t count() const { return static_cast<int64_t>(is_float(dtype) ? reals.size() : ints.size()); }
};

struct EvaluateContext {
  const Node& node;
  std::span<const Array* const> operands;
  const Dim::Values& symbols;

  const Attributes& attributes() const { return node.attributes; }
  Result<std::vector<int64_t>> shape(const Shape& dims) const;  // dims as numbers
};

#define RONDO_CORE_OP(word, min, max, results, doc) \
  Result<std::vector<Array>> evaluate_##word(const EvaluateContext&);
#define RONDO_POINTWISE_OP(word, operands, signature, doc) RONDO_CORE_OP(word, 0, 0, 0, doc)
#include "ir/ops.def"

/// One node, any core operator.
Result<std::vector<Array>> evaluate(const Node& node, std::span<const Array* const> operands,
                                    const Dim::Values& symbols);

/// A core graph on arguments for all its parameters (inputs, then states): its outputs, then next states.
/// Symbols get their values from the arguments' shapes; contradictions are errors.
Result<std::vector<Array>> evaluate(const Graph& graph, std::vector<Array> arguments);

}  // namespace rondo
