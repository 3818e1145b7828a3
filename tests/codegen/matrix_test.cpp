// Products on the matrix unit, compiled and run on this machine: exact where all numbers are small integers, as exact
// as float32 elsewhere, and the plain kernel's bits where the unit must not run.
//
// A suite of its own, which ctest counts as skipped where this machine has no unit.
#include <fmt/format.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cmath>
#include <thread>

#include "ir/builder.h"
#include "ir/reference.h"
#include "passes/pipeline.h"
#include "runtime/include/rondo_pool.h"
#include "tests/codegen/matrix_unit.h"

namespace rondo::test {
namespace {

/// This machine with slow vectors: all that the unit can run is run there.
TargetFacts unit_facts() {
  TargetFacts facts = require(Target::find(kUnit)).facts();
  facts.multiply_adds = 0.01;
  return facts;
}

const PlanOptions kPlain{{"matrix_products"}};

Plan plan_of(const Graph& graph, const PlanOptions& options = {}) {
  const std::unique_ptr<Graph> core = graph.clone();
  Diagnostics remarks;
  if (Status done = optimise(*core, unit_facts(), {}, remarks); !done) FAIL(to_string(done.errors()[0]));
  return require(make_plan(*core, unit_facts(), options));
}

int count_matrix(const Plan& plan, bool with_tasks = false) {
  int count = 0;
  for_each_kernel(plan.steps, [&](const Kernel& kernel) {
    count += kernel.schedule.matrix > 0 && (!with_tasks || kernel.schedule.task_axis >= 0);
  });
  return count;
}

using Floats = std::vector<float>;

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  int from(int low, int high) { return low + static_cast<int>(engine_() % static_cast<unsigned>(high - low + 1)); }
  template <class T>
  T one_of(std::initializer_list<T> list) {
    return *(list.begin() + from(0, static_cast<int>(list.size()) - 1));
  }
  /// Integers of -4 to 4, or numbers with 24 bits of -1 to 1, some of them small.
  Floats numbers(int64_t count, bool integers) {
    Floats values(static_cast<size_t>(count));
    for (float& v : values) v = integers ? static_cast<float>(from(-4, 4)) : real();
    return values;
  }

 private:
  float real() {
    const float value = static_cast<float>(engine_()) / 0x1p31F - 1;
    return from(0, 3) == 0 ? std::ldexp(value, -from(0, 24)) : value;
  }

  std::mt19937 engine_;
};

enum class Form { product, bias, relu, rows_added, two, cell, step, scan, both_ways };

struct Shape {
  Form form = Form::product;
  Dim rows = 1;
  int depth = 16, units = 16, gates = 1;
  bool integers = false;

  std::string name() const {
    return fmt::format("form {}, {} rows, depth {}, {} units, {} gates{}", int(form), rows.to_string(), depth, units,
                       gates, integers ? ", integers" : "");
  }
};

constexpr int kSteps = 3;

/// Gates' sums are clamped, so that integers stay exact; `sizes`: of absolute values, which gives the sum of all |x w|.
class Maker {
 public:
  Maker(const Shape& shape, unsigned seed, bool sizes = false) : shape_(shape), random_(seed), sizes_(sizes) {}

  Graph graph() {
    Graph graph;
    graph.name = "model";
    Builder b(graph);
    const bool scan = shape_.form >= Form::scan;
    ::rondo::Shape sequence = {shape_.rows, shape_.depth};
    if (scan) sequence.insert(sequence.begin(), kSteps);
    const Type row{DType::f32, {shape_.rows, shape_.units}};
    Value* x = graph.add_param(Type{DType::f32, sequence}, "x");
    Value *h = nullptr, *result = nullptr;
    if (shape_.form >= Form::rows_added) h = graph.add_param(row, "h");
    if (scan) {
      result = this->scan(b, h, x, false);
      if (shape_.form == Form::both_ways) result = b.concat({result, this->scan(b, h, x, true)}, 2);
    } else if (shape_.form >= Form::cell) {
      result = cell(b, x, h, weights(b));
      if (shape_.form == Form::step) graph.states = {{"h", h, result, {}}};
    } else {
      result = b.matmul(x, constant(b, {shape_.depth, shape_.units}));
      if (shape_.form == Form::rows_added) result = b.add(result, h);
      if (shape_.form == Form::two) result = b.add(result, b.matmul(h, constant(b, {shape_.units, shape_.units})));
      if (shape_.form != Form::product && shape_.form != Form::rows_added)
        result = b.add(result, constant(b, {shape_.units}));
      if (shape_.form == Form::relu && !sizes_) result = b.maximum(result, b.scalar(DType::f32, 0));
    }
    graph.outputs = {result};
    graph.output_names = {"y"};
    if (Status built = b.status(); !built) FAIL(to_string(built.errors()[0]));
    return graph;
  }

