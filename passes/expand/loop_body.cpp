// The body of a Loop as a core region; see loop_body.h.
#include "passes/expand/loop_body.h"

#include <fmt/format.h>

#include <algorithm>

namespace rondo {

using Kind = Carried::Kind;

/// The value that the model's body gives on, seen through Identity.
Value* LoopBody::next_in_model(size_t i) const {
  Value* value = operands_.body->outputs[1 + i];
  while (value->producer && value->producer->op == Op::Identity && !value->producer->operands.empty() &&
         value->producer->operands[0])
    value = value->producer->operands[0];
  return value;
}

void LoopBody::find_kinds() {
  carried.resize(operands_.carried.size());
  growing_.resize(carried.size());
  for (size_t i = 0; i < carried.size(); ++i) {
    carried[i].init = operands_.carried[i];
    const bool passed = next_in_model(i) == operands_.body->params[2 + i].get();
    const bool sequence = e_.sequences.is_sequence(carried[i].init);
    carried[i].kind = passed ? Kind::passed : sequence ? Kind::gathered : Kind::value;
  }
}

Status LoopBody::expand() {
  find_kinds();
  bool again = true;
  for (size_t round = 0; again; ++round) {
    again = false;
    RONDO_CHECK(attempt(again));
    if (round > carried.size()) return internal_error("sizes keep changing", e_.node.place);
  }
  counted.clear();
  counted_index.clear();
  for (size_t i = 0; i < carried.size(); ++i) {
    if (carried[i].kind != Kind::value) continue;
    counted.push_back({carried[i].param, carried[i].next, carried[i].init});
    counted_index.push_back(i);
  }
  return region->b().status();
}

void LoopBody::replace(const std::map<const Value*, Value*>& replacement) {
  replace_uses(region->graph(), replacement);
  const auto update = [&](Value*& value) {
    if (auto found = replacement.find(value); found != replacement.end()) value = found->second;
  };
  update(condition);
  for (Carried& c : carried) update(c.next);
  for (Value*& slice : stacked) update(slice);
}

void LoopBody::add_params() {
  step = region->add_param({DType::i64, {}}, "t");
  for (size_t i = 0; i < carried.size(); ++i) {
    Carried& c = carried[i];
    const std::string name = operands_.body->params[2 + i]->name;
    if (c.kind == Kind::value || c.kind == Kind::grown) {
      Type type = *c.init->type;
      if (c.kind == Kind::grown) type.shape[static_cast<size_t>(c.axis)] = Dim::symbol(growing_[i]);
      c.param = region->add_param(std::move(type), name);
    }
    if (c.kind == Kind::gathered) c.param = e_.sequences.add_gathered();
  }
  for (Carried& c : carried)
    if (c.kind == Kind::passed) c.param = region->import(c.init);
}

Status LoopBody::attempt(bool& again) {
  region = std::make_unique<Region>(e_);
  for (size_t i = 0; i < carried.size(); ++i)
    if (carried[i].kind == Kind::value && !carried[i].init->type)
      return unsupported(fmt::format("carried value {} is an optional without a value", i), e_.node.place);
  add_params();
  // A step runs only if its condition holds, so that the body sees it as true.
  Value* go_on = region->b().scalar(DType::boolean, 1);
  if (operands_.condition) go_on = region->b().reshape(go_on, shape_of(operands_.condition));
  std::vector<Value*> arguments{step, go_on};
  for (const Carried& c : carried) arguments.push_back(c.param);
  RONDO_CHECK(region->expand(*operands_.body, std::move(arguments)));
  return take_outputs(again);
}

Status LoopBody::take_outputs(bool& again) {
  condition = region->outputs[0];
  if (!condition->type || !element_count(condition->type->shape).is(1))
    return invalid("the body's condition must be one boolean", e_.node.place);
  for (size_t i = 0; i < carried.size(); ++i) {
    Carried& c = carried[i];
    Value* next = region->outputs[1 + i];
    if (c.kind == Kind::value) RONDO_CHECK(take_value(c, next, i, again));
    if (again) return Done{};
    if (c.kind == Kind::grown) RONDO_CHECK(take_grown(c, next, i));
    if (c.kind == Kind::gathered) RONDO_CHECK(take_gathered(c, next, i));
  }
  stacked.assign(region->outputs.begin() + 1 + static_cast<std::ptrdiff_t>(carried.size()), region->outputs.end());
  for (const Value* slice : stacked)
    if (!slice->type) return unsupported("a sequence of sequences as a result", e_.node.place);
  return Done{};
}

/// A carried value keeps its type. If only its size along one axis changes, it may be one that grows.
Status LoopBody::take_value(Carried& c, Value* next, size_t i, bool& again) {
  Graph& graph = region->graph();
  if (!next->type)
    return unsupported(fmt::format("carried value {} is a tensor at first and a sequence after a step", i), e_.node.place);
  const Type &before = *c.param->type, &after = *next->type;
  std::vector<int> changed;
  bool same = before.dtype == after.dtype && before.rank() == after.rank();
  for (int axis = 0; same && axis < before.rank(); ++axis)
    if (!graph.require_equal(before.shape[axis], after.shape[axis],
                             fmt::format("{}: dimension {} of carried value {}", e_.node.place, axis, i)))
      changed.push_back(axis);
  if (same && changed.empty()) {
    c.next = next;
    return Done{};
  }
  if (same && changed.size() == 1 && growing_[i].empty()) {
    again = true;
    c.kind = Kind::grown;
    c.axis = changed[0];
    growing_[i] = e_.sequences.new_symbol("grown");
    return Done{};
  }
  return unsupported(fmt::format("carried value {} is {} before a step and {} after it; it must keep its type", i,
                                 to_string(before), to_string(after)),
                     e_.node.place);
}

namespace {

bool mentions(const Shape& shape, const std::string& symbol) {
  std::set<std::string> names;
  for (const Dim& dim : shape) dim.collect_symbols(names);
  return names.count(symbol) != 0;
}

/// Whether a symbol stands in a graph anywhere but in the type of one value.
bool mentions(const Graph& graph, const std::string& symbol, const Value* except) {
  for (const auto& node : graph.nodes) {
    for (const auto& [name, attribute] : node->attributes.entries()) {
      const auto* dim = std::get_if<Dim>(&attribute);
      const auto* dims = std::get_if<std::vector<Dim>>(&attribute);
      if ((dim && mentions({*dim}, symbol)) || (dims && mentions(*dims, symbol))) return true;
    }
    for (const auto& result : node->results)
      if (result.get() != except && mentions(result->type->shape, symbol)) return true;
    for (const auto& region : node->regions)
      if (mentions(*region, symbol, nullptr)) return true;
  }
  for (const auto& [name, dim] : graph.bindings)
    if (name == symbol || mentions({dim}, symbol)) return true;
  for (const Equality& equality : graph.equalities)
    if (mentions({equality.a, equality.b}, symbol)) return true;
  return false;
}

}  // namespace

/// What grows must be concat(itself, what is appended), and nothing else may see it or its size.
Status LoopBody::take_grown(Carried& c, Value* next, size_t i) {
  Graph& graph = region->graph();
  const Node* node = next->producer;
  const bool appends = node && node->op == Op::concat && node->attributes.integer("axis") == c.axis &&
                       node->operands[0] == c.param && node->operands.size() > 1;
  int uses = 0;
  for (const auto& other : graph.nodes) uses += static_cast<int>(std::count(other->operands.begin(), other->operands.end(), c.param));
  uses += static_cast<int>(std::count(region->outputs.begin(), region->outputs.end(), next)) - 1;
  if (!appends || uses != 1 || mentions(graph, growing_[i], next))
    return unsupported(
        fmt::format("carried value {} changes its size along axis {} from step to step; supported: a Concat that appends "
                    "to a value which the body does not read otherwise",
                    i, c.axis),
        e_.node.place);
  const std::vector<Value*> appended(node->operands.begin() + 1, node->operands.end());
  c.next = region->b().concat(appended, c.axis);
  return Done{};
}

Status LoopBody::take_gathered(Carried& c, const Value* next, size_t i) {
  const Sequence* sequence = e_.sequences.find(next);
  if (!sequence || sequence->gathered != c.param || sequence->parts.empty())
    return unsupported(fmt::format("carried sequence {}: the body may only append to it (SequenceInsert without a "
                                   "position)",
                                   i),
                       e_.node.place);
  if (sequence->parts.size() == 1 && !sequence->parts[0].count) {
    c.next = sequence->parts[0].value;
    c.single = true;
    return c.next->type ? Status(Done{}) : Status(unsupported("a sequence of sequences", e_.node.place));
  }
  std::vector<Value*> parts;
  for (const Sequence::Part& part : sequence->parts) parts.push_back(rondo::stacked(region->b(), part));
  c.next = region->b().concat(parts, 0);
  return region->b().status();
}

}  // namespace rondo
