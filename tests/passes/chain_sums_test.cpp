// chain_sums: which sums become chains through the nests of a kernel, and which stay sums.
#include "layers.h"
#include "ir/reference.h"
#include "passes/plan/lowering.h"
#include "plan_interpreter.h"

using namespace rondo;
using namespace rondo::testing;

namespace {

struct Count {
  int reductions = 0, beginning = 0, chained = 0, additions = 0;
};

Count count(const Kernel& kernel) {
  Count c;
  for (const Instr& instr : kernel.body) {
    c.additions += instr.kind == Instr::Kind::pointwise && instr.op == Op::add;
    if (instr.kind != Instr::Kind::reduce) continue;
    ++c.reductions;
    if (instr.operands.size() < 2) continue;
    ++c.beginning;
    c.chained += kernel.body[instr.operands[1]].kind == Instr::Kind::reduce;
  }
  return c;
}

Count count(const Plan& plan) {
  Count sum;
  each_kernel(plan.steps, [&](const Kernel& kernel) {
    const Count c = count(kernel);
    sum.reductions += c.reductions, sum.beginning += c.beginning, sum.chained += c.chained, sum.additions += c.additions;
  });
  return sum;
}

/// y = what `sums` makes of products of x with matrices, without any optimisation before.
template <class Function>
Plan fused(Function sums, DType dtype = DType::f32) {
  Graph graph;
  graph.name = "test";
  Builder b(graph);
  Value *x = graph.add_param(Type{dtype, {2, 3}}, "x"), *h = graph.add_param(Type{dtype, {2, 5}}, "h"),
        *e = graph.add_param(Type{dtype, {2, 7}}, "e");
  Value *w = b.constant(layer_weights(dtype, {3, 7}, 1)), *r = b.constant(layer_weights(dtype, {5, 7}, 2));
  auto region = std::make_unique<Graph>();
  std::vector<Value*> in;
  for (Value* value : {x, h, e, w, r}) in.push_back(region->add_param(value->type, "p" + std::to_string(in.size())));
  Builder inner(*region);
  region->outputs = {sums(inner, inner.matmul(in[0], in[3]), inner.matmul(in[1], in[4]), in[2])};
  REQUIRE(bool(inner.status()));
  std::vector<std::unique_ptr<Graph>> regions;
  regions.push_back(std::move(region));
  graph.outputs = {b.node(Op::fused, {x, h, e, w, r}, {}, 1, std::move(regions))[0]};
  graph.output_names = {"y"};
  REQUIRE(bool(b.status()));
  auto run = [&](const PlanOptions& options) {
    Result<Plan> plan = make_plan(graph, avx512_facts(), options);
    if (!plan) FAIL(to_string(plan.errors()[0]));
    return *std::move(plan);
  };
  const Plan plan = run({});
  std::vector<Array> arguments;
  for (const auto& param : graph.params) {
    Array array = Array::zeros(dtype, {2, *param->type->shape[1].constant()});
    for (size_t i = 0; i < array.reals.size(); ++i) array.reals[i] = double((i * 7) % 11) / 8 - 0.5;
    arguments.push_back(array);
  }
  auto expected = evaluate(graph, arguments), got = interpret(plan, arguments, {}), without = interpret(run({{"chain_sums"}}), arguments, {});
  REQUIRE(bool(expected));
  REQUIRE(bool(got));
  REQUIRE(bool(without));
  for (size_t i = 0; i < (*expected)[0].reals.size(); ++i) {
    CHECK((*got)[0].reals[i] == doctest::Approx((*expected)[0].reals[i]).epsilon(dtype == DType::f32 ? 1e-6 : 1e-2));
    CHECK((*without)[0].reals[i] == doctest::Approx((*expected)[0].reals[i]).epsilon(dtype == DType::f32 ? 1e-6 : 1e-2));
  }
  return plan;
}

}  // namespace

TEST_CASE("two products and a bias, in any order, are one chain") {
  auto check = [](auto sums) {
    const Count c = count(fused(sums));
    CHECK(c.reductions == 2);
    CHECK(c.beginning == 2);
    CHECK(c.chained == 1);
    CHECK(c.additions == 0);
  };
  check([](Builder& b, Value* x, Value* h, Value* e) { return b.add(b.add(x, h), e); });
  check([](Builder& b, Value* x, Value* h, Value* e) { return b.add(b.add(h, x), e); });
  check([](Builder& b, Value* x, Value* h, Value* e) { return b.add(e, b.add(h, x)); });
  check([](Builder& b, Value* x, Value* h, Value* e) { return b.add(b.add(x, e), h); });
  check([](Builder& b, Value* x, Value* h, Value* e) { return b.add(b.add(h, e), x); });
  check([](Builder& b, Value* x, Value* h, Value* e) { return b.tanh(b.add(x, b.add(e, h))); });
}

