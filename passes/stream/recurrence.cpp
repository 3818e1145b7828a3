// A scan over time runs for a step's frames, and what it carries is a state. Tested by tests/passes/stream_test.cpp.
#include <fmt/format.h>

#include <algorithm>

#include "ir/scan.h"
#include "passes/scan_edit.h"
#include "passes/stream/streamer.h"

namespace rondo {
namespace {

class ScanStreamer {
 public:
  explicit ScanStreamer(StreamNode& n) : n_(n), scan_{const_cast<Node&>(n.node)} {}

  std::vector<Streamed> run() {
    if (!check_operands()) return n_.refuse("");
    ++n_.streamer.recurrences;
    if (!check_directions() || !align() || !add_carried() || !add_scanned()) return n_.refuse("");
    add_invariants();
    if (!n_.ok()) return n_.refuse("");
    return make();
  }

 private:
  Streamed& scanned(int i) { return n_.operands[static_cast<size_t>(scan_.carried() + i)]; }

  bool refuse(std::string why) {
    n_.refuse(std::move(why));
    return false;
  }

  bool check_operands() {
    bool any = false;
    for (int i = 0; i < scan_.scanned(); ++i) {
      if (!scanned(i).timed()) continue;
      if (scanned(i).axis != 0) return refuse("the sequence passes through a recurrence over another axis");
      any = true;
    }
    if (!any) return refuse("the sequence passes through a recurrence over another axis");
    for (int i = 0; i < scan_.invariants(); ++i)
      if (n_.operands[static_cast<size_t>(scan_.carried() + scan_.scanned() + i)].timed())
        return refuse("each step of the recurrence needs the whole sequence");
    for (int i = 0; i < scan_.carried(); ++i)
      if (n_.operands[static_cast<size_t>(i)].timed()) return refuse("the recurrence begins with a whole sequence");
    return true;
  }

  bool check_directions() {
    bool backwards = false;
    for (int i = 0; i < scan_.scanned(); ++i) backwards |= scan_.reverse_scanned(i);
    for (int i = 0; i < scan_.stacked(); ++i) backwards |= scan_.reverse_stacked(i);
    if (!backwards) return true;
    return refuse(
        "the recurrence runs backwards over time: it begins with the last frame, and no look-ahead is enough");
  }

  bool align() {
    std::vector<Streamed*> timed;
    for (int i = 0; i < scan_.scanned(); ++i)
      if (scanned(i).timed()) {
        scanned(i) = n_.plain(scanned(i));
        timed.push_back(&scanned(i));
      }
    if (!n_.ok()) return false;
    n_.align(timed);
    if (!n_.ok()) return false;
    like_ = *timed[0];
    for (const Streamed* each : timed)
      if (each->frames != like_.frames) return refuse("its sequences have frames of different rates");
    return true;
  }

  bool add_carried() {
    for (int i = 0; i < scan_.carried(); ++i) {
      const Value* init = scan_.carried_init(i);
      const Streamed& mapped = n_.operands[static_cast<size_t>(i)];
      if (mapped.so_far) return refuse("the recurrence begins with a value that only the end of a sequence gives");
      own_state_.push_back(!mapped.of_state);
      if (mapped.of_state) {
        operands_.push_back(mapped.value);
        continue;
      }
      std::optional<Tensor> initial = constant_value(init);
      if (!initial)
        return refuse(
            mapped.of_call
                ? "the recurrence begins with a value that the caller gives; --state=INPUT=OUTPUT makes a state of "
                  "it, --const=INPUT=VALUE freezes it"
                : "the recurrence begins with a value that is not known");
      const std::string name = fmt::format("{}.{}", n_.node.name.empty() ? "scan" : n_.node.name, i);
      operands_.push_back(n_.streamer.add_state(name, *init->type, all_zero(*initial) ? std::nullopt : initial));
    }
    return true;
  }

  static bool all_zero(const Tensor& tensor) {
    return std::all_of(tensor.bytes().begin(), tensor.bytes().end(), [](char byte) { return byte == 0; });
  }

