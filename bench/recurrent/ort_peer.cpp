// ONNX Runtime as a peer: inputs and outputs are bound once, and a step row has two bindings whose states swap, so
// that a call is the run alone.
#include "bench/recurrent/aligned.h"
#include "bench/recurrent/peer.h"
#include "driver/ort.h"

namespace rondo::benchmark {
namespace {

class OrtPeer : public Peer {
 public:
  static PeerResult make(const Ort& ort, const Problem& problem) {
    RONDO_TRY(OrtModel model, OrtModel::load(ort, onnx_model(problem), problem.row.threads));
    std::unique_ptr<OrtPeer> peer(new OrtPeer(problem, std::move(model)));
    RONDO_CHECK(problem.row.keeps_state ? peer->bind_states() : peer->bind_sequence());
    return std::unique_ptr<Peer>(std::move(peer));
  }
  float* input() override { return x_.data(); }
  void reset() override {
    for (Floats& state : h_) state.clear();
    for (Floats& state : c_) state.clear();
  }
  void call() override {
    failed_ = !model_.run(turn_) || failed_;
    turn_ ^= static_cast<int>(row_.keeps_state);
  }
  std::vector<float> output() const override {
    if (failed_) return {};
    return row_.keeps_state ? h_[turn_].copy() : y_.copy();
  }

 private:
  OrtPeer(const Problem& problem, OrtModel model)
      : row_(problem.row),
        x_(problem.input),
        y_(row_.keeps_state ? 0 : x_.size() * row_.directions),
        h_{Floats(state_size()), Floats(state_size())},
        c_{Floats(state_size()), Floats(state_size())},
        model_(std::move(model)) {}

  size_t state_size() const { return row_.keeps_state ? size_t(row_.batch) * row_.hidden : 0; }
  static OrtView view(const char* name, const Floats& memory, std::vector<int64_t> shape) {
    return {name, memory.data(), memory.bytes(), std::move(shape)};
  }
  OrtView x_view() const { return view("x", x_, {row_.steps, row_.batch, row_.hidden}); }

  Status bind_sequence() {
    OrtView y = view("y", y_, {row_.steps, row_.directions, row_.batch, row_.hidden});
    RONDO_CHECK(model_.bind({x_view()}, {y}));
    return Done{};
  }
  /// Binding `turn` reads state number `turn` and writes the other.
  Status bind_states() {
    const std::vector<int64_t> shape{1, row_.batch, row_.hidden};
    for (int turn : {0, 1}) {
      std::vector<OrtView> inputs{x_view(), view("h", h_[turn], shape)}, outputs{view("hn", h_[1 - turn], shape)};
      if (row_.cell == Cell::lstm) {
        inputs.push_back(view("c", c_[turn], shape));
        outputs.push_back(view("cn", c_[1 - turn], shape));
      }
      RONDO_CHECK(model_.bind(inputs, outputs));
    }
    return Done{};
  }

  Row row_;
  Floats x_, y_, h_[2], c_[2];
  OrtModel model_;
  int turn_ = 0;
  bool failed_ = false;
};

}  // namespace

PeerKind ort_kind(const Ort& ort) {
  auto make = [ort](const Problem& problem) { return OrtPeer::make(ort, problem); };
  return {"ORT", [](const Row&) { return true; }, make};
}

}  // namespace rondo::benchmark
