// The activations of cells against libm in double: at most 3e-7 absolute (fast: 1e-4) for each activation, times
// the state that it scales; NaN and infinities; on targets with and without fused multiply-add. RONDO_SHOW_ERRORS=1
// prints the largest errors seen.
#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <limits>

#include "tests/codegen/support.h"

namespace rondo::test {
namespace {

constexpr double kAllowed = 3e-7, kAllowedFast = 1e-4;
constexpr float kInf = std::numeric_limits<float>::infinity(), kNan = std::numeric_limits<float>::quiet_NaN();

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

struct CellOp {
  Op op;
  int arity;
  int state;                // operand that is scaled by an activation; -1: none
  double (*bound)(double);  // of the error, in units of kAllowed, by the state's size
  std::function<double(const double*)> exact;
};

std::vector<CellOp> cell_ops() {
  const auto one = [](double) { return 1.0; };
  const auto larger = [](double h) { return std::max(1.0, h); };
  const auto sum = [](double c) { return 1 + c; };  // of two products
  return {{Op::cell_sigmoid, 1, -1, one, [](const double* x) { return sigmoid(x[0]); }},
          {Op::cell_tanh, 1, -1, one, [](const double* x) { return std::tanh(x[0]); }},
          {Op::sigmoid_times_tanh, 2, -1, one, [](const double* x) { return sigmoid(x[0]) * std::tanh(x[1]); }},
          {Op::gated_sum, 4, 1, sum,
           [](const double* x) { return sigmoid(x[0]) * x[1] + sigmoid(x[2]) * std::tanh(x[3]); }},
          {Op::gated_blend, 3, 2, larger,
           [](const double* x) { return sigmoid(-x[0]) * std::tanh(x[1]) + sigmoid(x[0]) * x[2]; }}};
}

struct Machine {
  const char* cpu;
  int lanes;
  bool fast = false;
};
constexpr Machine kMachines[] = {{"", 16},       {"", 1},       {"x86-64", 4},          {"x86-64-v3", 8},
                                 {"", 16, true}, {"", 8, true}, {"x86-64-v3", 8, true}, {"", 1, true}};

bool runs_here(const std::string& cpu) {
  return cpu != "x86-64-v3" || (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"));
}

Plan elementwise(const CellOp& op, DType dtype, int lanes, bool fast = false) {
  const Dim n = Dim::symbol("N");
  PlanBuilder p;
  p.plan.symbols = {"N"};
  p.plan.fast_math = fast;
  KernelBuilder k;
  std::vector<int> operands;
  for (int i = 0; i < op.arity; ++i)
    operands.push_back(k.load(dtype, p.input("x" + std::to_string(i), {dtype, {n}}), at({{0, 1}})));
  const int z = p.output("z", {dtype, {n}});
  k.kernel.parallel = {{0, n}};
  k.store(k.apply(op.op, dtype, operands), z, at({{0, 1}}));
  if (lanes > 1) k.kernel.schedule = {.vector_axis = 0, .lanes = lanes};
  p.run(k.kernel);
  return p.plan;
}

using Columns = std::vector<std::vector<float>>;

std::vector<float> evaluate(const Compiled& compiled, const Columns& x) {
  std::vector<float> z(x[0].size());
  std::vector<const void*> inputs;
  for (const auto& column : x) inputs.push_back(column.data());
  REQUIRE(compiled.call(inputs, {z.data()}, {int64_t(z.size())}) == RONDO_OK);
  return z;
}

void check_bound(const CellOp& op, const Compiled& compiled, const Columns& x, const std::string& where) {
  const double allowed = where.find("fast") == std::string::npos ? kAllowed : kAllowedFast;
  const std::vector<float> z = evaluate(compiled, x);
  double worst = -1;
  size_t at = 0;
  for (size_t i = 0; i < z.size(); ++i) {
    double arguments[4] = {};
    for (int k = 0; k < op.arity; ++k) arguments[k] = x[k][i];
    const double scale = op.bound(op.state < 0 ? 0 : std::fabs(arguments[op.state]));
    double error = std::fabs(z[i] - op.exact(arguments)) / scale;
    if (std::isnan(error)) error = HUGE_VAL;
    if (error > worst) worst = error, at = i;
  }
  std::string place = fmt::format("{} {}: error {:.3g} at", where, info(op.op).word, worst);
  for (const auto& column : x) place += fmt::format(" {:a}", column[at]);
  if (std::getenv("RONDO_SHOW_ERRORS")) std::puts(place.c_str());
  CAPTURE(place);
  CHECK(worst <= allowed);
}

void for_each_machine(const std::function<void(const CellOp&, const Compiled&, const std::string&)>& check) {
  for (const Machine& machine : kMachines) {
    if (!runs_here(machine.cpu)) continue;
    for (const CellOp& op : cell_ops()) {
      const Compiled compiled(elementwise(op, DType::f32, machine.lanes, machine.fast), {"", machine.cpu, ""});
      check(op, compiled, fmt::format("'{}' lanes {}{}", machine.cpu, machine.lanes, machine.fast ? " fast" : ""));
    }
  }
}

/// Arguments of gates: mostly where activations bend, some where they are flat, some far out.
float gate_argument(std::mt19937& random) {
  const float spread[] = {1, 4, 20, 100, 1e4F};
  return std::normal_distribution<float>(0, spread[random() % 5])(random);
}

/// States: mostly of a cell's size, some of any.
float state_argument(std::mt19937& random) {
  const float value = std::normal_distribution<float>(0, 2)(random);
  return random() % 8 ? value : std::ldexp(value, int(random() % 240) - 120);
}

}  // namespace

TEST_CASE("one activation: every float's neighbourhood") {
  std::vector<float> x = {0, -0.0F, kInf, -kInf, 3.4e38F, -3.4e38F, 1e-45F};
  for (uint64_t bits = 0; bits <= UINT32_MAX; bits += 4093) {
    const auto pattern = static_cast<uint32_t>(bits);
    float value;
    std::memcpy(&value, &pattern, 4);
    if (std::isfinite(value)) x.push_back(value);
  }
  for (float value = -100; value < 100; value += 1.0F / 4096) x.push_back(value);
  for_each_machine([&](const CellOp& op, const Compiled& compiled, const std::string& where) {
    if (op.arity == 1) check_bound(op, compiled, {x}, where);
  });
}

TEST_CASE("joined activations: random arguments of all sizes") {
  std::mt19937 random(1);
  Columns all(4);
  for (int i = 0; i < 1000000; ++i)
    for (auto& column : all) column.push_back(gate_argument(random));
  std::vector<float> state(all[0].size());
  for (float& value : state) value = state_argument(random);
  for_each_machine([&](const CellOp& op, const Compiled& compiled, const std::string& where) {
    if (op.arity == 1) return;
    Columns x(all.begin(), all.begin() + op.arity);
    if (op.state >= 0) x[op.state] = state;
    check_bound(op, compiled, x, where);
  });
}

TEST_CASE("joined activations: gates that are wide open or shut") {
  const float ends[] = {0, -0.0F, 18, -18, 21, -21, 45, -45, 1e30F, -1e30F, kInf, -kInf};
  const float states[] = {0, 1, -1, 1e-38F, 1e30F, -3e38F};
  Columns all(5);
  for (float a : ends)
    for (float b : ends)
      for (float c : ends)
        for (float h : states)
          for (size_t k = 0; k < 5; ++k) all[k].push_back(k == 0 ? a : k == 1 ? b : k == 2 ? c : h);
  for_each_machine([&](const CellOp& op, const Compiled& compiled, const std::string& where) {
    Columns x(all.begin(), all.begin() + op.arity);
    if (op.op == Op::gated_sum) x = {all[0], all[3], all[1], all[2]};
    if (op.op == Op::gated_blend) x = {all[0], all[1], all[3]};
    check_bound(op, compiled, x, where);
  });
}

TEST_CASE("NaN in any operand comes out as NaN, whatever its bits") {
  const uint32_t patterns[] = {0x7fc00000, 0x7fc00001, 0x7fffffff, 0xffc00005, 0x7f800001, 0xffbfffff};
  for_each_machine([&](const CellOp& op, const Compiled& compiled, const std::string& where) {
    CAPTURE(where);
    for (int which = 0; which < op.arity; ++which) {
      Columns x(op.arity, std::vector<float>(16, 0.5F));
      for (size_t i = 0; i < 16; ++i) std::memcpy(&x[which][i], &patterns[i % 6], 4);
      for (float value : evaluate(compiled, x)) CHECK(std::isnan(value));
    }
  });
}

TEST_CASE("tanh of 0 is 0, and of what is far is 1; sigmoids stay positive and reach 1") {
  for_each_machine([&](const CellOp& op, const Compiled& compiled, const std::string& where) {
    CAPTURE(where);
    if (where.find("fast") != std::string::npos) return;
    const std::vector<float> x = {0, 30, -30, kInf, -kInf, 87, -87};
    if (op.op == Op::cell_tanh) CHECK(evaluate(compiled, {x}) == std::vector<float>{0, 1, -1, 1, -1, 1, -1});
    if (op.op != Op::cell_sigmoid) return;
    const std::vector<float> z = evaluate(compiled, {x});
    CHECK(z[0] == 0.5F);
    CHECK(z[1] == 1);
    CHECK(z[2] == doctest::Approx(sigmoid(-30)).epsilon(1e-5));
    CHECK(z[3] == 1);
    CHECK((z[4] >= 0 && z[4] < 1e-37F));
    CHECK(z[6] == doctest::Approx(sigmoid(-87)).epsilon(1e-4));
  });
}

TEST_CASE("float64 is computed in float64") {
  std::mt19937 random(2);
  for (const CellOp& op : cell_ops()) {
    std::vector<std::vector<double>> x(op.arity);
    for (auto& column : x)
      for (int i = 0; i < 1000; ++i) column.push_back(gate_argument(random));
    const Compiled compiled(elementwise(op, DType::f64, 4));
    std::vector<const void*> inputs;
    for (const auto& column : x) inputs.push_back(column.data());
    std::vector<double> z(1000);
    REQUIRE(compiled.call(inputs, {z.data()}, {1000}) == RONDO_OK);
    for (size_t i = 0; i < z.size(); ++i) {
      double arguments[4] = {};
      for (int k = 0; k < op.arity; ++k) arguments[k] = x[k][i];
      const double exact = op.exact(arguments);
      CHECK(std::fabs(z[i] - exact) <= 1e-14 * std::max(1.0, op.state < 0 ? 1.0 : std::fabs(arguments[op.state])));
    }
  }
}

}  // namespace rondo::test
