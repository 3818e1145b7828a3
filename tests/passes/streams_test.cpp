// interleave_streams: a call of the graph for many streams is a call of the graph for one with each stream's own values.
// Both are evaluated by the reference evaluator, operator by operator and on random graphs.
#include "ir/measure.h"
#include "ir/text.h"
#include "ir/verify.h"
#include "passes/pipeline.h"
#include "tests/passes/random_graph.h"

namespace rondo::testing {
namespace {

constexpr int64_t kStreams = 3;

std::vector<Array> values_of(const Result<std::vector<Array>>& result) {
  REQUIRE_MESSAGE(result, (result ? "" : to_string(result.errors()[0])));
  return *result;
}

/// Values of all streams along a new first axis.
Array together(const std::vector<std::vector<Array>>& streams, size_t i) {
  Array all = streams[0][i];
  all.shape.insert(all.shape.begin(), static_cast<int64_t>(streams.size()));
  for (size_t stream = 1; stream < streams.size(); ++stream) {
    const Array& one = streams[stream][i];
    all.reals.insert(all.reals.end(), one.reals.begin(), one.reals.end());
    all.ints.insert(all.ints.end(), one.ints.begin(), one.ints.end());
  }
  return all;
}

void check_close(const Array& got, const Array& want) {
  CHECK(got.shape == want.shape);
  CHECK(got.dtype == want.dtype);
  CHECK(got.ints == want.ints);
  REQUIRE(got.reals.size() == want.reals.size());
  for (size_t i = 0; i < want.reals.size(); ++i) CHECK(got.reals[i] == doctest::Approx(want.reals[i]).epsilon(1e-9));
}

Graph with_state(Graph graph) {
  if (!graph.states.empty()) return graph;
  Value* state = graph.add_param(Type{DType::f64, {}}, "state");
  graph.states.push_back({"state", state, state, std::nullopt});
  return graph;
}

void check_streams(const Graph& one, uint64_t seed) {
  Result<Graph> many = interleave_streams(one, kStreams);
  REQUIRE_MESSAGE(many, (many ? "" : to_string(many.errors()[0])));
  CAPTURE(print(*many, {true}));
  Status valid = verify(*many);
  REQUIRE_MESSAGE(valid, (valid ? "" : to_string(valid.errors()[0])));
  CHECK(many->stepping.streams == kStreams);
  std::vector<std::vector<Array>> arguments, want;
  for (int64_t stream = 0; stream < kStreams; ++stream) {
    arguments.push_back(random_arguments(one, seed * kStreams + static_cast<uint64_t>(stream)));
    want.push_back(values_of(evaluate(one, arguments.back())));
  }
  std::vector<Array> all;
  for (size_t i = 0; i < arguments[0].size(); ++i) all.push_back(together(arguments, i));
  const std::vector<Array> got = values_of(evaluate(*many, std::move(all)));
  REQUIRE(got.size() == want[0].size());
  for (size_t i = 0; i < got.size(); ++i) check_close(got[i], together(want, i));
}

Graph graph_of(const std::string& text) {
  Result<Parsed> parsed = parse(text);
  REQUIRE_MESSAGE(parsed, (parsed ? "" : to_string(parsed.errors()[0])));
  return *std::move(parsed->graph);
}

/// Two inputs of each shape, a state, constants, and the statements, which define %y.
Graph with(const std::string& statements) {
  return graph_of(R"(core "one" {
  input %x: f64[2, 4]
  input %z: f64[2, 4]
  input %v: f64[4]
  input %q: f64[1, 3, 6]
  input %w: f64[2, 3, 2]
  input %i: i64[2]
  input %flag: bool[]
  state %s: f64[4] initial f64[1] {0.5}
  %c = constant() {value = f64[4, 3] {0.5, 1.0, -1.0, 2.0, 0.25, -0.5, 1.5, 3.0, 0.0, -2.0, 1.0, 0.125}}
  %k = constant() {value = f64[2, 3, 2] {0.5, 1.0, -1.0, 2.0, 0.25, -0.5, 1.5, 3.0, 0.0, -2.0, 1.0, 0.125}}
  %table = constant() {value = f64[3, 2] {1.0, 2.0, 3.0, 4.0, 5.0, 6.0}}
  %two = constant() {value = i64[2] {1, 0}}
  %half = constant() {value = f64[] {0.5}}
  )" + statements + R"(
  %next = add(%s, %v)
  next %s = %next
  output %y as "y"
})");
}

}  // namespace

