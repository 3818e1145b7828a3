// --stream: T steps give what the whole sequence gives, on random graphs and on the forms that each rule knows; what
// cannot be streamed is refused where it stands.
#include "passes/stream.h"

#include <fmt/format.h>

#include "ir/text.h"
#include "ir/verify.h"
#include "passes/pipeline.h"
#include "tests/passes/stream_graph.h"

namespace rondo::testing {
namespace {

/// For a target of so short vectors that rings pay early.
Result<Graph> step_of(const Graph& whole, std::vector<std::string> axes, Diagnostics& remarks, int vector_bytes = 0) {
  TargetFacts facts;
  facts.vector_bytes = vector_bytes;
  return make_step(std::move(*whole.clone()), {std::move(axes)}, facts, remarks);
}

Result<Graph> step_of(const Graph& whole, std::vector<std::string> axes = {}) {
  Diagnostics remarks;
  return step_of(whole, std::move(axes), remarks);
}

Graph require_step(const Graph& whole, std::vector<std::string> axes = {}) {
  Result<Graph> step = step_of(whole, std::move(axes));
  REQUIRE_MESSAGE(step, (step ? "" : to_string(step.errors()[0])) << "\n" << print(whole, {true}));
  return *std::move(step);
}

/// Frames [start, start + count) along an axis.
Array frames(const Array& all, int axis, int64_t start, int64_t count) {
  int64_t outer = 1, inner = 1;
  for (int i = 0; i < axis; ++i) outer *= all.shape[static_cast<size_t>(i)];
  for (size_t i = static_cast<size_t>(axis) + 1; i < all.shape.size(); ++i) inner *= all.shape[i];
  const int64_t row = all.shape[static_cast<size_t>(axis)] * inner;
  Array part{all.dtype, all.shape, {}, {}};
  part.shape[static_cast<size_t>(axis)] = count;
  for (int64_t i = 0; i < outer; ++i) {
    const int64_t from = i * row + start * inner, to = from + count * inner;
    if (is_float(all.dtype))
      part.reals.insert(part.reals.end(), all.reals.begin() + from, all.reals.begin() + to);
    else
      part.ints.insert(part.ints.end(), all.ints.begin() + from, all.ints.begin() + to);
  }
  return part;
}

Array initial_of(const State& state) {
  std::vector<int64_t> shape = *constant_shape(state.current->type->shape);
  Array value = Array::zeros(state.current->type->dtype, shape);
  if (!state.initial) return value;
  std::vector<int64_t> strides(shape.size());
  int64_t stride = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    strides[i] = state.initial->shape()[i] == 1 ? 0 : stride;
    stride *= state.initial->shape()[i];
  }
  for (int64_t at = 0; at < value.count(); ++at) {
    int64_t rest = at, from = 0;
    for (size_t i = shape.size(); i-- > 0; rest /= shape[i]) from += rest % shape[i] * strides[i];
    if (is_float(value.dtype))
      value.reals[static_cast<size_t>(at)] = state.initial->double_at(from);
    else
      value.ints[static_cast<size_t>(at)] = state.initial->int_at(from);
  }
  return value;
}

/// Outputs of each step.
std::vector<std::vector<Array>> play(const Graph& step, const Graph& whole, const std::vector<Array>& arguments,
                                     int64_t& steps) {
  std::vector<Array> state;
  for (const State& each : step.states) state.push_back(initial_of(each));
  std::vector<std::vector<Array>> played;
  steps = INT64_MAX;
  const auto inputs = step.inputs();
  const auto hop = [&](size_t i, int axis) { return *inputs[i]->type->shape[static_cast<size_t>(axis)].constant(); };
  REQUIRE(inputs.size() == whole.inputs().size());
  for (size_t i = 0; i < inputs.size(); ++i)
    if (const Timing* time = find_timing(step.timing, Timing::Port::input, inputs[i]->name))
      steps = std::min(steps, arguments[i].shape[static_cast<size_t>(time->axis)] / hop(i, time->axis));
  for (int64_t at = 0; at < steps; ++at) {
    std::vector<Array> values;
    for (size_t i = 0; i < inputs.size(); ++i) {
      const Timing* time = find_timing(step.timing, Timing::Port::input, inputs[i]->name);
      values.push_back(time ? frames(arguments[i], time->axis, at * hop(i, time->axis), hop(i, time->axis))
                            : arguments[i]);
    }
    values.insert(values.end(), state.begin(), state.end());
    Result<std::vector<Array>> results = evaluate(step, std::move(values));
    REQUIRE_MESSAGE(results, (results ? "" : to_string(results.errors()[0])) << "\n" << print(whole) << print(step));
    const auto outputs = static_cast<std::ptrdiff_t>(step.outputs.size());
    state.assign(results->begin() + outputs, results->end());
    results->resize(static_cast<size_t>(outputs));
    played.push_back(*std::move(results));
  }
  return played;
}

bool close(const Array& a, const Array& b) {
  if (a.shape != b.shape || a.ints != b.ints || a.reals.size() != b.reals.size()) return false;
  for (size_t i = 0; i < a.reals.size(); ++i)
    if (!(std::abs(a.reals[i] - b.reals[i]) <= 1e-9 * (1 + std::abs(a.reals[i])))) return false;
  return true;
}

/// Plays a whole sequence by steps; gives how many frames of outputs were compared.
int64_t check_steps(const Graph& whole, const Graph& step, const std::vector<Array>& arguments) {
  int64_t steps = 0, compared = 0;
  const std::vector<std::vector<Array>> played = play(step, whole, arguments, steps);
  Result<std::vector<Array>> want = evaluate(whole, arguments);
  REQUIRE_MESSAGE(want, (want ? "" : to_string(want.errors()[0])));
  for (size_t i = 0; i < step.outputs.size(); ++i) {
    const Timing* time = find_timing(step.timing, Timing::Port::output, step.output_names[i]);
    if (!time) {
      CHECK_MESSAGE(close((*want)[i], played.back()[i]), step.output_names[i] << "\n" << print(whole, {true}));
      ++compared;
      continue;
    }
    const size_t axis = static_cast<size_t>(time->axis);
    const int64_t each = *step.outputs[i]->type->shape[axis].constant();
    for (int64_t at = 0; at < steps; ++at)
      for (int64_t k = 0; k < each; ++k) {
        const int64_t frame = at * each + k - time->latency;
        if (frame < 0 || frame >= (*want)[i].shape[axis]) continue;
        const bool same = close(frames((*want)[i], time->axis, frame, 1),
                                frames(played[static_cast<size_t>(at)][i], time->axis, k, 1));
        CHECK_MESSAGE(same, step.output_names[i] << ", frame " << frame << "\n"
                                                 << print(whole, {true}) << print(step, {true}));
        if (!same) return 0;
        ++compared;
      }
  }
  return compared;
}

std::vector<Array> arguments_of(const Graph& whole, int64_t length, uint64_t seed) {
  Random random(seed);
  std::vector<Array> arguments;
  for (const Value* input : whole.inputs()) {
    std::vector<int64_t> shape;
    for (const Dim& dim : input->type->shape) shape.push_back(*dim.evaluate({{"T", length}}));
    arguments.push_back(Array::zeros(input->type->dtype, shape));
    for (double& real : arguments.back().reals) real = random.real();
    for (int64_t& number : arguments.back().ints) number = random.below(3);
  }
  return arguments;
}

}  // namespace

