// See bench_report.h.
#include "driver/bench_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace rondo {
namespace {

using Json = nlohmann::ordered_json;
constexpr size_t kLongestPlace = 60;

std::string time_text(double seconds) {
  if (seconds < 1e-6) return fmt::format("{:.1f} ns", seconds * 1e9);
  if (seconds < 1e-3) return fmt::format("{:.2f} us", seconds * 1e6);
  if (seconds < 1) return fmt::format("{:.3f} ms", seconds * 1e3);
  return fmt::format("{:.3f} s", seconds);
}

std::string bytes_text(double bytes) {
  if (bytes < 1 << 10) return fmt::format("{:.0f} B", bytes);
  if (bytes < 1 << 20) return fmt::format("{:.1f} KiB", bytes / (1 << 10));
  if (bytes < 1 << 30) return fmt::format("{:.1f} MiB", bytes / (1 << 20));
  return fmt::format("{:.1f} GiB", bytes / (1 << 30));
}

double rate(double amount, double seconds) { return seconds > 0 ? amount / seconds : 0; }
double total(const CallTime& time, double KernelTime::*member) {
  double sum = 0;
  for (const KernelTime& kernel : time.kernels) sum += kernel.*member;
  return sum;
}

std::string short_place(const std::string& place) {
  return place.size() <= kLongestPlace ? place : place.substr(0, kLongestPlace - 3) + "...";
}

std::string row(const KernelTime& kernel, size_t width) {
  const std::string limit = kernel.seconds > 0 && kernel.least_seconds() > 0
                                ? fmt::format("{:.0f}% {}", kernel.least_seconds() / kernel.seconds * 100,
                                              kernel.limited_by_memory() ? "memory" : "arithmetic")
                                : "-";
  return fmt::format("{:<{}} {:>6.1f}% {:>10} {:>6.0f} {:>9.2f} {:>8.2f} {:>10} {:>16}  {}\n", kernel.kernel, width,
                     kernel.share * 100, time_text(kernel.seconds), kernel.runs,
                     rate(kernel.flops, kernel.seconds) * 1e-9, rate(kernel.bytes, kernel.seconds) * 1e-9,
                     bytes_text(kernel.bytes), limit, short_place(kernel.place));
}

std::string kernels_text(const CallTime& time) {
  const Samples& samples = time.samples;
  if (time.kernels.empty()) return "";
  std::string text =
      fmt::format("{:.2f} GFLOP/s, {:.2f} GB/s; {:.0f}% of what this machine's memory and arithmetic allow\n",
                  total(time, &KernelTime::flops) / samples.median * 1e-9,
                  total(time, &KernelTime::bytes) / samples.median * 1e-9, time.least_seconds() / samples.median * 100);
  text += fmt::format("one core of it: {:.1f} GFLOP/s in f32; reads as much as a call does at {:.1f} GB/s\n\n",
                      time.peak_flops * 1e-9, time.bandwidth * 1e-9);

  std::vector<const KernelTime*> kernels;
  size_t width = 6;
  for (const KernelTime& kernel : time.kernels) {
    kernels.push_back(&kernel);
    width = std::max(width, kernel.kernel.size());
  }
  std::stable_sort(kernels.begin(), kernels.end(), [](auto* a, auto* b) { return a->share > b->share; });
  text += fmt::format("{:<{}} {:>7} {:>10} {:>6} {:>9} {:>8} {:>10} {:>16}  {}\n", "kernel", width, "share", "time",
                      "runs", "GFLOP/s", "GB/s", "bytes", "of its limit", "place");
  for (const KernelTime* kernel : kernels) text += row(*kernel, width);
  return text;
}

/// Of "then" and "now": nothing where there is none, and the ratio where there are both.
std::string change_text(const std::string& name, size_t width, const std::optional<double>& before,
                        const std::optional<double>& now, const std::string& remark) {
  const auto text_of = [](const std::optional<double>& seconds) { return seconds ? time_text(*seconds) : "-"; };
  const std::string ratio = before && now && *before > 0 ? fmt::format("{:.2f}", *now / *before) : "-";
  return fmt::format("{:<{}} {:>10} {:>10} {:>8}  {}\n", name, width, text_of(before), text_of(now), ratio, remark);
}

std::string changes_text(const SavedRun& before, const CallTime& now) {
  const std::vector<KernelChange> changes = changes_since(before, now);
  size_t width = 6;
  for (const KernelChange& change : changes) width = std::max(width, change.kernel.size());
  std::string text = fmt::format("\ncompared with {} ({}); spread {:.1f}% then, {:.1f}% now\n", before.file,
                                 before.model, before.samples.spread() * 100, now.samples.spread() * 100);
  text += fmt::format("{:<{}} {:>10} {:>10} {:>8}\n", "kernel", width, "then", "now", "now/then");
  text += change_text("(call)", width, before.samples.median, now.samples.median, "");
  for (const KernelChange& change : changes)
    text += change_text(change.kernel, width, change.before, change.now,
                        !change.before ? "appeared" : !change.now ? "vanished" : "");
  return text;
}

std::string beside_text(const BesideOrt& beside) {
  return fmt::format(
      "\nbeside ONNX Runtime {}, called in turn on the same inputs, with equal outputs:\n"
      "rondo {}, ONNX Runtime {} (medians); ONNX Runtime / rondo {:.2f}\n",
      beside.version, time_text(beside.rondo.median), time_text(beside.ort.median), beside.ratio());
}

Json samples_json(const Samples& samples) {
  return {{"median_seconds", samples.median},
          {"best_seconds", samples.best},
          {"low_seconds", samples.low},
          {"high_seconds", samples.high},
          {"samples", samples.count}};
}

Json changes_json(const SavedRun& before, const CallTime& now) {
  const auto number = [](const std::optional<double>& seconds) { return seconds ? Json(*seconds) : Json(nullptr); };
  Json changed = Json::array();
  for (const KernelChange& change : changes_since(before, now)) {
    Json one{{"kernel", change.kernel}, {"seconds_then", number(change.before)}, {"seconds_now", number(change.now)}};
    if (change.before && change.now && *change.before > 0) one["ratio"] = *change.now / *change.before;
    changed.push_back(std::move(one));
  }
  return {{"file", before.file},
          {"model", before.model},
          {"median_seconds_then", before.samples.median},
          {"ratio", now.samples.median / before.samples.median},
          {"kernels", std::move(changed)}};
}

}  // namespace

