// bench_models: rondo beside ONNX Runtime on whole models with recorded data, interleaved on one core.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "bench/recurrent/models.h"
#include "bench/recurrent/surroundings.h"
#include "driver/ort.h"

using namespace rondo::benchmark;

namespace {

struct Options {
  std::vector<std::string> folders, rondo_options;
  std::string rondo, ort, keep, markdown;
  int rounds = 25, core = -1;
  double seconds = 8;
};

int parse(Options& options, int argc, char** argv) {
  CLI::App app("measures rondo beside ONNX Runtime on whole models, per call");
  app.add_option("FOLDER", options.folders, "folders with a model.onnx and recorded data")->required();
  app.add_option("--rondo", options.rondo, "the rondo program")->required();
  app.add_option("--ort", options.ort, "libonnxruntime.so.1")->required();
  app.add_option("--rounds", options.rounds, "how often each contender has its turn");
  app.add_option("--seconds", options.seconds, "a model begins no further round after these (but has five)");
  app.add_option("--core", options.core, "the core to run on; default: the last");
  app.add_option("--keep", options.keep, "write models and libraries into this folder, and leave them there");
  app.add_option("--rondo-option", options.rondo_options, "passed on to 'rondo compile'; repeatable");
  app.add_option("--markdown", options.markdown, "write the table into this file");
  CLI11_PARSE(app, argc, argv);
  if (options.core < 0) options.core = core_count() - 1;
  return -1;
}

int run(const Options& options, const WorkFolder& folder) {
  pin(options.core, 1);
  auto ort = rondo::Ort::open(options.ort);
  if (!ort) {
    std::fprintf(stderr, "%s\n", rondo::to_string(ort.errors().front()).c_str());
    return 2;
  }
  const std::string setting = processor() + ", ONNX Runtime " + ort->version();
  std::printf("%s; %s", setting.c_str(), models_head().c_str());
  std::vector<ModelResult> results;
  bool good = true;
  for (const std::string& model : options.folders) {
    results.push_back(run_model(model, {options.rondo, folder.path(), options.rondo_options}, *ort,
                                {.rounds = options.rounds, .longest = options.seconds}));
    good = good && results.back().problem.empty();
    std::fputs(models_line(results.back()).c_str(), stdout);
    std::fflush(stdout);
  }
  std::fputs(models_summary(results).c_str(), stdout);
  return write_file(options.markdown, setting + ". Microseconds per call, medians.\n\n" + models_markdown(results)) &&
                 good
             ? 0
             : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (int code = parse(options, argc, argv); code >= 0) return code;
  return run(options, WorkFolder(options.keep));
}
