// combine_activations: which expressions become which form, that the plan means the same, and what is left alone.
#include <doctest/doctest.h>

#include "ir/builder.h"
#include "passes/pipeline.h"
#include "plan_interpreter.h"

using namespace rondo;

namespace {

constexpr int kSize = 5;

/// A cell in one graph: gates are tanh or sigmoid of products, in kernels with their reductions.
struct Cell {
  Graph graph;
  Builder b{graph};
  Value *x, *h;

  Cell() {
    graph.name = "cell";
    x = graph.add_param(Type{DType::f32, {3, kSize}}, "x");
    h = graph.add_param(Type{DType::f32, {3, kSize}}, "h");
  }
  Value* sum(int seed) {
    std::vector<double> values(kSize * kSize);
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<double>((i * 7919 + 31 * static_cast<size_t>(seed)) % 101) / 60 - 0.8;
    return b.matmul(x, b.constant(Tensor::from_doubles(DType::f32, {kSize, kSize}, values)));
  }
  Value* sigmoid(int seed) { return b.sigmoid(sum(seed)); }
  Value* tanh(int seed) { return b.tanh(sum(seed)); }
  Value* one() { return b.scalar(x, 1); }
  void output(Value* value) {
    graph.output_names.push_back("y" + std::to_string(graph.outputs.size()));
    graph.outputs.push_back(value);
  }
};

Plan plan_of(Cell& cell, std::vector<std::string> without = {}, std::vector<std::string> passes_without = {}) {
  Diagnostics remarks;
  Status built = cell.b.status();
  if (!built) FAIL(to_string(built.errors()[0]));
  if (Status done = optimise(cell.graph, {}, {passes_without}, remarks); !done) FAIL(to_string(done.errors()[0]));
  Result<Plan> plan = make_plan(cell.graph, {}, {std::move(without)});
  if (!plan) FAIL(to_string(plan.errors()[0]));
  return *std::move(plan);
}

/// The activations of all kernels, in order, with how many operations stand beside them that a form could swallow.
std::string forms(const Plan& plan) {
  std::string words;
  for (const Step& step : plan.steps)
    for (const Instr& instr : std::get<Kernel>(step.what).body) {
      if (instr.kind != Instr::Kind::pointwise) continue;
      static const std::vector<Op> kActivations = {Op::sigmoid, Op::tanh,       Op::cell_sigmoid, Op::cell_tanh,
                                                   Op::neg,     Op::gated_sum,  Op::gated_blend,  Op::sigmoid_times_tanh};
      if (std::find(kActivations.begin(), kActivations.end(), instr.op) == kActivations.end()) continue;
      words += (words.empty() ? "" : " ") + std::string(info(instr.op).word);
    }
  return words;
}

std::vector<double> values(const Plan& plan, size_t output = 0) {
  std::vector<Array> arguments;
  for (int k = 0; k < 2; ++k) {
    Array array = Array::zeros(DType::f32, {3, kSize});
    for (size_t i = 0; i < array.reals.size(); ++i) array.reals[i] = static_cast<double>((i * 31 + k * 17) % 23) / 8 - 1.5;
    arguments.push_back(std::move(array));
  }
  auto results = interpret(plan, arguments, {});
  if (!results) FAIL(to_string(results.errors()[0]));
  return (*results)[output].reals;
}

/// The plan has these forms, and means what it means without the stage.
void check(Cell& cell, const std::string& expected) {
  const Plan combined = plan_of(cell);
  CHECK(forms(combined) == expected);
  const Plan plain = plan_of(cell, {"combine_activations"});
  CHECK(forms(plain).find("cell_") == std::string::npos);
  for (size_t output = 0; output < cell.graph.outputs.size(); ++output) {
    const std::vector<double> a = values(combined, output), b = values(plain, output);
    REQUIRE(a.size() == b.size());
    for (size_t i = 0; i < a.size(); ++i) CHECK(a[i] == doctest::Approx(b[i]).epsilon(1e-12));
  }
}

}  // namespace

TEST_CASE("activations of sums that the kernel computes become cell forms") {
  Cell cell;
  cell.output(cell.sigmoid(1));
  check(cell, "cell_sigmoid");
  Cell other;
  other.output(other.b.tanh(other.b.add(other.sum(1), other.h)));
  check(other, "cell_tanh");
}

