// The table as text and JSON (see table.h); markdown.cpp has the rest.
#include "bench/recurrent/table.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace rondo::benchmark {
namespace {

constexpr int kNameWidth = 26;

std::string microseconds(double seconds) {
  const double us = seconds * 1e6;
  return us >= 100 ? fmt::format("{:.0f}", us) : us >= 10 ? fmt::format("{:.1f}", us) : fmt::format("{:.3f}", us);
}

std::string cell(const Column& column) {
  return column.seconds > 0 ? microseconds(column.seconds) : column.problem.empty() ? "-" : "!";
}

std::string ratio(double value) { return value > 0 ? fmt::format("{:.2f}", value) : "-"; }

std::string means(const Report& report, const Group& group) {
  std::vector<double> best, ort;
  for (const RowResult& result : report.rows) {
    if (!group.holds(result.row)) continue;
    if (double value = result.ratio_to(result.best_peer()); value > 0) best.push_back(value);
    if (double value = result.ratio_to(result.find("ORT")); value > 0) ort.push_back(value);
  }
  if (best.empty()) return "";
  return fmt::format("{:<32} best peer / rondo {:.2f}, ORT / rondo {:.2f}  ({} rows)\n", group.title,
                     geometric_mean(best), geometric_mean(ort), best.size());
}

nlohmann::ordered_json to_json(const RowResult& result) {
  nlohmann::ordered_json row;
  row["name"] = name_of(result.row);
  row["us_per_step"]["rondo"] = result.rondo.seconds * 1e6;
  if (!result.rondo.problem.empty()) row["problem"]["rondo"] = result.rondo.problem;
  for (const Column& peer : result.peers) {
    if (peer.seconds > 0) row["us_per_step"][peer.name] = peer.seconds * 1e6;
    if (!peer.problem.empty()) row["problem"][peer.name] = peer.problem;
  }
  if (result.gain() > 0) {
    row["us_per_step"]["rondo_one_thread"] = result.alone.seconds * 1e6;
    row["gain"] = result.gain();
  }
  row["best_peer_over_rondo"] = result.ratio_to(result.best_peer());
  row["percent_of_limit"] = result.percent_of_limit();
  row["percent_of_peak"] = result.percent_of_peak();
  row["gigabytes_per_second"] = result.bandwidth * 1e-9;
  row["peak_gigaflops"] = result.peak * 1e-9;
  row["error"] = result.error;
  if (result.compiled) {
    row["compile_seconds"] = result.compiled->seconds;
    row["text_bytes"] = result.compiled->text_bytes;
  }
  for (const Goal& goal : goals_of(result)) row["goals"][goal.text] = goal.met;
  return row;
}

}  // namespace

std::string text_head(const Report& report) {
  std::string text = report.machine + "\n";
  for (const std::string& peer : report.peers) text += "  " + peer + "\n";
  text += fmt::format("limits of one core: {:.1f} GFLOP/s;", report.peak * 1e-9);
  for (auto [bytes, speed] : report.bandwidths) text += fmt::format(" {} KB {:.0f}", bytes / 1024, speed * 1e-9);
  text += " GB/s\n\nmicroseconds per time step, medians\n";
  text += fmt::format("{:<{}} {:>8}", "row", kNameWidth, "rondo");
  for (const std::string& name : report.peer_columns) text += fmt::format(" {:>8}", name);
  return text + " | best/r  ORT/r | limit us limit% peak% |  GB/s GF/s |  error compile  text | goals missed\n";
}

std::string text_line(const RowResult& result) {
  std::string line = fmt::format("{:<{}} {:>8}", name_of(result.row), kNameWidth, cell(result.rondo));
  for (const Column& peer : result.peers) line += fmt::format(" {:>8}", cell(peer));
  line += fmt::format(" | {:>6} {:>6} | {:>8} {:>6.1f} {:>5.1f} | {:>5.0f} {:>4.0f}",
                      ratio(result.ratio_to(result.best_peer())), ratio(result.ratio_to(result.find("ORT"))),
                      microseconds(result.limit_seconds()), result.percent_of_limit(), result.percent_of_peak(),
                      result.bandwidth * 1e-9, result.peak * 1e-9);
  if (result.compiled)
    line += fmt::format(" | {:>6.0e} {:>6.2f}s {:>4.1f}K |", result.error, result.compiled->seconds,
                        static_cast<double>(result.compiled->text_bytes) / 1024);
  if (double gain = result.gain(); gain > 0)
    line += fmt::format(" {:.2f} x one thread's {}", gain, microseconds(result.alone.seconds));
  for (const Goal& goal : goals_of(result))
    if (!goal.met) line += " [" + goal.text + "]";
  line += "\n";
  auto complain = [&](const Column& column) {
    if (!column.problem.empty()) line += "    ! " + column.name + ": " + column.problem + "\n";
  };
  complain(result.rondo);
  complain(result.alone);
  for (const Column& peer : result.peers) complain(peer);
  return line;
}

std::string text_summary(const Report& report) {
  std::string text = "\ngeometric means\n";
  for (const Group& group : groups()) text += means(report, group);
  text += means(report, {"all (goal 1.80)", [](const Row&) { return true; }});
  int met = 0, all = 0;
  for (const RowResult& result : report.rows)
    for (const Goal& goal : goals_of(result)) met += goal.met, ++all;
  return text + fmt::format("{} of {} goals met\n", met, all);
}

std::string json(const Report& report) {
  nlohmann::ordered_json all;
  all["machine"] = report.machine;
  all["peers"] = report.peers;
  all["peak_gigaflops"] = report.peak * 1e-9;
  for (auto [bytes, speed] : report.bandwidths)
    all["bandwidth"].push_back({{"bytes", bytes}, {"gigabytes_per_second", speed * 1e-9}});
  all["rows"] = nlohmann::ordered_json::array();
  for (const RowResult& result : report.rows) all["rows"].push_back(to_json(result));
  return all.dump(1) + "\n";
}

}  // namespace rondo::benchmark
