// matrix_products: which kernels are divided and how, what their plans mean with and without the unit, and that the
// parts of weights are the weights.
#include <fmt/format.h>

#include <random>

#include "ir/matrix.h"
#include "ir/text.h"
#include "layers.h"

using namespace rondo;
using namespace rondo::testing;

namespace {

/// A processor with a unit, whose vectors are slow: everything that can run on the unit pays.
TargetFacts unit_facts() {
  TargetFacts facts = avx512_facts();
  facts.matrix_unit = true;
  facts.multiply_adds = 0.01;
  return facts;
}
TargetFacts fast_facts() {
  TargetFacts facts = unit_facts();
  facts.multiply_adds = 2;
  return facts;
}

Plan plan_of(const Graph& graph, const TargetFacts& facts, const PlanOptions& options = {}) {
  Result<Plan> plan = make_plan(graph, facts, options);
  if (!plan) FAIL(to_string(plan.errors()[0]));
  return *std::move(plan);
}

/// Numbers with all 24 bits, of sizes from 2^-low to 1.
std::vector<double> numbers(int64_t count, int low, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<double> values(static_cast<size_t>(count));
  for (double& v : values)
    v = static_cast<float>(std::ldexp(static_cast<double>(random()) / 0x1p32 + 0.5,
                                      -static_cast<int>(random() % static_cast<unsigned>(low + 1)))) *
        (random() % 2 ? 1 : -1);
  return values;
}

Tensor weights_of(std::vector<int64_t> shape, int low = 3, unsigned seed = 5) {
  int64_t count = 1;
  for (int64_t size : shape) count *= size;
  return Tensor::from_doubles(DType::f32, std::move(shape), numbers(count, low, seed));
}

Graph product(const Dim& rows, const Tensor& weights, bool bias = false) {
  Graph graph;
  graph.name = "product";
  Builder b(graph);
  const DType dtype = weights.dtype();
  Value* x = graph.add_param(Type{dtype, {rows, weights.shape()[0]}}, "x");
  Value* y = b.matmul(x, b.constant(weights));
  graph.outputs = {bias ? b.add(y, b.constant(weights_of({weights.shape()[1]}))) : y};
  graph.output_names = {"y"};
  if (Status built = b.status(); !built) FAIL(to_string(built.errors()[0]));
  return graph;
}

std::vector<std::string> names_of(const Plan& plan) {
  std::vector<std::string> names;
  each_kernel(plan.steps, [&](const Kernel& kernel) { names.push_back(kernel.name); });
  return names;
}

const Kernel* find(const Plan& plan, std::string_view name) {
  const Kernel* found = nullptr;
  each_kernel(plan.steps, [&](const Kernel& kernel) { found = kernel.name == name ? &kernel : found; });
  return found;
}

const Kernel& at(const Plan& plan, std::string_view name) {
  const Kernel* kernel = find(plan, name);
  REQUIRE_MESSAGE(kernel, print(plan));
  return *kernel;
}

int count_matrix(const Plan& plan) {
  int count = 0;
  each_kernel(plan.steps, [&](const Kernel& kernel) { count += kernel.schedule.matrix > 0; });
  return count;
}

bool is_divided(const Tensor& weights, const PlanOptions& options = {}) {
  const Plan plan = plan_of(product(16, weights), unit_facts(), options);
  bool granted = false;
  for (const Buffer& buffer : plan.buffers) granted |= buffer.kind == Buffer::Kind::granted;
  CHECK(granted == (count_matrix(plan) > 0));
  return granted;
}

using Names = std::vector<std::string>;

/// The plan gives the product to 2^-24 of the sum of all |x w|, on the unit; elsewhere it is the plain kernel that
/// runs.
void check_product(const Graph& graph, const Tensor& weights, const Plan& plan, const Dim::Values& symbols) {
  const Type type = *graph.params[0]->type;
  const int64_t rows = *type.shape[0].evaluate(symbols), depth = *type.shape[1].constant();
  Array x = Array::zeros(DType::f32, {rows, depth});
  x.reals = numbers(rows * depth, 3, 17);
  const auto expected = evaluate(graph, {x});
  REQUIRE(bool(expected));
  Array sizes = x;
  for (double& v : sizes.reals) v = std::fabs(v);
  for (const bool granted : {true, false}) {
    CAPTURE(granted);
    const auto got = interpret(plan, {x}, symbols, granted);
    if (!got) FAIL(to_string(got.errors()[0]));
    const int64_t units = weights.shape()[1];
    double worst = 0;
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < units; ++j) {
        double size = 0;
        for (int64_t k = 0; k < depth; ++k)
          size += std::fabs(x.reals[static_cast<size_t>(i * depth + k)] * weights.double_at(k * units + j));
        const auto place = static_cast<size_t>(i * units + j);
        worst = std::max(worst, std::fabs((*got)[0].reals[place] - (*expected)[0].reals[place]) / size);
      }
    CHECK(worst <= (granted ? 0x1p-24 : 0x1p-50));
    const bool all = at(plan, "matmul_matrix").schedule.matrix == 3;
    if (granted && !all) CHECK(worst > 0);  // small parts are left out: it is the unit's kernel that ran
  }
}

}  // namespace