  bool add_scanned() {
    for (int i = 0; i < scan_.scanned(); ++i) {
      if (scanned(i).timed()) {
        operands_.push_back(scanned(i).value);
        continue;
      }
      Value* frames = n_.frames_of(scan_.scanned_operand(i), 0, like_);
      if (!n_.ok()) return false;
      Shape shape = frames->type->shape;
      shape[0] = like_.frames;
      operands_.push_back(n_.b.broadcast(frames, std::move(shape)));
    }
    return n_.ok();
  }

  void add_invariants() {
    for (int i = 0; i < scan_.invariants(); ++i)
      operands_.push_back(n_.operands[static_cast<size_t>(scan_.carried() + scan_.scanned() + i)].value);
  }

  std::vector<Streamed> make() {
    Attributes attributes = n_.attributes();
    attributes.set("trip", like_.frames);
    std::vector<std::unique_ptr<Graph>> regions;
    regions.push_back(scan_.body().clone());
    if (Status done = count_frames(*regions[0]); !done) {
      n_.b.fail(done.errors()[0]);
      return n_.refuse("");
    }
    std::vector<Value*> results = n_.b.node(Op::scan, operands_, std::move(attributes),
                                            static_cast<int>(n_.node.results.size()), std::move(regions));
    if (!n_.ok()) return n_.refuse("");
    std::vector<Streamed> made;
    for (int i = 0; i < scan_.carried(); ++i) made.push_back(carried_result(i, results[static_cast<size_t>(i)]));
    for (int i = 0; i < scan_.stacked(); ++i)
      made.push_back(StreamNode::with(like_, results[static_cast<size_t>(scan_.carried() + i)], 0));
    return made;
  }

  Streamed carried_result(int i, Value* value) {
    Streamed made;
    made.value = value;
    made.so_far = true;
    if (own_state_[static_cast<size_t>(i)]) n_.streamer.set_next(operands_[static_cast<size_t>(i)], value);
    if (like_.excess != 0)
      made.unusable = fmt::format(
          "it takes what the recurrence of {} ends with, {} frame{} {} what a step has; without padding "
          "after the end it could be streamed",
          n_.node.place, std::abs(like_.excess), std::abs(like_.excess) == 1 ? "" : "s",
          like_.excess > 0 ? "ahead of" : "before");
    return made;
  }

  /// Inside, frames are counted over all steps; before the sequence's first frame nothing changes.
  Status count_frames(Graph& body) {
    const Value* number = body.params[0].get();
    bool used = false;
    for (const auto& node : body.nodes)
      used |= std::find(node->operands.begin(), node->operands.end(), number) != node->operands.end();
    used |= std::find(body.outputs.begin(), body.outputs.end(), number) != body.outputs.end();
    if (!used && like_.latency == 0) return Done{};
    Value* first = n_.b.slice(n_.frame_numbers(like_), {Dim(0)}, {Dim(1)});
    operands_.push_back(n_.b.reshape(first, {}));
    Value* param = body.add_param(Type{DType::i64, {}}, "first_frame");
    const size_t old_nodes = body.nodes.size();
    Builder inner(body, &n_.node);
    Value* frame = inner.add(body.params[0].get(), param);
    RONDO_CHECK(inner.status());
    std::rotate(body.nodes.begin(), body.nodes.begin() + static_cast<std::ptrdiff_t>(old_nodes), body.nodes.end());
    for (auto& node : body.nodes)
      if (node.get() != frame->producer)
        for (Value*& operand : node->operands)
          if (operand == number) operand = frame;
    for (Value*& output : body.outputs)
      if (output == number) output = frame;
    if (like_.latency == 0) return Done{};
    Value* begun = inner.less_equal(inner.scalar(DType::i64, 0), frame);
    for (int i = 0; i < scan_.carried(); ++i)
      body.outputs[static_cast<size_t>(i)] =
          inner.select(begun, body.outputs[static_cast<size_t>(i)], body.params[static_cast<size_t>(1 + i)].get());
    return inner.status();
  }

  StreamNode& n_;
  Scan scan_;
  Streamed like_;
  std::vector<Value*> operands_;
  std::vector<bool> own_state_;
};

}  // namespace

std::vector<Streamed> stream_scan(StreamNode& n) { return ScanStreamer(n).run(); }

}  // namespace rondo
