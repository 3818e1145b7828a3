// The planner: plans of small graphs, run by the plan interpreter, agree with the reference evaluator on the graph,
// for every vector width; and the facts that a plan is for: packing, in-place updates, shared memory.
#include <doctest/doctest.h>

#include <functional>

#include "ir/builder.h"
#include "ir/verify.h"
#include "passes/pipeline.h"
#include "plan_interpreter.h"

using namespace rondo;

namespace {

/// Values that differ from element to element, the same on every run.
double sample(int64_t i) { return static_cast<double>((i * 7919 + 13) % 101 - 50) / 25; }

Tensor sample_tensor(std::vector<int64_t> shape, DType dtype = DType::f32) {
  std::vector<double> values(Tensor::zeros(dtype, shape).count());
  for (size_t i = 0; i < values.size(); ++i) values[i] = sample(static_cast<int64_t>(i));
  return Tensor::from_doubles(dtype, std::move(shape), values);
}

Array argument(const Type& type, const Dim::Values& symbols, int seed) {
  std::vector<int64_t> shape;
  for (const Dim& dim : type.shape) shape.push_back(*dim.evaluate(symbols));
  Array array = Array::zeros(type.dtype, shape);
  for (size_t i = 0; i < array.reals.size(); ++i) array.reals[i] = sample(static_cast<int64_t>(i) + 31 * seed);
  for (size_t i = 0; i < array.ints.size(); ++i) array.ints[i] = static_cast<int64_t>(i + seed) % 3;
  return array;
}

struct Made {
  Graph graph;
  std::unique_ptr<Builder> b;

  Made() : b(std::make_unique<Builder>(graph)) { graph.name = "test"; }
  Value* input(DType dtype, Shape shape) {
    return graph.add_param(Type{dtype, std::move(shape)}, "x" + std::to_string(graph.params.size()));
  }
  void output(Value* value) {
    graph.output_names.push_back("y" + std::to_string(graph.outputs.size()));
    graph.outputs.push_back(value);
  }
};

Plan plan_of(const Made& made, int vector_bytes) {
  TargetFacts facts;
  facts.vector_bytes = vector_bytes;
  facts.vector_registers = 32;
  Result<Plan> plan = make_plan(made.graph, facts);
  if (!plan) FAIL(to_string(plan.errors()[0]));
  return *std::move(plan);
}

void check_agrees(const Made& made, const Dim::Values& symbols = {}) {
  Status built = made.b->status();
  if (!built) FAIL(to_string(built.errors()[0]));
  std::vector<Array> arguments;
  for (const auto& param : made.graph.params) arguments.push_back(argument(*param->type, symbols, param->index));
  auto expected = evaluate(made.graph, arguments);
  if (!expected) FAIL(to_string(expected.errors()[0]));
  for (int vector_bytes : {0, 16, 64}) {
    CAPTURE(vector_bytes);
    const Plan plan = plan_of(made, vector_bytes);
    auto got = interpret(plan, arguments, symbols);
    if (!got) FAIL(to_string(got.errors()[0]));
    REQUIRE(got->size() == expected->size());
    for (size_t k = 0; k < got->size(); ++k) {
      REQUIRE((*got)[k].shape == (*expected)[k].shape);
      for (size_t i = 0; i < (*got)[k].reals.size(); ++i)
        CHECK((*got)[k].reals[i] == doctest::Approx((*expected)[k].reals[i]).epsilon(1e-9));
      CHECK((*got)[k].ints == (*expected)[k].ints);
    }
  }
}

const Dim T = Dim::symbol("T"), B = Dim::symbol("B");

}  // namespace

TEST_CASE("pointwise work with broadcasts") {
  Made m;
  Value* x = m.input(DType::f32, {T, B, 5});
  Value* y = m.input(DType::f32, {B, 1});
  m.output(m.b->tanh(m.b->add(m.b->mul(x, y), m.b->constant(sample_tensor({5})))));
  check_agrees(m, {{"T", 3}, {"B", 2}});
}

TEST_CASE("products with constant and with computed matrices") {
  for (int64_t n : {1, 3, 16, 20, 37}) {
    CAPTURE(n);
    Made m;
    Value* x = m.input(DType::f32, {B, 6});
    Value* w = m.input(DType::f32, {n, 6});
    m.output(m.b->matmul(x, m.b->constant(sample_tensor({6, n}))));
    m.output(m.b->matmul(x, m.b->transpose(w, {1, 0})));
    m.output(m.b->matmul(x, m.b->transpose(m.b->constant(sample_tensor({n, 6})), {1, 0})));
    check_agrees(m, {{"B", 3}});
  }
}

