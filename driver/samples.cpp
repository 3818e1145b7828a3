// See samples.h.
#include "driver/samples.h"

#include <algorithm>
#include <chrono>

namespace rondo {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double kShortestSample = 2e-4;  // seconds: far above the clock's resolution

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

struct Turns {
  const std::function<void()>& call;
  const int64_t calls;  // in a sample
  std::vector<double> seconds;

  /// `after_another`: whose data are in the caches now, which a few calls change.
  void take(bool after_another) {
    if (after_another) run(std::max<int64_t>(1, calls / 4));
    const auto start = Clock::now();
    run(calls);
    seconds.push_back(seconds_since(start) / static_cast<double>(calls));
  }
  void run(int64_t count) const {
    for (int64_t i = 0; i < count; ++i) call();
  }
  Samples samples() {
    std::sort(seconds.begin(), seconds.end());
    const size_t last = seconds.size() - 1;
    return {seconds[last / 2], seconds[0], seconds[last / 10], seconds[last * 9 / 10],
            static_cast<int64_t>(seconds.size())};
  }
};

}  // namespace

int64_t calls_in_sample(const std::function<void()>& call) {
  for (int64_t calls = 1;; calls *= 2) {
    const auto start = Clock::now();
    for (int64_t i = 0; i < calls; ++i) call();
    if (seconds_since(start) >= kShortestSample) return calls;
  }
}

Samples measure(const std::function<void()>& call, double seconds) { return measure_in_turn({call}, seconds)[0]; }

std::vector<Samples> measure_in_turn(const std::vector<std::function<void()>>& calls, double seconds_each) {
  std::vector<Turns> all;
  for (const auto& call : calls) all.push_back({call, calls_in_sample(call), {}});
  const double seconds = seconds_each * static_cast<double>(calls.size());
  for (const auto begin = Clock::now(); all[0].seconds.size() < 5 || seconds_since(begin) < seconds;)
    for (Turns& one : all) one.take(calls.size() > 1);
  std::vector<Samples> samples;
  for (Turns& one : all) samples.push_back(one.samples());
  return samples;
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace rondo
