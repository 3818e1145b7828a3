// A row from beginning to end (see run_row.h).
#include "bench/recurrent/run_row.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "bench/recurrent/limits.h"
#include "bench/recurrent/reference.h"

namespace rondo::benchmark {
namespace {

constexpr size_t kSmallestRead = 16384;  // bytes: below, a loop's start would count as bandwidth
constexpr size_t kPeersBegin = 2;        // among the entries: first rondo, and rondo on one thread

struct Entry {
  Column column;
  std::unique_ptr<Peer> peer;  // null: not there
};

}  // namespace

std::vector<float> outputs_of(Peer& peer, const Problem& problem, int steps) {
  peer.reset();
  if (!problem.row.keeps_state) {
    peer.call();
    return peer.output();
  }
  const size_t size = problem.input.size();
  const std::vector<float> inputs = noise(size * static_cast<size_t>(steps), 2);
  std::vector<float> all;
  for (int t = 0; t < steps; ++t) {
    std::copy_n(inputs.begin() + static_cast<std::ptrdiff_t>(t * size), size, peer.input());
    peer.call();
    const std::vector<float> one = peer.output();
    all.insert(all.end(), one.begin(), one.end());
  }
  return all;
}

double largest_difference(const std::vector<float>& got, const std::vector<float>& want) {
  if (got.size() != want.size() || got.empty()) return INFINITY;
  double largest = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    const double difference = std::fabs(double(got[i]) - want[i]);
    if (!(difference <= largest)) largest = std::isnan(difference) ? INFINITY : difference;
  }
  return largest;
}

namespace {

/// rondo's largest error against float64, relative to the largest output: of the first and last sequence of a batch.
double error_against_reference(Peer& peer, const Problem& problem, int steps) {
  const Row& row = problem.row;
  const std::vector<float> got = outputs_of(peer, problem, steps);
  const std::vector<float> input = row.keeps_state ? noise(problem.input.size() * size_t(steps), 2) : problem.input;
  const size_t hidden = row.hidden, count = row.keeps_state ? steps : row.steps;
  double error = 0, scale = 0;
  for (int sequence : {0, row.batch - 1}) {
    std::vector<double> x;
    for (size_t t = 0; t < count; ++t)
      for (size_t k = 0; k < hidden; ++k) x.push_back(input[(t * row.batch + sequence) * hidden + k]);
    const std::vector<double> want = reference_sequence(problem, x);
    for (size_t i = 0; i < want.size(); ++i) {
      const size_t outer = i / hidden, k = i % hidden;  // outer: step and direction
      const double difference = std::fabs(got[(outer * row.batch + sequence) * hidden + k] - want[i]);
      error = std::isnan(difference) ? INFINITY : std::max(error, difference);
      scale = std::max(scale, std::fabs(want[i]));
    }
    if (row.batch == 1) break;
  }
  return error / scale;
}

Entry make_rondo(const Problem& problem, const RowOptions& options, RowResult& result) {
  Entry entry{.column = {.name = "rondo"}, .peer = nullptr};
  auto work = [&]() -> PeerResult {
    RONDO_TRY(result.compiled, compile_row(options.rondo, problem));
    return open_compiled(*result.compiled, problem, problem.row.threads);
  };
  PeerResult peer = work();
  if (peer)
    entry.peer = *std::move(peer);
  else
    entry.column.problem = to_string(peer.errors().front());
  return entry;
}

/// The same library on its caller's thread alone, beside which a row of several threads is measured.
Entry make_alone(const Problem& problem, const RowResult& result) {
  Entry entry{.column = result.alone, .peer = nullptr};
  if (problem.row.threads == 1 || !result.compiled) return entry;
  PeerResult peer = open_compiled(*result.compiled, problem, 1);
  if (peer)
    entry.peer = *std::move(peer);
  else
    entry.column.problem = to_string(peer.errors().front());
  return entry;
}

std::vector<Entry> make_peers(const Problem& problem, const RowOptions& options) {
  std::vector<Entry> entries;
  for (const PeerKind& kind : options.peers) {
    entries.push_back({.column = {.name = kind.name}, .peer = nullptr});
    if (!kind.applies(problem.row)) continue;
    PeerResult peer = kind.make(problem);
    if (peer)
      entries.back().peer = *std::move(peer);
    else
      entries.back().column.problem = to_string(peer.errors().front());
  }
  return entries;
}

/// Drops every entry whose numbers differ from those of the first peer that has any.
void check_numbers(std::vector<Entry>& entries, const Problem& problem) {
  std::vector<float> want;
  std::string who;
  for (size_t i = kPeersBegin; i < entries.size() && want.empty(); ++i)
    if (entries[i].peer) want = outputs_of(*entries[i].peer, problem, kCheckedSteps), who = entries[i].column.name;
  for (Entry& entry : entries) {
    if (!entry.peer || want.empty()) continue;
    const double difference = largest_difference(outputs_of(*entry.peer, problem, kCheckedSteps), want);
    if (difference <= kTolerance) continue;
    entry.column.problem = fmt::format("differs from {} by {:.1e}", who, difference);
    entry.peer.reset();
  }
}

void time_entries(std::vector<Entry>& entries, const RowOptions& options, RowResult& result) {
  const Row& row = result.row;
  const Floats weights(std::max<size_t>(kSmallestRead, static_cast<size_t>(working_set(row))) / sizeof(float));
  std::vector<Contender> contenders{{"peak", work_at_peak}, {"read", [&] { read_all_once(weights); }}};
  std::vector<Column*> columns;
  for (Entry& entry : entries) {
    if (!entry.peer) continue;
    contenders.push_back({entry.column.name, [peer = entry.peer.get()] { peer->call(); }});
    columns.push_back(&entry.column);
  }
  Timing timing = options.timing;
  timing.several_threads = row.threads > 1;
  const std::vector<double> seconds = measure(contenders, timing);
  result.peak = peak_flops() / seconds[0];
  result.bandwidth = static_cast<double>(weights.bytes()) / seconds[1];
  for (size_t i = 0; i < columns.size(); ++i) columns[i]->seconds = seconds[i + 2] / row.steps;
}

}  // namespace

RowResult run_row(const Row& row, const RowOptions& options) {
  pin(options.core, row.threads);
  options.set_threads(row.threads);
  RowResult result{.row = row};
  const Problem problem = make_problem(row);
  std::vector<Entry> entries;
  entries.push_back(make_rondo(problem, options, result));
  entries.push_back(make_alone(problem, result));
  for (Entry& entry : make_peers(problem, options)) entries.push_back(std::move(entry));
  check_numbers(entries, problem);
  if (entries[0].peer && (options.accuracy_steps > 0 || !row.keeps_state))
    result.error = error_against_reference(*entries[0].peer, problem, options.accuracy_steps);
  time_entries(entries, options, result);
  result.rondo = entries[0].column;
  result.alone = entries[1].column;
  for (size_t i = kPeersBegin; i < entries.size(); ++i) result.peers.push_back(entries[i].column);
  return result;
}

}  // namespace rondo::benchmark