TEST_CASE("every operator for many streams") {
  const char* statements[] = {
      "%y = add(%x, %v)",
      "%y = add(%v, %half)",
      "%y = select(%flag, %x, %v)",
      "%y = mul(%c, %half)",  // no stream has a part in it
      "%y = matmul(%x, %c)",
      "%t = transpose(%z) {perm = [1, 0]} %y = matmul(%x, %t)",
      "%t = transpose(%x) {perm = [1, 0]} %u = transpose(%c) {perm = [1, 0]} %y = matmul(%u, %t)",
      "%t = reshape(%x) {shape = [2, 1, 4]} %u = reshape(%v) {shape = [4, 1]} %y = matmul(%t, %u)",
      "%y = conv(%q, %k) {strides = [2], dilations = [1], groups = 1}",
      "%y = conv(%q, %w) {strides = [1], dilations = [2], groups = 1}",
      "%y = reduce_window(%x) {combine = \"max\", window = [1, 2], strides = [1, 2], dilations = [1, 1]}",
      "%y = reduce(%q) {combine = \"sum\", axes = [0, 2]}",
      "%y = transpose(%q) {perm = [2, 0, 1]}",
      "%y = reshape(%q) {shape = [9, 2]}",
      "%y = broadcast(%v) {shape = [3, 2, 4]}",
      "%y = slice(%x) {starts = [0, 3], sizes = [2, 2], steps = [1, -2]}",
      "%t = transpose(%c) {perm = [1, 0]} %y = concat(%x, %t, %z) {axis = 0}",
      "%y = pad(%x, %half) {low = [1, 0], high = [0, 2]}",
      "%t = reduce(%v) {combine = \"max\", axes = [0]} %y = pad(%x, %t) {low = [1, 0], high = [0, 2]}",
      "%y = gather(%table, %i) {axis = 0}",
      "%t = transpose(%table) {perm = [1, 0]} %y = gather(%t, %i) {axis = 1}",
      "%y = gather(%x, %two) {axis = 1}",
      "%y = gather(%v, %i) {axis = 0}",
      "%y = gather(%x, %i) {axis = 1}",
      "%t = reshape(%x) {shape = [4, 2]} %j = reshape(%i) {shape = [2, 1]} %y = gather(%t, %j) {axis = 0}",
      "%o = constant() {value = i64[1] {0}} %y = scatter(%q, %o, %q) {combine = \"sum\"}",
      "%t = reshape(%x) {shape = [4, 2]} %u = slice(%z) {starts = [0, 1], sizes = [2, 2], steps = [1, 1]} "
      "%y = scatter(%t, %i, %u) {combine = \"none\"}",
      "%t = transpose(%c) {perm = [1, 0]} %y = scatter(%t, %i, %z) {combine = \"sum\"}",
      "%y = fused(%x, %c): f64[2, 3] region (%a: f64[2, 4], %b: f64[4, 3]) { %0 = matmul(%a, %b) yield %0 }",
  };
  for (const char* text : statements) {
    CAPTURE(text);
    check_streams(with(text), 5);
  }
}

TEST_CASE("an index that lies outside a stream's own rows lies outside all") {
  for (const char* text : {"%y = gather(%x, %i) {axis = 0}", "%y = scatter(%x, %i, %z) {combine = \"none\"}"}) {
    CAPTURE(text);
    const Graph one = with(text);
    Result<Graph> many = interleave_streams(one, kStreams);
    REQUIRE(many);
    for (const int64_t index : {-1, 2}) {
      std::vector<Array> all;
      for (const auto& param : many->params) {
        all.push_back(Array::zeros(param->type->dtype, *constant_shape(param->type->shape)));
        if (param->name == "i") all.back().ints[2] = index;  // of the second stream
      }
      const Result<std::vector<Array>> got = evaluate(*many, std::move(all));
      REQUIRE_FALSE(got);
      CHECK_MESSAGE(to_string(got.errors()[0]).find("is outside [0, 6)") != std::string::npos, to_string(got.errors()[0]));
    }
  }
}

