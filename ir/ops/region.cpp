// Operators with regions: scan and fused. Tested by tests/ir/region_test.cpp.
#include <fmt/format.h>

#include <algorithm>

#include "ir/measure.h"
#include "ir/ops/region_evaluator.h"
#include "ir/ops/region_rules.h"
#include "ir/scan.h"

namespace rondo {
namespace {

/// Scan serves readers and writers; here it only reads.
Scan parts_of(const Node& node) { return Scan{const_cast<Node&>(node)}; }

Status adopt_facts(const InferContext& context, Graph& region) {
  for (const Equality& fact : release_facts(region))
    if (!context.graph.require_equal(fact.a, fact.b, fact.reason))
      return broken_rule(context, fmt::format("{} must be equal, not {} and {}", fact.reason, fact.a.to_string(),
                                              fact.b.to_string()));
  return Done{};
}

Status check_outputs(const InferContext& context, const Graph& region) {
  const std::set<std::string> inside = measured_inside(region);
  for (const Value* output : region.outputs) {
    if (!output || !output->type) return broken_rule(context, "an output of the region has no type");
    std::set<std::string> names;
    for (const Dim& dim : output->type->shape) dim.collect_symbols(names);
    for (const std::string& name : names)
      if (inside.count(name))
        return broken_rule(context, fmt::format("an output of the region has the type {}, but '{}' is measured inside it; "
                                                "the sizes of results must be known outside",
                                                to_string(*output->type), name));
  }
  return Done{};
}

}  // namespace

Status infer_region(const InferContext& context, Graph& region) {
  if (region.level != Level::core) return broken_rule(context, "the region must be at the core level");
  if (!region.states.empty()) return broken_rule(context, "a region cannot have states");
  for (const auto& [name, dim] : context.graph.bindings) region.bindings.emplace(name, dim);
  for (const auto& node : region.nodes) {
    const auto typed = [](const auto& result) { return result && result->type; };
    if (!std::all_of(node->results.begin(), node->results.end(), typed)) RONDO_CHECK(infer(*node, region));
  }
  RONDO_CHECK(check_outputs(context, region));
  return adopt_facts(context, region);
}

Status require_params(const InferContext& context, const Graph& region, size_t wanted) {
  if (region.params.size() != wanted)
    return broken_rule(context,
                       fmt::format("the region must have {} parameters, not {}", wanted, region.params.size()));
  for (size_t i = 0; i < wanted; ++i)
    if (!region.params[i]->type) return broken_rule(context, fmt::format("the region's parameter {} has no type", i));
  return Done{};
}

// --- scan

namespace {

Status check_reverse(const InferContext& context, const char* list, int wanted) {
  const std::vector<int64_t> entries = context.attributes().integers(list);
  RONDO_CHECK(require_length(context, list, entries.size(), wanted));
  if (std::all_of(entries.begin(), entries.end(), [](int64_t entry) { return entry == 0 || entry == 1; }))
    return Done{};
  return broken_rule(context, fmt::format("'{}' must have entries 0 and 1, not [{}]", list, fmt::join(entries, ", ")));
}

Status check_scan_counts(const InferContext& context) {
  const Node& node = context.node;
  const int64_t operands = node.operands.size(), results = node.results.size();
  const int64_t carried = context.attributes().integer("carried"), scanned = context.attributes().integer("scanned");
  if (carried < 0 || scanned < 0 || carried > operands || scanned > operands - carried)
    return broken_rule(
        context, fmt::format("{} carried and {} scanned values do not fit {} operands", carried, scanned, operands));
  if (carried > results)
    return broken_rule(context, fmt::format("{} carried values need as many results, not {}", carried, results));
  RONDO_CHECK(check_reverse(context, "reverse_scanned", static_cast<int>(scanned)));
  RONDO_CHECK(check_reverse(context, "reverse_stacked", static_cast<int>(results - carried)));
  RONDO_CHECK(require_params(context, *node.regions[0], 1 + node.operands.size()));
  if (const size_t outputs = node.regions[0]->outputs.size(); outputs != node.results.size())
    return broken_rule(context, fmt::format("the region must have {} outputs, one a result, not {}", results, outputs));
  return Done{};
}

Status check_scan_params(const InferContext& context, const Scan& scan) {
  if (*scan.step_param()->type != Type{DType::i64, {}})
    return broken_rule(context, fmt::format("the region's first parameter is the step and must be i64[], not {}",
                                            to_string(*scan.step_param()->type)));
  for (int i = 0; i < scan.carried(); ++i)
    RONDO_CHECK(require_same_type(context, *scan.carried_init(i)->type, *scan.carried_param(i)->type,
                                  fmt::format("carried operand {} and its parameter", i)));
  for (int i = 0; i < scan.scanned(); ++i) {
    Type slice = *scan.scanned_operand(i)->type;
    if (slice.rank() == 0) return broken_rule(context, fmt::format("scanned operand {} needs an axis of time", i));
    RONDO_CHECK(
        require_equal(context, slice.shape[0], scan.trip(), fmt::format("scanned operand {}'s axis 0 and 'trip'", i)));
    slice.shape.erase(slice.shape.begin());
    RONDO_CHECK(require_same_type(context, slice, *scan.scanned_param(i)->type,
                                  fmt::format("slices of scanned operand {} and their parameter", i)));
  }
  for (int i = 0; i < scan.invariants(); ++i)
    RONDO_CHECK(require_same_type(context, *scan.invariant_operand(i)->type, *scan.invariant_param(i)->type,
                                  fmt::format("invariant operand {} and its parameter", i)));
  return Done{};
}

}  // namespace

Result<std::vector<Type>> infer_scan(const InferContext& context) {
  const Scan scan = parts_of(context.node);
  RONDO_CHECK(check_scan_counts(context));
  RONDO_CHECK(require_le(context, 0, scan.trip(), "'trip'"));
  RONDO_CHECK(check_scan_params(context, scan));
  RONDO_CHECK(infer_region(context, scan.body()));
  std::vector<Type> types;
  for (int i = 0; i < scan.carried(); ++i) {
    RONDO_CHECK(require_same_type(context, *scan.carried_param(i)->type, *scan.carried_next(i)->type,
                                  fmt::format("carried parameter {} and its next value", i)));
    types.push_back(*scan.carried_init(i)->type);
  }
  for (int i = 0; i < scan.stacked(); ++i) {
    types.push_back(*scan.stacked_output(i)->type);
    types.back().shape.insert(types.back().shape.begin(), scan.trip());
  }
  return types;
}

namespace {

/// sequence[t], where `slice` has the slices' shape.
void take_slice(const Array& sequence, int64_t t, Array& slice) {
  const auto copy = [&](auto& to, const auto& from) {
    std::copy_n(from.begin() + t * static_cast<int64_t>(to.size()), to.size(), to.begin());
  };
  with_elements(copy, slice, sequence);
}

}  // namespace

void put_slice(const Array& slice, int64_t t, Array& sequence) {
  const auto copy = [&](auto& to, const auto& from) {
    std::copy(from.begin(), from.end(), to.begin() + t * static_cast<int64_t>(from.size()));
  };
  with_elements(copy, sequence, slice);
}

namespace {

/// A scan in progress.
struct ScanRun {
  const Scan scan;
  const EvaluateContext& context;
  int64_t trip;
  Array step = Array::zeros(DType::i64, {});
  std::vector<Array> carried, slices, stacked;

