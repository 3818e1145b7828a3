#include "ir/builder.h"

#include <fmt/format.h>

#include <algorithm>

#include "ir/infer.h"
#include "ir/measure.h"

namespace rondo {

Builder::Builder(Graph& graph, const Node* origin) : graph_(graph), origin_(origin) {}

Status Builder::status() const {
  if (errors_.empty()) return Done{};
  return errors_;
}

Value* Builder::fail(Diagnostic diagnostic) {
  if (errors_.empty()) {
    if (diagnostic.place.empty() && origin_) diagnostic.place = origin_->place;
    errors_.push_back(std::move(diagnostic));
  }
  placeholders_.push_back(std::make_unique<Value>());
  return placeholders_.back().get();
}

std::vector<Value*> Builder::node(Op op, std::vector<Value*> operands, Attributes attributes, int results,
                                  std::vector<std::unique_ptr<Graph>> regions) {
  bool usable = ok();
  for (const Value* operand : operands) usable = usable && operand && operand->type;
  if (!usable) {
    std::vector<Value*> values;
    for (int i = 0; i < results; ++i) values.push_back(fail(internal_error("an operand has no type")));
    return values;
  }
  Node* node = graph_.append(op, std::move(operands), std::move(attributes), results);
  node->regions = std::move(regions);
  if (origin_) node->name = origin_->name, node->place = origin_->place;
  if (Status inferred = infer(*node, graph_); !inferred) {
    graph_.nodes.pop_back();
    std::vector<Value*> values;
    for (int i = 0; i < results; ++i) values.push_back(fail(inferred.errors()[0]));
    return values;
  }
  std::vector<Value*> values;
  for (const auto& result : node->results) values.push_back(result.get());
  return values;
}

Value* Builder::constant(Tensor value) { return one(Op::constant, {}, {{"value", std::move(value)}}); }
Value* Builder::weight(Tensor value) { return one(Op::weight, {}, {{"value", std::move(value)}}); }
Value* Builder::scalar(DType dtype, double value) { return constant(Tensor::scalar(dtype, value)); }

Value* Builder::scalar(const Value* like, double value) {
  if (!like || !like->type) return fail(internal_error("an operand has no type"));
  return scalar(like->type->dtype, value);
}

Value* Builder::dims(const std::vector<Dim>& values, DType to) {
  return one(Op::dims, {}, {{"values", values}, {"shape", std::vector<int64_t>{static_cast<int64_t>(values.size())}}, {"to", to}});
}

Value* Builder::dim(const Dim& value, DType to) {
  return one(Op::dims, {}, {{"values", std::vector<Dim>{value}}, {"shape", std::vector<int64_t>{}}, {"to", to}});
}

Value* Builder::iota(Shape shape, int axis, DType to) {
  return one(Op::iota, {}, {{"shape", std::move(shape)}, {"axis", int64_t{axis}}, {"to", to}});
}

Value* Builder::zeros(DType dtype, const Shape& shape) { return broadcast(scalar(dtype, 0), shape); }

Value* Builder::cast(Value* a, DType to) {
  if (a && a->type && a->type->dtype == to) return a;
  return one(Op::cast, {a}, {{"to", to}});
}

Value* Builder::reduce(Value* a, std::string combine, std::vector<int64_t> axes, bool keep_dims) {
  Value* reduced = axes.empty() ? a : one(Op::reduce, {a}, {{"combine", std::move(combine)}, {"axes", axes}});
  return keep_dims ? unsqueeze(reduced, std::move(axes)) : reduced;
}

Value* Builder::transpose(Value* a, std::vector<int64_t> perm) {
  bool moved = false;
  for (size_t i = 0; i < perm.size(); ++i) moved |= perm[i] != static_cast<int64_t>(i);
  return moved ? one(Op::transpose, {a}, {{"perm", std::move(perm)}}) : a;
}

Value* Builder::reshape(Value* a, Shape shape) {
  if (a && a->type && a->type->shape == shape) return a;
  return one(Op::reshape, {a}, {{"shape", std::move(shape)}});
}

Value* Builder::broadcast(Value* a, Shape shape) {
  if (a && a->type && a->type->shape == shape) return a;
  return one(Op::broadcast, {a}, {{"shape", std::move(shape)}});
}

Value* Builder::slice(Value* a, std::vector<Dim> starts, std::vector<Dim> sizes, std::vector<int64_t> steps) {
  if (steps.empty()) steps.assign(starts.size(), 1);
  bool whole = a && a->type && a->type->shape == sizes;
  for (size_t i = 0; i < starts.size(); ++i) whole = whole && starts[i].is(0) && steps[i] == 1;
  if (whole) return a;
  return one(Op::slice, {a}, {{"starts", std::move(starts)}, {"sizes", std::move(sizes)}, {"steps", std::move(steps)}});
}

Value* Builder::slice_axis(Value* a, int axis, Dim start, Dim size) {
  if (!a || !a->type) return fail(internal_error("an operand has no type"));
  std::vector<Dim> starts(a->type->rank(), Dim(0)), sizes = a->type->shape;
  starts[axis] = std::move(start);
  sizes[axis] = std::move(size);
  return slice(a, std::move(starts), std::move(sizes));
}

Value* Builder::concat(std::vector<Value*> parts, int axis) {
  if (parts.size() == 1) return parts[0];
  return one(Op::concat, std::move(parts), {{"axis", int64_t{axis}}});
}

Value* Builder::pad(Value* a, Value* fill, std::vector<Dim> low, std::vector<Dim> high) {
  bool nothing = true;
  for (const Dim& dim : low) nothing = nothing && dim.is(0);
  for (const Dim& dim : high) nothing = nothing && dim.is(0);
  return nothing ? a : one(Op::pad, {a, fill}, {{"low", std::move(low)}, {"high", std::move(high)}});
}

Value* Builder::gather(Value* data, Value* indices, int axis) {
  return one(Op::gather, {data, indices}, {{"axis", int64_t{axis}}});
}

Value* Builder::squeeze(Value* a, std::vector<int64_t> axes) {
  if (!a || !a->type) return fail(internal_error("an operand has no type"));
  Shape shape;
  for (int i = 0; i < a->type->rank(); ++i)
    if (std::find(axes.begin(), axes.end(), i) == axes.end()) shape.push_back(a->type->shape[i]);
  return reshape(a, std::move(shape));
}

Value* Builder::unsqueeze(Value* a, std::vector<int64_t> axes) {
  if (!a || !a->type) return fail(internal_error("an operand has no type"));
  Shape shape;
  size_t next = 0, rank = a->type->shape.size() + axes.size();
  for (size_t i = 0; i < rank; ++i) {
    bool inserted = std::find(axes.begin(), axes.end(), static_cast<int64_t>(i)) != axes.end();
    if (!inserted && next == a->type->shape.size()) return fail(internal_error("unsqueeze: axes out of range"));
    shape.push_back(inserted ? Dim(1) : a->type->shape[next++]);
  }
  return reshape(a, std::move(shape));
}

// --- regions

std::vector<Value*> Builder::failed(int results) {
  std::vector<Value*> values;
  for (int i = 0; i < results; ++i) values.push_back(fail(internal_error("a region failed")));
  return values;
}

std::unique_ptr<Graph> Builder::start_region(int number) {
  auto region = std::make_unique<Graph>(Level::core);
  region->bindings = graph_.bindings;
  region->scope = fmt::format("{}{}_{}_", graph_.scope, graph_.nodes.size(), number);
  return region;
}

Value* Builder::capture(Graph& region, const Value& value) {
  Value* param = region.add_param(value.type, value.name);
  param->elements = value.elements;
  return param;
}

/// What the body learned about dims holds outside too.
void Builder::adopt_facts(Graph& region) {
  for (const Equality& fact : release_facts(region)) graph_.require_equal(fact.a, fact.b, fact.reason);
}

bool Builder::have_types(std::initializer_list<const std::vector<Value*>*> groups) {
  for (const auto* group : groups)
    for (const Value* value : *group)
      if (!value || !value->type) fail(internal_error("an operand has no type"));
  return ok();
}

std::unique_ptr<Graph> Builder::start_arm(int number, const std::vector<Value*>& operands, std::vector<Value*>& params) {
  auto region = start_region(number);
  if (!have_types({&operands})) return region;
  for (const Value* value : operands) params.push_back(capture(*region, *value));
  return region;
}

void Builder::finish_arm(Graph& region, std::vector<Value*> outputs, const Builder& inner) {
  if (ok() && !inner.ok()) fail(inner.errors_[0]);
  for (const Value* output : outputs)
    if (ok() && (!output || !output->type)) fail(internal_error("an output of a region has no type"));
  if (!ok()) return;
  adopt_facts(region);
  region.outputs = std::move(outputs);
}

std::vector<Value*> Builder::finish_branch(Value* condition, std::vector<Value*> operands, int results,
                                           std::vector<std::unique_ptr<Graph>> arms) {
  if (!ok()) return failed(results);
  operands.insert(operands.begin(), condition);
  return node(Op::branch, std::move(operands), {}, results, std::move(arms));
}

std::unique_ptr<Graph> Builder::start_loop(const std::vector<Value*>& carried, const std::vector<Value*>& invariants,
                                           LoopBody& body) {
  auto region = start_region(0);
  if (!have_types({&carried, &invariants})) return region;
  body.step = region->add_param(Type{DType::i64, {}}, "t");
  for (const Value* value : carried) body.carried.push_back(region->add_param(value->type, value->name));
  for (const Value* value : invariants) body.invariants.push_back(capture(*region, *value));
  return region;
}

std::vector<Value*> Builder::finish_loop(Dim trip, Value* condition, std::vector<Value*> carried,
                                         std::vector<Value*> invariants, int stacked, std::unique_ptr<Graph> region) {
  const int results = static_cast<int>(carried.size()) + stacked;
  if (!ok()) return failed(results);
  Attributes attributes{{"trip", std::move(trip)}, {"carried", static_cast<int64_t>(carried.size())}};
  std::vector<Value*> operands{condition};
  operands.insert(operands.end(), carried.begin(), carried.end());
  operands.insert(operands.end(), invariants.begin(), invariants.end());
  std::vector<std::unique_ptr<Graph>> regions;
  regions.push_back(std::move(region));
  return node(Op::loop, std::move(operands), std::move(attributes), results, std::move(regions));
}

Value* Builder::measure(Value* a, int64_t low, Dim high) {
  std::string symbol = fmt::format("{}{}{}", kMeasuredPrefix, graph_.scope, measures_of(graph_).size() + 1);
  return one(Op::measure, {a}, {{"symbol", std::move(symbol)}, {"low", low}, {"high", std::move(high)}});
}

std::unique_ptr<Graph> Builder::start_scan(const std::vector<Value*>& carried, const std::vector<Value*>& scanned,
                                           const std::vector<Value*>& invariants, ScanBody& body) {
  auto region = start_region(0);
  for (const auto* group : {&carried, &scanned, &invariants})
    for (const Value* value : *group)
      if (!value || !value->type) fail(internal_error("an operand has no type"));
  for (const Value* value : scanned)
    if (ok() && value->type->rank() == 0) fail(internal_error("a scanned value needs a time axis"));
  if (!ok()) return region;
  body.step = region->add_param(Type{DType::i64, {}}, "t");
  for (const Value* value : carried) body.carried.push_back(region->add_param(value->type, value->name));
  for (const Value* value : scanned) {
    Type slice = *value->type;
    slice.shape.erase(slice.shape.begin());
    body.scanned.push_back(region->add_param(std::move(slice), value->name));
  }
  for (const Value* value : invariants) body.invariants.push_back(capture(*region, *value));
  return region;
}

std::vector<Value*> Builder::finish_scan(Dim trip, std::vector<Value*> carried, std::vector<Value*> scanned,
                                         std::vector<Value*> invariants, bool reverse, int stacked,
                                         std::unique_ptr<Graph> region, std::vector<Value*> outputs,
                                         const Builder& inner) {
  const int results = static_cast<int>(carried.size()) + stacked;
  if (ok() && !inner.ok()) fail(inner.errors_[0]);
  if (!ok()) return failed(results);
  adopt_facts(*region);
  region->outputs = std::move(outputs);
  Attributes attributes{{"trip", std::move(trip)},
                        {"carried", static_cast<int64_t>(carried.size())},
                        {"scanned", static_cast<int64_t>(scanned.size())},
                        {"reverse_scanned", std::vector<int64_t>(scanned.size(), reverse)},
                        {"reverse_stacked", std::vector<int64_t>(stacked, reverse)}};
  std::vector<Value*> operands = std::move(carried);
  operands.insert(operands.end(), scanned.begin(), scanned.end());
  operands.insert(operands.end(), invariants.begin(), invariants.end());
  std::vector<std::unique_ptr<Graph>> regions;
  regions.push_back(std::move(region));
  return node(Op::scan, std::move(operands), std::move(attributes), results, std::move(regions));
}

}  // namespace rondo
