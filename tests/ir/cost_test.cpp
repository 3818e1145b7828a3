// Costs of kernels against counts made by hand.
#include "ir/cost.h"

#include <doctest/doctest.h>

#include "ir/text.h"

using namespace rondo;

namespace {

Plan plan_of(const std::string& text) {
  auto parsed = parse(text);
  if (!parsed) FAIL(to_string(parsed.errors()[0]));
  return std::move(*parsed->plan);
}

/// One kernel over an input x of 4*6*T, a constant table of 96, and an output; the text is its axes and body.
Plan around(const std::string& kernel) {
  std::string table = "f32[96] {";
  for (int i = 0; i < 96; ++i) table += i ? ", 1.0" : "1.0";
  return plan_of(R"(plan "p" {
  symbols T
  memory constants 384, state 64, scratch 0
  buffer x = input f32[24*T] slot 0
  buffer i = input i64[5] slot 1
  buffer y = output f32[24*T] slot 0
  buffer s = state f32[6] slot 0 at 0
  buffer w = constant f32[96] at 0 value )" +
                 table + R"(}
  input "x": f32[T, 4, 6] in x
  input "i": i64[5] in i
  output "y": f32[T, 4, 6] in y
  state "s": f32[6] in s
  loop steps: i0 < T {
    kernel k {
)" + kernel + "}\n}\n}\n");
}

KernelCost only(const Plan& plan) {
  auto costs = costs_of(plan);
  REQUIRE(costs.size() == 1);
  return costs[0].cost;
}

}  // namespace

TEST_CASE("a matrix product and what follows it") {
  const Plan plan = around(R"(
      parallel i1 < 4, i2 < 6
      reduction i3 < 16
      %0 = load w[i1*16 + i3]: f32
      %1 = load x[i0*24 + i2]: f32
      %2 = mul %0, %1: f32
      %3 = reduce sum %2: f32
      %4 = load s[i2]: f32
      %5 = add %3, %4: f32
      %6 = tanh %5: f32
      store y[i0*24 + i1*6 + i2] = %6
      store s[i2] = %6
)");
  const KernelCost cost = only(plan);
  CHECK(cost.runs.to_string() == "T");
  CHECK(cost.multiply_adds.is(4 * 6 * 16));
  CHECK(cost.arithmetic.is(4 * 6));  // add
  CHECK(cost.functions.is(4 * 6));   // tanh
  CHECK(cost.flops().is(2 * 384 + 24 + 24));
  CHECK(cost.constant_bytes.is(4 * 16 * 4));
  CHECK(cost.read_bytes.is((6 + 6) * 4));
  CHECK(cost.written_bytes.is((24 + 6) * 4));
}

