// How many steps a loop makes; see loop_steps.h.
#include "passes/expand/loop_steps.h"

#include <algorithm>

#include "ir/reference.h"
#include "passes/query.h"

namespace rondo {
namespace {

bool is_single(const Value* value) { return value->type && element_count(value->type->shape).is(1); }

/// The one element of a value known as a size.
std::optional<Dim> known_size(const Value* value) {
  if (value->elements && value->elements->size() == 1) return (*value->elements)[0];
  if (const Tensor* tensor = constant_of(value); tensor && tensor->count() == 1 && is_integer(tensor->dtype()))
    return Dim(tensor->int_at(0));
  return std::nullopt;
}

std::optional<bool> known_truth(const Value* condition) {
  const auto size = known_size(condition);
  if (size && size->constant()) return *size->constant() != 0;
  if (auto tensor = known_tensor(condition); tensor && tensor->count() == 1) return tensor->double_at(0) != 0;
  return std::nullopt;
}

bool passes_on(const Node& node) {
  if (node.op == Op::reshape || node.op == Op::broadcast) return is_single(node.result());
  return node.op == Op::cast && node.result()->type->dtype != DType::boolean &&
         node.operands[0]->type->dtype != DType::boolean && !is_float(node.operands[0]->type->dtype);
}

Linear sum(const Linear& a, const Linear& b, int64_t sign) {
  return {a.step + sign * b.step, a.constant + Dim(sign) * b.constant};
}

}  // namespace

LoopSteps::LoopSteps(const Graph& region, const Value* step, const std::vector<Counted>& carried)
    : region_(region), step_(step), carried_(carried), counters_(carried.size()) {
  for (size_t i = 0; i < carried.size(); ++i) {
    const Counted& c = carried[i];
    if (!is_single(c.param) || !is_integer(c.param->type->dtype)) continue;
    const auto init = known_size(c.init);
    const auto by = increment(c.next, c.param, kDepth);
    if (init && by) counters_[i] = Linear{*by, *init};
  }
}

/// What is added to `param` to give `next`; nothing if that is not all.
std::optional<int64_t> LoopSteps::increment(const Value* next, const Value* param, int depth) const {
  if (next == param) return 0;
  if (!next->producer || depth == 0) return std::nullopt;
  const Node& node = *next->producer;
  if (passes_on(node)) return increment(node.operands[0], param, depth - 1);
  if (node.op != Op::add && node.op != Op::sub) return std::nullopt;
  for (int side : {0, 1}) {
    if (side == 1 && node.op == Op::sub) break;
    const auto by = known_size(node.operands[1 - side]);
    const auto before = by && by->constant() ? increment(node.operands[side], param, depth - 1) : std::nullopt;
    if (before) return *before + (node.op == Op::sub ? -*by->constant() : *by->constant());
  }
  return std::nullopt;
}

std::optional<Linear> LoopSteps::linear(const Value* value, int depth) const {
  if (value == step_) return Linear{1, 0};
  if (!is_single(value)) return std::nullopt;
  for (size_t i = 0; i < carried_.size(); ++i)
    if (value == carried_[i].param) return counters_[i];
  if (const auto size = known_size(value)) return Linear{0, region_.resolve(*size)};
  if (!value->producer || depth == 0) return std::nullopt;
  return linear_of_node(*value->producer, depth - 1);
}

std::optional<Linear> LoopSteps::linear_of_node(const Node& node, int depth) const {
  if (passes_on(node)) return linear(node.operands[0], depth);
  if (node.op == Op::select) {
    const auto known = is_true(node.operands[0], depth);
    return known ? linear(node.operands[*known ? 1 : 2], depth) : std::nullopt;
  }
  if (node.op == Op::neg) {
    const auto a = linear(node.operands[0], depth);
    return a ? std::optional(sum({0, 0}, *a, -1)) : std::nullopt;
  }
  if (node.op != Op::add && node.op != Op::sub && node.op != Op::mul) return std::nullopt;
  const auto a = linear(node.operands[0], depth), b = linear(node.operands[1], depth);
  if (!a || !b) return std::nullopt;
  if (node.op != Op::mul) return sum(*a, *b, node.op == Op::add ? 1 : -1);
  for (auto [x, y] : {std::pair(&*a, &*b), std::pair(&*b, &*a)})
    if (auto factor = y->constant.constant(); factor && y->step == 0)
      return Linear{x->step * *factor, x->constant * Dim(*factor)};
  return std::nullopt;
}

/// Operand 1 less operand 0, of a comparison.
std::optional<Linear> LoopSteps::difference(const Node& node, int depth) const {
  const auto a = linear(node.operands[0], depth), b = linear(node.operands[1], depth);
  return a && b ? std::optional(sum(*b, *a, -1)) : std::nullopt;
}

/// Whether a comparison holds in every step, or in none.
std::optional<bool> LoopSteps::is_true(const Value* condition, int depth) const {
  if (auto known = known_truth(condition)) return known;
  if (!condition->producer || depth == 0) return std::nullopt;
  const Node& node = *condition->producer;
  if (node.op != Op::less && node.op != Op::less_equal) return std::nullopt;
  auto value = difference(node, depth - 1);
  if (!value) return std::nullopt;
  if (node.op == Op::less_equal) value->constant += 1;
  const Dim& first = value->constant;
  const auto last = value->step == 0 ? std::optional(first)
                    : trip_          ? std::optional(first + Dim(value->step) * (*trip_ - Dim(1)))
                                     : std::nullopt;
  if (first.lower_bound() > 0 && (value->step >= 0 || (last && last->lower_bound() > 0))) return true;
  if (first.upper_bound() <= 0 && (value->step <= 0 || (last && last->upper_bound() <= 0))) return false;
  return std::nullopt;
}

Holds LoopSteps::holds_while_positive(const Linear& value) const {
  const Dim& first = value.constant;
  if (first.upper_bound() <= 0) return {true, Dim(0)};
  if (value.step < 0) return {true, max(ceil_div(first, Dim(-value.step)), 0)};
  if (first.lower_bound() > 0) return {true, std::nullopt};
  return {};
}

/// A value that starts at 0 or above and goes down by 1 is not 0 for as many steps as it starts with.
Holds LoopSteps::holds_while_not_zero(const Linear& value) const {
  const Dim& first = value.constant;
  if (value.step == -1 && first.lower_bound() >= 0) return {true, first};
  if (value.step == 1 && first.upper_bound() <= 0) return {true, -first};
  return {};
}

Holds LoopSteps::holds(const Value* condition, int depth) const {
  if (auto known = known_truth(condition)) return {true, *known ? std::nullopt : std::optional(Dim(0))};
  if (!condition->producer || depth == 0) return {};
  const Node& node = *condition->producer;
  const auto both = [&](const Value* a, const Value* b) {
    const Holds x = holds(a, depth - 1), y = holds(b, depth - 1);
    Holds result{x.exact && y.exact, x.steps ? x.steps : y.steps};
    if (x.steps && y.steps) result.steps = min(*x.steps, *y.steps);
    return result;
  };
  if (node.op == Op::logical_and) return both(node.operands[0], node.operands[1]);
  if (node.op == Op::select && known_truth(node.operands[2]) == false) return both(node.operands[0], node.operands[1]);
  if (node.op == Op::reshape || node.op == Op::broadcast) return holds(node.operands[0], depth - 1);
  if (node.op == Op::cast && is_integer(node.operands[0]->type->dtype)) {
    const auto value = linear(node.operands[0], depth - 1);
    return value ? holds_while_not_zero(*value) : Holds{};
  }
  if (node.op == Op::cast && node.operands[0]->type->dtype == DType::boolean) return holds(node.operands[0], depth - 1);
  const bool negated = node.op == Op::logical_not && node.operands[0]->producer;
  const Node& compare = negated ? *node.operands[0]->producer : node;
  auto value = compare.op == Op::less || compare.op == Op::less_equal || compare.op == Op::equal
                   ? difference(compare, depth - 1)
                   : std::nullopt;
  if (!value) return {};
  if (compare.op == Op::equal) return negated ? holds_while_not_zero(*value) : Holds{};
  // not (a < b) is b <= a, and a <= b is a < b + 1
  if (negated) *value = {-value->step, -value->constant};
  if ((compare.op == Op::less_equal) != negated) value->constant += 1;
  return holds_while_positive(*value);
}

std::optional<Dim> condition_of_sizes(const Value* condition) {
  if (auto known = known_truth(condition)) return Dim(*known ? 1 : 0);
  if (!condition->producer) return std::nullopt;
  const Node& node = *condition->producer;
  if (node.op == Op::reshape || node.op == Op::broadcast) return condition_of_sizes(node.operands[0]);
  if (node.op == Op::logical_and) {
    const auto a = condition_of_sizes(node.operands[0]), b = condition_of_sizes(node.operands[1]);
    return a && b ? std::optional(*a * *b) : std::nullopt;
  }
  if (node.op != Op::less && node.op != Op::less_equal) return std::nullopt;
  const auto a = known_size(node.operands[0]), b = known_size(node.operands[1]);
  if (!a || !b) return std::nullopt;
  const Dim above = *b - *a + Dim(node.op == Op::less_equal ? 1 : 0);
  return max(min(above, 1), 0);
}

namespace {

/// The region cut down to a condition and the carried values that it depends on; nothing if it depends on more.
struct Condition {
  std::unique_ptr<Graph> graph;
  std::vector<size_t> carried;  // outputs 1 ..; parameters are t and these
};

bool is_needed(const Graph& graph, const Value* param) {
  for (const auto& node : graph.nodes)
    if (std::find(node->operands.begin(), node->operands.end(), param) != node->operands.end()) return true;
  return std::find(graph.outputs.begin(), graph.outputs.end(), param) != graph.outputs.end();
}

std::optional<Condition> cut_out(const Graph& region, const Value* condition, const std::vector<Counted>& carried) {
  std::set<size_t> needed;
  for (size_t round = 0; round <= carried.size(); ++round) {
    std::map<const Value*, Value*> mapping;
    Condition cut{region.clone(&mapping), {needed.begin(), needed.end()}};
    cut.graph->outputs = {mapping.at(condition)};
    for (size_t i : cut.carried) cut.graph->outputs.push_back(mapping.at(carried[i].next));
    remove_dead_nodes(*cut.graph);
    std::vector<const Value*> wanted{cut.graph->params[0].get()};
    for (size_t i : cut.carried) wanted.push_back(mapping.at(carried[i].param));
    const size_t before = needed.size();
    bool foreign = false;
    for (size_t i = 0; i < cut.graph->params.size(); ++i) {
      const Value* param = cut.graph->params[i].get();
      if (std::find(wanted.begin(), wanted.end(), param) != wanted.end() || !is_needed(*cut.graph, param)) continue;
      auto found = std::find_if(carried.begin(), carried.end(),
                                [&](const Counted& c) { return mapping.at(c.param) == param; });
      foreign = foreign || found == carried.end();
      if (found != carried.end()) needed.insert(static_cast<size_t>(found - carried.begin()));
    }
    if (foreign) return std::nullopt;
    if (needed.size() != before) continue;
    std::erase_if(cut.graph->params, [&](const auto& param) {
      return std::find(wanted.begin(), wanted.end(), param.get()) == wanted.end();
    });
    return cut;
  }
  return std::nullopt;
}

}  // namespace

std::optional<int64_t> simulated_steps(const Graph& region, const Value* condition, const std::vector<Counted>& carried,
                                       int64_t limit) {
  constexpr size_t kMostNodes = 64;
  constexpr int64_t kMostSteps = 4096;
  const auto cut = cut_out(region, condition, carried);
  if (!cut || cut->graph->nodes.size() > kMostNodes) return std::nullopt;
  for (const auto& node : cut->graph->nodes)
    if (!node->regions.empty()) return std::nullopt;
  std::vector<Array> values{Array::zeros(DType::i64, {})};
  for (size_t i : cut->carried) {
    auto init = known_tensor(carried[i].init);
    if (!init) return std::nullopt;
    values.push_back(Array::from(*init));
  }
  for (int64_t t = 0; t < std::min(limit, kMostSteps); ++t) {
    values[0].ints[0] = t;
    auto results = evaluate(*cut->graph, values);
    if (!results) return std::nullopt;
    const Tensor go = (*results)[0].to_tensor();
    if (go.count() != 1) return std::nullopt;
    if (go.double_at(0) == 0) return t + 1;
    for (size_t i = 0; i < cut->carried.size(); ++i) values[1 + i] = Array::from((*results)[1 + i].to_tensor());
  }
  return limit <= kMostSteps ? std::optional(limit) : std::nullopt;
}

}  // namespace rondo
