// Identities of pointwise operators: see simplify.h.
#include "passes/query.h"
#include "passes/simplify.h"

namespace rondo {
namespace {

/// op(x, constant) = x, with the constant at `position`.
struct Neutral {
  Op op;
  int position;
  double constant;
};
constexpr Neutral kNeutral[] = {
    {Op::add, 0, 0},         {Op::add, 1, 0},        {Op::sub, 1, 0},         {Op::mul, 0, 1},
    {Op::mul, 1, 1},         {Op::div, 1, 1},        {Op::pow, 1, 1},         {Op::logical_or, 0, 0},
    {Op::logical_or, 1, 0},  {Op::logical_xor, 0, 0}, {Op::logical_xor, 1, 0}, {Op::logical_and, 0, 1},
    {Op::logical_and, 1, 1},
};

/// The value broadcast to a shape, if no dims need a proof for that; or null.
Value* broadcast_plainly(Value* value, const Shape& shape, Builder& b) {
  return plain_broadcast({&value->type->shape, &shape}) == shape ? b.broadcast(value, shape) : nullptr;
}

Value* drop_neutral(const Node& node, Builder& b) {
  for (const Neutral& rule : kNeutral)
    if (node.op == rule.op && is_uniform(node.operands[rule.position], rule.constant))
      return broadcast_plainly(node.operands[1 - rule.position], node.result()->type->shape, b);
  return nullptr;
}

/// op(x, constant) = constant. For floats, x * 0 is not 0 where x is infinite or NaN.
Value* drop_absorbed(const Node& node, Builder& b) {
  const Type& type = *node.result()->type;
  const bool zero = node.op == Op::logical_and || (node.op == Op::mul && !is_float(type.dtype));
  if (!zero && node.op != Op::logical_or) return nullptr;
  const double constant = zero ? 0 : 1;
  for (Value* operand : node.operands)
    if (is_uniform(operand, constant)) return b.broadcast(b.scalar(type.dtype, constant), type.shape);
  return nullptr;
}

Value* simplify_select(const Node& node, Builder& b) {
  const Shape& shape = node.result()->type->shape;
  if (node.operands[1] == node.operands[2]) return broadcast_plainly(node.operands[1], shape, b);
  if (std::optional<Tensor> condition = uniform_value(node.operands[0]))
    return broadcast_plainly(node.operands[condition->int_at(0) ? 1 : 2], shape, b);
  return nullptr;
}

bool holds_exactly(DType wide, DType narrow) {
  if (wide == narrow) return true;
  if (narrow == DType::boolean) return true;
  if (is_float(wide) && is_float(narrow))
    return byte_size(wide) > byte_size(narrow);  // f16 and bf16, equally wide, do not hold each other
  if (kind(wide) == kind(narrow)) return byte_size(wide) > byte_size(narrow);
  return kind(wide) == DTypeKind::signed_int && kind(narrow) == DTypeKind::unsigned_int &&
         byte_size(wide) > byte_size(narrow);
}

/// A cast to the type that is there already; casts one after the other, of which the first loses nothing.
Value* simplify_cast(const Node& node, Builder& b) {
  Value* operand = node.operands[0];
  const DType to = node.result()->type->dtype;
  if (operand->type->dtype == to) return operand;
  if (!is_op(operand, Op::cast)) return nullptr;
  Value* source = operand->producer->operands[0];
  return holds_exactly(operand->type->dtype, source->type->dtype) ? b.cast(source, to) : nullptr;
}

/// neg(neg x), not(not x).
Value* drop_twice(const Node& node) {
  if (node.op != Op::neg && node.op != Op::logical_not) return nullptr;
  const Value* operand = node.operands[0];
  return is_op(operand, node.op) ? operand->producer->operands[0] : nullptr;
}

/// x^2 is x * x.
Value* simplify_pow(const Node& node, Builder& b) {
  if (!is_uniform(node.operands[1], 2)) return nullptr;
  Value* x = node.operands[0];
  if (!(x->type == node.result()->type)) return nullptr;
  return b.mul(x, x);
}

/// An operand that is a broadcast, or a constant of equal elements, needs only its source or one element where the
/// operator broadcasts it again.
void strip_broadcasts(Node& node, Builder& b, Rewriter& rewriter) {
  static const Shape kScalar;
  if (node.operands.size() < 2) return;
  std::vector<const Shape*> shapes;
  for (const Value* operand : node.operands) shapes.push_back(&operand->type->shape);
  for (size_t i = 0; i < node.operands.size(); ++i) {
    Value* operand = node.operands[i];
    Value* source = is_op(operand, Op::broadcast) ? operand->producer->operands[0] : nullptr;
    std::optional<Tensor> uniform;
    if (!source && operand->type->rank() > 0) uniform = uniform_value(operand);
    if (!source && !uniform) continue;
    const Shape* before = shapes[i];
    shapes[i] = source ? &source->type->shape : &kScalar;
    if (plain_broadcast(shapes) == node.result()->type->shape) {
      node.operands[i] = source ? source : b.constant(*std::move(uniform));
      rewriter.note_change();
    } else {
      shapes[i] = before;
    }
  }
}

}  // namespace

Value* simplify_pointwise(Node& node, Builder& b, Rewriter& rewriter) {
  Value* by = drop_neutral(node, b);
  if (!by) by = drop_absorbed(node, b);
  if (!by) by = drop_twice(node);
  if (!by && node.op == Op::select) by = simplify_select(node, b);
  if (!by && node.op == Op::cast) by = simplify_cast(node, b);
  if (!by && node.op == Op::pow) by = simplify_pow(node, b);
  if (!by) strip_broadcasts(node, b, rewriter);
  return by;
}

}  // namespace rondo
