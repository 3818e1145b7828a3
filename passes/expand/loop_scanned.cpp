// Gathers by a loop's step become scanned operands, so that a Loop over slices is what an LSTM is; see loop_emit.h.
#include <algorithm>

#include "passes/expand/loop_emit.h"

namespace rondo {
namespace {

/// A gather of one slice in step t, at first + direction * t.
struct SteppedGather {
  int axis;
  Dim first;
  bool reverse;
};

/// What a slice of one element along one axis is a gather of, if its start is measured: the axis and the index.
std::optional<std::pair<int, const Value*>> measured_place(const Node& node, const Graph& graph) {
  const std::vector<Dim> starts = node.attributes.dims("starts"), sizes = node.attributes.dims("sizes");
  std::optional<std::pair<int, const Value*>> place;
  for (size_t axis = 0; axis < starts.size(); ++axis) {
    if (starts[axis].is(0) && sizes[axis] == graph.resolve(node.operands[0]->type->shape[axis])) continue;
    if (place || !sizes[axis].is(1)) return std::nullopt;
    for (const auto& other : graph.nodes)
      if (other->op == Op::measure && other->result()->elements && (*other->result()->elements)[0] == starts[axis])
        place = {static_cast<int>(axis), other->operands[0]};
    if (!place) return std::nullopt;
  }
  return place;
}

/// The axis and index of a gather, or of a slice that is one.
std::optional<std::pair<int, const Value*>> place_of(const Node& node, const Graph& graph) {
  if (node.op == Op::gather) return std::pair(static_cast<int>(node.attributes.integer("axis")), node.operands[1]);
  return node.op == Op::slice ? measured_place(node, graph) : std::nullopt;
}

std::optional<SteppedGather> as_stepped(const Node& node, const LoopSteps& steps, const Graph& graph, const Dim& trip) {
  const auto place = place_of(node, graph);
  if (!place) return std::nullopt;
  const Value* data = node.operands[0];
  const auto at = steps.linear(place->second);
  if (!at || (at->step != 1 && at->step != -1)) return std::nullopt;
  const int axis = place->first;
  const Dim first = graph.resolve(at->constant), last = first + Dim(at->step) * (trip - Dim(1));
  const Dim &low = at->step > 0 ? first : last, &high = at->step > 0 ? last : first;
  const Dim size = graph.resolve(data->type->shape[static_cast<size_t>(axis)]);
  if (!provably_le(0, low) || !provably_le(high + Dim(1), size)) return std::nullopt;
  return SteppedGather{axis, low, at->step < 0};
}

/// The slices in order, along axis 0, made outside.
Value* sequence_of(Expansion& e, Value* data, const SteppedGather& gather, const Dim& trip) {
  std::vector<int64_t> perm = all_axes(rank_of(data));
  std::rotate(perm.begin(), perm.begin() + gather.axis, perm.begin() + gather.axis + 1);
  return e.b.transpose(e.b.slice_axis(data, gather.axis, gather.first, trip), perm);
}

/// The outer value behind the data of a gather: an operand, or a constant made again outside.
Value* data_outside(Expansion& e, const Region& region, Value* data) {
  if (Value* outer = region.outer_of(data)) return outer;
  const Tensor* constant = constant_of(data);
  return constant ? e.b.constant(*constant) : nullptr;
}

}  // namespace

std::vector<ScannedOperand> scan_gathers(Expansion& e, LoopBody& body, const LoopSteps& steps, const Dim& trip) {
  Region& region = *body.region;
  std::vector<ScannedOperand> scanned;
  std::map<const Value*, Value*> replacement;
  std::vector<Node*> nodes;
  for (const auto& node : region.graph().nodes) nodes.push_back(node.get());
  for (Node* node : nodes) {
    const auto gather = as_stepped(*node, steps, region.graph(), trip);
    Value* data = gather ? data_outside(e, region, node->operands[0]) : nullptr;
    if (!data) continue;
    Value* sequence = sequence_of(e, data, *gather, trip);
    if (!e.ok()) break;
    Type slice = type_of(sequence);
    slice.shape.erase(slice.shape.begin());
    Value* param = region.add_param(slice, data->name);
    scanned.push_back({sequence, param, gather->reverse});
    // An index with axes, or a slice, leaves axes of length 1 in its place.
    replacement[node->result()] = region.b().reshape(param, node->result()->type->shape);
  }
  auto& all = region.graph().nodes;
  std::rotate(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(nodes.size()), all.end());
  body.replace(replacement);
  return scanned;
}

}  // namespace rondo
