// One call for several streams (see streams.h).
#include "bench/recurrent/streams.h"

#include <fmt/format.h>

#include <filesystem>

namespace rondo::benchmark {
namespace {

using Peers = std::vector<std::unique_ptr<Peer>>;

/// The library that moves `count` streams on in a call; its input and state are laid out as those of a batch.
PeerResult make_together(const Problem& one, RondoOptions options, int count) {
  options.folder += fmt::format("/streams_{}", count);
  options.compile.push_back(fmt::format("--streams={}", count));
  std::error_code ignored;  // writing into the folder will tell
  std::filesystem::create_directories(options.folder, ignored);
  RONDO_TRY(CompiledModel compiled, compile_row(options, one));
  Row row = one.row;
  row.batch = count;
  return open_compiled(compiled, make_problem(row), 1);
}

Result<Peers> make_apart(const Problem& one, const RondoOptions& options, int count) {
  RONDO_TRY(CompiledModel compiled, compile_row(options, one));
  Peers peers;
  for (int i = 0; i < count; ++i) {
    RONDO_TRY(std::unique_ptr<Peer> peer, open_compiled(compiled, one, 1));
    peers.push_back(std::move(peer));
  }
  return peers;
}

/// The largest difference of any stream's outputs over a few steps, each with inputs of its own.
double difference(Peer& together, const Peers& apart, size_t hidden) {
  together.reset();
  for (const auto& peer : apart) peer->reset();
  double largest = 0;
  for (int step = 0; step < kCheckedSteps; ++step) {
    const std::vector<float> input = noise(hidden * apart.size(), static_cast<uint64_t>(step) + 7);
    std::copy(input.begin(), input.end(), together.input());
    together.call();
    std::vector<float> want;
    for (size_t i = 0; i < apart.size(); ++i) {
      std::copy_n(input.begin() + static_cast<std::ptrdiff_t>(i * hidden), hidden, apart[i]->input());
      apart[i]->call();
      const std::vector<float> own = apart[i]->output();
      want.insert(want.end(), own.begin(), own.end());
    }
    largest = std::max(largest, largest_difference(together.output(), want));
  }
  return largest;
}

}  // namespace

Result<Interleaving> interleave(const Row& row, const RowOptions& options, const std::vector<int>& streams) {
  pin(options.core, 1);
  const Problem problem = make_problem(row);
  Peers together;
  std::vector<Peers> apart;
  std::vector<Contender> contenders;
  for (int count : streams) {
    RONDO_TRY(std::unique_ptr<Peer> one, make_together(problem, options.rondo, count));
    RONDO_TRY(Peers many, make_apart(problem, options.rondo, count));
    if (double error = difference(*one, many, static_cast<size_t>(row.hidden)); error > kTolerance)
      return invalid(fmt::format("{}: {} streams in one call differ by {:.1e}", name_of(row), count, error));
    together.push_back(std::move(one));
    apart.push_back(std::move(many));
  }
  for (size_t i = 0; i < streams.size(); ++i) {
    contenders.push_back({"together", [one = together[i].get()] { one->call(); }});
    contenders.push_back({"apart", [many = &apart[i]] {
                            for (const auto& peer : *many) peer->call();
                          }});
  }
  const std::vector<double> seconds = measure(contenders, options.timing);
  Interleaving result{.row = row, .streams = streams, .together = {}, .apart = {}};
  for (size_t i = 0; i < streams.size(); ++i) {
    result.together.push_back(seconds[2 * i]);
    result.apart.push_back(seconds[2 * i + 1]);
  }
  return result;
}

std::string interleaving_head(const std::vector<int>& streams) {
  std::string head = "| row | one stream |", rule = "|---|---|";
  for (int count : streams) head += fmt::format(" {} streams |", count), rule += "---|";
  return head + "\n" + rule + "\n";
}

std::string interleaving_line(const Interleaving& interleaving) {
  std::string line = fmt::format("| {} | {:.3g} |", name_of(interleaving.row),
                                 interleaving.apart[0] / interleaving.streams[0] * 1e6);
  for (size_t i = 0; i < interleaving.streams.size(); ++i)
    line += fmt::format(" {:.2f} |", interleaving.apart[i] / interleaving.together[i]);
  return line + "\n";
}

}  // namespace rondo::benchmark
