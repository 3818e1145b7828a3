// StreamNode: what the rules have in common: delays, and what frames of a sequence are made of. Histories: history.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "passes/stream/streamer.h"

namespace rondo {

std::vector<Streamed> StreamNode::refuse(std::string why) {
  Streamed nothing;
  nothing.value = b.fail(unsupported("--stream: " + std::move(why)));
  return std::vector<Streamed>(std::max<size_t>(node.results.size(), 1), nothing);
}

Streamed StreamNode::with(const Streamed& like, Value* value, int axis) {
  Streamed made = like;
  made.value = value;
  made.axis = axis;
  return made;
}

Streamed StreamNode::plain(Streamed s) {
  const std::optional<int64_t> inner = s.inner.constant();
  if (!s.outer.is(1) || !inner) {
    refuse(fmt::format("time shares axis {} with another one", s.axis));
    return s;
  }
  s.frames *= *inner;
  s.latency *= *inner;
  s.excess *= *inner;
  s.inner = 1;
  return s;
}

void StreamNode::need_multiple(int64_t frames, int64_t stride) {
  streamer.wanted_factor = stride / std::gcd(frames, stride);
  refuse(fmt::format("a step has {} frames, which are no multiple of {}", frames, stride));
}

Streamed StreamNode::delay(const Streamed& s, int64_t frames) {
  Streamed source = plain(s);
  if (!b.ok()) return source;
  if (s.outer.is(1) && s.inner.constant()) frames *= *s.inner.constant();
  if (frames == 0) return source;
  Streamed later = source;
  later.value = earlier_frames(source, frames, {source.frames, 1, 1, 1}).value;
  later.latency += frames;
  later.excess += frames;
  later.prefix = nullptr;
  if (later.latency >= 0)
    later.past.reset();
  else if (source.prefix)
    later.prefix = b.slice_axis(source.prefix, source.axis, 0, -later.latency);
  else if (source.past && source.past->count() > 1)
    later.past = slice_tensor(*source.past, source.axis, 0, -later.latency);
  return later;
}

void StreamNode::align(const std::vector<Streamed*>& values) {
  int64_t latest = 0;
  for (const Streamed* value : values) latest = std::max(latest, value->latency);
  for (Streamed* value : values)
    if (b.ok() && value->latency < latest) *value = delay(*value, latest - value->latency);
}

Streamed StreamNode::gated(Streamed s, Value* fill) {
  if (s.latency <= 0) return s;
  Value* begun = b.less_equal(b.scalar(DType::i64, 0), frame_numbers(s, s.type().rank()));
  s.value = b.select(begun, s.value, fill);
  return s;
}

Streamed StreamNode::last(Streamed s, int64_t count) {
  s = plain(s);
  if (!b.ok()) return s;
  if (s.excess > 0) {
    refuse(fmt::format(
        "it takes the end of a sequence, {} frame{} ahead of what a step has; without padding after the end, "
        "or with that many frames more, it could be streamed",
        s.excess, s.excess == 1 ? "" : "s"));
    return s;
  }
  s = ended(s);
  const int64_t earlier = std::max<int64_t>(0, count - s.frames);
  Streamed taken;
  Value* all = with_history(s, earlier);
  taken.value = b.slice_axis(all, s.axis, earlier + s.frames - count, count);
  taken.so_far = true;
  return taken;
}

Value* StreamNode::frame_numbers(const Streamed& s) {
  const Dim frames = s.frames;
  Value* first = b.mul(streamer.steps_before(), b.scalar(DType::i64, static_cast<double>(s.frames)));
  return b.add(b.iota({frames}, 0), b.sub(first, b.scalar(DType::i64, static_cast<double>(s.latency))));
}

Value* StreamNode::frame_numbers(const Streamed& s, int rank) {
  Shape shape(static_cast<size_t>(rank - s.axis), Dim(1));
  shape[0] = s.frames;
  return b.reshape(frame_numbers(s), std::move(shape));
}

}  // namespace rondo
