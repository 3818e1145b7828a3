// The table as markdown, one table for each group of rows (see table.h).
#include <fmt/format.h>

#include "bench/recurrent/table.h"

namespace rondo::benchmark {
namespace {

std::string three_digits(double value) {
  return value >= 100  ? fmt::format("{:.0f}", value)
         : value >= 10 ? fmt::format("{:.1f}", value)
                       : fmt::format("{:.3g}", value);
}

std::string time_cell(const Column& column, bool best) {
  if (column.seconds <= 0) return column.problem.empty() ? "–" : "error";
  const std::string text = three_digits(column.seconds * 1e6);
  return best ? "**" + text + "**" : text;
}

std::string goal_cell(const RowResult& result) {
  std::string text;
  for (const Goal& goal : goals_of(result))
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", goal.text, goal.met ? "✓" : "✗");
  return text;
}

std::string row_line(const RowResult& result) {
  const Column* best = result.best_peer();
  std::string line = fmt::format("| {} | {} |", name_of(result.row), time_cell(result.rondo, false));
  for (const Column& peer : result.peers) line += " " + time_cell(peer, &peer == best) + " |";
  if (result.rondo.seconds > 0)
    line += fmt::format(" {:.2f} | {:.0f} % | {:.0f} % |", result.ratio_to(best), result.percent_of_limit(),
                        result.percent_of_peak());
  else
    line += " – | – | – |";
  line += result.error >= 0 ? fmt::format(" {:.1e} |", result.error) : " – |";
  if (result.compiled)
    line += fmt::format(" {:.2f} s | {:.1f} KB |", result.compiled->seconds,
                        static_cast<double>(result.compiled->text_bytes) / 1024);
  else
    line += " – | – |";
  return line + " " + goal_cell(result) + " |\n";
}

/// A line for each column that should have a number and has none.
std::string problems(const RowResult& result) {
  std::string text;
  auto complain = [&](const Column& column) {
    if (!column.problem.empty())
      text += fmt::format("- {}, {}: {}\n", name_of(result.row), column.name, column.problem);
  };
  complain(result.rondo);
  complain(result.alone);
  for (const Column& peer : result.peers) complain(peer);
  return text;
}

/// "LSTM 512 T=50 B=32 2 threads: 1.9 times as fast as on one thread, which takes 2500 (in the same rounds)."
std::string gain_line(const RowResult& result) {
  if (result.gain() <= 0) return "";
  return fmt::format("- {}: {:.2f} times as fast as on one thread, which takes {} in the same rounds\n",
                     name_of(result.row), result.gain(), three_digits(result.alone.seconds * 1e6));
}

std::string group_table(const Report& report, const Group& group) {
  std::string lines, complaints;
  std::vector<double> ratios;
  for (const RowResult& result : report.rows) {
    if (!group.holds(result.row)) continue;
    lines += row_line(result);
    complaints += problems(result) + gain_line(result);
    if (double ratio = result.ratio_to(result.best_peer()); ratio > 0) ratios.push_back(ratio);
  }
  if (lines.empty()) return "";
  std::string head = "| row | rondo |", rule = "|---|---|";
  for (const std::string& peer : report.peer_columns) head += " " + peer + " |", rule += "---|";
  head += " best peer / rondo | of the limit | of FMA peak | error | compile | code | goals |\n";
  rule += "---|---|---|---|---|---|---|\n";
  std::string text = fmt::format("**{}**\n\n{}{}{}\n{}", group.title, head, rule, lines, complaints);
  if (!ratios.empty()) text += fmt::format("Geometric mean of best peer / rondo: {:.2f}.\n", geometric_mean(ratios));
  return text + "\n";
}

}  // namespace

std::string markdown(const Report& report) {
  std::string text =
      fmt::format("{}. Float32 FMA peak of one core: {:.0f} GFLOP/s.\n\n", report.machine, report.peak * 1e-9);
  if (!report.options.empty()) text += fmt::format("- rondo: `rondo compile {}`\n", fmt::join(report.options, " "));
  for (const std::string& peer : report.peers) text += "- " + peer + "\n";
  text += "\n| working set | GB/s read |\n|---|---|\n";
  for (auto [bytes, speed] : report.bandwidths) text += fmt::format("| {} KB | {:.0f} |\n", bytes / 1024, speed * 1e-9);
  text += "\nMicroseconds per time step, medians.\n\n";
  for (const Group& group : groups()) text += group_table(report, group);
  std::vector<double> ratios;
  int met = 0, all = 0;
  for (const RowResult& result : report.rows) {
    if (double ratio = result.ratio_to(result.best_peer()); ratio > 0) ratios.push_back(ratio);
    for (const Goal& goal : goals_of(result)) met += goal.met, ++all;
  }
  return text + fmt::format("Geometric mean of all rows: {:.2f} (goal 1.8). {} of {} goals met.\n",
                            geometric_mean(ratios), met, all);
}

}  // namespace rondo::benchmark