TEST_CASE("rows decide how many left parts lie beside each other, and the tile") {
  struct Case {
    Dim rows;
    int matrix, tile, parts;
  };
  for (const Case& c : {Case{2, 3, 2, 3}, Case{5, 3, 5, 3}, Case{6, 2, 6, 4}, Case{8, 2, 8, 4}, Case{9, 1, 16, 3},
                        Case{16, 1, 16, 3}, Case{17, 1, 16, 3}, Case{33, 1, 16, 3}, Case{Dim::symbol("N"), 1, 16, 3}}) {
    CAPTURE(c.rows.to_string());
    const Tensor weights = weights_of({32, 17});
    const Graph graph = product(c.rows, weights);
    const Plan plan = plan_of(graph, unit_facts());
    CHECK(names_of(plan) == Names{"matmul_parts", "matmul_fits", "matmul_matrix", "matmul"});
    const Kernel& matrix = at(plan, "matmul_matrix");
    CHECK(matrix.schedule.matrix == c.matrix);
    CHECK(matrix.schedule.rows == c.tile);
    CHECK(std::ssize(at(plan, "matmul_parts").stores) == c.parts);
    for (int64_t n : c.rows.constant() ? std::vector<int64_t>{0} : std::vector<int64_t>{1, 17, 34})
      check_product(graph, weights, plan, {{"N", n}});
  }
}

TEST_CASE("weights that the second cache does not hold are read for two registers of rows at a time") {
  TargetFacts facts = unit_facts();
  facts.l2_bytes = 1;
  for (const Dim& rows : {Dim(16), Dim(17), Dim(33), Dim::symbol("N")}) {
    CAPTURE(rows.to_string());
    const Tensor weights = weights_of({32, 17});
    const Graph graph = product(rows, weights);
    const Plan plan = plan_of(graph, facts);
    CHECK(at(plan, "matmul_matrix").schedule.rows == (rows.is(16) ? 16 : 32));
    check_product(graph, weights, plan, {{"N", 34}});
  }
}

TEST_CASE("the kernel as it was stays for numbers that are not in range") {
  for (const Dim& rows : {Dim(8), Dim(33), Dim::symbol("N")}) {
    const Graph graph = product(rows, weights_of({64, 48}), true);
    const Plan plan = plan_of(graph, unit_facts()), without = plan_of(graph, unit_facts(), {{"matrix_products"}});
    const Choice* choice = nullptr;
    for (const Step& step : plan.steps)
      if (std::holds_alternative<Choice>(step.what)) choice = &std::get<Choice>(step.what);
    REQUIRE(choice);
    REQUIRE(choice->then.size() == 1);
    REQUIRE(choice->otherwise.size() == 1);
    CHECK(name_of(choice->then[0]) == "matmul_matrix");
    const Kernel &as_it_was = std::get<Kernel>(choice->otherwise[0].what), &wanted = at(without, "matmul");
    CHECK(as_it_was.schedule == wanted.schedule);
    CHECK(as_it_was.parallel == wanted.parallel);
    CHECK(choice->condition == at(plan, "matmul_fits").stores[0].buffer);
    CHECK(plan.buffers[choice->condition].name == "matmul_fits");
  }
}

