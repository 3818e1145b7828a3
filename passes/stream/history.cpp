// Histories: the frames of the last steps that a step still needs, in a state. Tested by tests/passes/stream_test.cpp.
//
// A history is shifted: it and a step's own frames lie one after the other in one value, of which the end is the next
// history. Where few of many frames are looked at, it is a ring instead: rows of a step's frames each, of which step n
// overwrites row n mod rows, so that a step costs what it looks at, however far back that is.
//
// Cost, in vectors of the target that are moved: a shift moves each frame of the history twice; a ring moves a step's
// own frames once and those that are looked at twice, and kRing stands for the arithmetic of places.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "passes/query.h"
#include "passes/stream/streamer.h"

namespace rondo {
namespace {

constexpr int64_t kMostFrames = int64_t{1} << 24;  // that a step keeps of one value
constexpr int64_t kRing = 32;

/// The elements of a frame, symbolic extents counted as 1.
double frame_elements(const Streamed& s) {
  Dim elements = 1;
  for (int i = 0; i < s.type().rank(); ++i) {
    const Dim& extent = s.type().shape[static_cast<size_t>(i)];
    if (i != s.axis && extent.constant()) elements *= extent;
  }
  return static_cast<double>(*elements.constant());
}

/// The frames of a tensor, along the axis, as the rows of a ring hold them.
Tensor rows_of(const Tensor& tensor, int axis, int64_t rows) {
  std::vector<int64_t> shape = tensor.shape();
  const int64_t frames = shape[static_cast<size_t>(axis)];
  shape.erase(shape.begin() + axis);
  shape.insert(shape.begin(), {frames == 1 ? 1 : rows, frames == 1 ? 1 : frames / rows});
  std::string bytes;
  for (int64_t i = 0; i < frames; ++i) bytes += slice_tensor(tensor, axis, i, 1).bytes();
  return Tensor(tensor.dtype(), std::move(shape), std::move(bytes));
}

/// The permutation of a transpose that moves one axis.
std::vector<int64_t> axis_moved(int rank, int from, int to) {
  std::vector<int64_t> perm(static_cast<size_t>(rank));
  std::iota(perm.begin(), perm.end(), 0);
  perm.erase(perm.begin() + from);
  perm.insert(perm.begin() + to, from);
  return perm;
}

}  // namespace

// What a state of `frames` frames holds at first. Those before the sequence's first one matter to nobody.
std::optional<Tensor> StreamNode::initial_history(const Streamed& s, int64_t frames) const {
  if (!s.past) return std::nullopt;
  if (s.past->count() == 1) return s.past->reshaped(std::vector<int64_t>(s.type().shape.size(), 1));
  const int64_t known = s.past->shape()[static_cast<size_t>(s.axis)];
  if (frames <= known) return slice_tensor(*s.past, s.axis, known - frames, frames);
  std::vector<int64_t> shape = s.past->shape();
  shape[static_cast<size_t>(s.axis)] = frames - known;
  return join_tensors(Tensor::zeros(s.past->dtype(), std::move(shape)), *s.past, s.axis);
}

Value* StreamNode::prefix_history(const Streamed& s, int64_t frames) {
  const int64_t known = -s.latency;
  if (frames > known) {
    refuse(fmt::format("it looks {} frames back, and the model's own state holds {}", frames, known));
    return s.value;
  }
  return b.concat({b.slice_axis(s.prefix, s.axis, known - frames, frames), s.value}, s.axis);
}

Value* StreamNode::add_history(Type type, std::optional<Tensor> initial) {
  return streamer.add_state((node.name.empty() ? "frames" : node.name) + ".history", std::move(type),
                            std::move(initial));
}

bool StreamNode::keeps(int64_t frames) {
  if (frames <= kMostFrames) return true;
  refuse(fmt::format("it looks {} frames back; at most {} are kept", frames, kMostFrames));
  return false;
}

Value* StreamNode::with_history(const Streamed& s, int64_t frames) {
  if (frames == 0 || !keeps(frames)) return s.value;
  if (s.prefix) return prefix_history(s, frames);
  std::optional<Tensor> initial = initial_history(s, frames);
  Value*& all = streamer.kept(s, frames, false, initial);
  if (all) return all;
  Type type = s.type();
  type.shape[static_cast<size_t>(s.axis)] = frames;
  Value* state = add_history(std::move(type), std::move(initial));
  all = b.concat({state, s.value}, s.axis);
  if (b.ok()) streamer.set_next(state, b.slice_axis(all, s.axis, s.frames, frames));
  return all;
}

SeenFrames StreamNode::earlier_frames(const Streamed& s, int64_t history, const FrameWindows& windows) {
  if (history > 0 && keeps(history) && ring_pays(s, history, windows.count * windows.size))
    return {ring_frames(s, history, windows), windows.size, 1};
  const int64_t run = (windows.count - 1) * windows.stride + (windows.size - 1) * windows.dilation + 1;
  Value* all = with_history(s, std::max<int64_t>(0, history));
  return {b.slice_axis(all, s.axis, std::max<int64_t>(0, -history), run), windows.stride, windows.dilation};
}

bool StreamNode::ring_pays(const Streamed& s, int64_t history, int64_t seen) {
  if (s.prefix) return false;
  const double element = static_cast<double>(byte_size(s.type().dtype));
  const double frame = frame_elements(s) * element / std::max<double>(streamer.target().vector_bytes, element);
  const double shift = frame * 2 * static_cast<double>(history),
               ring = frame * static_cast<double>(s.frames + 2 * seen) + kRing;
  const std::string text = fmt::format(
      "{}: its history of {} frames, of which a step looks at {}, is {}: as a ring it moves {:.0f} vectors, shifted "
      "{:.0f}",
      display_name(node), history, seen, ring < shift ? "a ring" : "shifted", ring, shift);
  streamer.remarks.push_back(remark(text, node.place));
  return ring < shift;
}

Value* StreamNode::ring(const Streamed& s, int64_t rows) {
  std::optional<Tensor> initial = initial_history(s, rows * s.frames);
  Value*& ring = streamer.kept(s, rows * s.frames, true, initial);
  if (ring) return ring;
  Type type = s.type();
  type.shape.erase(type.shape.begin() + s.axis);
  Shape all = type.shape;
  all.insert(all.begin(), Dim(rows * s.frames));
  type.shape.insert(type.shape.begin(), {Dim(rows), Dim(s.frames)});
  if (initial) initial = rows_of(*initial, s.axis, rows);
  Value* state = add_history(type, std::move(initial));
  type.shape[0] = 1;
  Value* own = b.reshape(b.transpose(s.value, axis_moved(s.type().rank(), s.axis, 0)), type.shape);
  Value* written = b.scatter(state, b.reshape(streamer.steps_modulo(rows), {Dim(1)}), own, "none");
  if (b.ok()) streamer.set_next(state, written);
  return ring = b.reshape(written, std::move(all));
}

Value* StreamNode::ring_frames(const Streamed& s, int64_t history, const FrameWindows& windows) {
  const int64_t rows = 1 + (history + s.frames - 1) / s.frames;
  Value* frames = ring(s, rows);
  Value* seen = b.gather(frames, places_in_ring(rows, s.frames, history, windows), 0);
  return b.transpose(seen, axis_moved(s.type().rank(), 0, s.axis));
}

// Frame o of the step's own, o < 0 an earlier one, lies in the row that step floor(o / hop) after this one has written.
Value* StreamNode::places_in_ring(int64_t rows, int64_t hop, int64_t history, const FrameWindows& windows) {
  std::vector<int64_t> steps, within;
  for (int64_t i = 0; i < windows.count; ++i)
    for (int64_t j = 0; j < windows.size; ++j) {
      const int64_t frame = i * windows.stride + j * windows.dilation - history + (rows - 1) * hop;
      steps.push_back(frame / hop - (rows - 1));
      within.push_back(frame % hop);
    }
  const std::vector<int64_t> shape{std::ssize(steps)};
  Value* place = b.add(streamer.steps_modulo(rows), b.constant(Tensor::from_ints(DType::i32, shape, steps)));
  const auto number = [&](int64_t value) { return b.scalar(DType::i32, static_cast<double>(value)); };
  place = b.select(b.less(place, number(0)), b.add(place, number(rows)), place);
  if (hop == 1) return place;
  return b.add(b.mul(place, number(hop)), b.constant(Tensor::from_ints(DType::i32, shape, within)));
}

}  // namespace rondo
