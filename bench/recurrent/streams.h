// What a call for several streams gives: one call of a library compiled with --streams beside as many calls of the library
// for one stream, each with a state of its own, in the same rounds. Entry: interleave.
#pragma once

#include "bench/recurrent/run_row.h"

namespace rondo::benchmark {

struct Interleaving {
  Row row;
  std::vector<int> streams;
  std::vector<double> together, apart;  // seconds for a step of all streams: in one call, in one each
};

/// The row keeps its state. The numbers are compared before anything is timed.
Result<Interleaving> interleave(const Row& row, const RowOptions& options, const std::vector<int>& streams);

std::string interleaving_head(const std::vector<int>& streams);
/// A table line: a step of one stream, then for each number of streams how many times as fast one call is.
std::string interleaving_line(const Interleaving& interleaving);

}  // namespace rondo::benchmark
