// What is divided into tasks, and what is not: by the work that is certain, not by the threads there may be.
#include <doctest/doctest.h>

#include "ir/builder.h"
#include "passes/pipeline.h"

using namespace rondo;

namespace {

Plan plan_of(const Graph& graph) {
  TargetFacts facts;
  facts.vector_bytes = 64;
  facts.vector_registers = 32;
  Result<Plan> plan = make_plan(graph, facts);
  if (!plan) FAIL(to_string(plan.errors()[0]));
  return *std::move(plan);
}

/// y = tanh(x w), x of `rows` rows, w [k, n].
Plan product(const Dim& rows, int64_t k, int64_t n, bool with_state = false) {
  Graph graph;
  graph.name = "test";
  Builder b(graph);
  Value* x = graph.add_param(Type{DType::f32, {rows, k}}, "x");
  Value* y = b.tanh(b.matmul(x, b.constant(Tensor::zeros(DType::f32, {k, n}))));
  graph.outputs.push_back(y);
  graph.output_names.push_back("y");
  if (with_state) {
    Value* count = graph.add_param(Type{DType::f32, {1}}, "count");
    graph.states.push_back({"count", count, b.add(count, b.scalar(count, 1)), std::nullopt});
  }
  return plan_of(graph);
}

const Kernel& only_product(const Plan& plan) {
  const Kernel* found = nullptr;
  for (const Step& step : plan.steps)
    if (const auto* kernel = std::get_if<Kernel>(&step.what); kernel && !kernel->reductions.empty()) found = kernel;
  REQUIRE(found);
  return *found;
}

const Dim& task_extent(const Kernel& kernel) {
  for (const Axis& axis : kernel.parallel)
    if (axis.var == kernel.schedule.task_axis) return axis.extent;
  FAIL("no task axis");
  return kernel.parallel[0].extent;
}

}  // namespace

TEST_CASE("large products are divided along the weights, in equal shares for two threads") {
  for (int64_t rows : {1, 3, 32, 1600})
    for (int64_t n : {512, 2048, 4096}) {
      CAPTURE(rows);
      CAPTURE(n);
      const Plan plan = product(rows, 512, n);
      const Kernel& kernel = only_product(plan);
      REQUIRE(kernel.schedule.task_axis >= 0);
      CHECK(task_extent(kernel) == Dim(n));
      const int64_t count = *task_count(kernel).constant(), size = kernel.schedule.task_size;
      CHECK(count >= 4);
      CHECK(count <= 8);
      const int64_t first = count / 2 * size;  // the share of one of two threads
      CHECK(double(std::max(first, n - first)) / double(n) <= 0.57);
    }
}

TEST_CASE("small products are not divided, and few columns leave the rows") {
  CHECK_FALSE(has_tasks(product(1, 64, 64).steps));
  CHECK_FALSE(has_tasks(product(8, 64, 64).steps));
  const Plan plan = product(4000, 64, 16);
  CHECK(task_extent(only_product(plan)) == Dim(4000));
}

TEST_CASE("symbolic rows: divided along the weights if one row is worth it, else into blocks of rows") {
  const Dim rows = Dim::symbol("T") * Dim::symbol("B");
  const Plan large = product(rows, 512, 2048);
  CHECK(task_extent(only_product(large)) == Dim(2048));
  const Plan small = product(rows, 64, 64);
  const Kernel& kernel = only_product(small);
  CHECK(task_extent(kernel) == rows);
  CHECK(*task_count(kernel).evaluate({{"T", 1}, {"B", 1}}) == 1);
  CHECK(*task_count(kernel).evaluate({{"T", 100}, {"B", 32}}) > 8);
}

/// A layer h = tanh(x w + h r) over time, all of it from `x` [40, 1, k].
Value* recurrence(Builder& b, Value* x, int64_t units, bool reverse) {
  const int64_t k = *x->type->shape[2].constant();
  Value* w = b.constant(Tensor::zeros(DType::f32, {k, units}));
  Value* r = b.constant(Tensor::zeros(DType::f32, {units, units}));
  Value* start = b.constant(Tensor::zeros(DType::f32, {1, units}));
  return b.scan(x->type->shape[0], {start}, {x}, {w, r}, reverse, 1,
                [](Builder& in, const Builder::ScanBody& s) -> std::vector<Value*> {
                  Value* sum = in.add(in.matmul(s.scanned[0], s.invariants[0]), in.matmul(s.carried[0], s.invariants[1]));
                  Value* next = in.tanh(sum);
                  return {next, next};
                })[1];
}

/// The loops of two layers, both from x or the second from the first, and whether the second is beside the first.
Plan two_layers(int64_t units, int64_t second_units, bool stacked) {
  Graph graph;
  graph.name = "test";
  Builder b(graph);
  Value* x = graph.add_param(Type{DType::f32, {40, 1, 64}}, "x");
  Value* first = recurrence(b, x, units, false);
  Value* second = recurrence(b, stacked ? first : x, second_units, true);
  graph.outputs = {b.concat({first, second}, 2)};
  graph.output_names = {"y"};
  REQUIRE(b.status());
  return plan_of(graph);
}

TEST_CASE("independent recurrences of small steps lie beside each other, and their kernels are not divided") {
  const auto beside = [](const Plan& plan) {
    return std::count_if(plan.steps.begin(), plan.steps.end(), [](const Step& step) { return is_beside(step); });
  };
  const Plan plan = two_layers(128, 128, false);
  CHECK(beside(plan) == 1);
  for (const Step& step : plan.steps)
    for_each_nested(step, [](const std::vector<Step>& nested) { CHECK_FALSE(has_tasks(nested)); });
  CHECK(beside(two_layers(128, 128, true)) == 0);   // the second needs the first
  CHECK(beside(two_layers(128, 512, false)) == 0);  // one thread would wait for the other
  CHECK(beside(two_layers(16, 16, false)) == 0);    // too little work
  CHECK(beside(two_layers(1024, 1024, false)) == 0);  // each step is worth dividing
  CHECK(has_tasks(two_layers(1024, 1024, false).steps));
}

TEST_CASE("a plan with state is not divided, and copies are not") {
  CHECK(has_tasks(product(32, 512, 512).steps));
  CHECK_FALSE(has_tasks(product(32, 512, 512, true).steps));
  Graph graph;
  graph.name = "test";
  Builder b(graph);
  Value* x = graph.add_param(Type{DType::f32, {2000, 1000}}, "x");
  graph.outputs.push_back(b.transpose(x, {1, 0}));
  graph.output_names.push_back("y");
  Result<Plan> plan = make_plan(graph, TargetFacts{});
  REQUIRE(plan);
  CHECK_FALSE(has_tasks(plan->steps));
}
