// See stages.h.
#include "driver/stages.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "driver/report.h"

namespace rondo {
namespace {

constexpr std::chrono::milliseconds kMoment{500};

/// Whether a line there can be taken back.
bool rewrites_lines() {
  const char* terminal = std::getenv("TERM");
  return isatty(STDERR_FILENO) && terminal && std::string_view(terminal) != "dumb";
}

}  // namespace

Stages::Stages(bool print_times) : print_times_(print_times), on_terminal_(rewrites_lines()) {
  if (on_terminal_) clock_ = std::thread([this] { wait_until_long(); });
}

Stages::~Stages() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  over_.notify_all();
  if (clock_.joinable()) clock_.join();
  hide();
}

void Stages::wait_until_long() {
  std::unique_lock lock(mutex_);
  if (over_.wait_for(lock, kMoment, [this] { return is_over_; })) return;
  is_long_ = true;
  show();
}

void Stages::begin(std::string_view stage) {
  const std::lock_guard lock(mutex_);
  running_.push_back({std::string(stage), Clock::now()});
  show();
}

void Stages::end(bool changed) {
  const std::lock_guard lock(mutex_);
  const Stage& stage = running_.back();
  const std::chrono::duration<double, std::milli> took = Clock::now() - stage.start;
  hide();
  if (print_times_)
    fmt::print(stderr, "{:<24}{:>12.3f} ms{}\n", stage.name, took.count(), changed ? "" : "  (unchanged)");
  running_.pop_back();
  show();
}

void Stages::show() {
  if (is_long_ && !running_.empty()) fmt::print(stderr, "{}rondo: {} ...", kTakeLineBack, running_.back().name);
}

void Stages::hide() {
  if (is_long_ && !running_.empty()) fmt::print(stderr, "{}", kTakeLineBack);
}

}  // namespace rondo
