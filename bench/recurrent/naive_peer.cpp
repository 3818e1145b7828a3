// The peer that takes no thought: ONNX's equations as plain loops over row-major weights.
#include <cmath>

#include "bench/recurrent/aligned.h"
#include "bench/recurrent/peer.h"

namespace rondo::benchmark {
namespace {

constexpr int kLargest = 512;

float sigmoid(float x) { return 1 / (1 + std::exp(-x)); }

class NaivePeer : public Peer {
 public:
  explicit NaivePeer(const Problem& problem)
      : row_(problem.row),
        cell_(problem.cells[0]),
        x_(problem.input),
        y_(size_t(row_.steps) * row_.hidden),
        h_(row_.hidden),
        c_(row_.hidden),
        from_input_(size_t(gate_count(row_.cell)) * row_.hidden),
        from_state_(from_input_.size()) {}

  float* input() override { return x_.data(); }
  void reset() override { h_.clear(), c_.clear(); }
  std::vector<float> output() const override { return row_.keeps_state ? h_.copy() : y_.copy(); }

  void call() override {
    if (!row_.keeps_state) reset();
    for (int t = 0; t < row_.steps; ++t) {
      step(x_.data() + t * row_.hidden);
      std::memcpy(y_.data() + t * row_.hidden, h_.data(), h_.bytes());
    }
  }

 private:
  void products(const float* x) {
    const int n = row_.hidden, gates = static_cast<int>(from_input_.size());
    for (int j = 0; j < gates; ++j) {
      float a = cell_.bias[j], b = cell_.bias[gates + j];
      for (int k = 0; k < n; ++k) a += cell_.input[j * n + k] * x[k];
      for (int k = 0; k < n; ++k) b += cell_.recurrent[j * n + k] * h_.data()[k];
      from_input_.data()[j] = a, from_state_.data()[j] = b;
    }
  }

  void step(const float* x) {
    products(x);
    const int n = row_.hidden;
    const float *a = from_input_.data(), *b = from_state_.data();
    float *h = h_.data(), *c = c_.data();
    for (int j = 0; j < n; ++j) {
      auto sum = [&](int gate) { return a[gate * n + j] + b[gate * n + j]; };
      if (row_.cell == Cell::rnn) {
        h[j] = std::tanh(sum(0));
      } else if (row_.cell == Cell::gru) {
        float z = sigmoid(sum(0)), r = sigmoid(sum(1));
        h[j] = (1 - z) * std::tanh(a[2 * n + j] + r * b[2 * n + j]) + z * h[j];
      } else {
        c[j] = sigmoid(sum(2)) * c[j] + sigmoid(sum(0)) * std::tanh(sum(3));
        h[j] = sigmoid(sum(1)) * std::tanh(c[j]);
      }
    }
  }

  Row row_;
  CellWeights cell_;
  Floats x_, y_, h_, c_, from_input_, from_state_;
};

}  // namespace

PeerKind naive_kind() {
  auto applies = [](const Row& row) {
    return row.batch == 1 && row.hidden <= kLargest && row.layers == 1 && row.directions == 1 && row.threads == 1;
  };
  return {"naive", applies,
          [](const Problem& problem) -> PeerResult { return std::unique_ptr<Peer>(new NaivePeer(problem)); }};
}

}  // namespace rondo::benchmark
