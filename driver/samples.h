// Timing: samples are batches of calls, long enough for the clock. Tested by tests/driver/bench_test.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace rondo {

/// Seconds per call, over the samples.
struct Samples {
  double median = 0, best = 0, low = 0, high = 0;  // low, high: the 10th and 90th of 100
  int64_t count = 0;
  double spread() const { return (high - low) / median; }
};

/// For at least this many seconds, and at least 5 samples.
Samples measure(const std::function<void()>& call, double seconds);

/// Several, each in its turn a sample at a time, so that all see the same machine; each for as long.
std::vector<Samples> measure_in_turn(const std::vector<std::function<void()>>& calls, double seconds_each);

/// How many calls make a sample.
int64_t calls_in_sample(const std::function<void()>& call);

double median(std::vector<double> values);

}  // namespace rondo
