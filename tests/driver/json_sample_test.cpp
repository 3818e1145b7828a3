// samples/compressor.json and JSON models as a user meets them: compiled, run, made a step function.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "frontend/npy.h"
#include "tests/driver/fixtures.h"

using namespace rondo::test;
using rondo::Tensor;

namespace {

std::vector<double> signal() {
  std::vector<double> x;
  for (int t = 0; t < 300; ++t) x.push_back((t < 150 ? 1.0 : 0.1) * std::sin(0.3 * t));
  return x;
}

}  // namespace

TEST_CASE("the compressor sample follows its equations") {
  Folder folder;
  const std::vector<double> x = signal();
  REQUIRE(rondo::write_npy(folder / "x.npy", f32({300, 1}, x)));
  Outcome outcome = run({program(), "run", sample("compressor.json"), "--input", "x=" + (folder / "x.npy"), "--output",
                         "y=" + (folder / "y.npy"), "--output", "envelope=" + (folder / "e.npy")});
  CAPTURE(outcome.errors);
  REQUIRE(outcome.exit_code == 0);
  const auto y = rondo::read_npy(folder / "y.npy"), envelope = rondo::read_npy(folder / "e.npy");
  REQUIRE(y);
  REQUIRE(envelope);
  double level = 0;
  for (size_t t = 0; t < x.size(); ++t) {
    const double loudness = std::fabs(x[t]);
    level += (loudness > level ? 0.2 : 0.01) * (loudness - level);
    const double want = x[t] * std::pow(0.25 / std::max(level, 0.25), 0.75);
    CHECK(std::fabs(envelope->double_at(static_cast<int64_t>(t)) - level) < 1e-5);
    CHECK(std::fabs(y->double_at(static_cast<int64_t>(t)) - want) < 1e-5);
  }
}

TEST_CASE("a step function in rondo's JSON keeps its state") {
  Folder folder;
  const std::string model = folder.write("step.json", R"({"rondo": 1, "inputs": {"x": "f32[1]"},
    "states": {"h": {"type": "f32[1]", "next": "new", "initial": [4]}},
    "nodes": ["new = h / 2 + x"], "outputs": ["new"]})");
  REQUIRE(rondo::write_npy(folder / "x.npy", f32({3, 1}, {1, 0, -1})));
  Outcome outcome = run({program(), "run", model, "--steps", "--input", "x=" + (folder / "x.npy"), "--output",
                         "new=" + (folder / "y.npy")});
  CAPTURE(outcome.errors);
  REQUIRE(outcome.exit_code == 0);
  const auto y = rondo::read_npy(folder / "y.npy");
  REQUIRE(y);
  CHECK(y->doubles() == std::vector<double>{3, 1.5, -0.25});
}

TEST_CASE("a JSON model is verified against x.csv and y.csv") {
  Folder folder;
  const std::string model = folder.write("m/model.nam", R"({"architecture": "Linear",
    "config": {"receptive_field": 2, "bias": true}, "weights": [2, 1, 0.5]})");
  folder.write("m/x.csv", "1\n2\n-1\n");
  folder.write("m/y.csv", "2.5\n5.5\n0.5\n");
  Outcome outcome = run({program(), "verify", model, "--data", folder / "m"});
  CAPTURE(outcome.errors);
  CHECK(outcome.exit_code == 0);
  folder.write("m/y.csv", "2.5\n5.5\n0.6\n");
  CHECK(run({program(), "verify", model, "--data", folder / "m"}).exit_code == 1);
}
