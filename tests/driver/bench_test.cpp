// rondo bench: the figures it prints agree with each other and with what the model is.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/driver/fixtures.h"

using namespace rondo::test;

namespace {

// y[t] = sum over k of x[t, k] * w[k, j] and a copy, in a loop of T runs.
constexpr const char* kPlan = R"rir(plan "timed" {
  symbols T
  memory constants 0, state 0, scratch 0
  buffer x = input f32[64*T] slot 0
  buffer w = input f32[4096] slot 1
  buffer y = output f32[64*T] slot 0
  buffer z = output f32[64] slot 1
  input "x": f32[T, 64] in x
  input "w": f32[64, 64] in w
  output "y": f32[T, 64] in y
  output "z": f32[64] in z
  kernel once @ "node 'z'" {
    parallel i1 < 64
    %0 = load w[i1]: f32
    store z[i1] = %0
  }
  loop time: i0 < T {
    kernel product @ "node 'y' (\"quoted\")" {
      parallel i1 < 64
      reduction i2 < 64
      %0 = load x[i0*64 + i2]: f32
      %1 = load w[i1 + i2*64]: f32
      %2 = mul %0, %1: f32
      %3 = reduce sum %2: f32
      store y[i0*64 + i1] = %3
    }
  }
}
)rir";

}  // namespace

TEST_CASE("the table as JSON: kernels in order, shares that sum to 1, counts for the given dimensions") {
  Folder folder;
  const std::string model = folder.write("timed.rir", kPlan);
  rondo::test::Folder inputs;
  Outcome outcome = run({program(), "bench", model, "--json", "--seconds=0.05", "--input=x=" + inputs / "x.npy"});
  CHECK(outcome.exit_code == 1);  // no such file
  // 20 rows of x; an .npy header of 128 bytes
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (20, 64), }";
  header.resize(117, ' ');
  header += '\n';
  const std::string npy = std::string("\x93NUMPY\x01\x00", 8) + char(header.size()) + '\0' + header;
  inputs.write("x.npy", npy + std::string(20 * 64 * 4, '\0'));
  outcome = run({program(), "bench", model, "--json", "--seconds=0.05", "--input=x=" + inputs / "x.npy"});
  REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.errors);
  const auto json = nlohmann::json::parse(outcome.output);
  const auto& kernels = json["kernels"];
  REQUIRE(kernels.size() == 2);
  CHECK(kernels[0]["kernel"] == "once");
  CHECK(kernels[1]["kernel"] == "product");
  CHECK(kernels[1]["place"] == "node 'y' (\"quoted\")");
  CHECK(kernels[0]["runs"] == 1.0);
  CHECK(kernels[1]["runs"] == 20.0);
  CHECK(kernels[0]["flops"] == 0.0);
  CHECK(kernels[0]["bytes"] == 512.0);
  CHECK(kernels[1]["flops"] == 20.0 * 2 * 64 * 64);
  CHECK(kernels[1]["bytes"] == 20.0 * (64 + 4096 + 64) * 4);
  const double shares = double(kernels[0]["share"]) + double(kernels[1]["share"]);
  CHECK(shares == doctest::Approx(1).epsilon(1e-9));
  CHECK(kernels[1]["share"] > 0.5);
  const auto& call = json["call"];
  CHECK(call["best_seconds"] > 0);
  CHECK(call["best_seconds"] <= call["median_seconds"]);
  CHECK(call["low_seconds"] <= call["high_seconds"]);
  CHECK(double(kernels[0]["seconds"]) + double(kernels[1]["seconds"]) ==
        doctest::Approx(double(call["median_seconds"])).epsilon(1e-9));
  CHECK(json["machine"]["f32_flops_per_second"] > 1e8);
  CHECK(json["machine"]["bytes_per_second"] > 1e8);
  // Nothing is twice as fast as the machine.
  for (const auto& kernel : kernels)
    CHECK(double(kernel["least_arithmetic_seconds"]) < 2 * double(kernel["seconds"]) + 1e-7);
}

TEST_CASE("the table as text, the longest share first") {
  Outcome outcome = run(
      {program(), "bench", sample("sine.onnx"), "--state=h0=hn", "--state=c0=cn", "--dim=time=4", "--seconds=0.05"});
  REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.errors);
  for (const char* word : {"per call: median", "GFLOP/s", "GB/s", "share", "of its limit", "LSTM"})
    CHECK_MESSAGE(outcome.output.find(word) != std::string::npos, word << " in " << outcome.output);
}

TEST_CASE("compared with a saved run: ratios, and kernels that appeared or vanished") {
  Folder folder;
  const std::string model = folder.write("timed.rir", kPlan);
  const std::string saved = folder.write("saved.json", R"({"model": "older.rir",
    "call": {"median_seconds": 2.0, "best_seconds": 1.0, "low_seconds": 1.5, "high_seconds": 2.5},
    "kernels": [{"kernel": "product", "seconds": 1.5}, {"kernel": "gone", "seconds": 0.5}]})");
  const auto with = [&](std::vector<std::string> options) {
    options.insert(options.begin(), {program(), "bench", model, "--seconds=0.02", "--input=x=" + folder / "x.npy"});
    return run(options);
  };
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 64), }";
  header.resize(117, ' ');
  header += '\n';
  folder.write("x.npy", std::string("\x93NUMPY\x01\x00", 8) + char(header.size()) + '\0' + header + std::string(512, '\0'));
  Outcome outcome = with({"--json", "--compare=" + saved});
  REQUIRE_MESSAGE(outcome.exit_code == 0, outcome.errors);
  const auto json = nlohmann::json::parse(outcome.output);
  const auto& compared = json["compared"];
  CHECK(compared["model"] == "older.rir");
  CHECK(compared["ratio"] == doctest::Approx(double(json["call"]["median_seconds"]) / 2));
  const auto& kernels = compared["kernels"];
  REQUIRE(kernels.size() == 3);
  CHECK(kernels[0]["kernel"] == "once");
  CHECK(kernels[0]["seconds_then"].is_null());
  CHECK(kernels[1]["kernel"] == "product");
  CHECK(kernels[1]["ratio"] == doctest::Approx(double(json["kernels"][1]["seconds"]) / 1.5));
  CHECK(kernels[2]["kernel"] == "gone");
  CHECK(kernels[2]["seconds_now"].is_null());

  outcome = with({"--compare=" + saved});
  for (const char* word : {"now/then", "2.000 s", "appeared", "vanished", "spread 50.0% then"})
    CHECK_MESSAGE(outcome.output.find(word) != std::string::npos, word << " in " << outcome.output);

  const std::string again = folder.write("again.json", with({"--json"}).output);  // what is written can be read
  CHECK(with({"--compare=" + again}).exit_code == 0);
  for (const char* bad : {"", "[]", "{}", "{\"model\": 1}", "{\"model\": \"m\", \"call\": {\"median_seconds\": -1}}"}) {
    const std::string file = folder.write("bad.json", bad);
    outcome = with({"--compare=" + file});
    CHECK(outcome.exit_code == 1);
    CHECK_MESSAGE(outcome.errors.find(file + ":1:") != std::string::npos, outcome.errors);
    CHECK(outcome.errors.find("^\n") != std::string::npos);
  }
}
