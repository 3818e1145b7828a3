// Views without effect, and views of views: see simplify.h.
#include "passes/query.h"
#include "passes/simplify.h"

namespace rondo {
namespace {

/// slice(slice(x)): element i is x[inner start + inner step * (start + step * i)].
Value* slice_of_slice(const Node& outer, const Node& inner, Builder& b) {
  std::vector<Dim> starts = outer.attributes.dims("starts");
  std::vector<int64_t> steps = outer.attributes.integers("steps");
  const std::vector<Dim> inner_starts = inner.attributes.dims("starts");
  const std::vector<int64_t> inner_steps = inner.attributes.integers("steps");
  const std::vector<Dim> sizes = outer.attributes.dims("sizes");
  for (size_t i = 0; i < starts.size(); ++i) {
    // Nothing at the end of every other element, or of the elements backwards, would begin outside.
    if (inner_steps[i] != 1 && sizes[i].lower_bound() < 1) return nullptr;
    starts[i] = inner_starts[i] + Dim(inner_steps[i]) * starts[i];
    if (__builtin_mul_overflow(steps[i], inner_steps[i], &steps[i])) return nullptr;
  }
  return b.slice(inner.operands[0], std::move(starts), sizes, std::move(steps));
}

/// slice(concat(…)) that stays inside one part.
Value* slice_of_concat(const Node& outer, const Node& inner, Builder& b) {
  const size_t axis = static_cast<size_t>(inner.attributes.integer("axis"));
  std::vector<Dim> starts = outer.attributes.dims("starts");
  const std::vector<Dim> sizes = outer.attributes.dims("sizes");
  const std::vector<int64_t> steps = outer.attributes.integers("steps");
  if (steps[axis] != 1) return nullptr;
  Dim offset = 0;
  for (Value* part : inner.operands) {
    const Dim end = offset + part->type->shape[axis];
    if (provably_le(offset, starts[axis]) && provably_le(starts[axis] + sizes[axis], end)) {
      starts[axis] = starts[axis] - offset;
      return b.slice(part, std::move(starts), sizes, steps);
    }
    offset = end;
  }
  return nullptr;
}

Value* transpose_of_transpose(const Node& outer, const Node& inner, Builder& b) {
  std::vector<int64_t> perm = outer.attributes.integers("perm");
  const std::vector<int64_t> inner_perm = inner.attributes.integers("perm");
  for (int64_t& axis : perm) axis = inner_perm[static_cast<size_t>(axis)];
  return b.transpose(inner.operands[0], std::move(perm));
}

/// The node over another operand. The builder gives the operand itself where the view has no effect.
Value* view_again(const Node& node, Value* operand, Builder& b) {
  const Attributes& at = node.attributes;
  if (node.op == Op::slice) return b.slice(operand, at.dims("starts"), at.dims("sizes"), at.integers("steps"));
  if (node.op == Op::transpose) return b.transpose(operand, at.integers("perm"));
  if (node.op == Op::broadcast) return b.broadcast(operand, at.dims("shape"));
  return b.reshape(operand, at.dims("shape"));
}

bool without_effect(const Node& node) {
  const Value* operand = node.operands[0];
  if (!(operand->type == node.result()->type)) return false;
  const Attributes& at = node.attributes;
  if (node.op == Op::transpose) {
    const std::vector<int64_t> perm = at.integers("perm");
    for (size_t i = 0; i < perm.size(); ++i)
      if (perm[i] != static_cast<int64_t>(i)) return false;
  }
  if (node.op == Op::slice) {
    for (const Dim& start : at.dims("starts"))
      if (!start.is(0)) return false;
    for (int64_t step : at.integers("steps"))
      if (step != 1) return false;
  }
  return true;
}

/// Every view of a broadcast of one element is such a broadcast.
Value* view_of_uniform(const Node& node, Builder& b) {
  const bool of_constant = constant_of(node.operands[0]) != nullptr;
  if (of_constant && (node.op != Op::broadcast || node.operands[0]->type->rank() == 0)) return nullptr;
  std::optional<Tensor> uniform = uniform_value(node.operands[0]);
  if (!uniform) return nullptr;
  return b.broadcast(b.constant(*std::move(uniform)), node.result()->type->shape);
}

}  // namespace

Value* simplify_view(const Node& node, Builder& b) {
  Value* operand = node.operands[0];
  if (without_effect(node)) return operand;
  if (Value* by = view_of_uniform(node, b)) return by;
  if (!operand->producer) return nullptr;
  const Node& inner = *operand->producer;
  if (node.op == Op::slice && inner.op == Op::concat) return slice_of_concat(node, inner, b);
  if (node.op != inner.op) return nullptr;
  if (node.op == Op::slice) return slice_of_slice(node, inner, b);
  if (node.op == Op::transpose) return transpose_of_transpose(node, inner, b);
  return view_again(node, inner.operands[0], b);
}

}  // namespace rondo
