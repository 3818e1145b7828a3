// EigenPeer: a compile-time-sized cell behind the Peer interface. Each cell is instantiated in a file of its own,
// compiled as users of such libraries do: -O3 -march=native -ffast-math.
#pragma once

#include "bench/recurrent/aligned.h"
#include "bench/recurrent/eigen_cells.h"
#include "bench/recurrent/peer.h"

namespace rondo::benchmark {

template <class SizedCell>
class EigenPeer : public Peer {
 public:
  explicit EigenPeer(const Problem& problem)
      : row_(problem.row), cell_(problem.cells[0]), x_(problem.input), y_(x_.size()) {}
  float* input() override { return x_.data(); }
  void reset() override { cell_.reset(); }
  void call() override {
    if (row_.keeps_state) return cell_.step(x_.data());
    cell_.reset();
    for (int t = 0; t < row_.steps; ++t) {
      cell_.step(x_.data() + t * SizedCell::kSize);
      std::memcpy(y_.data() + t * SizedCell::kSize, cell_.hidden(), SizedCell::kSize * sizeof(float));
    }
  }
  std::vector<float> output() const override {
    return row_.keeps_state ? std::vector<float>(cell_.hidden(), cell_.hidden() + SizedCell::kSize) : y_.copy();
  }
  EIGEN_MAKE_ALIGNED_OPERATOR_NEW

 private:
  Row row_;
  SizedCell cell_;
  Floats x_, y_;
};

/// Null if no such size is instantiated.
template <template <int, int> class SizedCell>
std::unique_ptr<Peer> make_sized(const Problem& problem) {
  switch (problem.row.hidden) {
    case 8: return std::make_unique<EigenPeer<SizedCell<8, 8>>>(problem);
    case 16: return std::make_unique<EigenPeer<SizedCell<16, 16>>>(problem);
    case 20: return std::make_unique<EigenPeer<SizedCell<20, 20>>>(problem);
    case 32: return std::make_unique<EigenPeer<SizedCell<32, 32>>>(problem);
    case 40: return std::make_unique<EigenPeer<SizedCell<40, 40>>>(problem);
    case 64: return std::make_unique<EigenPeer<SizedCell<64, 64>>>(problem);
    case 128: return std::make_unique<EigenPeer<SizedCell<128, 128>>>(problem);
    default: return nullptr;
  }
}

inline constexpr int kLargestEigen = 128;
std::unique_ptr<Peer> make_eigen_lstm(const Problem& problem);
std::unique_ptr<Peer> make_eigen_gru(const Problem& problem);

}  // namespace rondo::benchmark