TEST_CASE("T steps equal the whole sequence, on random graphs") {
  constexpr int64_t kLength = 36;
  int64_t late = 0, hops = 0, ends = 0, rings = 0, known = 0;
  for (uint64_t seed = 0; seed < 400; ++seed) {
    CAPTURE(seed);
    const bool frozen = seed % 4 == 3;
    const Graph whole = StreamGraph(seed, frozen ? Dim(kLength) : Dim::symbol("T")).graph();
    std::vector<std::string> axes{frozen ? "x:0" : "T"};
    for (const Value* input : whole.inputs())
      if (frozen && input->name == "z") axes.push_back("z:0");
    Result<Graph> step = step_of(whole, axes);
    REQUIRE_MESSAGE(step, (step ? "" : to_string(step.errors()[0])) << "\n" << print(whole, {true}));
    CHECK(check_steps(whole, *step, arguments_of(whole, kLength, seed)) > 0);
    for (const Timing& time : step->timing) late += time.latency > 0;
    hops += !step->inputs()[0]->type->shape[0].is(1);
    ends += whole.outputs.size() > 1;
    for (const State& state : step->states) {
      const bool ring = state.name.ends_with(".history") && state.current->type->rank() == 4;
      rings += ring;
      known += ring && state.initial && state.initial->count() > 1;
    }
  }
  CHECK(late > 100);
  CHECK(hops > 50);
  CHECK(ends > 20);
  CHECK(rings > 50);
  CHECK(known > 5);  // frames that lie before the first one
}

