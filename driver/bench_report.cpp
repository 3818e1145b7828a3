// See bench_report.h.
#include "driver/bench_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace rondo {
namespace {

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

}  // namespace

std::string bench_text(const std::string& model, const CallTime& time) {
  const Samples& samples = time.samples;
  std::string text =
      fmt::format("{} per call: median {}, best {}, spread {:.1f}% ({} to {}, 10th to 90th of 100; {} samples)\n",
                  model, time_text(samples.median), time_text(samples.best), samples.spread() * 100,
                  time_text(samples.low), time_text(samples.high), samples.count);
  if (time.kernels.empty()) return text;
  text +=
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

std::string bench_json(const std::string& model, const CallTime& time) {
  using Json = nlohmann::ordered_json;
  Json root;
  root["model"] = model;
  root["call"] = {{"median_seconds", time.samples.median}, {"best_seconds", time.samples.best},
                  {"low_seconds", time.samples.low},       {"high_seconds", time.samples.high},
                  {"samples", time.samples.count},         {"least_seconds", time.least_seconds()}};
  root["machine"] = {{"f32_flops_per_second", time.peak_flops}, {"bytes_per_second", time.bandwidth}};
  root["kernels"] = Json::array();
  for (const KernelTime& kernel : time.kernels)
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
  return root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace rondo
