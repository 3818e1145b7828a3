// bench --vs-ort. ONNX Runtime itself is looked for at $RONDO_ORT or where scripts/bench.sh puts it; what needs it is
// skipped, loudly, where it is missing.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/driver/fixtures.h"

using namespace rondo::test;

namespace {

std::string ort_library() {
  if (const char* named = std::getenv("RONDO_ORT")) return named;
  const std::filesystem::path peers = RONDO_PEERS;
  if (std::filesystem::is_directory(peers))
    for (const auto& entry : std::filesystem::recursive_directory_iterator(peers))
      if (entry.path().string().ends_with("linux/x64/libonnxruntime.so.1")) return entry.path().string();
  MESSAGE("SKIPPED: no ONNX Runtime at $RONDO_ORT or in ", peers.string());
  return "";
}

Outcome bench(const std::string& model, const std::string& library, const std::vector<std::string>& options) {
  std::vector<std::string> command{program(), "bench", model, "--seconds=0.05", "--vs-ort=" + library};
  command.insert(command.end(), options.begin(), options.end());
  return run(command);
}

}  // namespace

TEST_CASE("what --vs-ort cannot do is said") {
  Folder folder;
  const std::string text = folder.write("model.rir", "plan \"m\" { memory constants 0, state 0, scratch 0 }\n");
  for (const std::string& model : {text, sample("compressor.json")}) {
    const Outcome outcome = bench(model, "libm.so.6", {});
    CHECK(outcome.exit_code == 1);
    CHECK_MESSAGE(outcome.errors.find(model + ": ") != std::string::npos, outcome.errors);
    CHECK(outcome.errors.find("reads .onnx files alone") != std::string::npos);
  }
  Outcome outcome = bench(sample("sine.onnx"), "libm.so.6", {"--dim=time=1"});
  CHECK(outcome.exit_code == 1);
  CHECK_MESSAGE(outcome.errors.find("'libm.so.6' is not ONNX Runtime") != std::string::npos, outcome.errors);
  outcome = bench(sample("sine.onnx"), folder / "none.so", {"--dim=time=1"});
  CHECK(outcome.exit_code == 1);
  CHECK_MESSAGE(outcome.errors.find("none.so") != std::string::npos, outcome.errors);
}

TEST_SUITE("onnx_runtime") {  // a ctest entry of its own, so that its being skipped is counted

TEST_CASE("the same outputs, and both times, from one run") {
  const std::string library = ort_library();
  if (library.empty()) return;
  for (const auto& options : {std::vector<std::string>{"--dim=time=4", "--json"}, with_state({"--dim=time=1", "--json"})}) {
    const Outcome outcome = bench(sample("sine.onnx"), library, options);
    REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.errors);
    const auto json = nlohmann::json::parse(outcome.output);
    const auto& beside = json["onnx_runtime"];
    CHECK(beside["version"].get<std::string>().starts_with("1."));
    const double rondo = beside["rondo_call"]["median_seconds"], other = beside["call"]["median_seconds"];
    CHECK(rondo > 0);
    CHECK(beside["ratio"] == doctest::Approx(other / rondo));
  }
  const Outcome outcome = bench(sample("sine.onnx"), library, {"--dim=time=4"});
  CHECK(outcome.output.find("beside ONNX Runtime 1.") != std::string::npos);
  CHECK(outcome.output.find("ONNX Runtime / rondo") != std::string::npos);
}

}  // TEST_SUITE
