// What has no time axis and is used frame by frame: one frame of it, where all are the same.
// Tested by tests/passes/stream_test.cpp.
#include <fmt/format.h>

#include "passes/query.h"
#include "passes/stream/streamer.h"

namespace rondo {

namespace {

/// Makes one frame of a value that has no time axis, where it is the same for all frames.
class FrameFinder {
 public:
  FrameFinder(StreamNode& at, const Streamed& like) : at_(at), b_(at.b), like_(like) {}

  /// Null: it differs from frame to frame.
  Value* find(const Value* whole, int axis) {
    const Shape& shape = whole->type->shape;
    if (axis < 0 || shape[static_cast<size_t>(axis)].is(1)) return at_.streamer.of(whole).value;
    Shape one = shape;
    one[static_cast<size_t>(axis)] = 1;
    if (std::optional<Tensor> uniform = uniform_value(whole)) return b_.broadcast(b_.constant(*uniform), one);
    if (const Tensor* tensor = constant_of(whole)) return of_constant(*tensor, axis);
    if (!whole->producer) return nullptr;
    const Node& node = *whole->producer;
    if (node.op == Op::broadcast) return of_broadcast(node, axis, one);
    if (node.op == Op::transpose) {
      const std::vector<int64_t> perm = node.attributes.integers("perm");
      Value* from = find(node.operands[0], static_cast<int>(perm[static_cast<size_t>(axis)]));
      return from ? b_.transpose(from, perm) : nullptr;
    }
    if (node.op == Op::iota) return of_iota(node, axis, one);
    if (is_pointwise(node.op)) return of_pointwise(node, whole->type->rank(), axis);
    return nullptr;
  }

 private:
  Value* of_constant(const Tensor& tensor, int axis) {
    const int64_t count = tensor.shape()[static_cast<size_t>(axis)];
    const Tensor first = slice_tensor(tensor, axis, 0, 1);
    for (int64_t i = 1; i < count; ++i)
      if (!(slice_tensor(tensor, axis, i, 1) == first)) return nullptr;
    return b_.constant(first);
  }

  Value* of_broadcast(const Node& node, int axis, const Shape& one) {
    const int own = axis - (static_cast<int>(one.size()) - node.operands[0]->type->rank());
    Value* from = find(node.operands[0], own);
    if (!from) return nullptr;
    Shape shape = one;
    if (own >= 0) shape[static_cast<size_t>(axis)] = from->type->shape[static_cast<size_t>(own)];
    return b_.broadcast(from, shape);
  }

  Value* of_iota(const Node& node, int axis, const Shape& one) {
    const DType to = node.attributes.dtype("to");
    const int own = static_cast<int>(node.attributes.integer("axis"));
    if (own != axis) return b_.iota(one, own, to);
    Shape shape = one;
    shape[static_cast<size_t>(axis)] = like_.frames;
    Streamed time = like_;
    time.axis = axis;
    return b_.broadcast(b_.cast(at_.frame_numbers(time, static_cast<int>(one.size())), to), shape);
  }

  Value* of_pointwise(const Node& node, int rank, int axis) {
    std::vector<Value*> operands;
    for (const Value* operand : node.operands) {
      operands.push_back(find(operand, axis - (rank - operand->type->rank())));
      if (!operands.back()) return nullptr;
    }
    return b_.one(node.op, std::move(operands), node.attributes);
  }

  StreamNode& at_;
  Builder& b_;
  const Streamed& like_;
};

}  // namespace

Value* StreamNode::frames_of(const Value* whole, int axis, const Streamed& like) {
  if (Value* found = FrameFinder(*this, like).find(whole, axis)) return found;
  return refuse(
             fmt::format("it meets values that are not the same for every frame ({} along axis {}), and are no input "
                         "with a time axis",
                         to_string(*whole->type), axis))[0]
      .value;
}

}  // namespace rondo
