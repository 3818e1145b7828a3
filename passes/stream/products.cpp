// Products and reductions: what a frame holds is summed within the frame. Tested by tests/passes/stream_test.cpp.
#include <fmt/format.h>

#include <algorithm>

#include "passes/stream/streamer.h"

namespace rondo {

std::vector<Streamed> stream_matmul(StreamNode& n) {
  Streamed &a = n.operands[0], &b = n.operands[1];
  const int rank_a = n.whole_type(0).rank(), rank_b = n.whole_type(1).rank(), rank = std::max(rank_a, rank_b);
  if ((a.timed() && a.axis == rank_a - 1) || (b.timed() && b.axis == rank_b - 2))
    return n.refuse("the product sums over all frames of the sequence");
  const int axis = a.timed() ? a.axis + rank - rank_a : b.axis + rank - rank_b;
  const bool batch = axis < rank - 2;  // the frames stand side by side
  if (a.timed() && b.timed()) {
    if (!batch || b.axis + rank - rank_b != axis) return n.refuse("the product joins each frame with every other one");
    n.align({&a, &b});
    if (a.frames != b.frames) return n.refuse("its operands have frames of different rates");
  }
  const Streamed like = a.timed() ? a : b;
  if (batch && !a.timed()) a.value = n.frames_of(n.node.operands[0], axis - (rank - rank_a), like);
  if (batch && !b.timed()) b.value = n.frames_of(n.node.operands[1], axis - (rank - rank_b), like);
  Streamed settled = a.timed() ? n.settled(a) : n.settled(b);
  (a.timed() ? a : b).value = settled.value;
  return {StreamNode::with(settled, n.b.matmul(a.value, b.value), axis)};
}

std::vector<Streamed> stream_reduce(StreamNode& n) {
  const Streamed s = n.settled(n.operands[0]);
  int axis = s.axis;
  for (int64_t reduced : n.attributes().integers("axes")) {
    if (reduced == s.axis)
      return n.refuse(
          fmt::format("it takes the {} over all frames of the sequence; over a window of some frames it could "
                      "be streamed",
                      n.attributes().text("combine")));
    axis -= reduced < s.axis;
  }
  return {StreamNode::with(s, n.b.one(Op::reduce, {s.value}, n.attributes()), axis)};
}

}  // namespace rondo
