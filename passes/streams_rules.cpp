// What operators without regions do to values that are apart (see streams.h): one function for each family, and the
// table that finds it. An operator without a row runs for each stream alone.
#include <utility>

#include "ir/measure.h"
#include "passes/query.h"
#include "passes/streams.h"

namespace rondo {
namespace {

using Operands = const std::vector<Many>&;

std::vector<Many> pointwise(const Streams& streams, const Node& node, Operands operands, Builder& b) {
  std::vector<Value*> values;
  for (const Many& operand : operands) values.push_back(streams.aligned(operand, node.result()->type->rank(), b));
  return {{b.one(node.op, std::move(values), node.attributes), true}};
}

/// Rows of all streams against one matrix are one product.
std::vector<Many> matmul(const Streams& streams, const Node& node, Operands operands, Builder& b) {
  const Type &left = *node.operands[0]->type, &right = *node.operands[1]->type, &result = *node.result()->type;
  if (operands[0].apart && !operands[1].apart && left.rank() == 2 && right.rank() == 2) {
    Value* rows = b.reshape(operands[0].value, {Dim(streams.count()) * left.shape[0], left.shape[1]});
    return {{b.reshape(b.matmul(rows, operands[1].value), streams.apart(result.shape)), true}};
  }
  return {{b.matmul(streams.aligned(operands[0], result.rank(), b), streams.aligned(operands[1], result.rank(), b)), true}};
}

/// The streams join the images of the batch.
std::vector<Many> conv(const Streams& streams, const Node& node, Operands operands, Builder& b) {
  if (operands[1].apart) return each_alone(streams, node, operands, b);
  Shape images = node.operands[0]->type->shape;
  images[0] *= Dim(streams.count());
  Value* result = b.one(Op::conv, {b.reshape(operands[0].value, std::move(images)), operands[1].value}, node.attributes);
  return {{b.reshape(result, streams.apart(node.result()->type->shape)), true}};
}

/// Attributes with one number for each axis get the axis of streams.
template <class T>
void prepend(Attributes& attributes, const char* name, T value) {
  if constexpr (std::is_same_v<T, Dim>) {
    std::vector<Dim> list = attributes.dims(name);
    list.insert(list.begin(), value);
    attributes.set(name, std::move(list));
  } else {
    std::vector<int64_t> list = attributes.integers(name);
    list.insert(list.begin(), value);
    attributes.set(name, std::move(list));
  }
}

std::vector<int64_t> behind(std::vector<int64_t> axes) {
  for (int64_t& axis : axes) ++axis;
  return axes;
}

std::vector<Many> reduce_window(const Streams&, const Node& node, Operands operands, Builder& b) {
  Attributes attributes = node.attributes;
  for (const char* name : {"window", "strides", "dilations"}) prepend(attributes, name, int64_t{1});
  return {{b.one(Op::reduce_window, {operands[0].value}, std::move(attributes)), true}};
}

std::vector<Many> reduce(const Streams&, const Node& node, Operands operands, Builder& b) {
  Attributes attributes = node.attributes;
  attributes.set("axes", behind(attributes.integers("axes")));
  return {{b.one(Op::reduce, {operands[0].value}, std::move(attributes)), true}};
}

std::vector<Many> transpose(const Streams&, const Node& node, Operands operands, Builder& b) {
  std::vector<int64_t> perm = behind(node.attributes.integers("perm"));
  perm.insert(perm.begin(), 0);
  return {{b.transpose(operands[0].value, std::move(perm)), true}};
}

std::vector<Many> reshape(const Streams& streams, const Node& node, Operands operands, Builder& b) {
  return {{b.reshape(operands[0].value, streams.apart(node.result()->type->shape)), true}};
}

std::vector<Many> broadcast(const Streams& streams, const Node& node, Operands operands, Builder& b) {
  const Type& result = *node.result()->type;
  return {{b.broadcast(streams.aligned(operands[0], result.rank(), b), streams.apart(result.shape)), true}};
}

std::vector<Many> slice(const Streams& streams, const Node& node, Operands operands, Builder& b) {
  Attributes attributes = node.attributes;
  prepend(attributes, "starts", Dim(0));
  prepend(attributes, "sizes", Dim(streams.count()));
  prepend(attributes, "steps", int64_t{1});
  return {{b.one(Op::slice, {operands[0].value}, std::move(attributes)), true}};
}

std::vector<Many> concat(const Streams& streams, const Node& node, Operands operands, Builder& b) {
  std::vector<Value*> parts;
  for (const Many& operand : operands) parts.push_back(streams.make_apart(operand, b));
  return {{b.concat(std::move(parts), static_cast<int>(node.attributes.integer("axis")) + 1), true}};
}

std::vector<Many> pad(const Streams& streams, const Node& node, Operands operands, Builder& b) {
  if (operands[1].apart) return each_alone(streams, node, operands, b);
  Attributes attributes = node.attributes;
  for (const char* side : {"low", "high"}) prepend(attributes, side, Dim(0));
  return {{b.one(Op::pad, {operands[0].value, operands[1].value}, std::move(attributes)), true}};
}

/// Each stream's indices into its own [0, size), as those of all streams' rows one after the other. What lies outside
/// its own stays outside.
Value* among_all(const Streams& streams, Value* indices, const Dim& size, Builder& b) {
  indices = b.cast(indices, DType::i64);
  Value *zero = b.scalar(DType::i64, 0), *own = b.dim(size);
  Value* inside = b.logical_and(b.less_equal(zero, indices), b.less(indices, own));
  Shape shape(static_cast<size_t>(indices->type ? indices->type->rank() : 1), Dim(1));
  shape[0] = Dim(streams.count());
  Value* first = b.mul(b.iota(std::move(shape), 0), own);
  return b.select(inside, b.add(indices, first), b.scalar(DType::i64, -1));
}

/// All streams' rows one after the other.
Value* rows_of_all(Value* apart, Builder& b) {
  if (!apart->type) return apart;
  Shape shape = apart->type->shape;
  shape[1] *= shape[0];
  shape.erase(shape.begin());
  return b.reshape(apart, std::move(shape));
}

std::vector<Many> scatter(const Streams& streams, const Node& node, Operands operands, Builder& b) {
  Value* positions = among_all(streams, streams.make_apart(operands[1], b), node.operands[0]->type->shape[0], b);
  Value* all = b.scatter(rows_of_all(streams.make_apart(operands[0], b), b), rows_of_all(positions, b),
                         rows_of_all(streams.make_apart(operands[2], b), b), node.attributes.text("combine"));
  return {{b.reshape(all, streams.apart(node.result()->type->shape)), true}};
}

/// Of one table, each stream's own indices: their axes, that of streams first, stand in the middle at first.
std::vector<Many> gather(const Streams& streams, const Node& node, Operands operands, Builder& b) {
  const int axis = static_cast<int>(node.attributes.integer("axis"));
  if (operands[0].apart && operands[1].apart) {
    if (axis != 0) return each_alone(streams, node, operands, b);
    Value* indices = among_all(streams, operands[1].value, node.operands[0]->type->shape[0], b);
    return {{b.gather(rows_of_all(operands[0].value, b), indices, 0), true}};
  }
  if (operands[0].apart) return {{b.gather(operands[0].value, operands[1].value, axis + 1), true}};
  std::vector<int64_t> perm{axis};
  for (int64_t i = 0; i <= node.result()->type->rank(); ++i)
    if (i != axis) perm.push_back(i);
  return {{b.transpose(b.gather(operands[0].value, operands[1].value, axis), std::move(perm)), true}};
}

}  // namespace

std::vector<Many> each_alone(const Streams& streams, const Node& node, const std::vector<Many>& operands, Builder& b) {
  for (const auto& region : node.regions)
    if (!measured_inside(*region).empty())
      b.fail(unsupported("measures sizes, which may differ from stream to stream; --streams needs the same in all",
                         place_of(node)));
  std::vector<std::vector<Value*>> parts(node.results.size());
  for (int64_t stream = 0; stream < streams.count(); ++stream) {
    std::vector<Value*> own;
    for (const Many& operand : operands)
      own.push_back(operand.apart ? b.squeeze(b.slice_axis(operand.value, 0, stream, 1), {0}) : operand.value);
    std::vector<std::unique_ptr<Graph>> regions;
    for (const auto& region : node.regions) regions.push_back(region->clone());
    const std::vector<Value*> results =
        b.node(node.op, std::move(own), node.attributes, static_cast<int>(node.results.size()), std::move(regions));
    for (size_t i = 0; i < results.size(); ++i) parts[i].push_back(b.unsqueeze(results[i], {0}));
  }
  std::vector<Many> together;
  for (std::vector<Value*>& part : parts) together.push_back({b.concat(std::move(part), 0), true});
  return together;
}

StreamsRule find_streams_rule(Op op) {
  static constexpr std::pair<Op, StreamsRule> kRules[] = {
      {Op::matmul, matmul},           {Op::conv, conv},           {Op::reduce_window, reduce_window},
      {Op::reduce, reduce},           {Op::transpose, transpose}, {Op::reshape, reshape},
      {Op::broadcast, broadcast},     {Op::slice, slice},         {Op::concat, concat},
      {Op::pad, pad},                 {Op::gather, gather},       {Op::scatter, scatter},
      {Op::scan, scan_for_streams},   {Op::branch, branch_for_streams}};
  if (is_pointwise(op)) return pointwise;
  for (const auto& [row, rule] : kRules)
    if (row == op) return rule;
  return each_alone;
}

}  // namespace rondo