std::string bench_text(const BenchReport& report) {
  const Samples& samples = report.time.samples;
  std::string text =
      fmt::format("{} per call: median {}, best {}, spread {:.1f}% ({} to {}, 10th to 90th of 100; {} samples)\n",
                  report.model, time_text(samples.median), time_text(samples.best), samples.spread() * 100,
                  time_text(samples.low), time_text(samples.high), samples.count);
  text += kernels_text(report.time);
  if (report.before) text += changes_text(*report.before, report.time);
  if (report.beside) text += beside_text(*report.beside);
  return text;
}

std::string bench_json(const BenchReport& report) {
  Json root;
  root["model"] = report.model;
  root["call"] = samples_json(report.time.samples);
  root["call"]["least_seconds"] = report.time.least_seconds();
  root["machine"] = {{"f32_flops_per_second", report.time.peak_flops}, {"bytes_per_second", report.time.bandwidth}};
  root["kernels"] = Json::array();
  for (const KernelTime& kernel : report.time.kernels)
    root["kernels"].push_back({{"kernel", kernel.kernel},
                               {"place", kernel.place},
                               {"share", kernel.share},
                               {"seconds", kernel.seconds},
                               {"runs", kernel.runs},
                               {"flops", kernel.flops},
                               {"bytes", kernel.bytes},
                               {"constant_bytes", kernel.constant_bytes},
                               {"least_arithmetic_seconds", kernel.arithmetic_seconds},
                               {"least_memory_seconds", kernel.memory_seconds}});
  if (report.before) root["compared"] = changes_json(*report.before, report.time);
  if (report.beside)
    root["onnx_runtime"] = {{"version", report.beside->version},
                            {"call", samples_json(report.beside->ort)},
                            {"rondo_call", samples_json(report.beside->rondo)},
                            {"ratio", report.beside->ratio()}};
  return root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace rondo