TEST_CASE("work is counted once for each value: what an axis does not change is not repeated along it") {
  const KernelCost cost = only(around(R"(
      parallel i1 < 4, i2 < 6
      %0 = load x[i0*24 + i1]: f32
      %1 = exp %0: f32
      %2 = load w[i2]: f32
      %3 = mul %1, %2: f32
      store y[i0*24 + i1*6 + i2] = %3
)"));
  CHECK(cost.functions.is(4));
  CHECK(cost.arithmetic.is(24));
  CHECK(cost.multiply_adds.is(0));
  CHECK(cost.read_bytes.is(16));
  CHECK(cost.constant_bytes.is(24));
}

TEST_CASE("a product that is used elsewhere too, or a maximum, is no multiply-add") {
  const KernelCost shared = only(around(R"(
      parallel i1 < 4
      reduction i2 < 6
      %0 = load w[i1*6 + i2]: f32
      %1 = load s[i2]: f32
      %2 = mul %0, %1: f32
      %3 = reduce sum %2: f32
      %4 = reduce max %2: f32
      %5 = sub %3, %4: f32
      store y[i0*24 + i1] = %5
)"));
  CHECK(shared.multiply_adds.is(0));
  CHECK(shared.arithmetic.is(24 + 24 + 24 + 4));  // mul, sum, max, sub
  CHECK(shared.read_bytes.is(24));
}

TEST_CASE("windows that overlap read each element once; integers are no floating-point work") {
  const KernelCost cost = only(around(R"(
      parallel i1 < 90
      reduction i2 < 7
      %0 = load w[i1 + i2]: f32
      %1 = load w[i1 + i2]: f32
      %2 = add %0, %1: f32
      %3 = reduce sum %2: f32
      %4 = index i1: i64
      %5 = add %4, %4: i64
      %6 = cast %5: f32
      %7 = add %3, %6: f32
      store y[i0*24] = %7
)"));
  CHECK(cost.constant_bytes.is(96 * 4));
  CHECK(cost.arithmetic.is(90 * 7 + 90 * 7 + 90));  // add, sum, add
  CHECK(cost.written_bytes.is(4));
}

TEST_CASE("sizes stay symbolic; a gather reads as many elements as it has indices") {
  const KernelCost cost = only(around(R"(
      parallel i1 < T, i2 < 5
      %0 = load i[i2]: i64
      %1 = bounded %0 < 16: i64
      %2 = load w[i1 + %1*6]: f32
      store y[i1*24 + i2] = %2
)"));
  CHECK(cost.flops().is(0));
  CHECK(cost.written_bytes == Dim(20) * Dim::symbol("T"));
  CHECK(cost.read_bytes.is(40));
  CHECK(*cost.constant_bytes.evaluate({{"T", 3}}) == 3 * 5 * 4);
  CHECK(*cost.constant_bytes.evaluate({{"T", 1000}}) == 96 * 4);
}

TEST_CASE("the forms of cells count as what they stand for") {
  const KernelCost cost = only(around(R"(
      parallel i1 < 6
      %0 = load s[i1]: f32
      %1 = gated_sum %0, %0, %0, %0: f32
      %2 = gated_blend %0, %0, %1: f32
      %3 = sigmoid_times_tanh %1, %2: f32
      %4 = cell_tanh %3: f32
      %5 = cell_sigmoid %4: f32
      store s[i1] = %5
)"));
  CHECK(cost.functions.is(6 * (3 + 2 + 2 + 1 + 1)));
  CHECK(cost.arithmetic.is(6 * (3 + 4 + 1)));
}

TEST_CASE("sums that begin with a sum: the products of both nests are multiply-adds") {
  const KernelCost cost = only(around(R"(
      parallel i1 < 6
      reduction i2 < 16
      reduction i3 < 5
      %0 = load w[i2*6 + i1]: f32
      %1 = load x[i2]: f32
      %2 = mul %0, %1: f32
      %3 = reduce sum %2: f32
      %4 = load w[i3*6 + i1]: f32
      %5 = load x[i3 + 16]: f32
      %6 = mul %4, %5: f32
      %7 = reduce sum %6 from %3 in 1: f32
      store s[i1] = %7
)"));
  CHECK(cost.multiply_adds.is(6 * (16 + 5)));
  CHECK(cost.arithmetic.is(0));
}

// y[i, j] = sum over 16 of w x, + s[i] w[j] + w[i]: of each of the 24 outputs 16 products and one over a single input.
TEST_CASE("a product over a single input is a multiply-add: as what a sum begins with, and in an addition") {
  const char* const kBodies[] = {R"(
      parallel i1 < 4, i2 < 6
      reduction i3 < 16
      %0 = load s[i1]: f32
      %1 = load w[i2]: f32
      %2 = mul %0, %1: f32
      %3 = load w[i1*16 + i3]: f32
      %4 = load x[i0*24 + i2]: f32
      %5 = mul %3, %4: f32
      %6 = reduce sum %5 from %2: f32
      %7 = load w[i1]: f32
      %8 = add %6, %7: f32
      store y[i0*24 + i1*6 + i2] = %8
)",
                                 R"(
      parallel i1 < 4, i2 < 6
      reduction i3 < 16
      %0 = load s[i1]: f32
      %1 = load w[i2]: f32
      %2 = mul %0, %1: f32
      %3 = load w[i1]: f32
      %4 = add %2, %3: f32
      %5 = load w[i1*16 + i3]: f32
      %6 = load x[i0*24 + i2]: f32
      %7 = mul %5, %6: f32
      %8 = reduce sum %7 from %4: f32
      store y[i0*24 + i1*6 + i2] = %8
)"};
  for (const char* body : kBodies) CHECK(only(around(body)).multiply_adds.is(24 * (16 + 1)));
  CHECK(only(around(kBodies[0])).arithmetic.is(24));  // the addition of w[i1]
  CHECK(only(around(kBodies[1])).arithmetic.is(0));   // which here is that of the product
}

TEST_CASE("a product of what is computed, one for fewer axes than its sum, or one that is used twice is a multiplication") {
  const KernelCost cost = only(around(R"(
      parallel i1 < 4, i2 < 6
      %0 = load s[i2]: f32
      %1 = load x[i1*6 + i2]: f32
      %2 = mul %0, %1: f32
      %3 = add %2, %1: f32
      %4 = load w[i2]: f32
      %5 = mul %0, %4: f32
      %6 = add %3, %5: f32
      %7 = mul %1, %4: f32
      %8 = add %6, %7: f32
      %9 = add %8, %7: f32
      store y[i0*24 + i1*6 + i2] = %9
)"));
  CHECK(cost.multiply_adds.is(0));
  CHECK(cost.arithmetic.is(24 + 24 + 6 + 24 + 24 + 24 + 24));  // each line in turn; s w is the same for all of i1
}

TEST_CASE("kernels know the loop around them and how often it runs") {
  const auto plan = plan_of(R"(plan "p" {
  symbols T
  memory constants 0, state 0, scratch 0
  buffer y = output f32[T] slot 0
  output "y": f32[T] in y
  kernel first {
    %0 = immediate 1.0: f32
    store y[0] = %0
  }
  loop outer: i0 < T {
    loop inner: i1 < 3 {
      kernel second {
        %0 = immediate 1.0: f32
        store y[i0] = %0
      }
    }
    kernel third {
      %0 = immediate 1.0: f32
      store y[i0] = %0
    }
  }
})");
  const auto costs = costs_of(plan);
  REQUIRE(costs.size() == 3);
  CHECK(costs[0].loops.empty());
  REQUIRE(costs[1].loops.size() == 2);
  CHECK(costs[1].loops[0]->name == "outer");
  CHECK(costs[1].loops[1]->name == "inner");
  CHECK(costs[1].cost.runs == Dim(3) * Dim::symbol("T"));
  CHECK(costs[2].loops.size() == 1);
  CHECK(costs[2].cost.runs == Dim::symbol("T"));
  CHECK(costs[2].kernel->name == "third");
}

TEST_CASE("nodes of a graph: products, what is in regions as often as it runs, constants once") {
  auto parsed = parse(R"(core "m" {
  input %x: f32[T, 2, 3]
  input %go: bool[]
  %w = constant() {value = f32[3, 5] {1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0}}
  %p = matmul(%x, %w)
  %s = add(%p, %p)
  %h = constant() {value = f32[2, 3] {0.0, 0.0, 0.0, 0.0, 0.0, 0.0}}
  %last = scan(%h, %x, %w) {carried = 1, scanned = 1, reverse_scanned = [0], reverse_stacked = [], trip = T}
    region (%t: i64[], %h: f32[2, 3], %x: f32[2, 3], %w: f32[3, 5]) {
      %v = constant() {value = f32[5, 3] {1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0}}
      %0 = matmul(%h, %w)
      %1 = matmul(%0, %v)
      yield %1
    }
  %b = branch(%go, %last, %w)
    region (%l: f32[2, 3], %w: f32[3, 5]) {
      %0 = matmul(%l, %w)
      yield %0
    }
    region (%l: f32[2, 3], %w: f32[3, 5]) {
      %0 = matmul(%l, %w)
      %1 = add(%0, %0)
      %2 = matmul(%l, %w)
      %3 = add(%1, %2)
      yield %3
    }
  output %s
  output %b
})");
  REQUIRE_MESSAGE(parsed, to_string(parsed.errors()[0]));
  const Graph& graph = *parsed->graph;
  const NodeCosts costs = costs_of(graph);
  const Dim t = Dim::symbol("T");
  const auto cost = [&](size_t node) { return costs.at(graph.nodes[node].get()); };
  CHECK(cost(1).multiply_adds == Dim(2 * 5 * 3) * t);
  CHECK(cost(1).constant_bytes.is(3 * 5 * 4));
  CHECK(cost(2).multiply_adds.is(0));
  CHECK(cost(4).multiply_adds == Dim(2 * 5 * 3 + 2 * 3 * 5) * t);
  CHECK(cost(4).constant_bytes.is(2 * 3 * 4 + 3 * 5 * 4 + 5 * 3 * 4));
  CHECK(cost(5).multiply_adds.is(2 * (2 * 5 * 3)));  // the dearer one
  CHECK(costs.at(graph.nodes[4]->regions[0]->nodes[2].get()).multiply_adds.is(2 * 3 * 5));
  CHECK(print(graph, {.node_costs = &costs}).find("%p = matmul(%x, %w): f32[T, 2, 5]  # 30*T multiply-adds, 60 constant bytes\n") !=
        std::string::npos);
}

TEST_CASE("a conv's window counts, by groups") {
  auto parsed = parse(R"(core "m" {
  input %x: f32[1, 4, 9]
  input %w: f32[6, 2, 3]
  %y = conv(%x, %w) {strides = [2], dilations = [1], groups = 2}
  output %y
})");
  REQUIRE_MESSAGE(parsed, to_string(parsed.errors()[0]));
  CHECK(multiply_adds(*parsed->graph->nodes[0]).is(6 * 4 * (2 * 3)));
}