TEST_CASE("rings and shifted histories give the same bits") {
  constexpr int64_t kLength = 40;
  int differ = 0;
  for (uint64_t seed = 500; seed < 600; ++seed) {
    CAPTURE(seed);
    const Graph whole = StreamGraph(seed, Dim::symbol("T")).graph();
    Diagnostics remarks;
    const Result<Graph> ring = step_of(whole, {"T"}, remarks), shifted = step_of(whole, {"T"}, remarks, 1 << 20);
    REQUIRE(ring);
    REQUIRE(shifted);
    differ += print(*ring) != print(*shifted);
    const std::vector<Array> arguments = arguments_of(whole, kLength, seed);
    int64_t steps = 0;
    const auto of_ring = play(*ring, whole, arguments, steps), of_shifted = play(*shifted, whole, arguments, steps);
    REQUIRE(of_ring.size() == of_shifted.size());
    for (size_t i = 0; i < of_ring.size(); ++i)
      for (size_t k = 0; k < of_ring[i].size(); ++k) CHECK(of_ring[i][k].reals == of_shifted[i][k].reals);
  }
  CHECK(differ > 10);
}

namespace {

Graph graph_of(const std::string& text) {
  Result<Parsed> parsed = parse("core \"m\" {\n" + text + "}\n");
  REQUIRE_MESSAGE(parsed, (parsed ? "" : to_string(parsed.errors()[0])));
  Status valid = verify(*parsed->graph);
  REQUIRE_MESSAGE(valid, (valid ? "" : to_string(valid.errors()[0])));
  return std::move(*parsed->graph);
}

/// Where and why the graph cannot be streamed.
std::string refusal(const std::string& text, std::vector<std::string> axes = {"T"}) {
  Result<Graph> step = step_of(graph_of(text), std::move(axes));
  if (step) return "it can: " + print(*step);
  return to_string(step.errors()[0]);
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

#define CHECK_REFUSED(text, part)                            \
  do {                                                       \
    const std::string why = refusal(text);                   \
    CHECK_MESSAGE(has(why, "unsupported: --stream: "), why); \
    CHECK_MESSAGE(has(why, part), why);                      \
  } while (false)

TEST_CASE("what needs a whole sequence is refused at its node") {
  CHECK_REFUSED(R"(input %x: f32[T, 3]
    %w = constant() {value = f32[3, 1] {0.5, 0.5, 0.5}}: f32[3, 1]
    %y = matmul(%x, %w): f32[T, 1]
    %h = constant() {value = f32[1] {0.0}}: f32[1]
    %f, %all = scan(%h, %y) {carried = 1, scanned = 1, reverse_scanned = [1], reverse_stacked = [1], trip = T}:
        f32[1], f32[T, 1] @ "bidi"
      region (%t: i64[], %h: f32[1], %x: f32[1]) { %0 = add(%h, %x): f32[1]
        yield %0, %0 }
    output %all as "y" )",
                "6:5: unsupported: --stream: the recurrence runs backwards over time");
  CHECK_REFUSED("input %x: f32[T, 3]\n%y = reduce(%x) {combine = \"sum\", axes = [0]}: f32[3]\noutput %y\n",
                "it takes the sum over all frames");
  CHECK_REFUSED("input %x: f32[T, 3]\ninput %z: f32[3, T]\n%y = matmul(%x, %z): f32[T, T]\noutput %y\n",
                "joins each frame with every other one");
  CHECK_REFUSED("input %x: f32[T, 3]\ninput %z: f32[3, T]\n%y = matmul(%z, %x): f32[3, 3]\noutput %y\n",
                "sums over all frames");
  CHECK_REFUSED(
      "input %x: f32[T, 3]\n%y = slice(%x) {starts = [T-1, 0], sizes = [T, 3], steps = [-1, 1]}: f32[T, 3]\n"
      "output %y\n",
      "it turns time round");
  CHECK_REFUSED(
      "input %x: f32[T, 3]\n%y = slice(%x) {starts = [0, 0], sizes = [1, 3], steps = [1, 1]}: f32[1, 3]\n"
      "output %y\n",
      "it takes 1 frames of the sequence");
  CHECK_REFUSED("input %x: f32[T, 3]\n%y = reshape(%x) {shape = [3, T]}: f32[3, T]\noutput %y\n",
                "it mixes time with other axes: [T, 3] becomes [3, T]");
  CHECK_REFUSED("input %x: f32[T, 3]\n%y = concat(%x, %x) {axis = 0}: f32[2*T, 3]\noutput %y\n",
                "the second begins where the first has ended");
  CHECK_REFUSED(
      "input %x: f32[T, 3]\n%n = dims() {values = [T], shape = [], to = i64}: i64[]\n%f = cast(%n) {to = f32}: "
      "f32[]\n%y = div(%x, %f): f32[T, 3]\n"
      "output %y\n",
      "it needs the length of the sequence (T)");
  CHECK_REFUSED(
      "input %x: f32[4, 1, T]\n%w = constant() {value = f32[1, 1, 1] {1.0}}: f32[1, 1, 1]\n"
      "%t = transpose(%x) {perm = [1, 2, 0]}: f32[1, T, 4]\n"
      "%y = conv(%t, %w) {strides = [1], dilations = [1], groups = 1}: f32[1, 1, 4]\noutput %y\nrequire T == 1\n",
      "time is its axis of channels");
}

TEST_CASE("the first frames are left out, as exporters write it of sequences that may be too short") {
  const Graph whole = graph_of(R"(input %x: f64[1, 1, T]
    %a = slice(%x) {starts = [0, 0, min(2, T)], sizes = [1, 1, max(0, T-2)], steps = [1, 1, 1]}
    %b = tanh(%a)
    %y = slice(%b) {starts = [0, 0, min(8, max(0, T-2))], sizes = [1, 1, max(0, max(0, T-2)-8)], steps = [1, 1, 1]}
    %z = slice(%b) {starts = [0, 0, min(3, max(0, T-2))], sizes = [1, 1, max(0, max(0, T-2)-4)], steps = [1, 1, 1]}
    output %y
    output %z)");
  const Graph step = require_step(whole);
  CHECK(find_timing(step.timing, Timing::Port::output, "y")->latency == 10);
  CHECK(find_timing(step.timing, Timing::Port::output, "z")->latency == 5);
  CHECK(check_steps(whole, step, arguments_of(whole, 20, 1)) == 10 + 14);
  CHECK_REFUSED(R"(input %x: f32[1, 1, T]
    %y = slice(%x) {starts = [0, 0, min(2, T-1)], sizes = [1, 1, T-min(2, T-1)], steps = [1, 1, 1]}
    output %y )",
                "begins at a frame that depends on the sequence's length");
}

