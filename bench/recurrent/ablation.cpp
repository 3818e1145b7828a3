// Stages left out one at a time (see ablation.h).
#include "bench/recurrent/ablation.h"

#include <fmt/format.h>

#include <filesystem>

namespace rondo::benchmark {
namespace {

/// The row's library with a stage left out (none: empty), in a folder of its own.
PeerResult make_without(const Problem& problem, RondoOptions options, const std::string& stage) {
  if (!stage.empty()) {
    options.folder += "/without_" + stage;
    options.compile.push_back("--without=" + stage);
    std::error_code ignored;  // writing into the folder will tell
    std::filesystem::create_directories(options.folder, ignored);
  }
  RONDO_TRY(CompiledModel compiled, compile_row(options, problem));
  return open_compiled(compiled, problem, problem.row.threads);
}

}  // namespace

Result<Ablation> ablate(const Row& row, const RowOptions& options, const std::vector<std::string>& stages) {
  pin(options.core, row.threads);
  const Problem problem = make_problem(row);
  std::vector<std::unique_ptr<Peer>> peers;
  RONDO_TRY(std::unique_ptr<Peer> whole, make_without(problem, options.rondo, ""));
  peers.push_back(std::move(whole));
  const std::vector<float> want = outputs_of(*peers[0], problem, kCheckedSteps);
  for (const std::string& stage : stages) {
    RONDO_TRY(std::unique_ptr<Peer> peer, make_without(problem, options.rondo, stage));
    if (double difference = largest_difference(outputs_of(*peer, problem, kCheckedSteps), want);
        difference > kTolerance)
      return invalid(fmt::format("{} without {} differs by {:.1e}", name_of(row), stage, difference));
    peers.push_back(std::move(peer));
  }
  std::vector<Contender> contenders;
  for (const auto& peer : peers) contenders.push_back({"rondo", [one = peer.get()] { one->call(); }});
  Timing timing = options.timing;
  timing.several_threads = row.threads > 1;
  const std::vector<double> seconds = measure(contenders, timing);
  Ablation ablation{.row = row, .whole = seconds[0] / row.steps, .without = {}};
  for (size_t i = 1; i < seconds.size(); ++i) ablation.without.push_back(seconds[i] / row.steps);
  return ablation;
}

std::string ablation_head(const std::vector<std::string>& stages) {
  std::string head = "| row | all stages |", rule = "|---|---|";
  for (const std::string& stage : stages) head += " " + stage + " |", rule += "---|";
  return head + "\n" + rule + "\n";
}

std::string ablation_line(const Ablation& ablation) {
  std::string line = fmt::format("| {} | {:.3g} |", name_of(ablation.row), ablation.whole * 1e6);
  for (double seconds : ablation.without) line += fmt::format(" {:.2f} |", seconds / ablation.whole);
  return line + "\n";
}

}  // namespace rondo::benchmark
