// Pointwise operators work on a step's frames as they do on a whole sequence's. Tested by tests/passes/stream_test.cpp.
#include "passes/stream/streamer.h"

namespace rondo {

std::vector<Streamed> stream_pointwise(StreamNode& n) {
  const int rank = n.node.result()->type->rank();
  std::vector<Streamed*> timed;
  int axis = -1;
  for (size_t i = 0; i < n.operands.size(); ++i) {
    Streamed& operand = n.operands[i];
    if (!operand.timed()) continue;
    const int own = operand.axis + rank - n.whole_type(static_cast<int>(i)).rank();
    if (axis >= 0 && own != axis) return n.refuse("it joins each frame with every other one");
    axis = own;
    timed.push_back(&operand);
  }
  n.align(timed);
  if (!n.ok()) return n.refuse("");
  const Streamed like = *timed[0];
  std::vector<Value*> values;
  for (size_t i = 0; i < n.operands.size(); ++i) {
    Streamed& operand = n.operands[i];
    if (operand.timed()) {
      const bool fits = operand.frames == like.frames && operand.outer == like.outer && operand.inner == like.inner;
      if (!fits) return n.refuse("its operands have frames of different rates");
      values.push_back(operand.value);
    } else {
      const int own = axis - (rank - n.whole_type(static_cast<int>(i)).rank());
      values.push_back(n.frames_of(n.node.operands[i], own, like));
    }
  }
  return {StreamNode::with(like, n.b.one(n.node.op, std::move(values), n.attributes()), axis)};
}

}  // namespace rondo
