// mutilated PROGRAM SEED...: compiles every damaged variant of the seeds. Each ends with exit code 0 or 1, and
// with 1 where the damage is certain to matter; within 2 s of processor time and 1 GiB; with an error message that
// names the file; and with nothing left behind where it failed.
#include <cstdio>
#include <filesystem>

#include "tests/mutilate/mutilate.h"
#include "tests/process.h"

namespace fs = std::filesystem;
using namespace rondo::test;

namespace {

constexpr double kMostSeconds = 2;
constexpr long kMostKilobytes = 1 << 20;
constexpr Limits kLimits{rlim_t{1} << 30, 20};

std::string problem_of(const Outcome& outcome, const rondo::Variant& variant, const fs::path& out_folder,
                       const std::string& model) {
  if (outcome.signal) return "ended by signal " + std::to_string(outcome.signal);
  if (outcome.exit_code != 0 && outcome.exit_code != 1) return "exit code " + std::to_string(outcome.exit_code);
  if (outcome.exit_code == 0 && variant.expect != rondo::Expect::may_pass) return "was accepted";
  if (outcome.cpu_seconds > kMostSeconds) return "took " + std::to_string(outcome.cpu_seconds) + " s";
  if (outcome.peak_kilobytes > kMostKilobytes) return "took " + std::to_string(outcome.peak_kilobytes) + " KiB";
  if (outcome.exit_code == 0) return "";
  if (outcome.errors.find(model + ":") == std::string::npos) return "the message does not name the file";
  if (outcome.errors.find("internal error") != std::string::npos) return "an internal error";
  if (!fs::is_empty(out_folder)) return "something was left behind";
  return "";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: mutilated PROGRAM SEED...\n", stderr);
    return 2;
  }
  std::string scratch_text = (fs::temp_directory_path() / "rondo-mutilated.XXXXXX").string();
  const fs::path scratch = mkdtemp(scratch_text.data());
  const fs::path out_folder = scratch / "out";
  int good = 0, bad = 0, accepted = 0;
  double slowest = 0;
  for (int i = 2; i < argc; ++i) {
    const std::string ending = fs::path(argv[i]).extension().string();
    const fs::path model = scratch / ("model" + ending);
    const auto variants_of = ending == ".onnx" ? rondo::mutilate : rondo::mutilate_json;
    variants_of(read_all(argv[i]), [&](const rondo::Variant& variant) {
      fs::remove_all(out_folder);
      fs::create_directory(out_folder);
      std::ofstream(model, std::ios::binary) << variant.bytes;
      Outcome outcome = run({argv[1], "compile", model.string(), "-o", (out_folder / "model.o").string()}, kLimits);
      slowest = std::max(slowest, outcome.cpu_seconds);
      accepted += outcome.exit_code == 0;
      std::string problem = problem_of(outcome, variant, out_folder, model.string());
      (problem.empty() ? good : bad)++;
      if (!problem.empty())
        std::printf("FAIL %s, %s: %s\n%s", argv[i], variant.name.c_str(), problem.c_str(), outcome.errors.c_str());
    });
  }
  fs::remove_all(scratch);
  std::printf("mutilated models: %d as they should be (%d still compile), %d not; slowest %.2f s\n", good, accepted,
              bad, slowest);
  return bad == 0 && good >= 100 ? 0 : 1;
}