TEST_CASE("a recurrence begins with what a step can know") {
  const std::string scan = R"(
    %f, %all = scan(%h, %x) {carried = 1, scanned = 1, reverse_scanned = [0], reverse_stacked = [0], trip = T}:
        f32[1], f32[T, 1]
      region (%t: i64[], %h: f32[1], %x: f32[1]) { %0 = add(%h, %x): f32[1]
        yield %0, %0 }
    output %all as "y" )";
  CHECK_REFUSED("input %x: f32[T, 1]\ninput %h: f32[1]\n" + scan, "--state=INPUT=OUTPUT makes a state of it");
  const Graph step = require_step(graph_of("input %x: f32[T, 1]\nstate %h: f32[1]\n" + scan + "next %h = %f\n"), {"T"});
  REQUIRE(step.states.size() == 1);
  CHECK(step.states[0].name == "h");
}

TEST_CASE("the end of a sequence that padding reaches into is refused, and how far it reaches is said") {
  CHECK_REFUSED(R"(input %x: f32[1, 1, T]
    %zero = constant() {value = f32[] {0.0}}: f32[]
    %p = pad(%x, %zero) {low = [0, 0, 0], high = [0, 0, 2]}: f32[1, 1, T+2]
    %w = constant() {value = f32[1, 1, 3] {1.0, 2.0, 3.0}}: f32[1, 1, 3]
    %c = conv(%p, %w) {strides = [1], dilations = [1], groups = 1}: f32[1, 1, T]
    %y = slice(%c) {starts = [0, 0, T-1], sizes = [1, 1, 1], steps = [1, 1, 1]}: f32[1, 1, 1]
    output %y )",
                "2 frames ahead of what a step has");
}

