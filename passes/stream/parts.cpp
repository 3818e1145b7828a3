// Parts of a sequence are its frames later, fewer, or the last ones; what stands before a sequence is what was before
// the first step. Tested by tests/passes/stream_test.cpp.
#include <fmt/format.h>

#include <algorithm>

#include "passes/query.h"
#include "passes/stream/streamer.h"

namespace rondo {

namespace {

/// The first frames of a sequence are left out.
void drop_first(StreamNode& n, Streamed& s, int64_t count) {
  if (s.latency < 0 && (s.prefix || (s.past && s.past->count() > 1))) s = n.settled(s);
  s.latency += count;
  if (s.latency >= 0) s.past.reset();
}

/// The two dims that a dim is the smaller or the larger of, where it is one.
const Dim::Atom* choice_of(const Dim& dim, Dim::Atom::Kind kind) {
  if (dim.constant_part() != 0 || dim.terms().size() != 1) return nullptr;
  const Dim::Term& term = dim.terms()[0];
  const bool is_choice = term.coefficient == 1 && term.factors.size() == 1 && term.factors[0]->kind == kind;
  return is_choice ? term.factors[0].get() : nullptr;
}

/// The frame at which a slice begins. Of min(n, length), which exporters write where a sequence may have fewer than n
/// frames, it is n: then there is nothing either way.
std::optional<int64_t> first_frame(const Dim& start, const Dim& length) {
  const Dim::Atom* choice = choice_of(start, Dim::Atom::Kind::min);
  if (!choice) return start.constant();
  const std::optional<int64_t> frame = (choice->a->constant() ? *choice->a : *choice->b).constant();
  return frame && start == min(Dim(*frame), length) ? frame : std::nullopt;
}

/// How many of the last frames are left out where every `step`-th of them is taken, `size` in all. A size may be
/// max(0, n), as exporters write it where n frames may be fewer than none.
std::optional<int64_t> frames_cut(const Dim& frames, const Dim& size, int64_t step) {
  constexpr int64_t kMostTried = 256;  // a rounded size tells its cut only by trying
  const Dim::Atom* choice = choice_of(size, Dim::Atom::Kind::max);
  if (choice && (choice->a->is(0) || choice->b->is(0)))
    return frames_cut(frames, choice->a->is(0) ? *choice->b : *choice->a, step);
  if (const auto cut = (frames - (size - Dim(1)) * Dim(step) - Dim(1)).constant();
      cut && (step == 1 || frames.constant()))
    return cut;
  for (int64_t cut = 0; cut < kMostTried; ++cut)
    if (floor_div(frames - Dim(cut + 1), Dim(step)) + Dim(1) == size) return cut;
  return std::nullopt;
}

/// What the node does along other axes than time; of the frames, every `step`-th.
Value* slice_others(StreamNode& n, Value* value, int axis, int64_t step = 1) {
  if (!n.ok()) return value;
  std::vector<Dim> starts = n.attributes().dims("starts"), sizes = n.attributes().dims("sizes");
  std::vector<int64_t> steps = n.attributes().integers("steps");
  starts[static_cast<size_t>(axis)] = 0;
  sizes[static_cast<size_t>(axis)] = ceil_div(value->type->shape[static_cast<size_t>(axis)], step);
  steps[static_cast<size_t>(axis)] = step;
  return n.b.slice(value, std::move(starts), std::move(sizes), std::move(steps));
}

}  // namespace

std::vector<Streamed> stream_slice(StreamNode& n) {
  Streamed s = n.operands[0];
  const size_t axis = static_cast<size_t>(s.axis);
  const Dim length = n.whole_type(0).shape[axis], start = n.attributes().dims("starts")[axis],
            size = n.attributes().dims("sizes")[axis];
  const int64_t step = n.attributes().integers("steps")[axis];
  if (step < 0) return n.refuse("it turns time round: its first frame is the sequence's last one");
  if (start.is(0) && size == length && step == 1) {
    s = n.settled(s);
    return {StreamNode::with(s, slice_others(n, s.value, s.axis), s.axis)};
  }
  s = n.plain(s);
  if (!n.ok()) return n.refuse("");
  const std::optional<int64_t> count = size.constant();
  const std::optional<int64_t> left = (length - start - size).constant();
  if (count && step == 1 && left && (start.constant() ? *left == 0 && *count == 1 : *left >= 0)) {
    const int time = s.axis;
    s.excess -= *left;
    Streamed taken = n.last(s, *count);
    if (n.ok()) taken.value = slice_others(n, taken.value, time);
    return {taken};
  }
  const std::optional<int64_t> first = first_frame(start, length);
  if (!first) return n.refuse("it begins at a frame that depends on the sequence's length");
  const std::optional<int64_t> cut = frames_cut(length - Dim(*first), size, step);
  if (!cut)
    return n.refuse(fmt::format("it takes {} frames of the sequence, as many as it may have", size.to_string()));
  drop_first(n, s, *first);
  s.excess -= *cut;
  if (step > 1) s.value = window_frames(n, s, 1, 1, step).value;
  if (!n.ok()) return n.refuse("");
  return {StreamNode::with(s, slice_others(n, s.value, s.axis, step), s.axis)};
}

std::vector<Streamed> stream_gather(StreamNode& n) {
  const int axis = static_cast<int>(n.attributes().integer("axis"));
  Streamed data = n.operands[0], indices = n.operands[1];
  const Type &whole_data = n.whole_type(0), &whole_indices = n.whole_type(1);
  if (data.timed() && indices.timed()) return n.refuse("frames of the sequence choose among frames of the sequence");
  if (indices.timed()) {
    indices = n.settled(indices);
    return {StreamNode::with(indices, n.b.gather(data.value, indices.value, axis), axis + indices.axis)};
  }
  if (data.axis != axis) {
    data = n.settled(data);
    const int moved = data.axis < axis ? data.axis : data.axis + whole_indices.rank() - 1;
    return {StreamNode::with(data, n.b.gather(data.value, indices.value, axis), moved)};
  }
  const auto& known = n.node.operands[1]->elements;
  const Tensor* tensor = constant_of(n.node.operands[1]);
  const Dim index = known && known->size() == 1      ? (*known)[0]
                    : tensor && tensor->count() == 1 ? Dim(tensor->int_at(0))
                                                     : Dim(-1);
  if (!(index == whole_data.shape[static_cast<size_t>(axis)] - Dim(1)))
    return n.refuse("it chooses frames of the sequence other than the last one");
  Streamed taken = n.last(data, 1);
  if (n.ok()) taken.value = n.b.reshape(taken.value, n.node.result()->type->shape);
  return {taken};
}

namespace {

/// Joins frames side by side, along another axis than time.
std::vector<Streamed> concat_frames(StreamNode& n, int axis) {
  std::vector<Streamed*> timed;
  for (Streamed& operand : n.operands)
    if (operand.timed()) timed.push_back(&operand);
  n.align(timed);
  if (!n.ok()) return n.refuse("");
  const Streamed like = *timed[0];
  std::vector<Value*> parts;
  for (size_t i = 0; i < n.operands.size(); ++i) {
    const Streamed& operand = n.operands[i];
    if (operand.timed()) {
      const bool fits = operand.axis == like.axis && operand.extent() == like.extent();
      if (!fits) return n.refuse("its operands have frames of different rates, or along different axes");
      parts.push_back(operand.value);
      continue;
    }
    Value* frames = n.frames_of(n.node.operands[i], like.axis, like);
    if (!n.ok()) return n.refuse("");
    Shape shape = frames->type->shape;
    shape[static_cast<size_t>(like.axis)] = like.extent();
    parts.push_back(n.b.broadcast(frames, std::move(shape)));
  }
  return {StreamNode::with(like, n.b.concat(std::move(parts), axis), like.axis)};
}

/// Of the constant frames before a sequence, those that a step has while the sequence is late.
Value* frames_before(StreamNode& n, const Streamed& s, int64_t frames) {
  const auto number = [&](int64_t value) { return n.b.scalar(DType::i64, static_cast<double>(value)); };
  Value* index = n.b.add(n.frame_numbers(s), number(frames));
  index = n.b.maximum(n.b.minimum(index, number(frames - 1)), number(0));
  return n.b.gather(n.operands[0].value, index, s.axis);
}

/// The frames before a sequence: known when the model is compiled, or kept by the model in a state of its own.
Status put_before(StreamNode& n, Streamed& s, size_t count) {
  int64_t frames = 0;
  bool own = false;
  std::vector<Value*> parts;
  for (size_t i = 0; i < count; ++i) {
    const std::optional<int64_t> part = n.whole_type(static_cast<int>(i)).shape[static_cast<size_t>(s.axis)].constant();
    if (!part) return unsupported("as many frames stand before the sequence as are not known");
    frames += *part;
    own |= n.operands[i].of_state || n.operands[i].of_call;
    parts.push_back(n.operands[i].value);
  }
  if (frames == 0) return Done{};
  s = n.settled(s);
  if (own) {
    if (s.latency != 0) return unsupported("the model's own state stands before frames that come later than it thinks");
    s.prefix = n.b.concat(std::move(parts), s.axis);
  } else {
    const Tensor* known = constant_of(n.node.operands[0]);
    std::optional<Tensor> fill = uniform_value(n.node.operands[0]);
    if (count > 1 || (!fill && !known)) return unsupported("what stands before the sequence is not known");
    if (s.latency > 0) s = n.gated(s, fill ? n.b.constant(*fill) : frames_before(n, s, frames));
    if (s.latency < frames) s.past = fill ? *fill : slice_tensor(*known, s.axis, 0, frames - s.latency);
  }
  s.latency -= frames;
  return Done{};
}

}  // namespace

std::vector<Streamed> stream_concat(StreamNode& n) {
  const int axis = static_cast<int>(n.attributes().integer("axis"));
  const auto along = [&](const Streamed& operand) { return operand.axis == axis; };
  const auto first = std::find_if(n.operands.begin(), n.operands.end(), along);
  if (first == n.operands.end()) return concat_frames(n, axis);
  const auto other = [](const Streamed& operand) { return operand.timed(); };
  if (std::count_if(n.operands.begin(), n.operands.end(), other) > 1)
    return n.refuse("it puts one sequence after another: the second begins where the first has ended");
  const size_t at = static_cast<size_t>(first - n.operands.begin());
  Streamed s = n.plain(*first);
  if (!n.ok()) return n.refuse("");
  if (Status done = put_before(n, s, at); !done) return n.refuse(done.errors()[0].message);
  for (size_t i = at + 1; i < n.operands.size(); ++i) {
    const std::optional<int64_t> after = n.whole_type(static_cast<int>(i)).shape[static_cast<size_t>(axis)].constant();
    if (!after) return n.refuse("it puts as many frames after the sequence as are not known");
    if (*after > 0) s = n.ended(s);
    s.excess += *after;
  }
  return {s};
}

}  // namespace rondo
