// branch, loop and measure on the way to a plan: passes keep their meaning, and plans, run by the plan interpreter, agree
// with the reference evaluator on the graph, with all passes and without any.
#include <doctest/doctest.h>

#include "ir/measure.h"
#include "ir/text.h"
#include "ir/verify.h"
#include "passes/pipeline.h"
#include "tests/passes/meaning.h"
#include "tests/passes/plan_interpreter.h"

namespace rondo::testing {
namespace {

Graph graph_of(const std::string& text) {
  Result<Parsed> parsed = parse(text);
  REQUIRE_MESSAGE(parsed, (parsed ? "" : to_string(parsed.errors()[0])));
  REQUIRE(verify(*parsed->graph));
  return std::move(*parsed->graph);
}

Array flag(bool value) { return {DType::boolean, {}, {}, {value}}; }
Array integer(int64_t value) { return {DType::i64, {}, {}, {value}}; }
Array reals(std::vector<double> values) {
  const int64_t count = std::ssize(values);
  return {DType::f64, {count}, std::move(values), {}};
}

void check_plan(const Graph& graph, const std::vector<Array>& arguments, const std::vector<Array>& want,
                const Dim::Values& symbols) {
  for (int vector_bytes : {0, 32}) {
    TargetFacts facts;
    facts.vector_bytes = vector_bytes;
    Result<Plan> plan = make_plan(graph, facts);
    REQUIRE_MESSAGE(plan, (plan ? "" : to_string(plan.errors()[0])));
    const std::string text = print(*plan, {true});
    CAPTURE(text);
    Result<Parsed> again = parse(text);
    REQUIRE_MESSAGE(again, (again ? "" : to_string(again.errors()[0])));
    CHECK(*again->plan == *plan);
    Result<std::vector<Array>> got = interpret(*plan, arguments, symbols);
    REQUIRE_MESSAGE(got, (got ? "" : to_string(got.errors()[0])));
    for (size_t i = 0; i < want.size(); ++i) {
      CHECK((*got)[i].shape == want[i].shape);
      CHECK((*got)[i].ints == want[i].ints);
      REQUIRE((*got)[i].reals.size() == want[i].reals.size());
      for (size_t k = 0; k < want[i].reals.size(); ++k) CHECK((*got)[i].reals[k] == doctest::Approx(want[i].reals[k]));
    }
  }
}

/// The graph as it stands and after all passes gives `want`.
void check(const std::string& text, const std::vector<Array>& arguments, const std::vector<Array>& want,
           const Dim::Values& symbols = {}) {
  Graph graph = graph_of(text);
  const auto direct = evaluate(graph, arguments);
  REQUIRE_MESSAGE(direct, (direct ? "" : to_string(direct.errors()[0])));
  for (size_t i = 0; i < want.size(); ++i) {
    CHECK((*direct)[i].shape == want[i].shape);
    CHECK((*direct)[i].reals == want[i].reals);
    CHECK((*direct)[i].ints == want[i].ints);
  }
  check_plan(graph, arguments, want, symbols);
  Diagnostics remarks;
  const Status done = optimise(graph, TargetFacts(), {}, remarks);
  REQUIRE_MESSAGE(done, (done ? "" : to_string(done.errors()[0])));
  check_plan(graph, arguments, want, symbols);
}

const char* kBranch = R"(core "branch" {
  input %go: bool[]
  input %x: f64[T]
  %w = constant() {value = f64[2, 2] {1.0, 2.0, 3.0, 4.0}}
  %k = constant() {value = f64[] {10.0}}
  %p = add(%x, %k)
  %y, %s = branch(%go, %p, %x, %k) region (%p: f64[T], %x: f64[T], %k: f64[]) {
    %a = mul(%p, %p)
    %b = reduce(%a) {combine = "sum", axes = [0]}
    yield %a, %b
  } region (%p: f64[T], %x: f64[T], %k: f64[]) {
    %a = sub(%p, %x)
    yield %x, %k
  }
  %z = add(%y, %s)
  output %z
  output %y
})";

const char* kLoop = R"(core "loop" {
  input %x: f64[]
  input %limit: f64[]
  input %any: f64[T]
  %go = less(%x, %limit)
  %zero = constant() {value = i64[] {0}}
  %one = constant() {value = i64[] {1}}
  %last, %count, %same, %all = loop(%go, %x, %zero, %one, %limit, %one) {carried = 3, trip = 2*T} region (%t: i64[], %x: f64[], %count: i64[], %same: i64[], %limit: f64[], %one: i64[]) {
    %y = add(%x, %x)
    %more = less(%y, %limit)
    %n = add(%count, %same)
    yield %more, %y, %n, %same, %y
  }
  output %last
  output %count
  output %all
})";

