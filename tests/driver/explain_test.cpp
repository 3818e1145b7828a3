// inspect --explain: every section says what it should of the sample, and of a model that cannot be compiled.
#include <doctest/doctest.h>

#include "tests/driver/fixtures.h"

using namespace rondo::test;

namespace {

std::string explain(std::vector<std::string> options, const std::string& model = sample("sine.onnx")) {
  std::vector<std::string> command{program(), "inspect", model, "--explain"};
  command.insert(command.end(), options.begin(), options.end());
  const Outcome outcome = run(command);
  CAPTURE(outcome.errors);
  CHECK(outcome.exit_code == 0);
  return outcome.output;
}

/// Lines are joined, so that it does not matter where they are wrapped.
bool says(std::string text, std::string_view part) {
  for (size_t at; (at = text.find("\n      ")) != text.npos;)
    text.replace(at, text.find_first_not_of("\n ", at) - at, " ");
  const bool found = text.find(part) != text.npos;
  if (!found) MESSAGE(text);
  return found;
}

}  // namespace

TEST_CASE("what the file says, and what is assumed") {
  const std::string text = explain({});
  CHECK(says(text, "  It is an ONNX model, IR version 7, operator set 13, 3426 bytes, written by 'rondo sample'.\n"));
  CHECK(says(text, "  node 'lstm' (LSTM) has 12 hidden units, walks forward over f32[time, 1, 1].\n"));
  CHECK(says(text, "  Input 'h0': f32[1, 1, 12].\n"));
  CHECK(says(text, "  Dimension 'time' is any size from 1 on"));
  CHECK(says(text, "--state=h0=hn --state=c0=cn would make a stream of it"));
  CHECK_FALSE(explain({"--dim=time=9"}).find("Dimension") != std::string::npos);
  const std::string stream = explain(with_state({"--dim=time=1"}));
  CHECK(says(stream, "  State 'h0' is kept from call to call, and starts from zeros.\n"));
  CHECK_FALSE(stream.find("would make a stream") != std::string::npos);
  CHECK(says(stream, "the time axis is fixed at 1 step"));
}

TEST_CASE("what every call must have") {
  Folder folder;
  const std::string text = explain({}, folder.write("pad.json", R"({"rondo": 1, "inputs": {"x": "f32[T]"},
    "constants": {"p": {"i64": [2, 0]}}, "outputs": ["y"],
    "nodes": [{"op": "Pad", "in": ["x", "p"], "out": "y", "attributes": {"mode": "reflect"}}]})"));
  CHECK(says(text, "  Every call must have 3 <= T, because of /nodes/0 (Pad): slice: "));
}

TEST_CASE("why passes decided as they did") {
  CHECK(says(explain({}), "  unroll_scans: scan 'lstm': not unrolled, only the run knows its steps: time.\n"));
  CHECK(says(explain({"--dim=time=1"}), "  unroll_scans: scan 'lstm': unrolled, one step is no loop.\n"));
  CHECK(says(explain({"--dim=time=9"}), "not unrolled, 9 steps of "));
  CHECK(says(explain({"--dim=time=9", "--unroll=never"}), "not unrolled, as was asked for"));
  CHECK(says(explain({}), "hoist_input_products: scan 'lstm': its input products stay inside: they are small, "));
}

TEST_CASE("why the plan is as it is") {
  const std::string text = explain({"--target=aarch64", "--cpu=cortex-a72"});
  CHECK(says(text, "  kernel 'matmul_lstm'\n    computes "));
  CHECK(says(text, "bytes of weights, of which the first cache holds "));
  CHECK(says(text, "one task, its cost of "));
  CHECK(says(text, "  One call: 636*time multiply-adds and 60*time functions such as tanh.\n"));
  CHECK(says(explain(with_state({"--dim=time=1"})), "No kernel is divided among threads, since the model has state."));
}

TEST_CASE("what cannot be compiled is explained as far as it goes; a plan is not") {
  Folder folder;
  const std::string model = folder.write("m.rir", R"(model "m" opset 13 {
  input %x: f32[3]
  %y = unsupported "com.example.Odd"(%x) @ "odd"
  output %y
})");
  const std::string text = explain({}, model);
  CHECK(says(text, "It is rondo's own text, operator set 13, "));
  CHECK(says(text, "1 node: 1 com.example.Odd."));
  CHECK(says(text, "What is in the way\n"));
  CHECK(says(text, "com.example.Odd"));
  CHECK(run({program(), "inspect", sample("sine.onnx"), "--level=plan", "-o", folder / "plan.rir"}).exit_code == 0);
  CHECK(run({program(), "inspect", folder / "plan.rir", "--explain"}).exit_code == 1);
}