TEST_CASE("slices written at positions, replaced or joined") {
  for (const char* combine : {"none", "sum", "prod", "max", "min"}) {
    Made m;
    Value* data = m.input(DType::f32, {3, B, 2});
    Value* positions = m.input(DType::i64, {T});
    Value* updates = m.input(DType::f32, {T, B, 2});
    Value* written = m.b->scatter(data, positions, updates, combine);
    m.output(written);
    m.output(m.b->transpose(m.b->add(written, data), {2, 0, 1}));  // the data stays what it was
    Value* counts = m.input(DType::i32, {4});
    m.output(m.b->scatter(counts, positions, m.b->iota({T}, 0, DType::i32), combine));
    check_agrees(m, {{"T", 5}, {"B", 2}});
  }
}

TEST_CASE("batched product with broadcast leading axes") {
  Made m;
  Value* x = m.input(DType::f32, {2, 1, 3, 4});
  Value* y = m.input(DType::f32, {5, 4, 2});
  m.output(m.b->matmul(x, y));
  check_agrees(m);
}

TEST_CASE("convolution with stride, dilation and groups") {
  for (int64_t groups : {1, 2, 4}) {
    CAPTURE(groups);
    Made m;
    Value* x = m.input(DType::f32, {2, 4, 11});
    Value* w = m.b->constant(sample_tensor({8, 4 / groups, 3}));
    m.output(m.b->one(Op::conv, {x, w}, {{"strides", std::vector<int64_t>{2}}, {"dilations", std::vector<int64_t>{2}}, {"groups", groups}}));
    check_agrees(m);
  }
}

TEST_CASE("reductions and windows") {
  Made m;
  Value* x = m.input(DType::f32, {3, T, 4});
  m.output(m.b->reduce(x, "sum", {2}));
  m.output(m.b->reduce(x, "max", {0, 1}));
  m.output(m.b->reduce(x, "min", {1}, true));
  Value* z = m.input(DType::f32, {1, 2, 7, 6});
  m.output(m.b->one(Op::reduce_window, {z},
                    {{"combine", "max"}, {"window", std::vector<int64_t>{1, 1, 3, 2}}, {"strides", std::vector<int64_t>{1, 1, 2, 2}},
                     {"dilations", std::vector<int64_t>{1, 1, 1, 1}}}));
  check_agrees(m, {{"T", 5}});
}

TEST_CASE("softmax") {
  Made m;
  Value* x = m.input(DType::f32, {B, 9});
  Value* e = m.b->exp(m.b->sub(x, m.b->reduce(x, "max", {1}, true)));
  m.output(m.b->div(e, m.b->reduce(e, "sum", {1}, true)));
  check_agrees(m, {{"B", 2}});
}

TEST_CASE("views: transposes, slices, reshapes with and without a copy") {
  Made m;
  Value* x = m.input(DType::f32, {T, B, 6});
  Value* turned = m.b->transpose(x, {1, 0, 2});
  m.output(turned);
  m.output(m.b->reshape(turned, {B * T, 6}));
  m.output(m.b->reshape(x, {T, B, 2, 3}));
  m.output(m.b->slice(x, {0, 0, 5}, {T, B, 3}, {1, 1, -2}));
  m.output(m.b->broadcast(m.b->slice_axis(x, 2, Dim(1), Dim(1)), {T, B, 4}));
  m.output(m.b->reshape(m.b->add(turned, turned), {B, T * 6}));
  check_agrees(m, {{"T", 3}, {"B", 2}});
}

TEST_CASE("concatenation and padding, computed in place and copied") {
  Made m;
  Value* x = m.input(DType::f32, {T, 3});
  Value* y = m.input(DType::f32, {T, 2});
  Value* joined = m.b->concat({m.b->exp(x), y, m.b->neg(y)}, 1);
  m.output(joined);
  m.output(m.b->concat({x, x}, 0));
  m.output(m.b->pad(x, m.b->scalar(x, 7), {1, 0}, {2, 1}));
  check_agrees(m, {{"T", 2}});
}

TEST_CASE("an input, a constant and one value twice as outputs") {
  Made m;
  Value* x = m.input(DType::f32, {4});
  Value* y = m.b->exp(x);
  m.output(x);
  m.output(y);
  m.output(y);
  m.output(m.b->constant(sample_tensor({2, 3})));
  m.output(m.b->scalar(DType::f32, 5));
  m.output(m.b->dims({T, 2 * T + 1}));
  m.output(m.b->iota({3, T}, 1, DType::f32));
  m.input(DType::f32, {T});
  check_agrees(m, {{"T", 4}});
}

TEST_CASE("gather: indices at run time and constant") {
  Made m;
  Value* table = m.b->constant(sample_tensor({5, 3}));
  Value* indices = m.input(DType::i64, {T, 2});
  m.output(m.b->gather(table, indices, 0));
  Value* x = m.input(DType::f32, {2, 4, 3});
  m.output(m.b->gather(x, m.b->constant(Tensor::from_ints(DType::i64, {}, std::vector<int64_t>{2})), 1));
  m.output(m.b->gather(x, m.b->constant(Tensor::from_ints(DType::i64, {3}, std::vector<int64_t>{2, 0, 2})), 1));
  check_agrees(m, {{"T", 2}});
}

