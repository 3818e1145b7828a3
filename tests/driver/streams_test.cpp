// --streams: one call moves several streams on as their own instances would, each can be reset alone, and recordings of
// one stream verify in all.
#include <doctest/doctest.h>

#include <cmath>

#include "driver/loaded_model.h"
#include "driver/streams.h"
#include "tests/driver/fixtures.h"

namespace rondo::test {
namespace {

constexpr int64_t kStreams = 3;

template <class T>
T require(Result<T> result) {
  if (!result) FAIL(to_string(result.errors()[0]));
  return *std::move(result);
}

LoadedModel sine(int64_t streams) {
  ModelOptions options;
  options.model = sample("sine.onnx");
  options.dims = {{"time", 1}};
  options.states = {{"h0", "hn"}, {"c0", "cn"}};
  options.streams = streams;
  return require(LoadedModel::build(require(read_source(options)), options));
}

double input(int64_t stream, int step) { return std::sin(0.3 * step + static_cast<double>(stream)); }

/// The outputs of one step of each stream's own instance.
std::vector<double> step_alone(std::vector<Instance>& alone, int step) {
  std::vector<double> y;
  for (size_t i = 0; i < alone.size(); ++i)
    y.push_back(require(alone[i].call({f32({1, 1, 1}, {input(static_cast<int64_t>(i), step)})}))[0].double_at(0));
  return y;
}

void check_step(Instance& together, std::vector<Instance>& alone, int step) {
  std::vector<double> x;
  for (int64_t i = 0; i < kStreams; ++i) x.push_back(input(i, step));
  const Tensor y = require(together.call({f32({kStreams, 1, 1, 1}, x)}))[0];
  const std::vector<double> want = step_alone(alone, step);
  for (size_t i = 0; i < want.size(); ++i) CHECK(std::fabs(y.double_at(static_cast<int64_t>(i)) - want[i]) < 1e-6);
}

}  // namespace

TEST_CASE("streams in one call are as many instances, and one is reset alone") {
  const LoadedModel one = sine(0), many = sine(kStreams);
  const rondo_model& record = many.record();
  CHECK((record.streams == kStreams && one.record().streams == 0));
  Instance together = require(many.instantiate({}));
  std::vector<Instance> alone;
  for (int64_t i = 0; i < kStreams; ++i) alone.push_back(require(one.instantiate({})));
  for (int step = 0; step < 40; ++step) {
    if (step == 17) {
      REQUIRE(together.reset_stream(1));
      REQUIRE(alone[1].reset());
    }
    check_step(together, alone, step);
  }
  const Tensor h = require(together.state("h0"));
  CHECK(h.shape() == std::vector<int64_t>{kStreams, 1, 1, 12});
  for (int64_t i = 0; i < kStreams; ++i) {
    const Tensor own = require(alone[static_cast<size_t>(i)].state("h0"));
    for (int64_t k = 0; k < 12; ++k) CHECK(std::fabs(h.double_at(i * 12 + k) - own.double_at(k)) < 1e-6);
  }
  CHECK_FALSE(together.reset_stream(kStreams));
}

TEST_CASE("a recording of one stream verifies in all") {
  for (const char* streams : {"--streams=1", "--streams=5"}) {
    const Outcome outcome =
        run(with_state({program(), "verify", sample("sine.onnx"), "--data", sample("recording"), streams}));
    CAPTURE(outcome.errors);
    CHECK(outcome.exit_code == 0);
  }
  const Outcome refused = run({program(), "compile", sample("sine.onnx"), "-o", "/tmp/none.so", "--streams=2"});
  CHECK(refused.exit_code == 1);
  CHECK(refused.errors.find("carry state") != std::string::npos);
}

TEST_CASE("recordings are repeated along the axis of streams") {
  Recording recording;
  recording.steps = 2;
  recording.inputs.push_back({"x", f32({2, 2}, {1, 2, 3, 4})});
  recording.states.push_back({"h", "h_out", f32({1}, {7}), f32({1}, {8})});
  const Recording all = in_all_streams(recording, 2);
  CHECK(all.inputs[0].value == f32({2, 2, 2}, {1, 2, 1, 2, 3, 4, 3, 4}));
  CHECK(all.states[0].final == f32({2, 1}, {8, 8}));
}

}  // namespace rondo::test
