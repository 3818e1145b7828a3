// Windows over time: convolution, pooling, and the padding before them. A window's earlier frames are a state; frames
// after the one in the middle are waited for. Tested by tests/passes/stream_test.cpp.
//
// A window of `span` frames every `stride` makes of a value with latency L
//   latency   L' = ceil((L + span - stride) / stride), the least with which every window of a step is complete
//   first     the frame c = L + span - 1 - L' stride, 0 <= c < stride, of a step's own frames ends its first window
//   history   span - 1 - c frames, if that is positive
#include <fmt/format.h>

#include <algorithm>

#include "passes/query.h"
#include "passes/stream/streamer.h"

namespace rondo {
namespace {

int64_t floor_of(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }

}  // namespace

SeenFrames window_frames(StreamNode& n, Streamed& s, int64_t size, int64_t dilation, int64_t stride) {
  const int64_t span = (size - 1) * dilation + 1;
  ++n.streamer.windows;
  s = n.plain(s);
  if (n.ok() && s.frames % stride != 0) n.need_multiple(s.frames, stride);
  if (n.ok() && s.latency < 1 - span) s = n.delay(s, 1 - span - s.latency);
  if (!n.ok()) return {s.value, stride, dilation};
  const int64_t latency = -floor_of(stride - span - s.latency, stride);
  const int64_t end = s.latency + span - 1 - latency * stride, history = span - 1 - end;
  const SeenFrames seen = n.earlier_frames(s, history, {s.frames / stride, stride, size, dilation});
  s.excess = floor_of(s.excess - s.latency - span, stride) - floor_of(-s.latency - span, stride);
  s.latency = latency;
  s.frames /= stride;
  s.past.reset();
  s.prefix = nullptr;
  return seen;
}

namespace {

/// The attributes of a node whose windows along an axis lie as they do in what they see.
Attributes along(const Attributes& all, size_t axis, const SeenFrames& seen) {
  Attributes attributes = all;
  for (const auto& [name, value] : {std::pair("strides", seen.stride), std::pair("dilations", seen.dilation)}) {
    std::vector<int64_t> list = all.integers(name);
    list[axis] = value;
    attributes.set(name, std::move(list));
  }
  return attributes;
}

}  // namespace

std::vector<Streamed> stream_conv(StreamNode& n) {
  Streamed s = n.operands[0];
  if (n.operands[1].timed()) return n.refuse("the frames of the sequence are the convolution's weights");
  if (s.axis == 0) {
    s = n.settled(s);
    return {StreamNode::with(s, n.b.one(Op::conv, {s.value, n.operands[1].value}, n.attributes()), 0)};
  }
  if (s.axis == 1)
    return n.refuse("the convolution sums over all frames of the sequence: time is its axis of channels");
  const size_t spatial = static_cast<size_t>(s.axis) - 2;
  const std::optional<int64_t> window = n.whole_type(1).shape[static_cast<size_t>(s.axis)].constant();
  if (!window) return n.refuse("the convolution's window over time has a size that is not known");
  const SeenFrames seen = window_frames(n, s, *window, n.attributes().integers("dilations")[spatial],
                                        n.attributes().integers("strides")[spatial]);
  const Attributes attributes = along(n.attributes(), spatial, seen);
  return {StreamNode::with(s, n.b.one(Op::conv, {seen.value, n.operands[1].value}, attributes), s.axis)};
}

std::vector<Streamed> stream_reduce_window(StreamNode& n) {
  Streamed s = n.operands[0];
  const size_t axis = static_cast<size_t>(s.axis);
  const int64_t window = n.attributes().integers("window")[axis], stride = n.attributes().integers("strides")[axis];
  if (window == 1 && stride == 1) {
    s = n.settled(s);
    return {StreamNode::with(s, n.b.one(Op::reduce_window, {s.value}, n.attributes()), s.axis)};
  }
  const SeenFrames seen = window_frames(n, s, window, n.attributes().integers("dilations")[axis], stride);
  const Attributes attributes = along(n.attributes(), axis, seen);
  return {StreamNode::with(s, n.b.one(Op::reduce_window, {seen.value}, attributes), s.axis)};
}

std::vector<Streamed> stream_pad(StreamNode& n) {
  Streamed s = n.operands[0];
  if (!s.timed()) return n.refuse("the frames of the sequence are what it pads with");
  const size_t axis = static_cast<size_t>(s.axis);
  std::vector<Dim> low = n.attributes().dims("low"), high = n.attributes().dims("high");
  const std::optional<int64_t> before = low[axis].constant(), after = high[axis].constant();
  if (!before || !after) return n.refuse("it pads the sequence by a number of frames that is not known");
  low[axis] = high[axis] = 0;
  if (*before == 0 && *after == 0) s = n.settled(s);
  if (*before > 0 || *after > 0) s = n.plain(s);
  if (*after > 0) s = n.ended(s);
  std::optional<Tensor> fill = uniform_value(n.node.operands[1]);
  if (*before > 0 && !fill) return n.refuse("it pads the sequence with a value that is not known");
  if (*before > 0 && s.latency < 0 && !(s.past && s.past->count() == 1 && *s.past == fill->reshaped(s.past->shape())))
    s = n.settled(s);
  if (*before > 0) s = n.gated(s, n.operands[1].value);
  if (*before > 0) {
    s.latency -= *before;
    if (s.latency < 0) s.past = fill;
  }
  s.excess += *after;
  return {StreamNode::with(s, n.b.pad(s.value, n.operands[1].value, std::move(low), std::move(high)), s.axis)};
}

}  // namespace rondo
