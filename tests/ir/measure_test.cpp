// measure: symbols that the run gives values, their bounds, and what verification asks of their use.
#include "ir/measure.h"

#include "ir/infer.h"
#include "ir/text.h"
#include "ir/verify.h"
#include "tests/ir/evaluate.h"

using namespace rondo;
using namespace rondo::testing;

namespace {

using Values = std::vector<Value*>;
const Dim T = Dim::symbol("T");

/// The first n of x: f32[T], and how many: n is from 0 to T.
Graph first_of(int64_t low = 0) {
  Graph graph;
  Builder b(graph);
  Value* n = graph.add_param(Type{DType::i64, {}}, "n");
  Value* x = graph.add_param(Type{DType::f32, {T}}, "x");
  Value* measured = b.measure(n, low, T);
  REQUIRE(measured->elements);
  const Dim count = (*measured->elements)[0];
  graph.outputs = {b.slice_axis(x, 0, 0, count), b.dim(count)};
  REQUIRE(b.ok());
  graph.output_names = {"first", "count"};
  return graph;
}

Array number(int64_t value) { return int_array({}, Ints{value}); }

std::string first_error(const Graph& graph) {
  const Status status = verify(graph);
  return status ? "no error" : status.errors()[0].message;
}

}  // namespace

TEST_CASE("measure: the value sizes what follows, nothing included") {
  const Graph graph = first_of();
  CHECK(verify(graph));
  CHECK(to_string(*graph.outputs[0]->type) == "f32[measured_1-1]");
  for (int64_t n : {0, 2, 3}) {
    const auto results = evaluate(graph, {number(n), reals({1, 2, 3})});
    REQUIRE(results);
    CHECK((*results)[0].shape == Ints{n});
    CHECK_SAME((*results)[1], number(n));
  }
  CHECK(to_string(*first_of(1).outputs[0]->type) == "f32[measured_1]");
}

TEST_CASE("measure: a value outside its bounds is an error") {
  CHECK(error_of(evaluate(first_of(), {number(4), reals({1, 2, 3})})) ==
        "error: measure: the value is 4, outside [0, 3]");
  CHECK(error_of(evaluate(first_of(1), {number(0), reals({1, 2, 3})})) ==
        "error: measure: the value is 0, outside [1, 3]");
}

TEST_CASE("measure: what is required of a measured symbol is checked when it is measured") {
  Graph graph;
  Builder b(graph);
  Value* n = graph.add_param(Type{DType::i64, {}}, "n");
  Value* x = graph.add_param(Type{DType::f32, {6}}, "x");
  const Dim count = (*b.measure(n, 1, 6)->elements)[0];
  graph.outputs = {b.add(b.slice_axis(x, 0, 0, count), b.slice_axis(x, 0, 2, 4))};
  REQUIRE(b.ok());
  graph.output_names = {"y"};
  CHECK(verify(graph));
  CHECK(graph.bindings.empty());
  const Array data = reals({1, 2, 3, 4, 5, 6});
  const auto results = evaluate(graph, {number(4), data});
  REQUIRE(results);
  CHECK_SAME((*results)[0], reals({4, 6, 8, 10}));
  CHECK(!evaluate(graph, {number(3), data}));
}

TEST_CASE("measure: text reads back") {
  const Graph graph = first_of();
  const auto parsed = parse(print(graph));
  REQUIRE_MESSAGE(parsed, (parsed ? "" : to_string(parsed.errors()[0])));
  CHECK(equal(*parsed->graph, graph));
}

