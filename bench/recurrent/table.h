// The table of all rows: as text while it is measured, and as markdown and JSON at the end.
#pragma once

#include "bench/recurrent/result.h"

namespace rondo::benchmark {

/// What a run measured besides its rows.
struct Report {
  std::string machine;             // processor, in its own words
  std::vector<std::string> options;  // that rondo was given
  std::vector<std::string> peers;  // with their versions
  std::vector<std::string> peer_columns;
  std::vector<std::pair<int64_t, double>> bandwidths;  // bytes of the working set, bytes per second
  double peak = 0;
  std::vector<RowResult> rows;
};

std::string text_head(const Report& report);
std::string text_line(const RowResult& result);
/// Geometric means and the number of goals met.
std::string text_summary(const Report& report);
std::string markdown(const Report& report);
std::string json(const Report& report);

}  // namespace rondo::benchmark
