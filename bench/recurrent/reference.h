// The cells in float64, from ONNX's equations: what every float32 result is judged by. Entry: reference_sequence.
#pragma once

#include "bench/recurrent/problem.h"

namespace rondo::benchmark {

/// One sequence, from a state of zeros: input [steps, hidden] gives [steps, directions, hidden] of the last layer.
std::vector<double> reference_sequence(const Problem& problem, const std::vector<double>& input);

}  // namespace rondo::benchmark
