// Interleaved timing (see measure.h).
#include "bench/recurrent/measure.h"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

namespace rondo::benchmark {
namespace {

using Clock = std::chrono::steady_clock;
constexpr size_t kFewestClean = 3;
constexpr double kLongCall = 20e-3;  // seconds; a call this long warms its caches itself

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

long times_preempted(bool any_thread) {
  rusage usage{};
  getrusage(any_thread ? RUSAGE_SELF : RUSAGE_THREAD, &usage);
  return usage.ru_nivcsw;
}

struct Samples {
  std::vector<double> clean, all;
  double expected = 0;  // seconds per call, to choose how many calls fill a slice
};

double time_calls(const Contender& contender, long calls) {
  const auto start = Clock::now();
  for (long i = 0; i < calls; ++i) contender.call();
  return seconds_since(start) / static_cast<double>(calls);
}

void warm_up(const Contender& contender, Samples& samples, const Timing& timing) {
  contender.call();
  long calls = 1;
  for (;; calls *= 2) {
    samples.expected = time_calls(contender, calls);
    if (samples.expected * static_cast<double>(calls) > timing.slice / 4) return;
  }
}

void run_slice(const Contender& contender, Samples& samples, const Timing& timing) {
  if (timing.several_threads) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  const long calls = std::max(1L, static_cast<long>(timing.slice / samples.expected));
  if (samples.expected < kLongCall) (void)time_calls(contender, std::max(1L, calls / 4));
  const long before = times_preempted(timing.several_threads);
  const double seconds = time_calls(contender, calls);
  samples.all.push_back(seconds);
  if (times_preempted(timing.several_threads) == before) samples.clean.push_back(seconds);
  samples.expected = median(samples.all);
}

}  // namespace

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

std::vector<double> measure(const std::vector<Contender>& contenders, const Timing& timing) {
  std::vector<Samples> samples(contenders.size());
  for (size_t i = 0; i < contenders.size(); ++i) warm_up(contenders[i], samples[i], timing);
  const auto start = Clock::now();
  for (int round = 0; round < timing.rounds; ++round) {
    if (round >= timing.fewest_rounds && seconds_since(start) > timing.longest) break;
    for (size_t i = 0; i < contenders.size(); ++i) {
      const size_t turn = (i + static_cast<size_t>(round)) % contenders.size();  // nobody is always first
      run_slice(contenders[turn], samples[turn], timing);
    }
  }
  std::vector<double> medians;
  for (const Samples& one : samples) medians.push_back(median(one.clean.size() >= kFewestClean ? one.clean : one.all));
  return medians;
}

void pin(int core, int count) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (int i = 0; i < count; ++i) CPU_SET((core + i) % core_count(), &set);
  sched_setaffinity(0, sizeof set, &set);
}

int core_count() { return static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)); }

}  // namespace rondo::benchmark
