// Streamer: walks the graph of a whole sequence and builds the graph of a step beside it.
//
// Every value of the whole graph has a Streamed, which says what stands for it in a step. An operator's rule,
// stream_WORD, makes the results' from the operands'; it is asked only where an operand has a time axis. A row of
// ops.def without a rule is a link error.
//
// Frames are counted over all steps from 0: frame j of the stream is frame j - latency of the sequence. A frame with
// j < latency comes before the sequence's first one and holds anything. Where the latency is negative the stream begins
// in the middle: the -latency frames before it are known (`past` or `prefix`).
//
// After n steps the stream has n * frames - latency frames of the sequence; `excess` is how many more the whole
// sequence has, those that what a model puts after the end of a sequence reaches into. It is negative where frames are
// cut off.
#pragma once

#include <deque>

#include "ir/builder.h"
#include "ir/target_facts.h"
#include "passes/stream/time_axes.h"

namespace rondo {

struct Streamed {
  Value* value = nullptr;  // in the step's graph
  int axis = -1;           // time; -1: none. Its extent in a step is outer * frames * inner, row-major
  int64_t frames = 1;
  Dim outer = 1, inner = 1;
  int64_t latency = 0, excess = 0;
  std::optional<Tensor> past;  // latency < 0: the frames before the stream begins; one element: all are equal
  Value* prefix = nullptr;     // latency < 0: the same, where the model keeps them in a state of its own
  bool of_call = false;        // needs an input that has no time axis
  bool of_state = false;       // needs a state that the model has itself
  bool so_far = false;         // what a whole sequence gives if it ends with this step
  std::string unusable;        // why nothing may use it; empty: it may

  bool timed() const { return axis >= 0; }
  Dim extent() const { return outer * Dim(frames) * inner; }
  const Type& type() const { return *value->type; }
};

/// `count` windows, one every `stride` frames, of `size` frames each, `dilation` apart.
struct FrameWindows {
  int64_t count, stride, size, dilation;
};

/// What all windows see together, along the axis of time, and how they lie there.
struct SeenFrames {
  Value* value;
  int64_t stride, dilation;
};

class Streamer {
 public:
  /// A step takes `hop` frames of each input in `ports`.
  Streamer(const Graph& whole, const TimeAxes& axes, int64_t hop, const TargetFacts& target);
  Result<Graph> run();

  /// The hop must be a multiple of so many frames more than it is; 1: it is right, and errors are errors.
  int64_t wanted_factor = 1;
  /// Recurrences and windows over time that the walk came to: what tells time from other axes.
  int recurrences = 0, windows = 0;
  Diagnostics remarks;  // what was decided by cost

  const TargetFacts& target() const { return target_; }
  Graph& step() { return step_; }
  int64_t hop() const { return hop_; }
  const Streamed& of(const Value* whole) const { return values_.at(whole); }
  /// A new state, zero at first if no value is given; its next value is set later.
  Value* add_state(std::string name, Type type, std::optional<Tensor> initial);
  void set_next(const Value* state, Value* next);
  /// How many steps were made before this one: an i64 scalar.
  Value* steps_before();
  /// The same modulo `rows`, as an i32.
  Value* steps_modulo(int64_t rows);
  /// Where what is kept of a value is found: null at first, to be set. Whoever keeps the same finds the same.
  Value*& kept(const Streamed& s, int64_t frames, bool ring, const std::optional<Tensor>& initial);

 private:
  void add_ports();
  Status walk();
  Status stream(const Node& node);
  std::vector<Streamed> copy(Builder& b, const Node& node, const std::vector<Streamed>& operands);
  Status finish();
  Status finish_output(size_t number);
  Status finish_state(const State& state);
  void finish_counts();
  Status refuse_lengths();

  const Graph& whole_;
  const TimeAxes& axes_;
  const int64_t hop_;
  const TargetFacts& target_;
  Graph step_;
  std::map<const Value*, Streamed> values_;  // looked up, never walked
  Value* count_ = nullptr;
  std::map<int64_t, Value*> modulo_;
  struct Kept {
    const Value* frames;
    int axis;
    int64_t count;
    bool ring;
    std::optional<Tensor> initial;
    Value* all;
  };
  std::deque<Kept> kept_;
};

/// One node on its way into the step's graph.
class StreamNode {
 public:
  StreamNode(Streamer& streamer, const Node& node, std::vector<Streamed> operands, Builder& builder)
      : streamer(streamer), node(node), operands(std::move(operands)), b(builder) {}

