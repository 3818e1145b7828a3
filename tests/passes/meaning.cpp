#include "tests/passes/meaning.h"

#include <cmath>

#include "ir/text.h"
#include "ir/verify.h"

namespace rondo::testing {

std::vector<Array> random_arguments(const Graph& graph, uint64_t seed) {
  Random random(seed);
  std::set<std::string> names;
  for (const auto& param : graph.params)
    for (const Dim& dim : param->type->shape) dim.collect_symbols(names);
  Dim::Values symbols;
  for (const std::string& name : names) symbols[name] = 2 + static_cast<int64_t>(symbols.size() % 3);
  std::vector<Array> arguments;
  for (const auto& param : graph.params) {
    std::vector<int64_t> shape;
    for (const Dim& dim : param->type->shape) shape.push_back(*dim.evaluate(symbols));
    arguments.push_back(Array::zeros(param->type->dtype, shape));
    for (double& real : arguments.back().reals) real = random.real();
    for (int64_t& number : arguments.back().ints) number = random.below(param->type->dtype == DType::boolean ? 2 : 3);
  }
  return arguments;
}

void check_same_meaning(const Graph& before, const Graph& after, uint64_t seed) {
  Status valid = verify(after);
  REQUIRE_MESSAGE(valid, (valid ? "" : to_string(valid.errors()[0])) << "\n" << print(after, {true}));
  const std::vector<Array> arguments = random_arguments(before, seed);
  Result<std::vector<Array>> want = evaluate(before, arguments), got = evaluate(after, arguments);
  REQUIRE_MESSAGE(want, (want ? "" : to_string(want.errors()[0])));
  REQUIRE_MESSAGE(got, (got ? "" : to_string(got.errors()[0])));
  REQUIRE(want->size() == got->size());
  for (size_t i = 0; i < want->size(); ++i) {
    const Array &a = (*want)[i], &b = (*got)[i];
    CHECK(a.shape == b.shape);
    CHECK(a.dtype == b.dtype);
    CHECK(a.ints == b.ints);
    REQUIRE(a.reals.size() == b.reals.size());
    for (size_t k = 0; k < a.reals.size(); ++k) {
      if (std::isnan(a.reals[k]) && std::isnan(b.reals[k])) continue;
      const double limit = 1e-9 * (1 + std::abs(a.reals[k]));
      const bool close = a.reals[k] == b.reals[k] || std::abs(a.reals[k] - b.reals[k]) <= limit;
      CHECK_MESSAGE(close, "output " << i << " element " << k << ": " << b.reals[k] << " instead of " << a.reals[k]
                                     << "\n" << print(before, {true}) << print(after, {true}));
      if (!close) return;
    }
  }
}

Diagnostics run_pass(Graph& graph, std::string_view name, Unroll unroll, int64_t l1_bytes, int64_t l2_bytes) {
  TargetFacts target;
  target.l1_bytes = l1_bytes;
  target.l2_bytes = l2_bytes;
  Diagnostics remarks;
  const PassContext context{target, unroll, remarks};
  const std::unique_ptr<Graph> before = graph.clone();
  for (const PassInfo& pass : all_passes()) {
    if (pass.name != name) continue;
    Result<bool> changed = pass.function(graph, context);
    REQUIRE_MESSAGE(changed, (changed ? "" : to_string(changed.errors()[0])));
    if (!*changed) CHECK_MESSAGE(equal(*before, graph), "unchanged by " << name << ", but not equal");
    return remarks;
  }
  FAIL("no pass ", name);
  return remarks;
}

}  // namespace rondo::testing
