// The pieces of derive_elements: what is known of operands, and how elements are mapped. Used by ir/elements.cpp and
// ir/ops/elements_*.cpp; tested by tests/ir/elements_test.cpp.
#pragma once

#include "ir/infer.h"
#include "ir/ops/index.h"

namespace rondo {

using Elements = std::vector<Dim>;
using MaybeElements = std::optional<Elements>;

/// Operand i's elements, or null.
inline const Elements* known(const Node& node, int i) {
  const auto& elements = node.operands[i]->elements;
  return elements ? &*elements : nullptr;
}
/// The sizes of a value with known elements are constant.
inline Extents extents(const Value& value) { return *constant_shape(value.type->shape); }
inline Extents result_extents(const Node& node) { return extents(*node.result()); }

/// f(a, b) for the two operands' elements, broadcast; f gives nothing where an element cannot be known.
template <class F>
MaybeElements zip_elements(const Node& node, F f) {
  const Elements *a = known(node, 0), *b = known(node, 1);
  if (!a || !b) return std::nullopt;
  const Extents shape = result_extents(node);
  Elements result;
  bool all = true;
  walk<2>(shape,
          {broadcast_strides(extents(*node.operands[0]), shape), broadcast_strides(extents(*node.operands[1]), shape)},
          {0, 0}, [&](const auto& at) {
            std::optional<Dim> element = all ? f((*a)[at[0]], (*b)[at[1]]) : std::nullopt;
            all = all && element;
            if (all) result.push_back(*std::move(element));
          });
  return all ? MaybeElements(std::move(result)) : std::nullopt;
}

/// f(a) for operand 0's elements.
template <class F>
MaybeElements map_elements(const Node& node, F f) {
  const Elements* a = known(node, 0);
  if (!a) return std::nullopt;
  Elements result;
  for (const Dim& element : *a) {
    std::optional<Dim> mapped = f(element);
    if (!mapped) return std::nullopt;
    result.push_back(*std::move(mapped));
  }
  return result;
}

#define RONDO_DERIVED_OPS(row)                                                                                      \
  row(constant) row(dims) row(iota) row(add) row(sub) row(mul) row(div) row(remainder) row(minimum) row(maximum)    \
      row(neg) row(abs) row(floor) row(ceil) row(equal) row(less) row(less_equal) row(logical_and) row(logical_or)   \
      row(logical_not) row(select) row(cast) row(reduce) row(transpose) row(reshape) row(broadcast) row(slice)        \
      row(concat) row(gather) row(measure)
#define RONDO_DERIVED_OP(word) MaybeElements derive_##word(const Node&);
RONDO_DERIVED_OPS(RONDO_DERIVED_OP)
#undef RONDO_DERIVED_OP

}  // namespace rondo
