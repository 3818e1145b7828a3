// StreamNode: what the rules have in common: delays, histories, and what frames of a sequence are made of.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "passes/query.h"
#include "passes/stream/streamer.h"

namespace rondo {

namespace {

constexpr int64_t kMostFrames = int64_t{1} << 24;  // that a step keeps of one value

}  // namespace

Tensor slice_tensor(const Tensor& tensor, int axis, int64_t start, int64_t size) {
  std::vector<int64_t> shape = tensor.shape();
  int64_t outer = 1, inner = byte_size(tensor.dtype());
  for (int i = 0; i < axis; ++i) outer *= shape[i];
  for (size_t i = static_cast<size_t>(axis) + 1; i < shape.size(); ++i) inner *= shape[i];
  const int64_t row = shape[axis] * inner;
  std::string bytes;
  for (int64_t i = 0; i < outer; ++i) bytes += tensor.bytes().substr(i * row + start * inner, size * inner);
  shape[axis] = size;
  return Tensor(tensor.dtype(), std::move(shape), std::move(bytes));
}

/// b after a, along one axis.
static Tensor join_tensors(const Tensor& a, const Tensor& b, int axis) {
  std::vector<int64_t> shape = a.shape();
  shape[static_cast<size_t>(axis)] += b.shape()[static_cast<size_t>(axis)];
  int64_t outer = 1;
  for (int i = 0; i < axis; ++i) outer *= shape[static_cast<size_t>(i)];
  const size_t rows_a = a.bytes().size() / static_cast<size_t>(outer), rows_b = b.bytes().size() / static_cast<size_t>(outer);
  std::string bytes;
  for (size_t i = 0; i < static_cast<size_t>(outer); ++i) {
    bytes += a.bytes().substr(i * rows_a, rows_a);
    bytes += b.bytes().substr(i * rows_b, rows_b);
  }
  return Tensor(a.dtype(), std::move(shape), std::move(bytes));
}

std::optional<Dim> quotient(const Dim& a, const Dim& b) {
  if (b.is(1)) return a;
  if (a == b) return Dim(1);
  if (b.is(0)) return std::nullopt;
  const Dim result = floor_div(a, b);
  if (result * b == a) return result;
  return std::nullopt;
}

Dim product(const Shape& shape, int from, int to) {
  Dim result = 1;
  for (int i = from; i < to; ++i) result *= shape[static_cast<size_t>(i)];
  return result;
}

namespace {

/// The one number that all elements are, where sums over an axis of unknown size are zeros: exporters make zeros so.
std::optional<Tensor> uniform_of(const Value* value) {
  while (value->producer && is_view(value->producer->op)) value = value->producer->operands[0];
  if (!is_op(value, Op::reduce)) return uniform_value(value);
  const std::string& combine = value->producer->attributes.text("combine");
  const std::optional<Tensor> part = uniform_of(value->producer->operands[0]);
  const bool kept = part && (combine == "max" || combine == "min" || (combine == "sum" && part->double_at(0) == 0));
  return kept ? part : std::nullopt;
}

}  // namespace

std::optional<Tensor> constant_value(const Value* value) {
  if (const Tensor* tensor = constant_of(value)) return *tensor;
  if (std::optional<Tensor> uniform = uniform_of(value))
    return uniform->reshaped(std::vector<int64_t>(value->type->shape.size(), 1));
  if (!is_op(value, Op::broadcast)) return std::nullopt;
  std::optional<Tensor> from = constant_value(value->producer->operands[0]);
  if (!from) return std::nullopt;
  std::vector<int64_t> shape(value->type->shape.size() - from->shape().size(), 1);
  shape.insert(shape.end(), from->shape().begin(), from->shape().end());
  return from->reshaped(std::move(shape));
}

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

// What a state of `frames` frames holds at first. Those before the sequence's first one matter to nobody.
std::optional<Tensor> StreamNode::initial_history(const Streamed& s, int64_t frames) const {
  if (!s.past) return std::nullopt;
  if (s.past->count() == 1)
    return s.past->reshaped(std::vector<int64_t>(s.type().shape.size(), 1));
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

Value* StreamNode::with_history(const Streamed& s, int64_t frames) {
  if (frames == 0) return s.value;
  if (frames > kMostFrames) {
    refuse(fmt::format("it looks {} frames back; at most {} are kept", frames, kMostFrames));
    return s.value;
  }
  if (s.prefix) return prefix_history(s, frames);
  Type type = s.type();
  type.shape[static_cast<size_t>(s.axis)] = frames;
  Value* state = streamer.add_state((node.name.empty() ? "frames" : node.name) + ".history", std::move(type),
                                    initial_history(s, frames));
  Value* all = b.concat({state, s.value}, s.axis);
  if (b.ok()) streamer.set_next(state, b.slice_axis(all, s.axis, s.frames, frames));
  return all;
}

Streamed StreamNode::delay(const Streamed& s, int64_t frames) {
  Streamed source = plain(s);
  if (!b.ok()) return source;
  if (s.outer.is(1) && s.inner.constant()) frames *= *s.inner.constant();
  if (frames == 0) return source;
  Streamed later = source;
  later.value = b.slice_axis(with_history(source, frames), source.axis, 0, source.frames);
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
    refuse(fmt::format("it takes the end of a sequence, {} frame{} ahead of what a step has; without padding after the end, "
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
  return refuse(fmt::format("it meets values that are not the same for every frame ({} along axis {}), and are no input "
                            "with a time axis",
                            to_string(*whole->type), axis))[0]
      .value;
}

}  // namespace rondo
