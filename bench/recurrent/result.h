// What a row measured, and how it compares: ratios, percent of the limit, and the goals it should reach.
#pragma once

#include <optional>

#include "bench/recurrent/rondo_peer.h"

namespace rondo::benchmark {

struct Column {
  std::string name;
  double seconds = 0;   // per time step, the median; 0: not measured
  std::string problem;  // why not, if the row should have it
};

struct Goal {
  std::string text;
  bool met = false;
};

struct RowResult {
  Row row;
  Column rondo{.name = "rondo"};
  Column alone{.name = "rondo, one thread"};  // in rows of several threads
  std::vector<Column> peers;
  double bandwidth = 0;  // bytes per second, reading as many bytes as the weights in each step
  double peak = 0;       // floating-point operations per second, of one core
  double error = -1;     // rondo's largest error against float64, relative to the largest output
  std::optional<CompiledModel> compiled;

  const Column* find(const std::string& name) const;  // null unless measured
  const Column* best_peer() const;                    // null if there is none
  double ratio_to(const Column* peer) const;          // the peer's time over rondo's; 0 if either is missing
  double gain() const;                                // of several threads over one; 0 in other rows
  double limit_seconds() const;                       // a time step at the machine's limit
  double percent_of_limit() const;
  double percent_of_peak() const;  // of the fused multiply-adds
};

/// Bytes of weights that a time step reads over and over: of a layer and direction the recurrent ones; with one step a
/// call also those of the input.
int64_t working_set(const Row& row);

std::vector<Goal> goals_of(const RowResult& result);

double geometric_mean(const std::vector<double>& values);

/// Rows that are judged together, and the geometric mean of best peer over rondo that is their goal (0: none).
struct Group {
  std::string title;
  std::function<bool(const Row&)> holds;
};
std::vector<Group> groups();

}  // namespace rondo::benchmark