TEST_CASE("measure: names are unique in a graph and its regions, and stay inside their region") {
  Graph graph;
  Builder b(graph);
  Value* go = graph.add_param(Type{DType::boolean, {}}, "go");
  Value* n = graph.add_param(Type{DType::i64, {}}, "n");
  Value* x = graph.add_param(Type{DType::f32, {T}}, "x");
  const auto arm = [](Builder& in, const Values& p) {
    Value* part = in.slice_axis(p[1], 0, 0, (*in.measure(p[0], 0, T)->elements)[0]);
    return Values{in.reduce(part, "sum", {0})};
  };
  const Values results = b.branch(go, {n, x}, 1, arm, arm);
  b.measure(n, 0, T);
  REQUIRE_MESSAGE(b.ok(), (b.ok() ? "" : to_string(b.status().errors()[0])));
  graph.outputs = results;
  graph.output_names = {"sum"};
  CHECK(first_error(graph) == "no error");
  CHECK(measured_inside(graph).size() == 3);
  const auto values = evaluate(graph, {int_array({}, Ints{1}, DType::boolean), number(2), reals({1, 2, 3})});
  REQUIRE(values);
  CHECK_SAME((*values)[0], real_array(Ints{}, Reals{3}));
}

TEST_CASE("measure: a region's results cannot be sized by what it measures") {
  Graph graph;
  Builder b(graph);
  Value* go = graph.add_param(Type{DType::boolean, {}}, "go");
  Value* n = graph.add_param(Type{DType::i64, {}}, "n");
  const auto arm = [](Builder& in, const Values& p) {
    return Values{in.zeros(DType::f32, {(*in.measure(p[0], 0, 9)->elements)[0]})};
  };
  b.branch(go, {n}, 1, arm, arm);
  REQUIRE(!b.ok());
  const std::string message = to_string(b.status().errors()[0]);
  CHECK_MESSAGE(message.find("is measured inside it; the sizes of results must be known outside") != std::string::npos,
                message);
}

TEST_CASE("measure: verification finds use before measuring, and a symbol measured twice") {
  Graph early = first_of();
  std::swap(early.nodes[0], early.nodes[1]);
  CHECK(first_error(early) == "dimension 'measured_1' is used where it is not measured yet");
  Graph twice = first_of();
  Builder b(twice);
  b.one(Op::measure, {twice.params[0].get()}, {{"symbol", "measured_1"}, {"low", int64_t{0}}, {"high", T}});
  REQUIRE(b.ok());
  CHECK(first_error(twice) == "'measured_1' is measured twice");
}

TEST_CASE("measure: what inference refuses") {
  const auto error = [](Attributes attributes, Type type = {DType::i64, {}}) {
    Graph graph;
    Builder b(graph);
    b.one(Op::measure, {graph.add_param(type, "n")}, std::move(attributes));
    return b.ok() ? "no error" : b.status().errors()[0].message;
  };
  CHECK(error({{"symbol", "N"}, {"low", int64_t{0}}, {"high", T}}) ==
        "measure: 'symbol' must be a word that begins with 'measured_', not 'N'");
  CHECK(error({{"symbol", "measured_n"}, {"low", int64_t{-1}}, {"high", T}}) ==
        "measure: 'low' must not be negative, as -1 is");
  CHECK(error({{"symbol", "measured_n"}, {"low", int64_t{0}}, {"high", T}}, {DType::i64, {1}}) ==
        "measure: the operand must be i64[], not i64[1]");
}

TEST_CASE("measured symbols: a measure stays while its symbol sizes something") {
  Graph graph = first_of();
  CHECK(!remove_dead_nodes(graph));
  graph.outputs = {graph.params[0].get()};
  CHECK(remove_dead_nodes(graph));
  CHECK(graph.nodes.empty());
}

TEST_CASE("upper and lower: bounds over measured symbols") {
  const Dim n = Dim::symbol("measured_n"), m = Dim::symbol("measured_m");
  const Highest highest{{"measured_n", T}, {"measured_m", Dim(5)}};
  CHECK(upper(n - 1, highest) == T - 1);
  CHECK(lower(n - 1, highest) == Dim(0));
  CHECK(upper(T - n, highest) == T - 1);
  CHECK(lower(T - m, highest) == T - 5);
  CHECK(upper(3 * n * m, highest) == 15 * T);
  CHECK(upper(floor_div(n + 1, 2), highest) == floor_div(T + 1, 2));
  CHECK(upper(max(n, Dim(3)), highest) == max(T, Dim(3)));
  CHECK(upper(T + 7, highest) == T + 7);
}
