// --stream, compiled: the steps of random models give what the reference evaluator gives for the whole sequence, and
// step_n gives the same bits however a sequence is split into calls. The program's own options and messages for it.
#include "passes/stream.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "driver/compare.h"
#include "driver/frames.h"
#include "tests/driver/fixtures.h"
#include "tests/passes/stream_graph.h"

using namespace rondo;
using namespace rondo::test;
using rondo::testing::StreamGraph;

namespace {

/// With rings for short histories too, as a target without vectors has them.
Plan plan_of_step(const Graph& whole, const Target& target) {
  Diagnostics remarks;
  TargetFacts scalar = target.facts();
  scalar.vector_bytes = 0;
  Result<Graph> step = make_step(std::move(*whole.clone()), {{"T"}}, scalar, remarks);
  REQUIRE(step);
  REQUIRE(optimise(*step, target.facts(), {}, remarks));
  Result<Plan> plan = make_plan(*step, target.facts());
  REQUIRE_MESSAGE(plan, (plan ? "" : to_string(plan.errors()[0])));
  return *std::move(plan);
}

Recording random_recording(const Graph& whole, int64_t length, uint64_t seed) {
  testing::Random random(seed);
  Recording recording;
  for (const Value* input : whole.inputs()) {
    std::vector<int64_t> shape;
    for (const Dim& dim : input->type->shape) shape.push_back(*dim.evaluate({{"T", length}}));
    std::vector<double> values(static_cast<size_t>(Tensor::zeros(DType::f64, shape).count()));
    for (double& value : values) value = random.real();
    recording.inputs.push_back({input->name, Tensor::from_doubles(input->type->dtype, shape, values)});
  }
  return recording;
}

/// C that makes the steps of a model one by one, then in calls of step_n of every size, and compares the bits.
std::string split_program(const Plan& plan, int64_t steps) {
  std::string text = fmt::format(
      "#include \"random.h\"\n#include <string.h>\n"
      "static _Alignas(64) char state[RANDOM_STATE_BYTES], scratch[RANDOM_SCRATCH_BYTES + 1];\n"
      "int main(void) {{\n  unsigned seed = 1;\n  const int64_t steps = {};\n",
      steps);
  std::vector<std::string> inputs, one_by_one, split, at, rest;
  const auto array = [&](const std::string& name, const Port& port, bool input) {
    const int64_t count = *element_count(port.type.shape).constant();
    text += fmt::format("  static double {}[{}];\n", name, count * steps);
    if (input)
      text += fmt::format(
          "  for (int i = 0; i < {}; ++i) {}[i] = (double)((seed = seed * 1103515245u + 12345u) >> 20) / 2048 - 1;\n",
          count * steps, name);
    return fmt::format("{} + i * {}", name, count);
  };
  for (size_t i = 0; i < plan.inputs.size(); ++i) at.push_back(array(fmt::format("x{}", i), plan.inputs[i], true));
  std::vector<std::string> at_split = at;
  for (size_t i = 0; i < plan.outputs.size(); ++i) {
    at.push_back(array(fmt::format("y{}", i), plan.outputs[i], false));
    at_split.push_back(array(fmt::format("z{}", i), plan.outputs[i], false));
  }
  text += fmt::format(
      "  if (random_reset(state, 0)) return 1;\n"
      "  for (int64_t i = 0; i < steps; ++i) if (random_step(state, {}, scratch)) return 2;\n",
      fmt::join(at, ", "));
  text += fmt::format(
      "  for (int64_t size = 1; size <= steps; ++size) {{\n    if (random_reset(state, 0)) return 3;\n"
      "    for (int64_t i = 0; i < steps; i += size)\n"
      "      if (random_step_n(state, steps - i < size ? steps - i : size, {}, scratch)) return 4;\n",
      fmt::join(at_split, ", "));
  for (size_t i = 0; i < plan.outputs.size(); ++i)
    text += fmt::format("    if (memcmp(y{0}, z{0}, sizeof y{0})) return 5;\n", i);
  return text + "  }\n  return 0;\n}\n";
}

std::string errors_of(std::vector<std::string> command, int exit_code = 1) {
  const Outcome outcome = test::run(command);
  CHECK_MESSAGE(outcome.exit_code == exit_code, outcome.errors);
  return outcome.errors;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("compiled steps of random models give the whole sequence") {
  const Target host = *Target::find({});
  constexpr int64_t kLength = 36;
  for (uint64_t seed = 0; seed < 24; ++seed) {
    CAPTURE(seed);
    const Graph whole = StreamGraph(1000 + seed, Dim::symbol("T")).graph();
    Result<LoadedModel> model = LoadedModel::build(plan_of_step(whole, host), host, {});
    REQUIRE_MESSAGE(model, (model ? "" : to_string(model.errors()[0])));
    const Recording recording = random_recording(whole, kLength, seed);
    Result<Played> played = play(*model, recording, {});
    REQUIRE_MESSAGE(played, (played ? "" : to_string(played.errors()[0])));
    std::vector<Array> arguments;
    for (const NamedTensor& input : recording.inputs) arguments.push_back(Array::from(input.value));
    Result<std::vector<Array>> want = evaluate(whole, std::move(arguments));
    REQUIRE(want);
    for (size_t i = 0; i < played->outputs.size(); ++i) {
      const Slot& slot = model->outputs()[i];
      Common common{played->outputs[i].value, (*want)[i].to_tensor()};
      if (slot.time_axis >= 0) {
        Result<Common> both = common_frames(slot, common.steps, common.whole);
        REQUIRE(both);
        common = *both;
      }
      const Comparison comparison = compare(common.steps, common.whole, {1e-10, 1e-10});
      CHECK_MESSAGE(comparison.good(), describe(comparison, common.steps, common.whole));
    }
  }
}

TEST_CASE("step_n gives the same bits however a sequence is split") {
  const Target host = *Target::find({});
  bool ring = false;
  for (uint64_t seed : {1001, 1004, 1018, 1019}) {
    CAPTURE(seed);
    const Graph whole = StreamGraph(seed, Dim::symbol("T")).graph();
    const Plan plan = plan_of_step(whole, host);
    if (plan.state_bytes.is(0)) continue;
    for (const StateSlot& state : plan.states) ring = ring || state.name.starts_with("steps_modulo");
    Folder folder;
    folder.write("random.h", make_header(plan));
    folder.write("random.o", *generate(plan, host, Form::object));
    folder.write("main.c", split_program(plan, 40));
    const std::string command =
        fmt::format("cd {} && {} -std=c11 -Wall -Wextra -Werror main.c random.o -o main && ./main", folder.path(),
                    RONDO_C_COMPILER);
    CHECK(std::system(command.c_str()) == 0);
  }
  CHECK(ring);
}

TEST_CASE("a header says what a step takes and how late it is") {
  Folder folder;
  const std::string model = folder.write("late.rir", R"(core "late" {
    input %x: f32[1, 1, T]
    %w = constant() {value = f32[1, 1, 4] {1.0, 2.0, 3.0, 4.0}}: f32[1, 1, 4]
    %y = conv(%x, %w) {strides = [2], dilations = [2], groups = 1}
    output %y })");
  CHECK(test::run({program(), "compile", model, "-o", folder / "late.so", "--stream"}).exit_code == 0);
  const std::string header = read_all(folder / "late.h");
  CHECK(has(header, "#define LATE_FRAMES 2\n"));
  CHECK(has(header, "#define LATE_LATENCY 6\n"));  // ceil((0 + 7 - 2) / 2) = 3 frames of the output
  CHECK(has(header, "time: a step takes the next 2 of input 'x', along axis 2"));
  CHECK(has(header, "time: a step gives the next 1 of output 'y', along axis 2; frame t comes 3 frames late"));
  CHECK(has(header, "late_step_n("));
  const std::string text = test::run({program(), "inspect", model, "--stream", "--after=stream"}).output;
  CHECK(has(text, "time output \"y\" axis 2 latency 3"));
  CHECK(has(text, "frame t of the sequence comes 3 frames later"));
}

TEST_CASE("a text that is a step already, and a plan, are not made one again") {
  Folder folder;
  const std::string model = sample("compressor.json");
  CHECK(test::run({program(), "inspect", model, "--stream", "-o", folder / "core.rir"}).exit_code == 0);
  CHECK(has(errors_of({program(), "compile", folder / "core.rir", "-o", folder / "a.so", "--stream"}),
            "is the graph of a step already"));
  CHECK(test::run({program(), "inspect", model, "--stream", "--level=plan", "-o", folder / "plan.rir"}).exit_code == 0);
  CHECK(
      has(errors_of({program(), "compile", folder / "plan.rir", "-o", folder / "a.so", "--stream"}), "come too late"));
  CHECK(test::run({program(), "compile", folder / "plan.rir", "-o", folder / "a.so"}).exit_code == 0);
  CHECK(has(errors_of({program(), "inspect", model, "--stream=nothing"}),
            "--stream=nothing: no dimension and no INPUT:AXIS"));
}