TEST_CASE("depths of any size are filled up with zeros") {
  for (int64_t depth : {16, 31, 33, 70})
    for (const Dim& rows : {Dim(3), Dim(7), Dim(20), Dim::symbol("N")}) {
      CAPTURE(depth);
      CAPTURE(rows.to_string());
      const Tensor weights = weights_of({depth, 3});
      const Graph graph = product(rows, weights);
      const Plan plan = plan_of(graph, unit_facts());
      CHECK(names_of(plan) == Names{"matmul_clear", "matmul_parts", "matmul_fits", "matmul_matrix", "matmul"});
      CHECK(at(plan, "matmul_matrix").reductions[0][0].extent.is((depth + 31) / 32 * 32));
      check_product(graph, weights, plan, {{"N", 18}});
    }
  CHECK(count_matrix(plan_of(product(16, weights_of({15, 64})), unit_facts())) == 0);  // less than half a block
}

TEST_CASE("what the unit cannot run, or not as exactly, stays") {
  const Tensor good = weights_of({64, 48});
  CHECK(is_divided(good));
  CHECK_FALSE(is_divided(good, {{"matrix_products"}}));
  const auto with = [&](double first, double scale = 1) {
    std::vector<double> values = numbers(64 * 48, 3, 5);
    for (double& v : values) v *= scale;
    values[77] = first;
    return Tensor::from_doubles(DType::f32, {64, 48}, values);
  };
  CHECK_FALSE(is_divided(with(INFINITY)));
  CHECK_FALSE(is_divided(with(-INFINITY)));
  CHECK_FALSE(is_divided(with(NAN)));
  CHECK(is_divided(with(-0x1p60)));
  CHECK_FALSE(is_divided(with(-0x1.000002p60)));
  CHECK_FALSE(is_divided(with(0, 0x1p-61)));
  CHECK_FALSE(is_divided(with(0, 0)));
  CHECK(is_divided(with(0x1p-60, 0x1p-61)));  // one of a size is enough
  PlanOptions narrow;
  for (DType stored : {DType::bf16, DType::f16}) {
    narrow.weights = stored;
    const auto refused = make_plan(product(16, good), unit_facts(), narrow);
    REQUIRE_FALSE(bool(refused));
    CHECK(to_string(refused.errors()[0]).find("--matrix-unit") != std::string::npos);
  }
  CHECK_FALSE(is_divided(Tensor::from_doubles(DType::f64, {64, 48}, numbers(64 * 48, 3, 5))));
  CHECK_FALSE(is_divided(Tensor::from_ints(DType::i32, {64, 48}, std::vector<int64_t>(64 * 48, 3))));
  TargetFacts facts = unit_facts();
  facts.matrix_unit = false;
  CHECK(count_matrix(plan_of(product(16, good), facts)) == 0);
  CHECK(count_matrix(plan_of(product(0, good), unit_facts())) == 0);
  CHECK(count_matrix(plan_of(product(1, good), unit_facts())) == 0);
}

TEST_CASE("factors that are no constants stay") {
  Graph graph;
  graph.name = "product";
  Builder b(graph);
  Value *x = graph.add_param(Type{DType::f32, {16, 64}}, "x"), *w = graph.add_param(Type{DType::f32, {64, 48}}, "w");
  graph.outputs = {b.matmul(x, w)};
  graph.output_names = {"y"};
  CHECK(count_matrix(plan_of(graph, unit_facts())) == 0);
}

