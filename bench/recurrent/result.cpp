// Ratios, limits and goals (see result.h).
#include "bench/recurrent/result.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "bench/recurrent/limits.h"

namespace rondo::benchmark {
namespace {

constexpr double kMostError = 2e-6, kMostCompileSeconds = 1;
constexpr double kLeastGain = 1.7;       // of two threads over one
constexpr double kLeastOverEigen = 1.3;  // of steps of small cells
constexpr int64_t kMostText = 64 << 10;

bool is_plain(const Row& row) { return row.layers == 1 && row.directions == 1 && row.threads == 1; }

/// Which least ratio a size asks for; sizes in ascending order.
struct Need {
  int hidden;
  double best, ort, percent;  // 0: nothing asked
};
constexpr Need kStepNeeds[] = {{8, 1.5, 40, 0},    {16, 1.5, 40, 0},  {32, 1.5, 25, 0},   {64, 1.2, 8, 85},
                               {128, 1.05, 3, 85}, {256, 1.4, 0, 90}, {512, 1.04, 0, 90}, {1024, 1.0, 0, 90}};
constexpr Need kSequenceNeeds[] = {{8, 1.5, 0, 0},   {16, 1.5, 0, 0},  {32, 1.5, 0, 0},   {64, 1.5, 0, 0},
                                   {128, 1.5, 0, 0}, {256, 1.4, 0, 0}, {512, 1.15, 0, 0}, {1024, 1.05, 0, 0}};
constexpr Need kBatchNeeds[] = {{64, 1.15, 0, 0}, {256, 1.05, 0, 0}, {512, 1.0, 0, 0}, {1024, 1.0, 0, 0}};

template <size_t kCount>
Need find(const Need (&needs)[kCount], int hidden) {
  for (const Need& need : needs)
    if (need.hidden == hidden) return need;
  return {};
}

Need need_of(const Row& row) {
  if (row.threads > 1) return {};
  if (!is_plain(row)) return {row.hidden, 1.5, 0, 0};
  if (row.keeps_state) return find(kStepNeeds, row.hidden);
  if (row.batch > 1) return find(kBatchNeeds, row.hidden);
  Need need = find(kSequenceNeeds, row.hidden);
  if (row.cell == Cell::rnn && row.hidden <= 128) need.best = 3;
  return need;
}

}  // namespace

const Column* RowResult::find(const std::string& name) const {
  for (const Column& peer : peers)
    if (peer.name == name && peer.seconds > 0) return &peer;
  return nullptr;
}

const Column* RowResult::best_peer() const {
  const Column* best = nullptr;
  for (const Column& peer : peers)
    if (peer.seconds > 0 && (!best || peer.seconds < best->seconds)) best = &peer;
  return best;
}

double RowResult::ratio_to(const Column* peer) const {
  return peer && rondo.seconds > 0 ? peer->seconds / rondo.seconds : 0;
}

double RowResult::gain() const {
  return rondo.seconds > 0 && alone.seconds > 0 ? alone.seconds / rondo.seconds : 0;
}

int64_t working_set(const Row& row) { return recurrent_bytes(row) * (row.keeps_state ? 2 : 1); }

double RowResult::limit_seconds() const {
  if (bandwidth <= 0 || peak <= 0) return 0;
  const double reading = static_cast<double>(working_set(row)) / bandwidth, computing = recurrent_flops(row) / peak;
  const double cell = row.keeps_state ? std::max(reading, 2 * computing) : computing + std::max(reading, computing);
  return cell * row.layers * row.directions / row.threads;
}

double RowResult::percent_of_limit() const { return rondo.seconds > 0 ? 100 * limit_seconds() / rondo.seconds : 0; }

double RowResult::percent_of_peak() const {
  if (rondo.seconds <= 0 || peak <= 0) return 0;
  return 100 * 2 * recurrent_flops(row) * row.layers * row.directions / row.threads / peak / rondo.seconds;
}

std::vector<Goal> goals_of(const RowResult& result) {
  std::vector<Goal> goals;
  const Row& row = result.row;
  const Need need = need_of(row);
  if (row.threads > 1) goals.push_back({fmt::format("gain x{:.2f}", kLeastGain), result.gain() >= kLeastGain});
  if (need.best > 0)
    goals.push_back({fmt::format("best x{:.2f}", need.best), result.ratio_to(result.best_peer()) >= need.best});
  if (need.ort > 0)
    goals.push_back({fmt::format("ORT x{:.0f}", need.ort), result.ratio_to(result.find("ORT")) >= need.ort});
  if (const Column* eigen = result.find("Eigen"); eigen && row.keeps_state && row.hidden <= 64)
    goals.push_back({fmt::format("Eigen x{:.1f}", kLeastOverEigen), result.ratio_to(eigen) >= kLeastOverEigen});
  if (need.percent > 0)
    goals.push_back({fmt::format("limit {:.0f}%", need.percent), result.percent_of_limit() >= need.percent});
  if (row.batch > 1 && 2 * recurrent_bytes(row) <= second_level_cache())
    goals.push_back({"peak 80%", result.percent_of_peak() >= 80});
  if (row.keeps_state) goals.push_back({"error 2e-6", result.error >= 0 && result.error <= kMostError});
  if (result.compiled) {
    goals.push_back({"compile 1 s", result.compiled->seconds < kMostCompileSeconds});
    goals.push_back({"text 64 KB", result.compiled->text_bytes < kMostText});
  }
  return goals;
}

double geometric_mean(const std::vector<double>& values) {
  double sum = 0;
  for (double value : values) sum += std::log(value);
  return values.empty() ? 0 : std::exp(sum / static_cast<double>(values.size()));
}

std::vector<Group> groups() {
  auto sequence = [](const Row& row) { return !row.keeps_state && row.batch == 1; };
  return {{"One step a call, state kept", [](const Row& row) { return is_plain(row) && row.keeps_state; }},
          {"T = 100, batch 1", [=](const Row& row) { return is_plain(row) && sequence(row); }},
          {"Two layers, two directions", [](const Row& row) { return !is_plain(row) && row.threads == 1; }},
          {"T = 50, batch 8", [](const Row& row) { return is_plain(row) && row.batch == 8; }},
          {"T = 50, batch 32", [](const Row& row) { return is_plain(row) && row.batch == 32; }},
          {"Two threads", [](const Row& row) { return row.threads == 2; }}};
}

}  // namespace rondo::benchmark
