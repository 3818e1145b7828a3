// bench_recurrent: rondo beside its peers on LSTM, GRU and RNN, interleaved in this one process on one core. Prints the
// table; --markdown and --json write it.
#include <omp.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "bench/recurrent/ablation.h"
#include "bench/recurrent/limits.h"
#include "bench/recurrent/run_row.h"
#include "bench/recurrent/streams.h"
#include "bench/recurrent/surroundings.h"
#include "bench/recurrent/table.h"
#include "driver/ort.h"

using namespace rondo::benchmark;

namespace {

struct Options {
  std::string rows, rondo, ort, keep, json, markdown;
  std::vector<std::string> rondo_options, left_out;
  std::vector<int> streams;
  int rounds = 25, core = -1, accuracy_steps = 1000;
  double seconds = 8;
};

int parse(Options& options, int argc, char** argv) {
  CLI::App app("measures rondo beside ONNX Runtime, oneDNN, cells on Eigen and plain loops");
  app.add_option("--rows", options.rows, "only rows whose name contains one of these texts, separated by commas");
  app.add_option("--rondo", options.rondo, "the rondo program")->required();
  app.add_option("--ort", options.ort, "libonnxruntime.so.1; without it, ONNX Runtime is left out");
  app.add_option("--rounds", options.rounds, "how often each contender has its turn");
  app.add_option("--seconds", options.seconds, "a row begins no further round after these (but has five)");
  app.add_option("--accuracy-steps", options.accuracy_steps, "steps compared with float64 in step rows; 0: none");
  app.add_option("--core", options.core, "the core to run on; default: the last");
  app.add_option("--keep", options.keep, "write models and libraries into this folder, and leave them there");
  app.add_option("--rondo-option", options.rondo_options, "passed on to 'rondo compile'; repeatable");
  app.add_option("--json", options.json, "write the numbers into this file");
  app.add_option("--markdown", options.markdown, "write the tables into this file");
  app.add_option("--ablation", options.left_out, "instead: rondo alone, and without each of these stages")
      ->delimiter(',');
  app.add_option("--streams", options.streams, "instead: steps of so many streams in one call, beside a call for each")
      ->delimiter(',')
      ->check(CLI::Range(1, 1024));
  CLI11_PARSE(app, argc, argv);
  if (options.core < 0) options.core = core_count() - 1;
  return -1;
}

/// The peak, and the bandwidth by working set.
void measure_limits(Report& report) {
  constexpr int64_t kKilobytes[] = {16, 32, 64, 128, 256, 512, 1024, 1536, 2048, 4096, 8192, 16384, 32768, 65536};
  std::vector<Floats> memory;
  for (int64_t kilobytes : kKilobytes) memory.emplace_back(static_cast<size_t>(kilobytes) * 1024 / sizeof(float));
  std::vector<Contender> contenders{{"peak", work_at_peak}};
  for (const Floats& one : memory) contenders.push_back({"read", [&one] { read_all_once(one); }});
  const std::vector<double> seconds = measure(contenders, {.rounds = 9});
  report.peak = peak_flops() / seconds[0];
  for (size_t i = 0; i < memory.size(); ++i)
    report.bandwidths.emplace_back(memory[i].bytes(), static_cast<double>(memory[i].bytes()) / seconds[i + 1]);
}

std::vector<PeerKind> peers_of(const Options& options, Report& report) {
  std::vector<PeerKind> peers;
  auto add = [&](PeerKind kind, const std::string& description) {
    report.peers.push_back(description);
    report.peer_columns.push_back(kind.name);
    peers.push_back(std::move(kind));
  };
  auto ort = options.ort.empty() ? rondo::Result<rondo::Ort>(rondo::invalid("no --ort")) : rondo::Ort::open(options.ort);
  if (ort)
    add(ort_kind(*ort), "ORT: ONNX Runtime " + ort->version());
  else
    std::fprintf(stderr, "SKIP: ONNX Runtime: %s\n", rondo::to_string(ort.errors().front()).c_str());
  add(onednn_kind(), "oneDNN " + onednn_version());
  add(eigen_kind(), "Eigen " + eigen_version() + ": cells sized at compile time, -O3 -march=native -ffast-math");
  add(naive_kind(), "naive: plain loops, with the same options");
  return peers;
}

int run(const Options& options, const WorkFolder& folder) {
  pin(options.core, 1);
  Report report{.machine = processor(), .options = options.rondo_options};
  RowOptions row_options{.rondo = {options.rondo, folder.path(), options.rondo_options},
                         .peers = peers_of(options, report),
                         .timing = {.rounds = options.rounds, .longest = options.seconds},
                         .core = options.core,
                         .accuracy_steps = options.accuracy_steps,
                         .set_threads = omp_set_num_threads};
  measure_limits(report);
  std::fputs(text_head(report).c_str(), stdout);
  bool good = true;
  for (const Row& row : rows_matching(options.rows)) {
    report.rows.push_back(run_row(row, row_options));
    const RowResult& result = report.rows.back();
    good = good && result.rondo.seconds > 0;
    std::fputs(text_line(result).c_str(), stdout);
    std::fflush(stdout);
  }
  std::fputs(text_summary(report).c_str(), stdout);
  const bool written = write_file(options.markdown, markdown(report)) && write_file(options.json, json(report));
  return good && written ? 0 : 1;
}

/// Each row beside itself without each of the stages: their use, as a table.
int run_ablation(const Options& options, const WorkFolder& folder) {
  const RowOptions row_options{.rondo = {options.rondo, folder.path(), options.rondo_options},
                               .peers = {},
                               .timing = {.rounds = options.rounds, .longest = options.seconds},
                               .core = options.core};
  std::string table = ablation_head(options.left_out);
  std::fputs(table.c_str(), stdout);
  for (const Row& row : rows_matching(options.rows)) {
    auto ablation = ablate(row, row_options, options.left_out);
    if (!ablation) {
      std::fprintf(stderr, "%s\n", to_string(ablation.errors().front()).c_str());
      return 1;
    }
    table += ablation_line(*ablation);
    std::fputs(ablation_line(*ablation).c_str(), stdout);
    std::fflush(stdout);
  }
  return write_file(options.markdown, table) ? 0 : 1;
}

/// Step rows: one call for several streams beside a call for each, as a table.
int run_streams(const Options& options, const WorkFolder& folder) {
  const RowOptions row_options{.rondo = {options.rondo, folder.path(), options.rondo_options},
                               .peers = {},
                               .timing = {.rounds = options.rounds, .longest = options.seconds},
                               .core = options.core};
  std::string table = interleaving_head(options.streams);
  std::fputs(table.c_str(), stdout);
  for (const Row& row : rows_matching(options.rows)) {
    if (!row.keeps_state) continue;
    auto line = interleave(row, row_options, options.streams);
    if (!line) {
      std::fprintf(stderr, "%s\n", to_string(line.errors().front()).c_str());
      return 1;
    }
    table += interleaving_line(*line);
    std::fputs(interleaving_line(*line).c_str(), stdout);
    std::fflush(stdout);
  }
  return write_file(options.markdown, table) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (int code = parse(options, argc, argv); code >= 0) return code;
  const WorkFolder folder(options.keep);
  if (!options.streams.empty()) return run_streams(options, folder);
  return options.left_out.empty() ? run(options, folder) : run_ablation(options, folder);
}