  Status prepare();
  std::vector<const Array*> arguments() const;
  Status take(int64_t t, std::vector<Array> outputs);
};

Status ScanRun::prepare() {
  for (int i = 0; i < scan.carried(); ++i) carried.push_back(*context.operands[i]);
  for (int i = 0; i < scan.scanned(); ++i) {
    const Array& sequence = *context.operands[scan.carried() + i];
    if (sequence.shape[0] != trip)
      return evaluation_error(context,
                              fmt::format("scanned operand {} has {} steps, not {}", i, sequence.shape[0], trip));
    slices.push_back(Array::zeros(sequence.dtype, {sequence.shape.begin() + 1, sequence.shape.end()}));
  }
  for (int i = 0; i < scan.stacked(); ++i) {
    const Type& slice = *scan.stacked_output(i)->type;
    RONDO_TRY(Extents shape, context.shape(slice.shape));
    shape.insert(shape.begin(), trip);
    RONDO_TRY(Array sequence, make_array(slice.dtype, std::move(shape)));
    stacked.push_back(std::move(sequence));
  }
  return Done{};
}

std::vector<const Array*> ScanRun::arguments() const {
  std::vector<const Array*> pointers{&step};
  for (const Array& array : carried) pointers.push_back(&array);
  for (const Array& array : slices) pointers.push_back(&array);
  for (int i = 0; i < scan.invariants(); ++i) pointers.push_back(context.operands[scan.carried() + scan.scanned() + i]);
  return pointers;
}

Status ScanRun::take(int64_t t, std::vector<Array> outputs) {
  for (int i = 0; i < scan.stacked(); ++i) {
    const Array& slice = outputs[scan.carried() + i];
    if (slice.count() * trip != stacked[i].count())
      return evaluation_error(context, fmt::format("stacked slice {} has {} elements", i, slice.count()));
    put_slice(slice, scan.reverse_stacked(i) ? trip - 1 - t : t, stacked[i]);
  }
  outputs.resize(scan.carried());
  carried = std::move(outputs);
  return Done{};
}

}  // namespace

Result<std::vector<Array>> evaluate_scan(const EvaluateContext& context) {
  const Scan scan = parts_of(context.node);
  RONDO_TRY(const int64_t trip, scan.trip().evaluate(context.symbols));
  if (trip < 0) return evaluation_error(context, fmt::format("'trip' is {}", trip));
  ScanRun run{scan, context, trip};
  RONDO_CHECK(run.prepare());
  RegionEvaluator body(scan.body(), context.symbols);
  for (int64_t t = 0; t < trip; ++t) {
    run.step.ints[0] = t;
    for (int i = 0; i < scan.scanned(); ++i)
      take_slice(*context.operands[scan.carried() + i], scan.reverse_scanned(i) ? trip - 1 - t : t, run.slices[i]);
    RONDO_TRY(std::vector<Array> outputs, body.run(run.arguments()));
    RONDO_CHECK(run.take(t, std::move(outputs)));
  }
  std::vector<Array> results = std::move(run.carried);
  for (Array& sequence : run.stacked) results.push_back(std::move(sequence));
  return results;
}

// --- fused

Result<std::vector<Type>> infer_fused(const InferContext& context) {
  Graph& region = *context.node.regions[0];
  RONDO_CHECK(require_params(context, region, context.node.operands.size()));
  for (size_t i = 0; i < region.params.size(); ++i)
    RONDO_CHECK(require_same_type(context, context.operand(static_cast<int>(i)), *region.params[i]->type,
                                  fmt::format("operand {} and its parameter", i)));
  if (region.outputs.size() != context.node.results.size())
    return broken_rule(context, fmt::format("the region must have {} outputs, one a result, not {}",
                                            context.node.results.size(), region.outputs.size()));
  RONDO_CHECK(infer_region(context, region));
  std::vector<Type> types;
  for (const Value* output : region.outputs) types.push_back(*output->type);
  return types;
}

Result<std::vector<Array>> evaluate_fused(const EvaluateContext& context) {
  return RegionEvaluator(*context.node.regions[0], context.symbols).run(context.operands);
}

}  // namespace rondo
