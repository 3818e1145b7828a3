// Scans and branches for many streams (see streams.h). Which values of a region are apart is found first, by
// dependence: a scan that only counts counts once for all.
#include <algorithm>
#include <set>

#include "ir/branch.h"
#include "ir/scan.h"
#include "passes/streams.h"

namespace rondo {
namespace {

std::vector<bool> apart_results(const Node& node, const std::vector<bool>& operands);

/// Which outputs of a region are apart if these of its parameters are.
std::vector<bool> apart_outputs(const Graph& region, const std::vector<bool>& params) {
  std::set<const Value*> apart;
  for (size_t i = 0; i < params.size(); ++i)
    if (params[i]) apart.insert(region.params[i].get());
  for (const auto& node : region.nodes) {
    std::vector<bool> operands;
    for (const Value* operand : node->operands) operands.push_back(apart.count(operand) != 0);
    const std::vector<bool> results = apart_results(*node, operands);
    for (size_t i = 0; i < results.size(); ++i)
      if (results[i]) apart.insert(node->results[i].get());
  }
  std::vector<bool> outputs;
  for (const Value* output : region.outputs) outputs.push_back(apart.count(output) != 0);
  return outputs;
}

/// Which carried values of a scan are apart: the least set that holds from step to step.
std::vector<bool> apart_carried(const Node& node, std::vector<bool> operands) {
  const size_t carried = static_cast<size_t>(node.attributes.integer("carried"));
  for (bool changed = true; changed;) {
    std::vector<bool> params = operands;
    params.insert(params.begin(), false);  // the step
    const std::vector<bool> outputs = apart_outputs(*node.regions[0], params);
    changed = false;
    for (size_t i = 0; i < carried; ++i) {
      changed = changed || (outputs[i] && !operands[i]);
      operands[i] = operands[i] || outputs[i];
    }
  }
  operands.resize(carried);
  return operands;
}

std::vector<bool> apart_results(const Node& node, const std::vector<bool>& operands) {
  const bool any = std::find(operands.begin(), operands.end(), true) != operands.end();
  if (!any || node.op != Op::scan) return std::vector<bool>(node.results.size(), any);
  std::vector<bool> params = operands;
  const std::vector<bool> carried = apart_carried(node, operands);
  std::copy(carried.begin(), carried.end(), params.begin());
  params.insert(params.begin(), false);
  std::vector<bool> results = apart_outputs(*node.regions[0], params);
  for (size_t i = 0; i < carried.size(); ++i) results[i] = results[i] || carried[i];  // as it is before the step
  return results;
}

/// [streams, time, …] and back.
Value* swap_first_axes(Value* value, Builder& b) {
  std::vector<int64_t> perm(static_cast<size_t>(value->type->rank()));
  for (size_t i = 0; i < perm.size(); ++i) perm[i] = static_cast<int64_t>(i);
  std::swap(perm[0], perm[1]);
  return b.transpose(value, std::move(perm));
}

/// Makes a region's nodes again where `b` builds; gives its outputs, those apart that shall be.
std::vector<Value*> inside(const Streams& outside, const Graph& region, const std::vector<Many>& params,
                           const std::vector<bool>& apart, Builder& b) {
  Streams streams(b.graph(), outside.count());
  for (size_t i = 0; i < params.size(); ++i) streams.stand_for(region.params[i].get(), params[i]);
  std::vector<Value*> outputs;
  if (Status added = streams.add(region); !added) {
    b.fail(added.errors()[0]);
    outputs.resize(region.outputs.size());
    return outputs;
  }
  for (size_t i = 0; i < region.outputs.size(); ++i) {
    const Many many = streams.many_of(region.outputs[i]);
    outputs.push_back(apart[i] ? streams.make_apart(many, b) : many.value);
  }
  return outputs;
}

}  // namespace

std::vector<Many> scan_for_streams(const Streams& streams, const Node& node, const std::vector<Many>& operands, Builder& b) {
  const size_t carried = static_cast<size_t>(node.attributes.integer("carried"));
  const size_t scanned = static_cast<size_t>(node.attributes.integer("scanned"));
  std::vector<bool> apart;
  for (const Many& operand : operands) apart.push_back(operand.apart);
  const std::vector<bool> results_apart = apart_results(node, apart);
  const std::vector<bool> carried_apart = apart_carried(node, apart);
  std::copy(carried_apart.begin(), carried_apart.end(), apart.begin());
  std::vector<Value*> values;
  for (size_t i = 0; i < operands.size(); ++i) {
    Value* value = apart[i] ? streams.make_apart(operands[i], b) : operands[i].value;
    const bool sequence = i >= carried && i < carried + scanned;
    values.push_back(sequence && apart[i] ? swap_first_axes(value, b) : value);
  }
  const auto body = [&](Builder& inner, const Builder::ScanBody& parts) {
    std::vector<Many> params{{parts.step, false}};
    for (const auto* group : {&parts.carried, &parts.scanned, &parts.invariants})
      for (Value* param : *group) params.push_back({param, apart[params.size() - 1]});
    return inside(streams, *node.regions[0], params, results_apart, inner);
  };
  const auto part = [&](size_t from, size_t to) {
    return std::vector<Value*>(values.begin() + static_cast<std::ptrdiff_t>(from),
                               values.begin() + static_cast<std::ptrdiff_t>(to));
  };
  const std::vector<Value*> results =
      b.scan(node.attributes.dim("trip"), part(0, carried), part(carried, carried + scanned),
             part(carried + scanned, values.size()), false, static_cast<int>(node.results.size() - carried), body);
  std::vector<Many> many;
  for (size_t i = 0; i < results.size(); ++i) {
    Value* value = results[i];
    if (value->producer)
      for (const char* flags : {"reverse_scanned", "reverse_stacked"})
        value->producer->attributes.set(flags, node.attributes.integers(flags));
    if (i >= carried && results_apart[i] && value->type) value = swap_first_axes(value, b);
    many.push_back({value, results_apart[i]});
  }
  return many;
}

/// With a condition of its own, each stream takes its own way.
std::vector<Many> branch_for_streams(const Streams& streams, const Node& node, const std::vector<Many>& operands,
                                     Builder& b) {
  if (operands[0].apart) return each_alone(streams, node, operands, b);
  std::vector<bool> params;
  std::vector<Value*> values;
  for (size_t i = 1; i < operands.size(); ++i) {
    params.push_back(operands[i].apart);
    values.push_back(operands[i].value);
  }
  std::vector<bool> apart = apart_outputs(*node.regions[0], params);
  const std::vector<bool> otherwise = apart_outputs(*node.regions[1], params);
  for (size_t i = 0; i < apart.size(); ++i) apart[i] = apart[i] || otherwise[i];
  const auto arm = [&](int number) {
    return [&, number](Builder& inner, const std::vector<Value*>& given) {
      std::vector<Many> many;
      for (size_t i = 0; i < given.size(); ++i) many.push_back({given[i], params[i]});
      return inside(streams, *node.regions[number], many, apart, inner);
    };
  };
  std::vector<Many> many;
  const auto results =
      b.branch(operands[0].value, std::move(values), static_cast<int>(node.results.size()), arm(0), arm(1));
  for (size_t i = 0; i < results.size(); ++i) many.push_back({results[i], apart[i]});
  return many;
}

}  // namespace rondo
