// Identities of operators that move, combine or multiply: see simplify.h.
#include "passes/query.h"
#include "passes/simplify.h"

namespace rondo {
namespace {

Value* simplify_concat(const Node& node, Builder& b) {
  const int axis = static_cast<int>(node.attributes.integer("axis"));
  std::vector<Value*> parts;
  for (Value* part : node.operands)
    if (!part->type->shape[static_cast<size_t>(axis)].is(0)) parts.push_back(part);
  if (parts.empty()) parts.push_back(node.operands[0]);
  if (parts.size() == node.operands.size() && parts.size() > 1) return nullptr;
  return b.concat(std::move(parts), axis);
}

Value* simplify_pad(const Node& node) {
  for (const char* side : {"low", "high"})
    for (const Dim& dim : node.attributes.dims(side))
      if (!dim.is(0)) return nullptr;
  return node.operands[0];
}

/// gather at known ascending positions that are proved to exist: a slice.
Value* simplify_gather(const Node& node, Builder& b) {
  Value* data = node.operands[0];
  const Value* indices = node.operands[1];
  const int axis = static_cast<int>(node.attributes.integer("axis"));
  const Dim& extent = data->type->shape[static_cast<size_t>(axis)];
  if (!indices->elements || indices->elements->empty() || indices->type->rank() > 1) return nullptr;
  const std::vector<Dim>& positions = *indices->elements;
  const Dim& first = positions[0];
  for (size_t i = 0; i < positions.size(); ++i)
    if (!(positions[i] == first + Dim(static_cast<int64_t>(i)))) return nullptr;
  const Dim count = static_cast<int64_t>(positions.size());
  if (first.lower_bound() < 0 || !provably_le(first + count, extent)) return nullptr;
  return b.reshape(b.slice_axis(data, axis, first, count), node.result()->type->shape);
}

/// A reduction over axes of length 1 combines nothing.
Value* simplify_reduce(const Node& node, Builder& b) {
  Value* operand = node.operands[0];
  for (int64_t axis : node.attributes.integers("axes"))
    if (!operand->type->shape[static_cast<size_t>(axis)].is(1)) return nullptr;
  return b.reshape(operand, node.result()->type->shape);
}

/// zeros x finite constants, as in the first step from a zero hidden state.
Value* simplify_matmul(const Node& node, Builder& b) {
  const Type& type = *node.result()->type;
  for (int side : {0, 1}) {
    const Tensor* other = constant_of(node.operands[1 - side]);
    if (other && is_uniform(node.operands[side], 0) && all_finite(*other))
      return b.zeros(type.dtype, type.shape);
  }
  return nullptr;
}

}  // namespace

Value* simplify_other(const Node& node, Builder& b) {
  if (node.op == Op::concat) return simplify_concat(node, b);
  if (node.op == Op::pad) return simplify_pad(node);
  if (node.op == Op::gather) return simplify_gather(node, b);
  if (node.op == Op::reduce) return simplify_reduce(node, b);
  if (node.op == Op::matmul) return simplify_matmul(node, b);
  return nullptr;
}

}  // namespace rondo
