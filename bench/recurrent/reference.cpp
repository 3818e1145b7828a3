// The cells in float64 (see reference.h).
#include "bench/recurrent/reference.h"

#include <cmath>

namespace rondo::benchmark {
namespace {

using Doubles = std::vector<double>;

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

/// [rows, columns] to [columns, rows], so that a product adds up whole columns: the compiler can use vectors.
std::vector<float> transposed(const std::vector<float>& matrix, size_t columns) {
  const size_t rows = matrix.size() / columns;
  std::vector<float> result(matrix.size());
  for (size_t i = 0; i < rows; ++i)
    for (size_t k = 0; k < columns; ++k) result[k * rows + i] = matrix[i * columns + k];
  return result;
}

class ReferenceCell {
 public:
  ReferenceCell(Cell kind, const CellWeights& weights, size_t hidden)
      : kind_(kind),
        size_(hidden),
        gates_(weights.bias.size() / 2),
        input_(transposed(weights.input, hidden)),
        recurrent_(transposed(weights.recurrent, hidden)),
        bias_(weights.bias),
        h_(hidden),
        c_(hidden) {}

  const Doubles& step(const double* x) {
    product(from_input_, input_, x, bias_.data());
    product(from_state_, recurrent_, h_.data(), bias_.data() + gates_);
    for (size_t j = 0; j < size_; ++j) update(j);
    return h_;
  }

 private:
  void product(Doubles& sums, const std::vector<float>& matrix, const double* vector, const float* bias) const {
    sums.assign(bias, bias + gates_);
    for (size_t k = 0; k < size_; ++k) {
      const float* column = matrix.data() + k * gates_;
      const double factor = vector[k];
      double* sum = sums.data();
      for (size_t i = 0; i < gates_; ++i) sum[i] += column[i] * factor;
    }
  }
  void update(size_t j) {
    auto sum = [&](size_t gate) { return from_input_[gate * size_ + j] + from_state_[gate * size_ + j]; };
    if (kind_ == Cell::rnn) {
      h_[j] = std::tanh(sum(0));
    } else if (kind_ == Cell::gru) {
      const double z = sigmoid(sum(0)), r = sigmoid(sum(1));
      h_[j] = (1 - z) * std::tanh(from_input_[2 * size_ + j] + r * from_state_[2 * size_ + j]) + z * h_[j];
    } else {
      c_[j] = sigmoid(sum(2)) * c_[j] + sigmoid(sum(0)) * std::tanh(sum(3));
      h_[j] = sigmoid(sum(1)) * std::tanh(c_[j]);
    }
  }

  Cell kind_;
  size_t size_, gates_;
  std::vector<float> input_, recurrent_, bias_;
  Doubles h_, c_, from_input_, from_state_;
};

}  // namespace

Doubles reference_sequence(const Problem& problem, const Doubles& input) {
  const size_t hidden = problem.row.hidden, steps = input.size() / hidden, directions = problem.row.directions;
  Doubles x = input, y;
  for (int layer = 0; layer < problem.row.layers; ++layer) {
    y.assign(steps * directions * hidden, 0);
    for (size_t d = 0; d < directions; ++d) {
      ReferenceCell cell(problem.row.cell, problem.cells[layer * directions + d], hidden);
      for (size_t i = 0; i < steps; ++i) {
        const size_t t = d == 0 ? i : steps - 1 - i;
        const Doubles& h = cell.step(x.data() + t * hidden);
        std::copy(h.begin(), h.end(), y.begin() + static_cast<std::ptrdiff_t>((t * directions + d) * hidden));
      }
    }
    x = y;  // a further layer reads one direction: rows have several layers or directions, not both
  }
  return y;
}

}  // namespace rondo::benchmark
