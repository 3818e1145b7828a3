// If: one of two subgraphs. A condition known at compile time leaves only its arm; small pointwise arms are both computed
// and one of the results selected; all else is a branch. Tested by expand_control_test.cpp.
#include <fmt/format.h>

#include <algorithm>

#include "ir/branch.h"
#include "passes/expand/region.h"

namespace rondo {
namespace {

using Values = std::vector<Value*>;

/// The condition's value where it is known at compile time.
std::optional<bool> known_condition(const Value* condition) {
  if (condition->elements && condition->elements->size() == 1) {
    if (auto number = (*condition->elements)[0].constant()) return *number != 0;
  }
  if (auto tensor = known_tensor(condition); tensor && tensor->count() == 1) return tensor->double_at(0) != 0;
  return std::nullopt;
}

/// Both arms as regions whose results have equal types.
bool types_agree(Expansion& e, Region& then, Region& otherwise) {
  for (int i = 0; i < e.result_count(); ++i) {
    if (!then.outputs[i]->type || !otherwise.outputs[i]->type) {
      e.unsupported(fmt::format("result {} is a sequence or an optional, and the condition is only known when the model "
                                "runs; --const fixes an input",
                                i));
      return false;
    }
    const Type &a = *then.outputs[i]->type, &b = *otherwise.outputs[i]->type;
    bool same = a.dtype == b.dtype && a.rank() == b.rank();
    for (int axis = 0; same && axis < a.rank(); ++axis) {
      const Dim difference = e.b.graph().resolve(a.shape[axis]) - e.b.graph().resolve(b.shape[axis]);
      same = difference.is(0) || (difference.lower_bound() <= 0 && difference.upper_bound() >= 0 &&
                                  e.require_equal(a.shape[axis], b.shape[axis],
                                                  fmt::format("dimension {} of result {} of both branches", axis, i)));
    }
    if (same) continue;
    if (e.ok())
      e.unsupported(fmt::format("result {} is {} in one branch and {} in the other, and the condition is only known when "
                                "the model runs; --dim fixes a dimension and --const an input that it depends on",
                                i, to_string(a), to_string(b)));
    return false;
  }
  return true;
}

constexpr size_t kMostSelected = 8;

/// Worth computing whether or not it is needed: a few pointwise nodes on scalars, which cannot fail.
bool is_cheap(const Graph& arm) {
  size_t work = 0;
  for (const auto& node : arm.nodes) {
    if (node->op != Op::constant && node->op != Op::dims && !is_pointwise(node->op) && node->op != Op::reshape) return false;
    if (!element_count(node->result()->type->shape).is(1)) return false;
    work += node->op != Op::constant && node->op != Op::dims;
  }
  for (const Value* output : arm.outputs)
    if (!element_count(output->type->shape).is(1)) return false;
  return work <= kMostSelected;
}

/// The nodes of a region again, in the graph around it.
Values inlined(Builder& b, const Graph& region, const Values& arguments) {
  std::map<const Value*, Value*> here;
  for (size_t i = 0; i < arguments.size(); ++i) here[region.params[i].get()] = arguments[i];
  for (const auto& node : region.nodes) {
    Values operands;
    for (const Value* operand : node->operands) operands.push_back(here.at(operand));
    here[node->result()] = b.one(node->op, operands, node->attributes);
  }
  Values outputs;
  for (const Value* output : region.outputs) outputs.push_back(here.at(output));
  return outputs;
}

Values selected(Builder& b, Value* condition, const Graph& then, const Graph& otherwise, const Values& then_arguments,
                const Values& otherwise_arguments) {
  const Values x = inlined(b, then, then_arguments), y = inlined(b, otherwise, otherwise_arguments);
  Values results;
  for (size_t i = 0; i < x.size(); ++i) results.push_back(b.select(condition, x[i], y[i]));
  return results;
}

Values branch(Expansion& e, Value* condition, Region& then, Region& otherwise) {
  Values shared = then.imported();
  for (Value* outer : otherwise.imported())
    if (std::find(shared.begin(), shared.end(), outer) == shared.end()) shared.push_back(outer);
  then.align_imports(shared);
  otherwise.align_imports(shared);
  Values operands{condition};
  operands.insert(operands.end(), shared.begin(), shared.end());
  std::vector<std::unique_ptr<Graph>> regions;
  regions.push_back(then.take());
  regions.push_back(otherwise.take());
  return e.b.node(Op::branch, std::move(operands), {}, e.result_count(), std::move(regions));
}

bool ranks_agree(const Region& then, const Region& otherwise, int results) {
  for (int i = 0; i < results; ++i) {
    const auto &a = then.outputs[i]->type, &b = otherwise.outputs[i]->type;
    if (a && b && a->rank() != b->rank()) return false;
  }
  return true;
}

/// Exporters write "squeeze if the dimension is 1", which gives results of two ranks. Where the condition compares sizes
/// the model is taken to mean the branch for equal ones, and that they are equal is required of its inputs.
bool require_condition(Expansion& e, const Value* condition) {
  const Node* node = condition->producer;
  while (node && (node->op == Op::reshape || node->op == Op::cast)) node = node->operands[0]->producer;
  if (!node || node->op != Op::equal) return false;
  const auto &a = node->operands[0]->elements, &b = node->operands[1]->elements;
  if (!a || !b || a->size() != 1 || b->size() != 1) return false;
  return e.b.graph().require_equal((*a)[0], (*b)[0],
                                   fmt::format("{}: sizes that decide the rank of its result", e.node.place));
}

Values choose_at_run_time(Expansion& e, Value* condition, const Graph& then_graph, const Graph& else_graph) {
  Region then(e, 0), otherwise(e, 1);
  for (auto [region, graph] : {std::pair(&then, &then_graph), std::pair(&otherwise, &else_graph)})
    if (Status expanded = region->expand(*graph, {}); !expanded) return {e.fail(expanded.errors())};
  if (!ranks_agree(then, otherwise, e.result_count()) && require_condition(e, condition)) {
    auto results = expand_subgraph(then_graph, e.captures(), e.b.graph(), e.sequences);
    if (!results) return {e.fail(results.errors())};
    return *results;
  }
  if (!then.adopt_facts() || !otherwise.adopt_facts() || !types_agree(e, then, otherwise)) return {};
  then.finish(then.outputs);
  otherwise.finish(otherwise.outputs);
  if (!e.ok()) return {};
  if (is_cheap(then.graph()) && is_cheap(otherwise.graph()))
    return selected(e.b, condition, then.graph(), otherwise.graph(), then.imported(), otherwise.imported());
  return branch(e, condition, then, otherwise);
}

}  // namespace

Values expand_If(Expansion& e) {
  Value* condition = e.operand(0);
  const Values captures = e.captures();
  const Graph *then = e.subgraph("then_branch"), *otherwise = e.subgraph("else_branch");
  if (!e.ok()) return {};
  if (!element_count(shape_of(condition)).is(1))
    return {e.fail(fmt::format("the condition is {}; it must be one boolean", to_string(type_of(condition))))};
  for (const Graph* arm : {then, otherwise})
    if (arm->params.size() != captures.size() || static_cast<int>(arm->outputs.size()) < e.result_count())
      return {e.fail("a branch must have no inputs, and as many outputs as the node has results")};
  if (const auto known = known_condition(condition)) {
    auto results = expand_subgraph(*known ? *then : *otherwise, captures, e.b.graph(), e.sequences);
    if (!results) return {e.fail(results.errors())};
    return *results;
  }
  return choose_at_run_time(e, e.b.cast(e.b.reshape(condition, {}), DType::boolean), *then, *otherwise);
}

}  // namespace rondo