 private:
  std::vector<Value*> weights(Builder& b) {
    std::vector<Value*> all;
    for (int gate = 0; gate < shape_.gates; ++gate) {
      all.push_back(constant(b, {shape_.depth, shape_.units}));
      all.push_back(constant(b, {shape_.units, shape_.units}));
      all.push_back(constant(b, {shape_.units}));
    }
    return all;
  }

  Value* scan(Builder& b, Value* h, Value* x, bool reverse) {
    return b.scan(kSteps, {h}, {x}, weights(b), reverse, 1,
                  [&](Builder& inner, const Builder::ScanBody& s) -> std::vector<Value*> {
                    Value* next = cell(inner, s.scanned[0], s.carried[0], s.invariants);
                    return {next, next};
                  })[1];
  }

  Value* constant(Builder& b, std::vector<int64_t> shape) {
    int64_t count = 1;
    for (int64_t size : shape) count *= size;
    Floats values = random_.numbers(count, shape_.integers);
    for (float& v : values) v = sizes_ ? std::fabs(v) : v;
    return b.constant(tensor_of(DType::f32, values).reshaped(std::move(shape)));
  }

  Value* clamp(Builder& b, Value* a, double most) {
    return b.minimum(b.maximum(a, b.scalar(a, -most)), b.scalar(a, most));
  }

  Value* cell(Builder& b, Value* x, Value* h, const std::vector<Value*>& weights) {
    Value* sum = nullptr;
    for (int gate = 0; gate < shape_.gates; ++gate) {
      Value* each =
          b.add(b.add(b.matmul(x, weights[3 * gate]), b.matmul(h, weights[3 * gate + 1])), weights[3 * gate + 2]);
      each = shape_.integers ? clamp(b, each, 4 + gate) : b.tanh(b.mul(each, b.scalar(each, 0.25)));
      sum = sum ? gate % 2 ? b.sub(sum, each) : b.add(sum, each) : each;
    }
    return clamp(b, sum, 4);
  }

  Shape shape_;
  Random random_;
  bool sizes_;
};

/// A graph's arguments, for symbolic rows of this number.
std::vector<Array> arguments_of(const Graph& graph, int64_t rows, Random& random, bool integers) {
  std::vector<Array> arguments;
  for (const auto& param : graph.params) {
    std::vector<int64_t> shape;
    for (const Dim& dim : param->type->shape) shape.push_back(*dim.evaluate({{"N", rows}}));
    Array array = Array::zeros(DType::f32, shape);
    const Floats values = random.numbers(array.count(), integers);
    array.reals.assign(values.begin(), values.end());
    arguments.push_back(std::move(array));
  }
  return arguments;
}

Floats run(const Compiled& compiled, const std::vector<Array>& arguments, int64_t count, int64_t rows,
           const rondo_parallel* parallel = nullptr) {
  std::vector<Floats> inputs;
  std::vector<const void*> pointers;
  for (const Array& each : arguments) inputs.emplace_back(each.reals.begin(), each.reals.end());
  for (const Floats& each : inputs) pointers.push_back(each.data());
  Floats result(static_cast<size_t>(count) + 1, -7);
  void* output = result.data();
  const int64_t bytes = compiled.model->scratch_size(&rows);
  Memory scratch(bytes);
  std::memset(scratch.get(), 0xff, static_cast<size_t>(bytes));  // NaN of every type
  rondo_call call = {pointers.data(), &output, &rows, nullptr, scratch.get(), nullptr, parallel};
  REQUIRE(compiled.model->call(&call) == RONDO_OK);
  CHECK(result.back() == -7);
  result.pop_back();
  return result;
}

std::vector<double> evaluated(const Graph& graph, const std::vector<Array>& arguments) {
  return require(evaluate(graph, arguments))[0].reals;
}

bool are_near(const Floats& a, const Floats& b) {
  for (size_t i = 0; i < a.size(); ++i)
    if (std::isnan(a[i]) != std::isnan(b[i]) || std::fabs(a[i] - b[i]) > 1e-5F) return false;
  return a.size() == b.size();
}

bool same_bits(const Floats& a, const Floats& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * 4) == 0;
}

