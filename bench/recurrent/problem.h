// A row with its weights and input, the same for every peer, and the ONNX model that holds them. Fixed seeds.
// Entry: make_problem.
#pragma once

#include <vector>

#include "bench/recurrent/row.h"

namespace rondo::benchmark {

/// One layer and direction, in ONNX's layout and gate order: LSTM i o f c, GRU z r h.
struct CellWeights {
  std::vector<float> input;      // [gates * hidden, hidden]
  std::vector<float> recurrent;  // [gates * hidden, hidden]
  std::vector<float> bias;       // [2 * gates * hidden]: of the input product, then of the recurrent product
};

struct Problem {
  Row row;
  std::vector<CellWeights> cells;  // [layers * directions], a layer's directions side by side
  std::vector<float> input;        // [steps, batch, hidden]
};

Problem make_problem(const Row& row);

/// Uniform values in [-1, 1), the same for the same seed.
std::vector<float> noise(size_t count, uint64_t seed);

/// The model's bytes. Inputs: "x", in a step row also "h" and, for an LSTM, "c". Outputs: in a step row "hn" and, for
/// an LSTM, "cn"; otherwise "y" [steps, directions, batch, hidden].
std::string onnx_model(const Problem& problem);

}  // namespace rondo::benchmark