TEST_CASE("recurrences and choices for many streams") {
  const char* statements[] = {
      // carried: apart, shared (a count), shared at first and then apart; scanned: apart and shared; stacked in reverse
      R"(%zero = constant() {value = f64[4] {0.0, 0.0, 0.0, 0.0}}
  %t = transpose(%c) {perm = [1, 0]} %p = slice(%t) {starts = [0, 0], sizes = [2, 4], steps = [1, 1]}
  %a, %b, %d, %y, %counts = scan(%v, %half, %zero, %x, %p, %z) {carried = 3, scanned = 2, trip = 2,
      reverse_scanned = [1, 0], reverse_stacked = [1, 0]}
    region (%n: i64[], %a: f64[4], %b: f64[], %d: f64[4], %x: f64[4], %p: f64[4], %z: f64[2, 4]) {
      %0 = mul(%x, %p) %1 = add(%a, %0) %2 = add(%b, %b) %3 = add(%d, %1)
      %4 = reduce(%z) {combine = "sum", axes = [0]} %5 = sub(%3, %4)
      yield %1, %2, %3, %5, %2
    }
  output %a as "a" output %b as "b" output %d as "d" output %counts as "counts")",
      // a condition that all share, one for each stream
      R"(%yes = constant() {value = bool[] {true}}
  %y, %same = branch(%yes, %x, %c): f64[2, 4], f64[4, 3] region (%a: f64[2, 4], %c: f64[4, 3]) { %0 = neg(%a) yield %0, %c }
    region (%a: f64[2, 4], %c: f64[4, 3]) { yield %a, %c } output %same as "same")",
      R"(%y = branch(%flag, %x): f64[2, 4] region (%a: f64[2, 4]) { %0 = neg(%a) yield %0 }
    region (%a: f64[2, 4]) { yield %a })",
      // each stream ends where its own condition says
      R"(%yes = constant() {value = bool[] {true}}
  %last, %y = loop(%yes, %v) {trip = 4, carried = 1}: f64[4], f64[4, 4]
    region (%n: i64[], %a: f64[4]) { %0 = add(%a, %a) %1 = reduce(%0) {combine = "max", axes = [0]}
      %one = constant() {value = f64[] {1.0}} %2 = less(%1, %one) yield %2, %0, %0 }
  output %last as "last")",
  };
  for (const char* text : statements) {
    CAPTURE(text);
    for (uint64_t seed : {1, 2, 3}) check_streams(with(text), seed);
  }
}

TEST_CASE("what all streams share is computed once") {
  const Graph many = *interleave_streams(with("%t = mul(%c, %half) %y = matmul(%x, %t)"), kStreams);
  for (const auto& node : many.nodes)
    if (node->op == Op::mul) CHECK(node->result()->type->shape == Shape{4, 3});
  const auto& product = **std::find_if(many.nodes.begin(), many.nodes.end(), [](auto& n) { return n->op == Op::matmul; });
  CHECK(product.operands[0]->type->shape == Shape{6, 4});
}

TEST_CASE("random graphs for many streams") {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    check_streams(with_state(random_graph(seed)), seed);
  }
}

TEST_CASE("initial values are those of every stream") {
  const Graph many = *interleave_streams(with("%y = neg(%x)"), kStreams);
  REQUIRE(many.states.size() == 1);
  CHECK(many.states[0].initial->shape() == std::vector<int64_t>{1, 1});
  CHECK(many.states[0].current->type->shape == Shape{3, 4});
}

TEST_CASE("what cannot be interleaved is said") {
  auto error = [](const Graph& graph) {
    Result<Graph> many = interleave_streams(graph, kStreams);
    REQUIRE_FALSE(many);
    return to_string(many.errors()[0]);
  };
  CHECK(error(graph_of("core \"n\" { input %x: f32[2] output %x }")).find("carry state") != std::string::npos);
  CHECK(error(*interleave_streams(with("%y = neg(%x)"), 2)).find("several streams") != std::string::npos);
  const std::string measured = error(with(
      "%n = reduce(%i) {combine = \"max\", axes = [0]} %m = measure(%n) {high = 4, low = 0, symbol = \"measured_1\"}\n"
      "%y = slice(%v) {sizes = [measured_1-1], starts = [0], steps = [1]} @ \"cut\""));
  CHECK(measured.find("from stream to stream") != std::string::npos);
}

}  // namespace rondo::testing