  Streamer& streamer;
  const Node& node;
  std::vector<Streamed> operands;
  Builder& b;

  const Attributes& attributes() const { return node.attributes; }
  const Type& whole_type(int operand) const { return *node.operands[static_cast<size_t>(operand)]->type; }
  /// The node cannot be streamed, and why.
  std::vector<Streamed> refuse(std::string why);
  bool ok() const { return b.ok(); }

  /// The same frames under another value of the step, at another axis.
  static Streamed with(const Streamed& like, Value* value, int axis);
  /// Time alone along its axis; one that is mixed with others is refused.
  Streamed plain(Streamed s);
  /// Its frames later.
  Streamed delay(const Streamed& s, int64_t frames);
  /// A latency of at least 0.
  Streamed settled(const Streamed& s) { return s.latency < 0 ? delay(s, -s.latency) : s; }
  /// So late that no frame comes after the sequence's last one: an excess of at least 0.
  Streamed ended(const Streamed& s) { return s.excess < 0 ? delay(s, -s.excess) : s; }
  /// All later until they have one latency, of at least 0.
  void align(const std::vector<Streamed*>& values);
  /// The frames of the last steps before this step's own, along the axis, in one value; and they are kept.
  Value* with_history(const Streamed& s, int64_t frames);
  /// What windows see of which the first begins `history` frames before the step's own; what later steps need is kept.
  SeenFrames earlier_frames(const Streamed& s, int64_t history, const FrameWindows& windows);
  /// Frames before the sequence's first one hold `fill`.
  Streamed gated(Streamed s, Value* fill);
  /// The last `count` frames that the sequence has so far.
  Streamed last(Streamed s, int64_t count);
  /// The hop must be such that this many of the value's frames are a multiple of `stride`.
  void need_multiple(int64_t frames, int64_t stride);

  /// An operand without time axis that is used frame by frame with `like`: `axis` is the one that would be time. Its
  /// extent along it is 1 or that of `like`.
  Value* frames_of(const Value* whole, int axis, const Streamed& like);
  /// i64[frames]: which frames of the sequence a step has.
  Value* frame_numbers(const Streamed& s);
  /// The same along an axis of a value of this rank, to broadcast.
  Value* frame_numbers(const Streamed& s, int rank);

 private:
  std::optional<Tensor> initial_history(const Streamed& s, int64_t frames) const;
  Value* prefix_history(const Streamed& s, int64_t frames);
  Value* add_history(Type type, std::optional<Tensor> initial);
  bool keeps(int64_t frames);
  bool ring_pays(const Streamed& s, int64_t history, int64_t seen);
  Value* ring_frames(const Streamed& s, int64_t history, const FrameWindows& windows);
  /// A step's frames in `rows` rows with those of the steps before, as many frames one after the other.
  Value* ring(const Streamed& s, int64_t rows);
  Value* places_in_ring(int64_t rows, int64_t hop, int64_t history, const FrameWindows& windows);
};

using StreamRule = std::vector<Streamed> (*)(StreamNode&);
#define RONDO_CORE_OP(word, min, max, results, doc) std::vector<Streamed> stream_##word(StreamNode&);
#include "ir/ops.def"
std::vector<Streamed> stream_pointwise(StreamNode&);

/// What windows of `size` frames, `dilation` apart, one every `stride`, see together in a step; `s` becomes what they
/// give, but for its value.
SeenFrames window_frames(StreamNode& n, Streamed& s, int64_t size, int64_t dilation, int64_t stride);

/// A value that does not depend on what a caller gives, with extent 1 where it is repeated; nothing: it is none.
std::optional<Tensor> constant_value(const Value* value);
/// Elements [start, start + size) along one axis.
Tensor slice_tensor(const Tensor& tensor, int axis, int64_t start, int64_t size);
/// b after a, along one axis.
Tensor join_tensors(const Tensor& a, const Tensor& b, int axis);
/// a / b, if that is a dim.
std::optional<Dim> quotient(const Dim& a, const Dim& b);
/// The product of some dims of a shape.
Dim product(const Shape& shape, int from, int to);

}  // namespace rondo