TEST_CASE("activations of anything else stay") {
  Cell cell;
  cell.output(cell.b.mul(cell.b.sigmoid(cell.h), cell.b.tanh(cell.x)));
  check(cell, "sigmoid tanh");
  Cell maximum;
  maximum.output(maximum.b.tanh(maximum.b.reduce(maximum.x, "max", {1})));
  check(maximum, "tanh");
  Cell apart;  // an operator in a kernel of its own
  apart.output(apart.tanh(1));
  CHECK(forms(plan_of(apart, {}, {"fuse_pointwise"})) == "tanh");
}

TEST_CASE("a product of a sigmoid and a tanh is one form, in either order") {
  Cell cell;
  cell.output(cell.b.mul(cell.sigmoid(1), cell.tanh(2)));
  check(cell, "sigmoid_times_tanh");
  Cell other;
  other.output(other.b.mul(other.tanh(2), other.sigmoid(1)));
  check(other, "sigmoid_times_tanh");
}

TEST_CASE("LSTM's state is one form, and its output another") {
  for (int order = 0; order < 4; ++order) {
    CAPTURE(order);
    Cell m;
    Value* kept = order & 1 ? m.b.mul(m.h, m.sigmoid(1)) : m.b.mul(m.sigmoid(1), m.h);
    Value* fresh = m.b.mul(m.sigmoid(2), m.tanh(3));
    Value* c = order & 2 ? m.b.add(fresh, kept) : m.b.add(kept, fresh);
    m.output(m.b.mul(m.sigmoid(4), m.b.tanh(c)));
    m.output(c);
    check(m, "gated_sum sigmoid_times_tanh");
  }
}

TEST_CASE("GRU's state is one form however it is written") {
  for (int form = 0; form < 6; ++form) {
    CAPTURE(form);
    Cell m;
    Value *z = m.sigmoid(1), *n = m.tanh(2), *h = m.h;
    Builder& b = m.b;
    Value* forms[] = {
        b.add(b.mul(b.sub(m.one(), z), n), b.mul(z, h)), b.add(n, b.mul(z, b.sub(h, n))),
        b.add(b.sub(n, b.mul(n, z)), b.mul(z, h)),       b.sub(b.add(n, b.mul(h, z)), b.mul(z, n)),
        b.sub(n, b.mul(b.sub(n, h), z)),                 b.add(b.mul(h, z), b.mul(n, b.sub(m.one(), z))),
    };
    m.output(forms[form]);
    check(m, "gated_blend");
  }
}

TEST_CASE("the other convention of GRU negates the gate") {
  for (int form = 0; form < 2; ++form) {
    CAPTURE(form);
    Cell m;
    Value *z = m.sigmoid(1), *n = m.tanh(2), *h = m.h;
    Builder& b = m.b;
    m.output(form ? b.add(h, b.mul(z, b.sub(n, h))) : b.add(b.mul(b.sub(m.one(), z), h), b.mul(z, n)));
    check(m, "neg gated_blend");
  }
}

TEST_CASE("an activation that something else needs too is not swallowed") {
  Cell m;
  Value* i = m.sigmoid(1);
  m.output(m.b.mul(i, m.tanh(2)));
  m.output(i);
  check(m, "cell_sigmoid cell_tanh");
  Cell gru;
  Value *z = gru.sigmoid(1), *n = gru.tanh(2);
  gru.output(gru.b.add(gru.b.mul(gru.b.sub(gru.one(), z), n), gru.b.mul(z, gru.h)));
  gru.output(z);
  check(gru, "cell_sigmoid cell_tanh");
}

TEST_CASE("what only looks like a cell is left as it is written") {
  Cell m;  // + z n instead of - z n
  Value *z = m.sigmoid(1), *n = m.tanh(2);
  m.output(m.b.add(m.b.add(n, m.b.mul(z, n)), m.b.mul(z, m.h)));
  check(m, "cell_tanh cell_sigmoid");
  Cell two;  // another gate in each product
  Value* t = two.tanh(3);
  two.output(two.b.add(two.b.sub(t, two.b.mul(two.sigmoid(1), t)), two.b.mul(two.sigmoid(2), two.h)));
  check(two, "cell_tanh cell_sigmoid cell_sigmoid");
}

TEST_CASE("the stage is among those that can be left out") {
  const auto stages = plan_stages();
  CHECK(std::find(stages.begin(), stages.end(), "combine_activations") != stages.end());
}
