// Elements of data movement: the operand's elements, elsewhere. Tested by tests/ir/elements_test.cpp.
#include "ir/ops/elements.h"

namespace rondo {
namespace {

/// Operand 0's elements at start + index * strides, for the result's indices.
MaybeElements read_elements(const Node& node, const Extents& strides, int64_t start = 0) {
  const Elements* a = known(node, 0);
  if (!a) return std::nullopt;
  Elements result;
  walk<1>(result_extents(node), {strides}, {start}, [&](const auto& at) { result.push_back((*a)[at[0]]); });
  return result;
}

}  // namespace

MaybeElements derive_transpose(const Node& node) {
  if (!known(node, 0)) return std::nullopt;
  const Extents own = row_major_strides(extents(*node.operands[0]));
  Extents strides;
  for (int64_t axis : node.attributes.integers("perm")) strides.push_back(own[axis]);
  return read_elements(node, strides);
}

MaybeElements derive_reshape(const Node& node) {
  const Elements* a = known(node, 0);
  return a ? MaybeElements(*a) : std::nullopt;
}

MaybeElements derive_broadcast(const Node& node) {
  if (!known(node, 0)) return std::nullopt;
  return read_elements(node, broadcast_strides(extents(*node.operands[0]), result_extents(node)));
}

MaybeElements derive_slice(const Node& node) {
  const std::vector<Dim> start_dims = node.attributes.dims("starts");
  const auto starts = constant_shape(start_dims);
  if (!known(node, 0) || !starts) return std::nullopt;
  const Extents sizes = result_extents(node), own = row_major_strides(extents(*node.operands[0]));
  const std::vector<int64_t> steps = node.attributes.integers("steps");
  Extents strides;
  int64_t start = 0;
  for (size_t axis = 0; axis < own.size(); ++axis) {
    if (sizes[axis] == 0) return Elements{};
    start += (*starts)[axis] * own[axis];
    strides.push_back(distance(sizes[axis], steps[axis], own[axis]));
  }
  return read_elements(node, strides, start);
}

MaybeElements derive_concat(const Node& node) {
  const Extents shape = result_extents(node), strides = row_major_strides(shape);
  const int64_t axis = node.attributes.integer("axis");
  Elements result(product(shape, 0, shape.size()));
  int64_t start = 0;
  for (size_t i = 0; i < node.operands.size(); ++i) {
    const Elements* part = known(node, static_cast<int>(i));
    if (!part) return std::nullopt;
    const Extents part_shape = extents(*node.operands[i]);
    auto next = part->begin();
    walk<1>(part_shape, {strides}, {start}, [&](const auto& at) { result[at[0]] = *next++; });
    start += part_shape[axis] * strides[axis];
  }
  return result;
}

MaybeElements derive_gather(const Node& node) {
  const Elements *data = known(node, 0), *indices = known(node, 1);
  if (!data || !indices) return std::nullopt;
  const Extents shape = extents(*node.operands[0]);
  const int64_t axis = node.attributes.integer("axis"), size = shape[axis];
  const int64_t outer = product(shape, 0, axis), inner = product(shape, axis + 1, shape.size());
  Elements result;
  for (int64_t o = 0; o < outer; ++o) {
    for (const Dim& index : *indices) {
      const auto number = index.constant();
      if (!number || *number < 0 || *number >= size) return std::nullopt;
      for (int64_t i = 0; i < inner; ++i) result.push_back((*data)[(o * size + *number) * inner + i]);
    }
  }
  return result;
}

}  // namespace rondo
