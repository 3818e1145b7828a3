// Tiles: what is chosen fits the registers, has enough independent chains and wastes nothing, for processors of every
// kind; and plans of cells of every size mean what their graphs mean.
#include <fmt/format.h>

#include "ir/verify.h"
#include "layers.h"

using namespace rondo;
using namespace rondo::testing;

namespace {

const std::pair<const char*, TargetFacts> kProcessors[] = {
    {"AVX-512", avx512_facts()}, {"AVX2", avx2_facts()}, {"NEON", neon_facts()}, {"scalar", scalar_facts()}};

/// Lanes across the results: the sums of a tile are in registers of their own.
bool has_tile(const Kernel& kernel) {
  return !kernel.reductions.empty() && nest_of(kernel, kernel.schedule.vector_axis) < 0;
}

int reductions_of(const Kernel& kernel, int nest) {
  int count = 0;
  for (const Instr& instr : kernel.body) count += instr.kind == Instr::Kind::reduce && instr.nest == nest;
  return count;
}

/// Sums that are added to at the same time in the busiest nest.
int chains_of(const Kernel& kernel) {
  const Schedule& s = kernel.schedule;
  int most = 0;
  for (size_t nest = 0; nest < kernel.reductions.size(); ++nest)
    most = std::max(most, reductions_of(kernel, int(nest)) * s.rows * s.vectors * s.unroll);
  return most;
}

/// A smaller part of this axis would give as few parts.
bool wastes(const Kernel& kernel, int var, int64_t lanes, int64_t part) {
  for (const Axis& axis : kernel.parallel) {
    if (axis.var != var || !axis.extent.constant() || part < 2) continue;
    const int64_t count = (*axis.extent.constant() + lanes - 1) / lanes;
    return (count + part - 1) / part == (count + part - 2) / (part - 1);
  }
  return false;
}

void check_tiles(const Plan& plan, const TargetFacts& facts) {
  each_kernel(plan.steps, [&](const Kernel& kernel) {
    if (!has_tile(kernel)) return;
    const Schedule& s = kernel.schedule;
    CAPTURE(kernel.name);
    if (s.rows * s.vectors * s.unroll > 1) CHECK(chains_of(kernel) < facts.vector_registers);
    CHECK_FALSE(wastes(kernel, s.vector_axis, s.lanes, s.vectors));
    CHECK_FALSE(wastes(kernel, s.row_axis, 1, s.rows));
    CHECK((s.rows == 1) == (s.row_axis < 0));
  });
}

Plan product(int64_t m, int64_t k, int64_t n, const TargetFacts& facts) {
  Graph graph;
  graph.name = "product";
  Builder b(graph);
  Value* x = graph.add_param(Type{DType::f32, {m, k}}, "x");
  graph.outputs = {b.matmul(x, b.constant(layer_weights(DType::f32, {k, n}, 1)))};
  graph.output_names = {"y"};
  Result<Plan> plan = make_plan(graph, facts);
  if (!plan) FAIL(to_string(plan.errors()[0]));
  return *std::move(plan);
}

const Kernel& largest_kernel(const Plan& plan) {
  const Kernel* found = nullptr;
  size_t most = 0;
  each_kernel(plan.steps, [&](const Kernel& kernel) {
    size_t count = 0;
    for (const Instr& instr : kernel.body) count += instr.kind == Instr::Kind::reduce;
    if (count > most) most = count, found = &kernel;
  });
  REQUIRE(found);
  return *found;
}

void check_meaning(const Layer& layer, const TargetFacts& facts, const Dim::Values& symbols) {
  const Graph graph = graph_of(layer);
  const Plan plan = plan_of(layer, facts);
  CHECK(bool(verify(plan)));
  check_tiles(plan, facts);
  check_plan_means(graph, plan, symbols);
}

}  // namespace

TEST_CASE("tiles fit the registers and waste nothing") {
  for (const auto& [name, facts] : kProcessors)
    for (Cell cell : {Cell::lstm, Cell::gru, Cell::rnn})
      for (int64_t units : {1, 7, 33, 64, 256})
        for (int64_t batch : {1, 3, 32})
          for (bool streaming : {false, true}) {
            std::string what = fmt::format("{}, cell {}, {} units, batch {}, streaming {}", name, int(cell), units, batch, streaming);
            CAPTURE(what);
            check_tiles(plan_of({cell, units, units, batch, 10, streaming}, facts), facts);
          }
}

TEST_CASE("large products have chains enough to hide the latency of an addition") {
  for (const auto& [name, facts] : kProcessors) {
    if (facts.vector_bytes == 0) continue;
    for (int64_t m : {6, 32, 100})
      for (int64_t n : {256, 512, 1000}) {
        CAPTURE(name);
        CAPTURE(m);
        CAPTURE(n);
        const Plan plan = product(m, 256, n, facts);
        const Kernel& kernel = largest_kernel(plan);
        CHECK(chains_of(kernel) >= facts.latency * facts.multiply_adds);
        CHECK(kernel.schedule.rows > 1);
        check_tiles(plan, facts);
      }
  }
}