TEST_CASE("cost decides, and says so") {
  const auto remarks_of = [](const Dim& rows, int64_t size, const TargetFacts& facts) {
    Diagnostics remarks;
    PlanOptions options;
    options.remarks = &remarks;
    const bool divided = count_matrix(plan_of(product(rows, weights_of({size, size})), facts, options)) > 0;
    for (const Diagnostic& remark : remarks) {
      const bool runs = remark.message.find("kernel 'matmul': runs on the matrix unit: about ") == 0;
      const bool stays = remark.message.find("kernel 'matmul': does not run on the matrix unit: about ") == 0;
      if (!runs && !stays) continue;
      CHECK(remark.message.find(" cycles there, ") != std::string::npos);
      CHECK(remark.message.find(" with vectors") != std::string::npos);
      CHECK(runs == divided);
      return runs ? 1 : 0;
    }
    CHECK_FALSE(divided);
    return -1;
  };
  CHECK(remarks_of(2, 16, fast_facts()) == 0);
  CHECK(remarks_of(16, 16, fast_facts()) == 0);
  CHECK(remarks_of(2, 256, fast_facts()) == 0);
  for (int64_t size : {256, 512}) {
    CHECK(remarks_of(16, size, fast_facts()) == 1);
    CHECK(remarks_of(64, size, fast_facts()) == 1);
    CHECK(remarks_of(Dim::symbol("N"), size, fast_facts()) == 1);
  }
  TargetFacts none = fast_facts();
  none.matrix_unit = false;
  CHECK(remarks_of(64, 256, none) == -1);
}

TEST_CASE("gates that multiply the same are given its parts once; each has weights of its own") {
  for (const Dim& batch : {Dim(3), Dim(9), Dim::symbol("N")}) {
    CAPTURE(batch.to_string());
    const Layer layer{Cell::lstm, 16, 16, batch, 2, false};
    const Plan plan = plan_of(layer, unit_facts());
    const Kernel* cell = nullptr;
    each_kernel(plan.steps, [&](const Kernel& kernel) { cell = kernel.schedule.matrix > 0 ? &kernel : cell; });
    REQUIRE(cell);
    const auto sums = matrix_sums(plan, *cell);
    REQUIRE(bool(sums));
    REQUIRE(sums->size() == 4);
    std::set<int> lefts, rights;
    for (const MatrixSum& sum : *sums)
      for (const MatrixProduct& each : sum.products) lefts.insert(each.left), rights.insert(each.right);
    CHECK(lefts.size() == (cell->schedule.matrix == 3 ? 1 : 3));
    CHECK(rights.size() == 12);  // three parts of four matrices
    const Names names = names_of(plan);
    const std::string name = cell->name.substr(0, cell->name.size() - 7);
    CHECK(std::count(names.begin(), names.end(), name + "_parts") == 1);
    const Graph graph = graph_of(layer);
    std::vector<Array> arguments;
    for (const auto& param : graph.params) arguments.push_back(argument(*param->type, {{"N", 2}}, param->index));
    const auto expected = evaluate(graph, arguments);
    REQUIRE(bool(expected));
    for (const bool granted : {true, false}) {
      const auto got = interpret(plan, arguments, {{"N", 2}}, granted);
      if (!got) FAIL(to_string(got.errors()[0]));
      double worst = 0;
      for (size_t i = 0; i < (*got)[0].reals.size(); ++i)
        worst = std::max(worst, std::fabs((*got)[0].reals[i] - (*expected)[0].reals[i]));
      CHECK(worst <= (granted ? 1e-6 : 1e-9));
    }
  }
}

TEST_CASE("inputs and state of a step: parts of each, both of which must be in range") {
  const Layer layer{Cell::lstm, 18, 17, 3, 1, true};
  const Plan plan = plan_of(layer, unit_facts());
  Names fits;
  std::string cell;
  each_kernel(plan.steps, [&](const Kernel& kernel) {
    if (kernel.name.find("_fits") != std::string::npos) fits.push_back(kernel.name);
    if (kernel.schedule.matrix > 0) {
      CHECK(cell == "");
      CHECK(kernel.reductions.size() == 2);
      cell = kernel.name.substr(0, kernel.name.size() - 7);
    }
  });
  REQUIRE(fits == Names{cell + "_fits", cell + "_fits_2"});
  CHECK(find(plan, cell + "_parts"));
  CHECK(find(plan, cell + "_parts_2"));
  const auto reads = [&](const Kernel& kernel, int buffer) {
    return std::any_of(kernel.body.begin(), kernel.body.end(),
                       [&](const Instr& instr) { return instr.kind == Instr::Kind::load && instr.buffer == buffer; });
  };
  const int first = at(plan, fits[0]).stores[0].buffer, second = at(plan, fits[1]).stores[0].buffer;
  CHECK(plan.buffers[at(plan, fits[0]).body[9].buffer].kind == Buffer::Kind::granted);
  CHECK(reads(at(plan, fits[1]), first));
  for (const Step& step : plan.steps)
    if (const auto* choice = std::get_if<Choice>(&step.what)) CHECK(choice->condition == second);
  // Any one number out of range, in either, and it is the plain kernel that runs.
  const Graph graph = graph_of(layer);
  std::vector<Array> arguments;
  for (const auto& param : graph.params) arguments.push_back(argument(*param->type, {}, param->index));
  const auto result_of = [&](bool granted) {
    const auto got = interpret(plan, arguments, {}, granted);
    if (!got) FAIL(to_string(got.errors()[0]));
    return (*got)[0].reals;
  };
  CHECK(result_of(true) != result_of(false));
  for (int which : {0, 1})
    for (double large : {0x1.8p60, -0x1p61}) {
      const double kept = std::exchange(arguments[which].reals[7], large);
      CHECK(result_of(true) == result_of(false));
      arguments[which].reals[7] = kept;
    }
}

