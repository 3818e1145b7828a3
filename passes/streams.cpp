// interleave_streams: a graph with states for one stream becomes one whose every call moves many independent streams on.
// Inputs, outputs and states get a first axis, along which the streams lie; what depends on constants alone is computed
// once for all. The products of the streams are then products of several rows, which read each weight once.
// Entry: interleave_streams. Rules of the operators: streams_rules.cpp, streams_regions.cpp.
#include "passes/streams.h"

#include <fmt/format.h>

#include "passes/pipeline.h"
#include "passes/query.h"
#include "support/places.h"

namespace rondo {

std::string place_of(const Node& node) { return node.place.empty() ? display_name(node) : shown_places(node.place); }

Shape Streams::apart(const Shape& one) const {
  Shape shape = one;
  shape.insert(shape.begin(), Dim(count_));
  return shape;
}

Type Streams::apart(const Type& one) const { return {one.dtype, apart(one.shape)}; }

Value* Streams::make_apart(Many many, Builder& b) const {
  return many.apart || !many.value->type ? many.value : b.broadcast(many.value, apart(many.value->type->shape));
}

Value* Streams::aligned(Many many, int rank, Builder& b) const {
  if (!many.apart || !many.value->type) return many.value;
  Shape shape = many.value->type->shape;
  const int missing = rank + 1 - many.value->type->rank();
  shape.insert(shape.begin() + 1, static_cast<size_t>(std::max(missing, 0)), Dim(1));
  return b.reshape(many.value, std::move(shape));
}

namespace {

std::vector<Many> shared_by_all(const Node& node, const std::vector<Many>& operands, Builder& b) {
  std::vector<Value*> values;
  for (const Many& operand : operands) values.push_back(operand.value);
  std::vector<std::unique_ptr<Graph>> regions;
  for (const auto& region : node.regions) regions.push_back(region->clone());
  std::vector<Many> results;
  for (Value* value :
       b.node(node.op, std::move(values), node.attributes, static_cast<int>(node.results.size()), std::move(regions)))
    results.push_back({value, false});
  return results;
}

}  // namespace

Status Streams::add_node(const Node& node) {
  Builder b(graph_, &node);
  std::vector<Many> operands;
  bool any = false;
  for (const Value* operand : node.operands) {
    operands.push_back(many_of(operand));
    any = any || operands.back().apart;
  }
  if (any && node.op == Op::measure)
    return unsupported("measures a size, which may differ from stream to stream; --streams needs the same in all",
                       place_of(node));
  const std::vector<Many> results =
      any ? find_streams_rule(node.op)(*this, node, operands, b) : shared_by_all(node, operands, b);
  RONDO_CHECK(b.status());
  for (size_t i = 0; i < node.results.size(); ++i) {
    const Type& one = *node.results[i]->type;
    const Many& many = results[i];
    if (!many.value->type || many.value->type->rank() != one.rank() + many.apart)
      return internal_error(fmt::format("its result {} of {} is {} for many streams", i, to_string(one),
                                        many.value->type ? to_string(*many.value->type) : "nothing"),
                            place_of(node));
    if (many.value->producer) many.value->name = node.results[i]->name;
    stand_for(node.results[i].get(), many);
  }
  return Done{};
}

Status Streams::add(const Graph& one) {
  for (const auto& node : one.nodes) RONDO_CHECK(add_node(*node));
  return Done{};
}

namespace {

std::optional<Tensor> apart_initial(const std::optional<Tensor>& initial) {
  if (!initial) return std::nullopt;
  std::vector<int64_t> shape = initial->shape();
  shape.insert(shape.begin(), 1);
  return initial->reshaped(std::move(shape));
}

Status check_fit(const Graph& one) {
  if (one.stepping.streams > 0) return invalid("the model moves several streams on already; --streams cannot add more");
  if (!one.states.empty()) return Done{};
  return invalid("--streams is for models that carry state from call to call, and this one has none; --state=INPUT=OUTPUT "
                 "gives a model state");
}

}  // namespace

Result<Graph> interleave_streams(const Graph& one, int64_t count) {
  RONDO_CHECK(check_fit(one));
  Graph many(Level::core);
  many.name = one.name;
  many.equalities = one.equalities;
  many.bindings = one.bindings;
  many.stepping = one.stepping;
  many.stepping.streams = count;
  many.timing = one.timing;
  for (Timing& timing : many.timing) ++timing.axis;
  Streams streams(many, count);
  for (const auto& param : one.params)
    streams.stand_for(param.get(), {many.add_param(streams.apart(*param->type), param->name), true});
  RONDO_CHECK(streams.add(one));
  Builder b(many);
  for (const Value* output : one.outputs) many.outputs.push_back(streams.make_apart(streams.many_of(output), b));
  many.output_names = one.output_names;
  for (const State& state : one.states)
    many.states.push_back({state.name, streams.many_of(state.current).value,
                           streams.make_apart(streams.many_of(state.next), b), apart_initial(state.initial)});
  RONDO_CHECK(b.status());
  return many;
}

}  // namespace rondo
