// What a scan body's values depend on, and their computation outside: see hoist.h.
#include "passes/hoist.h"

#include <algorithm>

#include "ir/measure.h"

namespace rondo {
namespace {

Varies join(Varies a, Varies b) {
  if (a == b || b == Varies::not_at_all) return a;
  return a == Varies::not_at_all ? b : Varies::with_step;
}

/// Sized by what the body itself measures.
bool is_measured_here(const Node& node, const std::set<std::string>& inside) {
  if (inside.empty()) return false;
  std::set<std::string> names;
  collect_symbols(node, names);
  return node.op == Op::measure ||
         std::any_of(names.begin(), names.end(), [&](const auto& name) { return inside.count(name) != 0; });
}

Dependence dependence_of(const Node& node, const Dependences& dependences, const std::set<std::string>& inside) {
  Dependence result{Varies::not_at_all, is_product(node.op)};
  for (const Value* operand : node.operands) {
    const Dependence& dependence = dependences.at(operand);
    result.varies = join(result.varies, dependence.varies);
  }
  for (const Value* operand : node.operands) {
    const Dependence& dependence = dependences.at(operand);
    result.has_product |= dependence.has_product && dependence.varies == result.varies;
  }
  if (!node.regions.empty() || node.results.size() != 1 || is_measured_here(node, inside)) result.varies = Varies::with_step;
  const bool in_time = result.varies == Varies::forward || result.varies == Varies::backward;
  if (in_time && !Lifter::can_lift(node, dependences)) result.varies = Varies::with_step;
  return result;
}

std::vector<int64_t> shifted(std::vector<int64_t> axes) {
  for (int64_t& axis : axes) ++axis;
  return axes;
}

template <class T>
std::vector<T> prepended(T first, std::vector<T> rest) {
  rest.insert(rest.begin(), std::move(first));
  return rest;
}

}  // namespace

Dependences find_dependences(const Scan& scan) {
  Dependences dependences;
  dependences[scan.step_param()] = {};
  for (int i = 0; i < scan.carried(); ++i) dependences[scan.carried_param(i)] = {};
  for (int i = 0; i < scan.scanned(); ++i) {
    // A length that is only known to equal the trip at run time stays where it is.
    const bool plain = scan.scanned_operand(i)->type->shape[0] == scan.trip();
    const Varies direction = scan.reverse_scanned(i) ? Varies::backward : Varies::forward;
    dependences[scan.scanned_param(i)] = {plain ? direction : Varies::with_step, false};
  }
  for (int i = 0; i < scan.invariants(); ++i) dependences[scan.invariant_param(i)] = {Varies::not_at_all, false};
  const std::set<std::string> inside = measured_inside(scan.body());
  for (const auto& node : scan.body().nodes) {
    const Dependence dependence = dependence_of(*node, dependences, inside);
    for (const auto& result : node->results) dependences[result.get()] = dependence;
  }
  return dependences;
}

bool Lifter::can_lift(const Node& node, const Dependences& dependences) {
  auto constant_in_time = [&](int i) { return dependences.at(node.operands[i]).varies == Varies::not_at_all; };
  if (is_pointwise(node.op) || is_view(node.op)) return true;
  if (node.op == Op::matmul || node.op == Op::concat || node.op == Op::reduce) return true;
  if (node.op == Op::conv) return constant_in_time(1);
  if (node.op == Op::pad) return constant_in_time(1);
  if (node.op == Op::gather) return constant_in_time(0) && node.attributes.integer("axis") == 0;
  return false;
}

Lifter::Lifter(const Scan& scan, const Dependences& dependences, Builder& outside)
    : scan_(scan), dependences_(dependences), outside_(outside) {
  for (int i = 0; i < scan.scanned(); ++i) lifted_[scan.scanned_param(i)] = scan.scanned_operand(i);
  for (int i = 0; i < scan.invariants(); ++i) lifted_[scan.invariant_param(i)] = scan.invariant_operand(i);
}

void Lifter::lift(const std::vector<Value*>& wanted) {
  std::unordered_map<const Value*, bool> needed;
  for (const Value* value : wanted) needed[value] = true;
  const auto& nodes = scan_.body().nodes;
  for (size_t i = nodes.size(); i-- > 0;)
    if (nodes[i]->results.size() == 1 && needed[nodes[i]->result()])
      for (const Value* operand : nodes[i]->operands) needed[operand] = true;
  for (const auto& node : nodes) {
    if (node->results.size() != 1 || !needed[node->result()]) continue;
    Builder b(outside_.graph(), node.get());
    Value* value = lift_node(*node, b);
    if (!b.ok()) {
      value = outside_.fail(b.status().errors()[0]);
    } else if (value->name.empty()) {
      value->name = node->result()->name;
    }
    lifted_[node->result()] = value;
  }
}

Shape Lifter::with_time(const Shape& shape) const { return prepended(scan_.trip(), shape); }

/// A lifted operand whose axes, counted from the right, meet those of a result of that rank in the body.
Value* Lifter::aligned(const Value* value, int rank) {
  Value* outside = lifted_.at(value);
  if (!in_time(value) || value->type->rank() >= rank) return outside;
  Shape shape = value->type->shape;
  shape.insert(shape.begin(), static_cast<size_t>(rank - value->type->rank()), Dim(1));
  return outside_.reshape(outside, with_time(shape));
}

/// A lifted operand that has the time axis, by repetition if need be.
Value* Lifter::filled(const Value* value) {
  Value* outside = lifted_.at(value);
  return in_time(value) ? outside : outside_.broadcast(outside, with_time(value->type->shape));
}

Value* Lifter::lift_node(const Node& node, Builder& b) {
  if (!in_time(node.result())) {
    std::vector<Value*> operands;
    for (const Value* operand : node.operands) operands.push_back(lifted_.at(operand));
    return b.one(node.op, std::move(operands), node.attributes);
  }
  if (is_pointwise(node.op) || node.op == Op::matmul) return lift_pointwise(node, b);
  if (node.op == Op::conv) return lift_conv(node, b);
  return lift_movement(node, b);
}

/// Leading axes broadcast in matmul as all axes do in pointwise operators.
Value* Lifter::lift_pointwise(const Node& node, Builder& b) {
  std::vector<Value*> operands;
  for (const Value* operand : node.operands) operands.push_back(aligned(operand, node.result()->type->rank()));
  return b.one(node.op, std::move(operands), node.attributes);
}

/// Time and batch become one axis.
Value* Lifter::lift_conv(const Node& node, Builder& b) {
  Shape shape = node.operands[0]->type->shape;
  shape[0] *= scan_.trip();
  Value* joined = b.reshape(lifted_.at(node.operands[0]), std::move(shape));
  Value* result = b.one(Op::conv, {joined, lifted_.at(node.operands[1])}, node.attributes);
  return b.reshape(result, with_time(node.result()->type->shape));
}

Value* Lifter::lift_movement(const Node& node, Builder& b) {
  const Attributes& at = node.attributes;
  const Value* first = node.operands[0];
  const Shape shape = with_time(node.result()->type->shape);
  if (node.op == Op::reshape) return b.reshape(lifted_.at(first), shape);
  if (node.op == Op::broadcast) return b.broadcast(aligned(first, node.result()->type->rank()), shape);
  if (node.op == Op::transpose)
    return b.transpose(lifted_.at(first), prepended<int64_t>(0, shifted(at.integers("perm"))));
  if (node.op == Op::slice)
    return b.slice(lifted_.at(first), prepended(Dim(0), at.dims("starts")), prepended(scan_.trip(), at.dims("sizes")),
                   prepended<int64_t>(1, at.integers("steps")));
  if (node.op == Op::reduce) return b.reduce(lifted_.at(first), at.text("combine"), shifted(at.integers("axes")));
  if (node.op == Op::gather) return b.gather(lifted_.at(first), lifted_.at(node.operands[1]), 0);
  if (node.op == Op::pad)
    return b.pad(lifted_.at(first), lifted_.at(node.operands[1]), prepended(Dim(0), at.dims("low")),
                 prepended(Dim(0), at.dims("high")));
  std::vector<Value*> parts;
  for (const Value* operand : node.operands) parts.push_back(filled(operand));
  return b.concat(std::move(parts), static_cast<int>(at.integer("axis")) + 1);
}

}  // namespace rondo