TEST_CASE("latency and history of windows are the least") {
  const auto conv = [](int64_t low, int64_t high, const char* more) {
    return fmt::format(R"(input %x: f32[1, 1, T]
      %zero = constant() {{value = f32[] {{0.0}}}}: f32[]
      %p = pad(%x, %zero) {{low = [0, 0, {}], high = [0, 0, {}]}}: f32[1, 1, T+{}]
      %w = constant() {{value = f32[1, 1, 3] {{1.0, 2.0, 3.0}}}}: f32[1, 1, 3]
      %y = conv(%p, %w) {{{}, groups = 1}}
      output %y )",
                       low, high, low + high, more);
  };
  struct Case {
    int64_t low, high;
    const char* more;
    int64_t hop, latency, history;
  };
  for (const Case& each :
       {Case{2, 0, "strides = [1], dilations = [1]", 1, 0, 2}, Case{1, 1, "strides = [1], dilations = [1]", 1, 1, 2},
        Case{0, 0, "strides = [1], dilations = [4]", 1, 8, 8}, Case{0, 0, "strides = [3], dilations = [1]", 3, 0, 0},
        Case{1, 0, "strides = [2], dilations = [1]", 2, 0, 1}}) {
    CAPTURE(each.more);
    const Graph step = require_step(graph_of(conv(each.low, each.high, each.more)), {"T"});
    CHECK(step.inputs()[0]->type->shape[2].is(each.hop));
    CHECK(find_timing(step.timing, Timing::Port::output, "y")->latency == each.latency);
    int64_t history = 0;
    for (const State& state : step.states) history += *state.current->type->shape[2].constant();
    CHECK(history == each.history);
  }
}

TEST_CASE("of a long history few frames are taken from a ring") {
  const Graph whole = graph_of(R"(input %x: f32[1, 8, T]
    %zero = constant() {value = f32[] {0.0}}
    %p = pad(%x, %zero) {low = [0, 0, 40], high = [0, 0, 0]}
    %w = constant() {value = f32[1, 8, 3] {1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 1.0, 2.0,
      3.0, 1.0, 2.0, 3.0, 1.0, 2.0, 3.0}}
    %y = conv(%p, %w) {strides = [1], dilations = [20], groups = 1}
    output %y )");
  Diagnostics remarks;
  const Result<Graph> ring = step_of(whole, {"T"}, remarks, 16);
  REQUIRE(ring);
  REQUIRE(ring->states.size() == 2);
  CHECK(to_string(*ring->states[0].current->type) == "f32[41, 1, 1, 8]");
  CHECK(ring->states[1].name == "steps_modulo_41");
  const std::string text = print(*ring);
  CHECK_MESSAGE(has(text, "{combine = \"none\"}"), text);
  CHECK_MESSAGE(has(text, "conv(%13, %w) {dilations = [1], groups = 1, strides = [3]}"), text);
  REQUIRE(remarks.size() == 1);
  CHECK(has(remarks[0].message, "its history of 40 frames, of which a step looks at 3, is a ring: as a ring it moves 46 vectors, "
                                "shifted 160"));
  const Result<Graph> shifted = step_of(whole, {"T"}, remarks, 128);  // a frame is a quarter of a vector
  REQUIRE(shifted);
  REQUIRE(shifted->states.size() == 1);
  CHECK(to_string(*shifted->states[0].current->type) == "f32[1, 8, 40]");
  CHECK(has(remarks[1].message, "is shifted: as a ring it moves 34 vectors, shifted 20"));
  check_steps(whole, *ring, arguments_of(whole, 100, 1));
}

TEST_CASE("who looks back equally far at one value shares its history") {
  for (const int64_t far : {2, 30}) {
    CAPTURE(far);
    std::string text = fmt::format("input %x: f32[1, 8, T]\n%zero = constant() {{value = f32[] {{0.0}}}}\n"
                                   "%p = pad(%x, %zero) {{low = [0, 0, {}], high = [0, 0, 0]}}\n", far);
    for (int i = 0; i < 2; ++i)
      text += fmt::format("%w{0} = constant() {{value = f32[1, 8, 2] {{{0}.0, 1.0, 2.0, 3.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, "
                          "1.0, 1.0, 1.0, 1.0, 1.0, 4.0}}}}\n"
                          "%y{0} = conv(%p, %w{0}) {{strides = [1], dilations = [{1}], groups = 1}}\noutput %y{0}\n", i, far);
    text += fmt::format("%v = constant() {{value = f32[1, 8, 2] {{1.0, 1.0, 2.0, 3.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, "
                        "1.0, 1.0, 1.0, 1.0, 1.0, 4.0}}}}\n"
                        "%z = conv(%x, %v) {{strides = [1], dilations = [{}], groups = 1}}\noutput %z\n", far);
    const Graph whole = graph_of(text);
    const Graph step = require_step(whole);
    int histories = 0;
    for (const State& state : step.states) histories += has(state.name, ".history");
    CHECK(histories == 2);  // %z begins later: what was before the sequence matters to %y0 and %y1 alone
    CHECK(check_steps(whole, step, arguments_of(whole, 80, 1)) > 0);
  }
}