namespace {

/// h' = tanh(x w + h u), y = h', and a second carried value that counts steps; swapped is h of the step before.
void recurrence(Made& m, bool reverse) {
  Value* x = m.input(DType::f32, {T, B, 4});
  Value* h = m.input(DType::f32, {B, 5});
  Value* w = m.b->constant(sample_tensor({4, 5}));
  Value* u = m.b->constant(sample_tensor({5, 5}));
  auto results = m.b->scan(T, {h, m.b->zeros(DType::f32, {B, 5}), m.b->zeros(DType::f32, {B, 5})}, {x}, {w, u}, reverse, 2,
                           [](Builder& b, const Builder::ScanBody& s) -> std::vector<Value*> {
                             Value* sum = b.add(b.matmul(s.scanned[0], s.invariants[0]), b.matmul(s.carried[0], s.invariants[1]));
                             Value* next = b.tanh(sum);
                             Value* count = b.add(s.carried[1], b.cast(s.step, DType::f32));
                             return {next, count, s.carried[0], next, s.carried[2]};
                           });
  for (Value* result : results) m.output(result);
}

}  // namespace

TEST_CASE("recurrences, forwards and backwards") {
  for (bool reverse : {false, true}) {
    CAPTURE(reverse);
    Made m;
    recurrence(m, reverse);
    check_agrees(m, {{"T", 4}, {"B", 2}});
    check_agrees(m, {{"T", 1}, {"B", 1}});
  }
}

TEST_CASE("a fused cell is one kernel: all gates share one reduction loop") {
  Made m;
  Value* h = m.input(DType::f32, {B, 5});
  Value* c = m.input(DType::f32, {B, 3});
  Value* w = m.b->constant(sample_tensor({5, 9}));
  auto region = std::make_unique<Graph>();
  Value* in_h = region->add_param(h->type, "h");
  Value* in_c = region->add_param(c->type, "c");
  Value* in_w = region->add_param(w->type, "w");
  Builder b(*region);
  Value* gates = b.matmul(in_h, in_w);
  auto gate = [&](int i) { return b.sigmoid(b.slice_axis(gates, 1, Dim(3 * i), Dim(3))); };
  Value* next = b.add(b.mul(gate(0), in_c), gate(1));
  region->outputs = {b.mul(gate(2), b.tanh(next)), next};
  REQUIRE(b.status());
  std::vector<std::unique_ptr<Graph>> regions;
  regions.push_back(std::move(region));
  for (Value* result : m.b->node(Op::fused, {h, c, w}, {}, 2, std::move(regions))) m.output(result);
  const Plan plan = plan_of(m, 16);
  REQUIRE(plan.steps.size() == 1);
  int reductions = 0;
  for (const Instr& instr : std::get<Kernel>(plan.steps[0].what).body) reductions += instr.kind == Instr::Kind::reduce;
  CHECK(reductions == 3);
  check_agrees(m, {{"B", 2}});
}

TEST_CASE("what one kernel cannot hold is computed in several") {
  Made m;
  Value* x = m.input(DType::f32, {B, 4});
  auto region = std::make_unique<Graph>();
  Value* inner = region->add_param(x->type, "x");
  Builder b(*region);
  Value* e = b.exp(b.sub(inner, b.reduce(inner, "max", {1}, true)));
  region->outputs = {b.div(e, b.reduce(e, "sum", {1}, true))};  // a reduction inside a reduction
  REQUIRE(b.status());
  std::vector<std::unique_ptr<Graph>> regions;
  regions.push_back(std::move(region));
  m.output(m.b->node(Op::fused, {x}, {}, 1, std::move(regions))[0]);
  CHECK(plan_of(m, 16).steps.size() > 1);
  check_agrees(m, {{"B", 2}});
}

TEST_CASE("states: advanced, swapped and left alone") {
  Made m;
  Value* x = m.input(DType::f32, {3});
  Value* a = m.graph.add_param(Type{DType::f32, {3}}, "a");
  Value* b = m.graph.add_param(Type{DType::f32, {3}}, "b");
  Value* c = m.graph.add_param(Type{DType::f32, {3}}, "c");
  Value* d = m.graph.add_param(Type{DType::f32, {3}}, "d");
  m.graph.states = {{"a", a, b, {}}, {"b", b, a, {}}, {"c", c, m.b->add(c, x), {}}, {"d", d, d, {}}};
  m.output(m.b->mul(c, x));
  check_agrees(m);
}

