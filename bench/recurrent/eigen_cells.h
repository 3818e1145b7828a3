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

template <class V>
auto sigmoid(const V& x) {
  return (1.0f + (-x.array()).exp()).inverse();
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
    gates_.noalias() = weights_ * joined_;
    gates_.template head<3 * kHidden>() = sigmoid(gates_.template head<3 * kHidden>());
    memory_.array() = gates_.template segment<kHidden>(2 * kHidden).array() * memory_.array() +
                      gates_.template head<kHidden>().array() * gates_.template tail<kHidden>().array().tanh();
    joined_.template segment<kHidden>(kInput) =
        gates_.template segment<kHidden>(kHidden).array() * memory_.array().tanh();
  }
  const float* hidden() const { return joined_.data() + kInput; }

 private:
  Weights<4 * kHidden, kInput + kHidden + 1> weights_;
  Vector<kInput + kHidden + 1> joined_;
  Vector<4 * kHidden> gates_;
  Vector<kHidden> memory_;
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
    x_.template head<kInput>() = Eigen::Map<const Vector<kInput>>(x);
    from_input_.noalias() = input_weights_ * x_;
    from_state_.noalias() = state_weights_ * h_;
    gates_ = sigmoid(from_input_.template head<2 * kHidden>() + from_state_.template head<2 * kHidden>());
    candidate_ = (from_input_.template tail<kHidden>().array() +
                  gates_.template tail<kHidden>().array() * from_state_.template tail<kHidden>().array())
                     .tanh();
    auto h = h_.template head<kHidden>();
    h = candidate_.array() + gates_.template head<kHidden>().array() * (h.array() - candidate_.array());
  }
  const float* hidden() const { return h_.data(); }

 private:
  Weights<3 * kHidden, kInput + 1> input_weights_;
  Weights<3 * kHidden, kHidden + 1> state_weights_;
  Vector<kInput + 1> x_;
  Vector<kHidden + 1> h_;
  Vector<3 * kHidden> from_input_, from_state_;
  Vector<2 * kHidden> gates_;
  Vector<kHidden> candidate_;
};

}  // namespace rondo::benchmark
