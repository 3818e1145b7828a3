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

std::optional<SteppedGather> as_stepped(const Node& node, const LoopSteps& steps, const Graph& graph, const Dim& trip) {
  if (node.op != Op::gather) return std::nullopt;
  const Value *data = node.operands[0], *index = node.operands[1];
  const auto at = steps.linear(index);
  if (!at || (at->step != 1 && at->step != -1)) return std::nullopt;
  const int axis = static_cast<int>(node.attributes.integer("axis"));
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
    // An index with axes leaves axes of length 1 in the slice's place.
    replacement[node->result()] = region.b().reshape(param, node->result()->type->shape);
  }
  auto& all = region.graph().nodes;
  std::rotate(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(nodes.size()), all.end());
  body.replace(replacement);
  return scanned;
}

}  // namespace rondo
