// Stages: what the user sees of the work while it runs. --time-passes prints what each stage took; on a terminal, work
// that takes longer than a moment shows the stage that runs, in one line that is rewritten and gone in the end.
// Tested by tests/driver/stages_test.cpp.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace rondo {

class Stages {
 public:
  explicit Stages(bool print_times);
  ~Stages();
  Stages(const Stages&) = delete;
  Stages& operator=(const Stages&) = delete;

  /// A stage may be part of another.
  void begin(std::string_view stage);
  /// The stage begun last is over; outside all stages, what is printed stands alone.
  void end(bool changed = true);

 private:
  using Clock = std::chrono::steady_clock;

  void wait_until_long();
  void show();
  void hide();

  const bool print_times_, on_terminal_;
  std::mutex mutex_;
  std::condition_variable over_;
  bool is_over_ = false, is_long_ = false;  // the work
  struct Stage {
    std::string name;
    Clock::time_point start;
  };
  std::vector<Stage> running_;  // each part of the one before it
  std::thread clock_;           // says when the work has become long
};

/// Runs a stage under its name; `stages` may be null.
template <class Work>
auto run_stage(Stages* stages, std::string_view name, Work work) {
  struct Scope {
    Stages* stages;
    ~Scope() {
      if (stages) stages->end();
    }
  } scope{stages};
  if (stages) stages->begin(name);
  return work();
}

}  // namespace rondo