TEST_CASE("the parts of a weight add up to it, where the unit's registers have them") {
  // [panel of 16 units][part][k / 2][unit][k % 2]
  const int64_t depth = 50, units = 37, padded = 64, panels = 3;
  std::vector<double> values = numbers(depth * units, 50, 23);
  const double special[] = {
      0,           -0.0, 1, 0x1p60, -0x1p60, 0x1.fffffep59, 0x1.010101p0, -0x1.fefefep-3, 0x1.008002p10, 0x1.ffffffp-1,
      0x1.017ffep4};
  for (size_t i = 0; i < std::size(special); ++i) values[i * 31] = static_cast<float>(special[i]);
  const Tensor weights = Tensor::from_doubles(DType::f32, {depth, units}, values);
  const Plan plan = plan_of(product(16, weights), unit_facts());
  const Buffer* parts = nullptr;
  for (const Buffer& buffer : plan.buffers)
    if (buffer.kind == Buffer::Kind::constant && buffer.dtype == DType::bf16) parts = &buffer;
  REQUIRE(parts);
  REQUIRE(parts->value.count() == panels * 3 * padded * 16);
  for (int64_t unit = 0; unit < panels * 16; ++unit)
    for (int64_t k = 0; k < padded; ++k) {
      double sum = 0, rest = 0;
      for (int part = 2; part >= 0; --part) {
        const double each =
            parts->value.double_at((((unit / 16 * 3 + part) * padded / 2 + k / 2) * 16 + unit % 16) * 2 + k % 2);
        CHECK(std::fabs(rest) <= std::fabs(each) * 0x1p-7);  // each part is most of what is left
        rest = each;
        sum += each;
      }
      CHECK(sum == (unit < units && k < depth ? weights.double_at(k * units + unit) : 0));
    }
}

TEST_CASE("two directions stay beside each other: of what is chosen from, one runs") {
  const auto has_beside = [](bool unit) {
    Graph graph;
    graph.name = "both";
    Builder b(graph);
    Value *x = graph.add_param(Type{DType::f32, {3, 24, 160}}, "x"),
          *h = graph.add_param(Type{DType::f32, {24, 160}}, "h");
    for (bool reverse : {false, true}) {
      graph.outputs.push_back(b.scan(3, {h}, {x}, {b.constant(weights_of({160, 160}, 3, reverse))}, reverse, 1,
                                     [](Builder& inner, const Builder::ScanBody& s) -> std::vector<Value*> {
                                       Value* next = inner.tanh(
                                           inner.add(s.scanned[0], inner.matmul(s.carried[0], s.invariants[0])));
                                       return {next, next};
                                     })[1]);
      graph.output_names.push_back(reverse ? "back" : "forth");
    }
    if (Status built = b.status(); !built) FAIL(to_string(built.errors()[0]));
    TargetFacts facts = unit_facts();
    facts.matrix_unit = unit;
    const Plan plan = plan_of(graph, facts);
    CHECK(count_matrix(plan) == (unit ? 2 : 0));
    return std::any_of(plan.steps.begin(), plan.steps.end(), is_beside);
  };
  CHECK(has_beside(false));
  CHECK(has_beside(true));
}