/// What few rows and many, known and unknown, full registers and not, give one after the other.
Shape random_shape(Random& random, Form form) {
  Shape shape;
  shape.form = form;
  const int rows = random.one_of({random.from(2, 8), random.from(9, 16), random.from(17, 70)});
  shape.rows = random.from(0, 2) == 0 ? Dim::symbol("N") : Dim(rows);
  shape.depth = random.one_of({random.from(16, 300), 32 * random.from(1, 6)});
  shape.units = random.one_of({random.from(16, 200), 16 * random.from(1, 8)});
  shape.gates = random.from(1, 4);
  if (form >= Form::scan) shape.units = std::min(shape.units, 100), shape.depth = std::min(shape.depth, 100);
  return shape;
}

std::vector<int64_t> counts_of_rows(const Shape& shape, Random& random) {
  if (auto rows = shape.rows.constant()) return {*rows};
  return {1, random.from(2, 15), 16, random.from(17, 31), random.from(33, 70)};
}

constexpr Form kForms[] = {Form::product, Form::bias, Form::relu, Form::rows_added,
                           Form::two,     Form::cell, Form::scan, Form::both_ways};

/// A graph compiled with the unit and without.
struct Both {
  Plan plan;
  Compiled unit, plain;

  explicit Both(const Graph& graph) : plan(plan_of(graph)), unit(plan, kUnit), plain(plan_of(graph, kPlain), kUnit) {
    REQUIRE(count_matrix(plan) > 0);
  }
};

/// Errors, in 2^-24 of a scale.
struct Errors {
  double sum = 0, worst = 0;

  void add(double got, double expected, double scale) {
    const double error = std::fabs(got - expected) / scale * 0x1p24;
    sum += error, worst = std::max(worst, std::isnan(error) ? HUGE_VAL : error);
  }
};

}  // namespace

