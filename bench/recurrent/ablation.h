// What each stage of the compiler gives: a row as rondo compiles it beside the same row with one stage left out, in the
// same rounds. Entry: ablate.
#pragma once

#include "bench/recurrent/run_row.h"

namespace rondo::benchmark {

struct Ablation {
  Row row;
  double whole = 0;             // seconds per time step with every stage
  std::vector<double> without;  // with each of the stages left out, in their order
};

/// `stages` are names for `rondo compile --without`. The numbers are compared before anything is timed.
Result<Ablation> ablate(const Row& row, const RowOptions& options, const std::vector<std::string>& stages);

std::string ablation_head(const std::vector<std::string>& stages);
/// A table line: the time with every stage, and how many times as long it takes without each.
std::string ablation_line(const Ablation& ablation);

}  // namespace rondo::benchmark
