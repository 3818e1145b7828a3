// Compile-time-sized cells on Eigen, in the manner of RTNeural: the sizes are template parameters, weights and state
// are fixed-size matrices, and step() is one time step. A cell is made from ONNX's weights.
#pragma once

#include <Eigen/Dense>

#include "bench/recurrent/problem.h"

namespace rondo::benchmark {

template <int kRows, int kColumns>
using Weights = Eigen::Matrix<float, kRows, kColumns>;
template <int kSize>
using Vector = Eigen::Matrix<float, kSize, 1>;
template <int kRows, int kColumns>
using RowMajor = Eigen::Matrix<float, kRows, kColumns, Eigen::RowMajor>;

/// Eigen's tanh is a rational function, and cheaper than its exp.
template <class V>
auto sigmoid(const V& x) {
  return ((x.array() / 2.0f).tanh() + 1.0f) / 2.0f;
}

/// [x; h; 1] is one vector, so that all gates are one product.
template <int kInput, int kHidden>
class EigenLstm {
 public:
  static constexpr int kSize = kHidden;
  explicit EigenLstm(const CellWeights& cell) {
    Eigen::Map<const RowMajor<4 * kHidden, kInput>> w(cell.input.data());
    Eigen::Map<const RowMajor<4 * kHidden, kHidden>> r(cell.recurrent.data());
    Eigen::Map<const Vector<4 * kHidden>> wb(cell.bias.data()), rb(cell.bias.data() + 4 * kHidden);
    weights_.template leftCols<kInput>() = w;
    weights_.template middleCols<kHidden>(kInput) = r;
    weights_.template rightCols<1>() = wb + rb;
    reset();
  }
  void reset() {
    joined_.setZero();
    joined_[kInput + kHidden] = 1;
    memory_.setZero();
  }
  void step(const float* x) {
    joined_.template head<kInput>() = Eigen::Map<const Vector<kInput>>(x);
    sums_.noalias() = weights_ * joined_;
    gates_ = sigmoid(sums_.template head<3 * kHidden>());
    candidate_ = sums_.template tail<kHidden>().array().tanh();
    memory_ = gates_.template tail<kHidden>().cwiseProduct(memory_) +
              gates_.template head<kHidden>().cwiseProduct(candidate_);
    squashed_ = memory_.array().tanh();
    hidden_.noalias() = gates_.template segment<kHidden>(kHidden).cwiseProduct(squashed_);
    for (int i = 0; i < kHidden; ++i) joined_[kInput + i] = hidden_[i];
  }
  const float* hidden() const { return hidden_.data(); }

 private:
  Weights<4 * kHidden, kInput + kHidden + 1> weights_;
  Vector<kInput + kHidden + 1> joined_;
  Vector<4 * kHidden> sums_;
  Vector<3 * kHidden> gates_;
  Vector<kHidden> candidate_, memory_, squashed_, hidden_;
};

/// The reset gate scales the recurrent product (linear_before_reset = 1), so the two products stay apart.
template <int kInput, int kHidden>
class EigenGru {
 public:
  static constexpr int kSize = kHidden;
  explicit EigenGru(const CellWeights& cell) {
    input_weights_.template leftCols<kInput>() = Eigen::Map<const RowMajor<3 * kHidden, kInput>>(cell.input.data());
    input_weights_.template rightCols<1>() = Eigen::Map<const Vector<3 * kHidden>>(cell.bias.data());
    state_weights_.template leftCols<kHidden>() =
        Eigen::Map<const RowMajor<3 * kHidden, kHidden>>(cell.recurrent.data());
    state_weights_.template rightCols<1>() = Eigen::Map<const Vector<3 * kHidden>>(cell.bias.data() + 3 * kHidden);
    reset();
  }
  void reset() {
    x_.setOnes();
    h_.setZero();
    h_[kHidden] = 1;
  }
  void step(const float* x) {
    for (int i = 0; i < kInput; ++i) x_[i] = x[i];
    from_input_.noalias() = input_weights_ * x_;
    from_state_.noalias() = state_weights_ * h_;
    gates_ = sigmoid(from_input_.template head<2 * kHidden>() + from_state_.template head<2 * kHidden>());
    candidate_.noalias() = from_input_.template tail<kHidden>() +
                           gates_.template tail<kHidden>().cwiseProduct(from_state_.template tail<kHidden>());
    candidate_ = candidate_.array().tanh();
    h_.template head<kHidden>() =
        candidate_ + gates_.template head<kHidden>().cwiseProduct(h_.template head<kHidden>() - candidate_);
    for (int i = 0; i < kHidden; ++i) hidden_[i] = h_[i];
  }
  const float* hidden() const { return hidden_.data(); }

 private:
  Weights<3 * kHidden, kInput + 1> input_weights_;
  Weights<3 * kHidden, kHidden + 1> state_weights_;
  Vector<kInput + 1> x_;
  Vector<kHidden + 1> h_;
  Vector<3 * kHidden> from_input_, from_state_;
  Vector<2 * kHidden> gates_;
  Vector<kHidden> candidate_, hidden_;
};

}  // namespace rondo::benchmark