TEST_SUITE("matrix_unit") {
  TEST_CASE("sums of integers are exact, for rows, depths and units of all numbers, and nothing beyond is touched") {
    if (!has_unit()) return;
    Random random(1);
    for (int i = 0; i < 32; ++i) {
      Shape shape = random_shape(random, kForms[i % 8]);
      shape.integers = true;
      CAPTURE(shape.name());
      const Graph graph = Maker(shape, 100 + i).graph();
      const Plan plan = plan_of(graph);
      REQUIRE(count_matrix(plan) > 0);
      const Compiled compiled(plan, kUnit);
      for (int64_t rows : counts_of_rows(shape, random)) {
        CAPTURE(rows);
        const std::vector<Array> arguments = arguments_of(graph, rows, random, true);
        const std::vector<double> expected = evaluated(graph, arguments);
        CHECK(run(compiled, arguments, std::ssize(expected), rows) == Floats(expected.begin(), expected.end()));
      }
    }
  }

  TEST_CASE("a step with state, whose weights the first cache does not hold: the same in every call") {
    if (!has_unit()) return;
    for (int rows : {4, 7, 16, 40}) {
      const Shape shape{Form::step, rows, 70, 100, 4, true};
      CAPTURE(shape.name());
      const Graph graph = Maker(shape, 150).graph();
      const Plan plan = plan_of(graph);
      REQUIRE(count_matrix(plan) > 0);
      const Compiled compiled(plan, kUnit);
      Memory state(compiled.model->state_size(nullptr));
      REQUIRE(compiled.model->reset(state.get(), nullptr) == RONDO_OK);
      Random random(9);
      Array h = Array::zeros(DType::f32, {rows, 100});
      for (int step = 0; step < 5; ++step) {
        const Array x = arguments_of(graph, rows, random, true)[0];
        const std::vector<Array> expected = require(evaluate(graph, {x, h}));
        const Floats xs(x.reals.begin(), x.reals.end());
        Floats y(static_cast<size_t>(rows * 100));
        REQUIRE(compiled.call({xs.data()}, {y.data()}, {}, state.get()) == RONDO_OK);
        CHECK(y == Floats(expected[0].reals.begin(), expected[0].reals.end()));
        h = expected[1];
      }
    }
  }

  TEST_CASE("results are as exact as float32's") {
    if (!has_unit()) return;
    constexpr double kWorst =
        4;  // in 2^-24 of the sum of all |x w|: of what is added up, some 300 numbers, each may be rounded
    Random random(2);
    Errors on_unit, on_vectors;
    for (int i = 0; i < 20; ++i) {
      const Shape shape = random_shape(random, kForms[i % 5]);
      CAPTURE(shape.name());
      const Graph graph = Maker(shape, 200 + i).graph(), sizes = Maker(shape, 200 + i, true).graph();
      const Both compiled(graph);
      for (int64_t rows : counts_of_rows(shape, random)) {
        CAPTURE(rows);
        std::vector<Array> arguments = arguments_of(graph, rows, random, false);
        const std::vector<double> expected = evaluated(graph, arguments);
        const Floats a = run(compiled.unit, arguments, std::ssize(expected), rows),
                     b = run(compiled.plain, arguments, std::ssize(expected), rows);
        for (Array& each : arguments)
          for (double& v : each.reals) v = std::fabs(v);
        const std::vector<double> size = evaluated(sizes, arguments);
        for (size_t k = 0; k < expected.size(); ++k)
          on_unit.add(a[k], expected[k], size[k]), on_vectors.add(b[k], expected[k], size[k]);
        CHECK_FALSE(same_bits(a, b));  // it is the unit that ran
      }
    }
    CHECK(on_unit.worst <= kWorst);
    CHECK(on_unit.worst <= on_vectors.worst);
    CHECK(on_unit.sum <= on_vectors.sum);
  }

  TEST_CASE("cells that feed themselves are as exact as with float32's products") {
    if (!has_unit()) return;
    Random random(3);
    Errors on_unit, on_vectors;
    for (int i = 0; i < 8; ++i) {
      const Shape shape = random_shape(random, i % 2 ? Form::scan : Form::cell);
      CAPTURE(shape.name());
      const Graph graph = Maker(shape, 300 + i).graph();
      const Both compiled(graph);
      for (int64_t rows : counts_of_rows(shape, random)) {
        const std::vector<Array> arguments = arguments_of(graph, rows, random, false);
        const std::vector<double> expected = evaluated(graph, arguments);
        const Floats a = run(compiled.unit, arguments, std::ssize(expected), rows),
                     b = run(compiled.plain, arguments, std::ssize(expected), rows);
        for (size_t k = 0; k < expected.size(); ++k)
          on_unit.add(a[k], expected[k], 1), on_vectors.add(b[k], expected[k], 1);
        CHECK_FALSE(same_bits(a, b));
      }
    }
    CHECK(on_unit.sum <= on_vectors.sum * 1.1);
    CHECK(on_unit.worst <= on_vectors.worst * 1.5);
  }

  TEST_CASE("with any number out of range a call gives the plain kernel's bits, and the next one is as before") {
    if (!has_unit()) return;
    for (Form form : {Form::product, Form::two, Form::scan})
      for (const Dim& rows : {Dim(5), Dim(40), Dim::symbol("N")}) {
        const Shape shape{form, rows, 70, 40, 2, false};
        CAPTURE(shape.name());
        const Graph graph = Maker(shape, 400).graph();
        const Both compiled(graph);
        Random random(4);
        std::vector<Array> arguments = arguments_of(graph, 21, random, false);
        const int64_t count = require(evaluate(graph, arguments))[0].count();
        const Floats before = run(compiled.unit, arguments, count, 21);
        CHECK_FALSE(same_bits(before, run(compiled.plain, arguments, count, 21)));
        for (float special : {INFINITY, -INFINITY, NAN, 1e30F, -3e38F, 0x1.000002p60F})
          for (size_t which = 0; which < arguments.size(); ++which)
            for (size_t place : {size_t{0}, arguments[which].reals.size() / 2, arguments[which].reals.size() - 1}) {
              CAPTURE(special);
              CAPTURE(place);
              const double kept = std::exchange(arguments[which].reals[place], special);
              const Floats got = run(compiled.unit, arguments, count, 21),
                           wanted = run(compiled.plain, arguments, count, 21);
              if (form != Form::scan) CHECK(same_bits(got, wanted));
              if (form == Form::scan) CHECK(are_near(got, wanted));  // steps that see none of it run on the unit
              arguments[which].reals[place] = kept;
              CHECK(same_bits(run(compiled.unit, arguments, count, 21), before));
            }
      }
  }

  TEST_CASE("numbers at the end of the range are exact; of those below 2^-102 some bits are lost, next to nothing") {
    if (!has_unit()) return;
    for (float special : {0x1p60F, -0x1p60F, 1e-38F, 1e-40F, -1e-45F, 0x1.fffffep-100F, 0x1.fffffep-110F}) {
      CAPTURE(special);
      const Shape shape{Form::product, 20, 70, 40, 1, false};
      const Graph graph = Maker(shape, 500).graph(), sizes = Maker(shape, 500, true).graph();
      const Both compiled(graph);
      Random random(5);
      std::vector<Array> arguments = arguments_of(graph, 0, random, false);
      for (int64_t k = 0; k < 70; ++k)
        arguments[0].reals[static_cast<size_t>(7 * 70 + k)] = special;  // a row of its own
      arguments[0].reals[9 * 70] = special;                             // and among others
      const std::vector<double> expected = evaluated(graph, arguments);
      const Floats got = run(compiled.unit, arguments, 20 * 40, 0), plain = run(compiled.plain, arguments, 20 * 40, 0);
      CHECK_FALSE(same_bits(got, plain));
      for (double& v : arguments[0].reals) v = std::fabs(v);
      const std::vector<double> size = evaluated(sizes, arguments);
      int wrong = 0;
      for (size_t i = 0; i < got.size(); ++i)
        wrong += !(std::fabs(got[i] - expected[i]) <= 4 * 0x1p-24 * size[i] + 70 * 0x1p-126);
      CHECK(wrong == 0);
    }
  }

  namespace {

  /// From here on the process is refused the unit.
  bool refuse() {
    sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchPrctl, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[0])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kRequest, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog program{sizeof filter / sizeof *filter, filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
  }

  /// The exit code of work in a process of its own; -1 where it crashed.
  template <class Work>
  int exit_code_of(Work work) {
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      try {
        _exit(work());
      } catch (...) {  // what a test throws when it fails
        _exit(99);
      }
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  }  // namespace

  TEST_CASE("where the system refuses the unit, libraries give the plain kernel's bits") {
    if (!has_unit()) return;
    for (Form form : {Form::bias, Form::scan}) {
      const Shape shape{form, 20, 70, 40, 3, false};
      const Graph graph = Maker(shape, 600).graph();
      Random random(6);
      const std::vector<Array> arguments = arguments_of(graph, 0, random, false);
      const int64_t count = require(evaluate(graph, arguments))[0].count();
      const Floats wanted = run(Compiled(plan_of(graph, kPlain), kUnit), arguments, count, 0);
      const Floats granted = run(Compiled(plan_of(graph), kUnit), arguments, count, 0);
      CHECK_FALSE(same_bits(granted, wanted));
      enum { kSame, kOther, kUnavailable };
      const int code = exit_code_of([&] {
        if (!refuse() || syscall(kArchPrctl, kRequest, kTileData) == 0) return kUnavailable;
        return same_bits(run(Compiled(plan_of(graph), kUnit), arguments, count, 0), wanted) ? kSame
                                                                                            : kOther;  // loaded here
      });
      if (code == kUnavailable)
        MESSAGE("SKIPPED: this system lets no process refuse itself the unit");
      else
        CHECK(code == kSame);
    }
  }

  TEST_CASE("threads share the unit's work, with the same bits") {
    if (!has_unit()) return;
    for (const Dim& rows : {Dim(16), Dim(70), Dim::symbol("N")}) {
      const Shape shape{Form::bias, rows, 300, 1000, 1, false};
      CAPTURE(shape.name());
      const Graph graph = Maker(shape, 700).graph();
      const Plan plan = plan_of(graph);
      REQUIRE(count_matrix(plan, true) == 1);
      const Compiled compiled(plan, kUnit);
      Random random(7);
      for (int64_t n : counts_of_rows(shape, random)) {
        const std::vector<Array> arguments = arguments_of(graph, n, random, false);
        const int64_t count = n * 1000;
        const Floats alone = run(compiled, arguments, count, n);
        for (int threads : {2, 3}) {
          std::unique_ptr<rondo_pool, void (*)(rondo_pool*)> pool(rondo_pool_create(threads), rondo_pool_destroy);
          REQUIRE(pool);
          for (int again : {1, 2, 3}) {
            CAPTURE(again);
            CHECK(same_bits(run(compiled, arguments, count, n, rondo_pool_parallel(pool.get())), alone));
          }
        }
        // Several threads with calls of their own.
        std::vector<Floats> results(3);
        std::vector<std::thread> callers;
        for (Floats& result : results) callers.emplace_back([&] { result = run(compiled, arguments, count, n); });
        for (std::thread& each : callers) each.join();
        for (const Floats& result : results) CHECK(same_bits(result, alone));
      }
    }
  }

  TEST_CASE("the two directions of a layer use the unit at the same time") {
    if (!has_unit()) return;
    const Shape shape{Form::both_ways, 24, 64, 80, 4, true};
    const Graph graph = Maker(shape, 750).graph();
    const Plan plan = plan_of(graph);
    CHECK(std::any_of(plan.steps.begin(), plan.steps.end(), is_beside));
    const Compiled compiled(plan, kUnit);
    Random random(8);
    const std::vector<Array> arguments = arguments_of(graph, 0, random, true);
    const std::vector<double> expected = evaluated(graph, arguments);
    std::unique_ptr<rondo_pool, void (*)(rondo_pool*)> pool(rondo_pool_create(2), rondo_pool_destroy);
    REQUIRE(pool);
    for (int again = 0; again < 5; ++again)
      CHECK(run(compiled, arguments, std::ssize(expected), 0, rondo_pool_parallel(pool.get())) ==
            Floats(expected.begin(), expected.end()));
  }

  TEST_CASE("the object names nothing from outside, and is the same each time") {
    if (!has_unit()) return;
    const Graph graph = Maker({Form::scan, Dim::symbol("N"), 70, 40, 3, false}, 800).graph();
    const Plan plan = plan_of(graph);
    REQUIRE(count_matrix(plan) > 0);
    const Target target = require(Target::find(kUnit));
    const std::string object = require(generate(plan, target, ::rondo::Form::object));
    CHECK(require(undefined_symbols(object)).empty());
    CHECK(require(generate(plan, target, ::rondo::Form::object)) == object);
  }

}  // TEST_SUITE

TEST_CASE(
    "a plan for a matrix unit is compiled for processors and systems that have one, and refused by name for others") {
  Graph graph = Maker({Form::bias, Dim::symbol("N"), 64, 48, 1, false}, 900).graph();
  TargetFacts facts = require(Target::find({"x86_64-linux-gnu", "sapphirerapids", "", false, true})).facts();
  facts.multiply_adds = 0.01;
  const Plan plan = require(make_plan(graph, facts));
  REQUIRE(count_matrix(plan) == 1);
  const auto compiled = [&](const TargetSpec& spec) {
    return generate(plan, require(Target::find(spec)), ::rondo::Form::object);
  };
  CHECK(bool(compiled({"x86_64-linux-gnu", "sapphirerapids", "", false, true})));
  for (const TargetSpec& spec : {TargetSpec{"x86_64-linux-gnu", "sapphirerapids", ""}, TargetSpec{"x86-64-v4"},
                                 TargetSpec{"x86-64"}, TargetSpec{"cortex-a53"}, TargetSpec{"cortex-m4"},
                                 TargetSpec{"rv64gcv"}, TargetSpec{"x86_64-linux-gnu", "sapphirerapids", "-amx-tile"},
                                 TargetSpec{"x86_64-pc-windows-msvc", "sapphirerapids", ""}}) {
    CAPTURE(spec.triple);
    const auto refused = compiled(spec);
    REQUIRE_FALSE(bool(refused));
    std::string text;
    for (const Diagnostic& error : refused.errors()) text += to_string(error) + "\n";
    CHECK(text.find("buffer 'granted'") != std::string::npos);
    CHECK(text.find("_matrix'") != std::string::npos);
    CHECK(text.find("--matrix-unit") != std::string::npos);
  }
}

}  // namespace rondo::test
