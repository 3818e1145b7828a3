// branch and loop: inference, evaluation against values worked out by hand, and their text.
#include "ir/branch.h"

#include "ir/infer.h"
#include "ir/loop.h"
#include "ir/text.h"
#include "ir/verify.h"
#include "tests/ir/evaluate.h"

using namespace rondo;
using namespace rondo::testing;

namespace {

using Values = std::vector<Value*>;
const Dim T = Dim::symbol("T");

/// y = go ? 2 x : x + k.
Graph either() {
  Graph graph;
  Builder b(graph);
  Value* go = graph.add_param(Type{DType::boolean, {}}, "go");
  Value* x = graph.add_param(Type{DType::f32, {T}}, "x");
  Value* k = graph.add_param(Type{DType::f32, {}}, "k");
  graph.outputs = b.branch(
      go, {x, k}, 1, [](Builder& in, const Values& p) { return Values{in.mul(p[0], in.scalar(p[0], 2))}; },
      [](Builder& in, const Values& p) { return Values{in.add(p[0], p[1])}; });
  REQUIRE(b.ok());
  graph.output_names = {"y"};
  return graph;
}

/// x doubles until it passes 10, at most `trip` times: the last x, how often, and each x after doubling.
Graph doubling(const Dim& trip) {
  Graph graph;
  Builder b(graph);
  Value* go = graph.add_param(Type{DType::boolean, {}}, "go");
  Value* x = graph.add_param(Type{DType::f32, {}}, "x");
  Value* any = graph.add_param(Type{DType::f32, {T}}, "any");
  static_cast<void>(any);
  graph.outputs = b.loop(trip, go, {x, b.scalar(DType::i64, 0)}, {b.scalar(DType::f32, 10)}, 1,
                         [](Builder& in, Builder::LoopBody& body) {
                           Value* twice = in.add(body.carried[0], body.carried[0]);
                           Value* count = in.add(body.step, in.scalar(DType::i64, 1));
                           return Values{in.less_equal(twice, body.invariants[0]), twice, count, twice};
                         });
  REQUIRE(b.ok());
  graph.output_names = {"last", "count", "all"};
  return graph;
}

Array flag(bool value) { return int_array({}, Ints{value}, DType::boolean); }
Array number(double value) { return real_array(Ints{}, Reals{value}); }

std::vector<Array> doubled(const Dim& trip, bool go, double x, int64_t steps) {
  auto results = evaluate(doubling(trip), {flag(go), number(x), real_array({steps}, Reals(steps, 0.0))});
  REQUIRE(results);
  return *results;
}

template <class Change>
std::string error_after(Graph graph, Change change) {
  Node& node = *graph.outputs[0]->producer;
  change(node);
  const Status status = infer(node, graph);
  return status ? "no error" : status.errors()[0].message;
}

}  // namespace

TEST_CASE("branch: the condition chooses which region runs") {
  const Graph graph = either();
  CHECK(verify(graph));
  const auto then = evaluate(graph, {flag(true), reals({1, 2, 3}), number(10)});
  const auto otherwise = evaluate(graph, {flag(false), reals({1, 2, 3}), number(10)});
  REQUIRE((then && otherwise));
  CHECK_SAME((*then)[0], reals({2, 4, 6}));
  CHECK_SAME((*otherwise)[0], reals({11, 12, 13}));
}

TEST_CASE("branch: the region that does not run cannot fail") {
  Graph graph;
  Builder b(graph);
  Value* go = graph.add_param(Type{DType::boolean, {}}, "go");
  Value* at = graph.add_param(Type{DType::i64, {}}, "at");
  Value* x = graph.add_param(Type{DType::f32, {2}}, "x");
  graph.outputs = b.branch(
      go, {x, at}, 1, [](Builder& in, const Values& p) { return Values{in.gather(p[0], p[1], 0)}; },
      [](Builder& in, const Values&) { return Values{in.scalar(DType::f32, -1)}; });
  REQUIRE(b.ok());
  const auto results = evaluate(graph, {flag(false), int_array({}, Ints{7}), reals({1, 2})});
  REQUIRE(results);
  CHECK_SAME((*results)[0], number(-1));
  CHECK(!evaluate(graph, {flag(true), int_array({}, Ints{7}), reals({1, 2})}));
}

TEST_CASE("loop: ends when the condition says so, and what did not run is zero") {
  const auto results = doubled(5, true, 3, 1);
  CHECK_SAME(results[0], number(12));
  CHECK_SAME(results[1], int_array({}, Ints{2}));
  CHECK_SAME(results[2], reals({6, 12, 0, 0, 0}));
}

TEST_CASE("loop: ends at the trip count, begins not at all, or has none") {
  CHECK_SAME(doubled(T, true, 1, 2)[2], reals({2, 4}));
  CHECK_SAME(doubled(T, true, 1, 2)[1], int_array({}, Ints{2}));
  CHECK_SAME(doubled(3, false, 1, 1)[0], number(1));
  CHECK_SAME(doubled(3, false, 1, 1)[2], reals({0, 0, 0}));
  CHECK_SAME(doubled(0, true, 1, 1)[2], real_array({0}, {}));
}

TEST_CASE("branch and loop: text reads back") {
  for (const Graph& graph : {either(), doubling(T)}) {
    CHECK(verify(graph));
    const std::string text = print(graph);
    CAPTURE(text);
    const auto parsed = parse(text);
    REQUIRE_MESSAGE(parsed, (parsed ? "" : to_string(parsed.errors()[0])));
    CHECK(equal(*parsed->graph, graph));
  }
}

TEST_CASE("branch: what inference refuses") {
  CHECK(error_after(either(), [](Node& node) { node.operands[0] = node.operands[2]; }) ==
        "branch: the condition must be bool[], not f32[]");
  CHECK(error_after(either(), [](Node& node) { node.regions[1]->outputs.clear(); }) ==
        "branch: 'otherwise' must have 1 outputs, one a result, not 0");
  CHECK(error_after(either(), [](Node& node) { node.regions[1]->outputs[0] = node.regions[1]->params[1].get(); }) ==
        "branch: result 0 of 'then' and of 'otherwise' must have the same type, not f32[T] and f32[]");
}

TEST_CASE("loop: what inference refuses") {
  CHECK(error_after(doubling(3), [](Node& node) { node.attributes.set("carried", int64_t{9}); }) ==
        "loop: a condition and 9 carried values do not fit 4 operands");
  CHECK(error_after(doubling(3), [](Node& node) { node.regions[0]->outputs[0] = node.regions[0]->outputs[1]; }) ==
        "loop: the next condition must be bool[], not f32[]");
  CHECK(error_after(doubling(3), [](Node& node) { node.regions[0]->outputs.pop_back(); }) ==
        "loop: the region must have 4 outputs, the next condition and one a result, not 3");
}