TEST_CASE("layers whose histories have one length count its steps together") {
  std::string text = "input %x0: f32[1, 8, T]\n%zero = constant() {value = f32[] {0.0}}\n";
  text += "%w = constant() {value = f32[8, 1, 2] {";
  for (int i = 0; i < 16; ++i) text += fmt::format("{}{}.0", i ? ", " : "", i % 3);
  text += "}}\n";
  for (int i = 0; i < 2; ++i)
    text += fmt::format("%p{0} = pad(%x{0}, %zero) {{low = [0, 0, 30], high = [0, 0, 0]}}\n"
                        "%x{1} = conv(%p{0}, %w) {{strides = [1], dilations = [30], groups = 8}}\n", i, i + 1);
  const Graph whole = graph_of(text + "output %x2\n");
  const Graph step = require_step(whole);
  CHECK(step.states.size() == 3);
  CHECK(check_steps(whole, step, arguments_of(whole, 100, 1)) > 0);
}

TEST_CASE("a step may be one of several streams, and is not made a step again") {
  const Graph step = require_step(graph_of(R"(input %x: f32[1, 1, T]
    %w = constant() {value = f32[1, 1, 3] {1.0, 2.0, 3.0}}: f32[1, 1, 3]
    %y = conv(%x, %w) {strides = [2], dilations = [1], groups = 1}
    output %y )"),
                                  {"T"});
  CHECK(step.stepping.frames == 2);
  CHECK(step.stepping.latency == 2);  // one frame of the output
  Result<Graph> many = interleave_streams(step, 3);
  REQUIRE(many);
  CHECK(many->stepping.frames == 2);
  CHECK(find_timing(many->timing, Timing::Port::input, "x")->axis == 3);
  CHECK(find_timing(many->timing, Timing::Port::output, "y")->axis == 3);
  CHECK(verify(*many));
  Result<Graph> again = step_of(step);
  REQUIRE_FALSE(again);
  CHECK(has(to_string(again.errors()[0]), "is the graph of a step already"));
}

TEST_CASE("time is found, or asked for") {
  const std::string conv = R"(
    %w = constant() {value = f32[1, 1, 2, 2] {1.0, 2.0, 3.0, 4.0}}: f32[1, 1, 2, 2]
    %y = conv(%x, %w) {strides = [1, 1], dilations = [1, 1], groups = 1}
    output %y )";
  const Graph both = graph_of("input %x: f32[1, 1, 20, 6]" + conv);
  Result<Graph> unsure = step_of(both);
  REQUIRE_FALSE(unsure);
  CHECK(has(to_string(unsure.errors()[0]), "one of --stream=x:2, --stream=x:3 does"));
  CHECK(require_step(both, {"x:3"}).inputs()[0]->type->shape[3].is(1));
  Diagnostics remarks;
  std::unique_ptr<Graph> told = both.clone();
  told->timing = {{Timing::Port::input, "x", 2}};
  Result<Graph> known = make_step(std::move(*told), {}, TargetFacts(), remarks);
  REQUIRE(known);
  CHECK(known->timing[0].axis == 2);
  for (const char* wrong : {"x:4", "x:-1", "x:", "z:0", "U"})
    CHECK_MESSAGE(has(refusal("input %x: f32[1, 1, 20, 6]" + conv, {wrong}), "it has 'x' f32[1, 1, 20, 6]"), wrong);
  const Graph none = graph_of("input %x: f32[B, 3]\n%y = tanh(%x): f32[B, 3]\noutput %y\n");
  Result<Graph> asked = step_of(none);
  REQUIRE_FALSE(asked);
  CHECK(has(to_string(asked.errors()[0]), "does not tell which axis is time"));
  CHECK(require_step(none, {"B"}).timing.size() == 2);
}

}  // namespace rondo::testing