TEST_CASE("a carried value that is only read element by element is updated in place") {
  Made m;
  Value* x = m.input(DType::f32, {8, 16});
  auto results = m.b->scan(Dim(8), {m.b->zeros(DType::f32, {16})}, {x}, {}, false, 0,
                           [](Builder& b, const Builder::ScanBody& s) -> std::vector<Value*> {
                             return {b.add(s.carried[0], s.scanned[0])};
                           });
  m.output(results[0]);
  const Plan plan = plan_of(m, 16);
  const auto* loop = std::get_if<Loop>(&plan.steps.back().what);
  REQUIRE(loop);
  CHECK(loop->steps.size() == 1);
  check_agrees(m);
}

TEST_CASE("a value that is a state's next one as well is not updated in place by the recurrence that begins with it") {
  Made m;
  Value* x = m.input(DType::f32, {4});
  Value* h = m.graph.add_param(Type{DType::f32, {4}}, "h");
  Value* next = m.b->tanh(m.b->add(h, x));
  m.graph.states = {{"h", h, next, {}}};
  m.output(m.b->scan(Dim(3), {next}, {}, {x}, false, 0, [](Builder& b, const Builder::ScanBody& s) -> std::vector<Value*> {
    return {b.add(s.carried[0], s.invariants[0])};
  })[0]);
  check_agrees(m);
}

namespace {

/// A state of rows, of which a call overwrites those at `positions`; and what the call gives.
Made overwriting(int64_t count, bool old_is_read) {
  Made m;
  Value* positions = m.input(DType::i64, {count});
  Value* rows = m.input(DType::f32, {count, 4});
  Value* state = m.graph.add_param(Type{DType::f32, {8, 4}}, "rows");
  Value* next = m.b->scatter(state, positions, rows, "none");
  m.graph.states = {{"rows", state, next, {}}};
  m.output(m.b->gather(next, m.input(DType::i64, {3}), 0));
  std::swap(m.graph.params[2], m.graph.params[3]);
  if (old_is_read) m.output(m.b->gather(state, positions, 0));
  return m;
}

int copies_of_state(const Plan& plan) {
  int count = 0;
  for_each_kernel(plan.steps, [&](const Kernel& kernel) { count += kernel.name.starts_with("copy"); });
  return count;
}

}  // namespace

TEST_CASE("rows of a state are overwritten where they lie, unless what was there is read afterwards") {
  for (int64_t count : {1, 2}) {
    CAPTURE(count);
    const Made m = overwriting(count, false), read = overwriting(count, true);
    check_agrees(m);
    check_agrees(read);
    CHECK(copies_of_state(plan_of(m, 16)) == 0);
    CHECK(copies_of_state(plan_of(read, 16)) > 0);
  }
}

TEST_CASE("constant matrices are packed once in the order in which they are read") {
  Made m;
  Value* w = m.b->constant(sample_tensor({6, 40}));
  m.output(m.b->matmul(m.input(DType::f32, {1, 6}), w));
  m.output(m.b->matmul(m.input(DType::f32, {1, 6}), w));
  const Plan plan = plan_of(m, 64);
  int constants = 0;
  for (const Buffer& buffer : plan.buffers) {
    if (buffer.kind != Buffer::Kind::constant) continue;
    ++constants;
    CHECK(buffer.count == Dim(6 * 48));  // 40 columns in panels of 48
    CHECK(buffer.value.double_at(40) == 0);
    CHECK(buffer.value.double_at(48) == doctest::Approx(static_cast<float>(sample(40))));  // row 1, column 0
  }
  CHECK(constants == 1);
}

TEST_CASE("packed matrices are hardly longer than whole vectors of columns") {
  bool narrowed = false;
  for (int64_t n = 17; n <= 144; n += 9) {
    CAPTURE(n);
    Made m;
    m.output(m.b->matmul(m.input(DType::f32, {1, 40}), m.b->constant(sample_tensor({40, n}))));
    check_agrees(m);
    const Plan plan = plan_of(m, 64);
    const int64_t vectors = (n + 15) / 16;
    for (const Buffer& buffer : plan.buffers)
      if (buffer.kind == Buffer::Kind::constant) CHECK(*buffer.count.constant() * 10 <= 40 * vectors * 16 * 11);
    for_each_kernel(plan.steps, [&](const Kernel& kernel) { narrowed |= vectors % kernel.schedule.vectors > 0; });
  }
  CHECK(narrowed);
}

TEST_CASE("scratch whose lifetimes do not meet is shared") {
  Made m;
  Value* x = m.input(DType::f32, {64, 64});
  for (int i = 0; i < 6; ++i) x = m.b->matmul(x, m.b->constant(sample_tensor({64, 64})));
  m.output(x);
  CHECK(plan_of(m, 16).scratch_bytes == Dim(2 * 64 * 64 * 4));
  check_agrees(m);
}