const char* kMeasure = R"(core "measure" {
  input %n: i64[]
  input %x: f64[T]
  %m = measure(%n) {symbol = "measured_n", low = 0, high = T}
  %head = slice(%x) {starts = [0], sizes = [measured_n-1], steps = [1]}
  %zero = constant() {value = f64[] {7.0}}
  %fill = broadcast(%zero) {shape = [measured_n-1]}
  %y = mul(%head, %fill)
  %sum = reduce(%y) {combine = "sum", axes = [0]}
  %twice = concat(%y, %x) {axis = 0}
  %size = dims() {values = [measured_n-1], shape = [], to = i64}
  output %y
  output %sum
  output %twice
  output %size
})";

}  // namespace

TEST_CASE("branch: either region's results, through plans") {
  check(kBranch, {flag(true), reals({1, 2})}, {reals({121 + 265, 144 + 265}), reals({121, 144})}, {{"T", 2}});
  check(kBranch, {flag(false), reals({1, 2})}, {reals({11, 12}), reals({1, 2})}, {{"T", 2}});
}

TEST_CASE("loop: early exit, full length and no step, through plans") {
  const auto scalar = [](double x) { return Array{DType::f64, {}, {x}, {}}; };
  check(kLoop, {scalar(3), scalar(10), reals({0, 0})}, {scalar(12), integer(2), reals({6, 12, 0, 0})}, {{"T", 2}});
  check(kLoop, {scalar(1), scalar(99), reals({0})}, {scalar(4), integer(2), reals({2, 4})}, {{"T", 1}});
  check(kLoop, {scalar(5), scalar(4), reals({0})}, {scalar(5), integer(0), reals({0, 0})}, {{"T", 1}});
}

TEST_CASE("measure: sizes that only the run knows, none included, through plans") {
  for (int64_t n : {0, 1, 3}) {
    CAPTURE(n);
    const std::vector<double> x{1, 2, 3};
    std::vector<double> y, twice;
    double sum = 0;
    for (int64_t i = 0; i < n; ++i) y.push_back(7 * x[i]), sum += y.back();
    twice = y;
    twice.insert(twice.end(), x.begin(), x.end());
    check(kMeasure, {integer(n), reals(x)}, {reals(y), {DType::f64, {}, {sum}, {}}, reals(twice), integer(n)}, {{"T", 3}});
  }
}

TEST_CASE("measure: memory is sized by callers' dimensions, and the outputs' measured symbols are reported") {
  Result<Plan> plan = make_plan(graph_of(kMeasure), TargetFacts());
  REQUIRE(plan);
  CHECK(plan->symbols == std::vector<std::string>{"T"});
  REQUIRE(plan->measured.size() == 1);
  CHECK(plan->measured[0].first == "measured_n");
  CHECK(plan->measured[0].second == Dim::symbol("T") + 1);
  for (const Buffer& buffer : plan->buffers) CHECK(!is_measured(buffer.count));
  CHECK(!is_measured(plan->scratch_bytes));
}

TEST_CASE("measure: inside regions, each with its own symbol") {
  const char* text = R"(core "inside" {
  input %go: bool[]
  input %n: i64[T]
  input %x: f64[5]
  %first = branch(%go, %x) region (%x: f64[5]) {
    %m = constant() {value = i64[] {2}}
    %k = measure(%m) {symbol = "measured_a", low = 1, high = 5}
    %part = slice(%x) {starts = [0], sizes = [measured_a], steps = [1]}
    %sum = reduce(%part) {combine = "sum", axes = [0]}
    yield %sum
  } region (%x: f64[5]) {
    %sum = reduce(%x) {combine = "max", axes = [0]}
    yield %sum
  }
  %last, %sums = scan(%first, %n, %x) {carried = 1, scanned = 1, reverse_scanned = [0], reverse_stacked = [0], trip = T} region (%t: i64[], %h: f64[], %n: i64[], %x: f64[5]) {
    %k = measure(%n) {symbol = "measured_b", low = 0, high = 5}
    %part = slice(%x) {starts = [0], sizes = [measured_b-1], steps = [1]}
    %sum = reduce(%part) {combine = "sum", axes = [0]}
    %next = add(%h, %sum)
    yield %next, %sum
  }
  output %last
  output %sums
})";
  const Array n{DType::i64, {3}, {}, {2, 0, 5}};
  const Array x = reals({1, 2, 4, 8, 16});
  check(text, {flag(true), n, x}, {{DType::f64, {}, {3 + 3 + 0 + 31}, {}}, reals({3, 0, 31})}, {{"T", 3}});
  check(text, {flag(false), n, x}, {{DType::f64, {}, {16 + 3 + 0 + 31}, {}}, reals({3, 0, 31})}, {{"T", 3}});
}

TEST_CASE("measure: a state cannot have a measured size") {
  const char* text = R"(core "state" {
  input %n: i64[]
  state %h: f64[measured_n]
  %m = measure(%n) {symbol = "measured_n", low = 1, high = 5}
  next %h = %h
  output %m
})";
  Result<Parsed> parsed = parse(text);
  REQUIRE(parsed);
  Result<Plan> plan = make_plan(*parsed->graph, TargetFacts());
  REQUIRE(!plan);
  CHECK(plan.errors()[0].message.find("whose size only the run knows") != std::string::npos);
}

}  // namespace rondo::testing