TEST_CASE("an LSTM's step of batch 1 has all gates in one tile, with chains enough") {
  for (const auto& [name, facts] : kProcessors) {
    CAPTURE(name);
    const Plan plan = plan_of({Cell::lstm, 64, 64, 1, 1, true}, facts);
    const Kernel& kernel = largest_kernel(plan);
    CHECK(kernel.reductions.size() == 2);
    for (int nest : {0, 1}) CHECK(reductions_of(kernel, nest) == 4);
    if (facts.vector_bytes > 0) CHECK(kernel.schedule.lanes == facts.vector_bytes / 4);
    if (facts.vector_registers >= 16) CHECK(chains_of(kernel) >= facts.latency * facts.multiply_adds);
  }
}

TEST_CASE("long sums keep partial results, as far as registers allow; rows come first") {
  auto unroll = [](const Layer& layer, const TargetFacts& facts) {
    return largest_kernel(plan_of(layer, facts)).schedule.unroll;
  };
  CHECK(unroll({Cell::lstm, 1024, 1024, 1, 1, true}, avx512_facts()) == 4);  // 2048 terms in two nests: at most 512 each
  CHECK(unroll({Cell::rnn, 1024, 1024, 1, 1, true}, avx512_facts()) == 4);
  CHECK(unroll({Cell::lstm, 512, 512, 1, 1, true}, avx512_facts()) >= 2);
  CHECK(unroll({Cell::lstm, 1024, 1024, 1, 1, true}, avx2_facts()) >= 2);
  CHECK(largest_kernel(product(32, 1024, 256, avx512_facts())).schedule.unroll == 1);
}

TEST_CASE("plans of cells of every size mean what their graphs mean") {
  int at = 0;
  for (int64_t units = 1; units <= 70; units += units < 20 ? 1 : 7)
    for (Cell cell : {Cell::lstm, Cell::peephole, Cell::gru, Cell::rnn}) {
      ++at;
      const int64_t batch = 1 + at % 9, inputs = 1 + at * 5 % 13;
      const auto& [name, facts] = kProcessors[at % 4];
      const bool streaming = at % 3 == 0, symbolic = at % 5 == 0;
      std::string what = fmt::format("{}, cell {}, {} inputs, {} units, batch {}, streaming {}", name, int(cell), inputs, units, batch, streaming);
      CAPTURE(what);
      const Dim::Values symbols = {{"B", batch}, {"T", 2}};
      const Dim b = symbolic ? Dim::symbol("B") : Dim(batch), t = symbolic ? Dim::symbol("T") : Dim(2);
      const Layer layer{cell, inputs, units, b, t, streaming};
      if (units * units * batch <= 2000)
        check_meaning(layer, facts, symbols);
      else  // the interpreter is slow
        check_tiles(plan_of(layer, facts), facts);
    }
}

TEST_CASE("any facts of a processor give a plan that holds") {
  uint64_t state = 5;
  auto below = [&](int n) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return int((state >> 33) % uint64_t(n));
  };
  for (int i = 0; i < 40; ++i) {
    TargetFacts facts;
    facts.pointer_bytes = below(2) ? 8 : 4;
    facts.vector_bytes = below(4) ? 8 << below(4) : 0;
    facts.vector_registers = 4 + below(37);
    facts.masked_memory = below(2);
    facts.multiply_adds = 0.25 * (1 + below(12)), facts.loads = 0.5 * (1 + below(6)), facts.latency = 1 + below(12);
    facts.l1_bytes = below(3) ? int64_t(256) << below(8) : 1, facts.l2_bytes = facts.l1_bytes * (1 + below(30));
    facts.l1_bytes_per_cycle = 1 + below(128), facts.l2_bytes_per_cycle = 1 + below(64), facts.far_bytes_per_cycle = 0.5 + below(20);
    const int64_t batch = 1 + below(9), units = 1 + below(16), inputs = 1 + below(12);
    std::string what = fmt::format("case {}: {} bytes, {} registers, batch {}, {} units", i, facts.vector_bytes,
                                   facts.vector_registers, batch, units);
    CAPTURE(what);
    check_meaning({Cell(below(4)), inputs, units, batch, 2, below(2) == 1}, facts, {});
  }
}

TEST_CASE("without split_sums, sums have the same order on all processors") {
  const auto orders = [](const Graph& graph, const TargetFacts& facts) {
    Result<Plan> plan = make_plan(graph, facts, {.without = {"split_sums"}});
    if (!plan) FAIL(to_string(plan.errors()[0]));
    std::vector<int> unrolls;
    each_kernel(plan->steps, [&](const Kernel& kernel) {
      if (kernel.reductions.empty()) return;
      CHECK(nest_of(kernel, kernel.schedule.vector_axis) < 0);
      unrolls.push_back(kernel.schedule.unroll);
    });
    return unrolls;
  };
  for (Cell cell : {Cell::lstm, Cell::gru})
    for (int64_t units : {7, 33, 300})
      for (int64_t batch : {1, 3}) {
        const Graph graph = graph_of({cell, units, units, batch, 10});
        const std::vector<int> first = orders(graph, avx512_facts());
        CHECK_FALSE(first.empty());
        for (const auto& [name, facts] : kProcessors) CHECK(orders(graph, facts) == first);
      }
  // A sum of 2000 terms is made of four on each, whatever the registers.
  Graph graph;
  graph.name = "long";
  Builder b(graph);
  Value* x = graph.add_param(Type{DType::f32, {2, 2000}}, "x");
  graph.outputs = {b.matmul(x, b.constant(layer_weights(DType::f32, {2000, 8}, 1)))};
  graph.output_names = {"y"};
  for (const auto& [name, facts] : kProcessors) CHECK(orders(graph, facts) == std::vector<int>{4});
}