TEST_CASE("a product that is used twice begins nothing that both uses would see") {
  // x + e, and x itself: the sum of x must stay what it is.
  const Count twice = count(fused([](Builder& b, Value* x, Value* h, Value* e) { return b.mul(b.add(x, e), b.mul(x, h)); }));
  CHECK(twice.reductions == 2);
  CHECK(twice.beginning == 0);
  CHECK(twice.additions == 1);
  const Count own = count(fused([](Builder& b, Value* x, Value*, Value*) { return b.add(x, x); }));
  CHECK(own.beginning == 0);
  CHECK(own.additions == 1);
  // x + f(h): the product that x is a sum of would need the later one; h may begin with nothing made of itself.
  const Count both = count(fused([](Builder& b, Value* x, Value* h, Value*) { return b.add(b.tanh(x), b.tanh(h)); }));
  CHECK(both.beginning == 0);
}

TEST_CASE("a bias begins a product that stands deep in its sum") {
  auto check = [](auto sums) {
    const Count c = count(fused(sums));
    CHECK(c.beginning == 1);
    CHECK(c.additions == 1);
  };
  check([](Builder& b, Value* x, Value* h, Value* e) { return b.add(b.add(x, b.mul(h, e)), e); });
  check([](Builder& b, Value* x, Value* h, Value* e) { return b.add(e, b.add(b.mul(h, e), x)); });
  // A product that something else uses stays as it is, and so does a difference.
  const Count twice = count(fused([](Builder& b, Value* x, Value* h, Value* e) { return b.mul(b.add(b.add(x, b.mul(h, e)), e), x); }));
  CHECK(twice.beginning == 0);
  const Count minus = count(fused([](Builder& b, Value* x, Value* h, Value* e) { return b.add(b.sub(x, b.mul(h, e)), e); }));
  CHECK(minus.beginning == 0);
}

TEST_CASE("what is made of an earlier nest's result may begin a later one, not the other way round") {
  const Count forwards = count(fused([](Builder& b, Value* x, Value* h, Value*) { return b.add(b.tanh(x), h); }));
  CHECK(forwards.beginning + forwards.additions == 1);
  const Count backwards = count(fused([](Builder& b, Value* x, Value* h, Value*) { return b.add(x, b.tanh(h)); }));
  CHECK(backwards.beginning + backwards.additions == 1);
  CHECK(forwards.beginning + backwards.beginning == 1);  // whichever of the two products runs first
}

TEST_CASE("differences are no sums; sums in float16 are rounded on the way and stay") {
  const Count minus = count(fused([](Builder& b, Value* x, Value* h, Value*) { return b.sub(x, h); }));
  CHECK(minus.beginning == 0);
  for (DType dtype : {DType::f16, DType::bf16}) {
    const Count narrow = count(fused([](Builder& b, Value* x, Value* h, Value* e) { return b.add(b.add(x, h), e); }, dtype));
    CHECK(narrow.beginning == 0);
    CHECK(narrow.additions == 2);
  }
}

TEST_CASE("the gates of cells") {
  for (Cell cell : {Cell::lstm, Cell::gru, Cell::rnn, Cell::peephole}) {
    CAPTURE(int(cell));
    const Plan plan = plan_of({cell, 5, 8, 1, 1, true}, avx512_facts());
    const Count c = count(plan);
    const int gates = cell == Cell::gru ? 3 : cell == Cell::rnn ? 1 : 4;
    CHECK(c.reductions == 2 * gates);
    if (cell == Cell::gru) CHECK(c.additions == 1);  // of that one to the candidate's first
    CHECK(c.chained == (cell == Cell::gru ? 2 : gates));  // a GRU's third recurrent product is multiplied first
    const Plan without = plan_of({cell, 5, 8, 1, 1, true}, avx512_facts(), {{"chain_sums"}});
    CHECK(count(without).beginning == 0);
    CHECK(count(without).reductions == 2 * gates);
    CHECK(count(without).additions > c.additions);
  }
}
