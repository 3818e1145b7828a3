// See samples.h.
#include "driver/samples.h"

#include <algorithm>
#include <chrono>

namespace rondo {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double kShortestSample = 2e-4;  // seconds: far above the clock's resolution

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

}  // namespace

int64_t calls_in_sample(const std::function<void()>& call) {
  for (int64_t calls = 1;; calls *= 2) {
    const auto start = Clock::now();
    for (int64_t i = 0; i < calls; ++i) call();
    if (seconds_since(start) >= kShortestSample) return calls;
  }
}

Samples measure(const std::function<void()>& call, double seconds) {
  const int64_t calls = calls_in_sample(call);
  std::vector<double> samples;
  for (const auto begin = Clock::now(); samples.size() < 5 || seconds_since(begin) < seconds;) {
    const auto start = Clock::now();
    for (int64_t i = 0; i < calls; ++i) call();
    samples.push_back(seconds_since(start) / static_cast<double>(calls));
  }
  std::sort(samples.begin(), samples.end());
  const size_t last = samples.size() - 1;
  return {samples[last / 2], samples[0], samples[last / 10], samples[last * 9 / 10],
          static_cast<int64_t>(samples.size())};
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace rondo
