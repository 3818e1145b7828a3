// Interleaved timing: in every round each contender has a slice of time, so that all see the same machine.
// Entry: measure.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace rondo::benchmark {

struct Contender {
  std::string name;
  std::function<void()> call;
};

struct Timing {
  int rounds = 25;
  double slice = 1.5e-3;         // seconds each contender has in a round; at least one call
  double longest = 8;            // seconds after which no further round begins
  int fewest_rounds = 5;         // unless there were fewer than these
  bool several_threads = false;  // let threads' spinning end before each slice; none of them may lose its core
};

/// Seconds per call, the median over the rounds, in the order of the contenders. Slices in which another process took
/// the core do not count, unless hardly any other is left.
std::vector<double> measure(const std::vector<Contender>& contenders, const Timing& timing);

/// This process, and threads it starts later, run on these many cores from `core` on.
void pin(int core, int count);
int core_count();

double median(std::vector<double> values);

}  // namespace rondo::benchmark
