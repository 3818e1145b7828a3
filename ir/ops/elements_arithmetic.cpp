// Elements of sources, pointwise operators and reductions. Tested by tests/ir/elements_test.cpp.
#include <cmath>
#include <limits>

#include "ir/ops/elements.h"

namespace rondo {
namespace {

/// Dim arithmetic saturates where integers wrap: a sum or product at the limit is not known.
std::optional<Dim> exact(Dim result) {
  using Limits = std::numeric_limits<int64_t>;
  if (result.is(Limits::max()) || result.is(Limits::min())) return std::nullopt;
  return result;
}

std::optional<Dim> whole_number(double value) {
  const bool negative_zero = value == 0 && std::signbit(value);
  if (!(std::fabs(value) <= 0x1p53) || value != std::trunc(value) || negative_zero) return std::nullopt;
  return Dim(static_cast<int64_t>(value));
}

/// a / b where it leaves no remainder, or floor_div where truncation is the same.
std::optional<Dim> exact_quotient(const Dim& a, const Dim& b) {
  if (b.lower_bound() < 1 && !(b.constant() && !b.is(0))) return std::nullopt;
  const Dim quotient = floor_div(a, b);
  return quotient * b == a ? std::optional(quotient) : std::nullopt;
}

std::optional<Dim> truncated_quotient(const Dim& a, const Dim& b) {
  if (b.is(0)) return Dim(0);
  if (b.is(-1)) return exact(-a);
  if (auto quotient = exact_quotient(a, b)) return quotient;
  if (a.constant() && b.constant()) return Dim(*a.constant() / *b.constant());
  if (a.lower_bound() >= 0 && b.lower_bound() >= 1) return floor_div(a, b);
  return std::nullopt;
}

/// Elements of `value`, a float that is the quotient of known whole numbers, after rounding by `divide`.
template <class F>
MaybeElements rounded_quotient(const Value& value, F divide) {
  if (!value.producer || value.producer->op != Op::div || !is_float(value.type->dtype)) return std::nullopt;
  return zip_elements(*value.producer, [&](const Dim& a, const Dim& b) -> std::optional<Dim> {
    if (b.lower_bound() < 1) return std::nullopt;
    return divide(a, b);
  });
}

}  // namespace

MaybeElements derive_constant(const Node& node) {
  const Tensor& value = node.attributes.tensor("value");
  Elements elements;
  for (int64_t i = 0; i < value.count(); ++i) {
    const auto element =
        is_float(value.dtype()) ? whole_number(value.double_at(i)) : std::optional<Dim>(value.int_at(i));
    if (!element) return std::nullopt;
    elements.push_back(*element);
  }
  return elements;
}

MaybeElements derive_dims(const Node& node) { return node.attributes.dims("values"); }

MaybeElements derive_iota(const Node& node) {
  const Extents shape = result_extents(node);
  Extents along(shape.size(), 0);
  along[node.attributes.integer("axis")] = 1;
  Elements elements;
  walk<1>(shape, {along}, {0}, [&](const auto& at) { elements.push_back(at[0]); });
  return elements;
}

MaybeElements derive_add(const Node& node) {
  return zip_elements(node, [](const Dim& a, const Dim& b) { return exact(a + b); });
}
MaybeElements derive_sub(const Node& node) {
  return zip_elements(node, [](const Dim& a, const Dim& b) { return exact(a - b); });
}
MaybeElements derive_mul(const Node& node) {
  return zip_elements(node, [](const Dim& a, const Dim& b) { return exact(a * b); });
}
MaybeElements derive_minimum(const Node& node) {
  return zip_elements(node, [](const Dim& a, const Dim& b) { return std::optional(min(a, b)); });
}
MaybeElements derive_maximum(const Node& node) {
  return zip_elements(node, [](const Dim& a, const Dim& b) { return std::optional(max(a, b)); });
}
MaybeElements derive_neg(const Node& node) {
  return map_elements(node, [](const Dim& a) { return exact(-a); });
}
MaybeElements derive_abs(const Node& node) {
  return map_elements(node, [](const Dim& a) { return exact(max(a, -a)); });
}

MaybeElements derive_div(const Node& node) {
  return zip_elements(node, is_float(node.result()->type->dtype) ? exact_quotient : truncated_quotient);
}

MaybeElements derive_remainder(const Node& node) {
  const bool whole = !is_float(node.result()->type->dtype);
  return zip_elements(node, [&](const Dim& a, const Dim& b) -> std::optional<Dim> {
    if (b.is(0)) return whole ? std::optional(Dim(0)) : std::nullopt;
    const std::optional<Dim> quotient = truncated_quotient(a, b);
    return quotient ? exact(a - b * *quotient) : std::nullopt;
  });
}

MaybeElements derive_floor(const Node& node) {
  if (const Elements* a = known(node, 0)) return *a;
  return rounded_quotient(*node.operands[0], [](const Dim& a, const Dim& b) { return std::optional(floor_div(a, b)); });
}
MaybeElements derive_ceil(const Node& node) {
  if (const Elements* a = known(node, 0)) return *a;
  return rounded_quotient(*node.operands[0], [](const Dim& a, const Dim& b) { return std::optional(ceil_div(a, b)); });
}

// Comparisons are known where bounds decide them.

namespace {

std::optional<Dim> is_zero(const Dim& a) {
  if (a.is(0)) return Dim(1);
  if (a.lower_bound() > 0 || a.upper_bound() < 0) return Dim(0);
  return std::nullopt;
}

std::optional<Dim> negation(const std::optional<Dim>& truth) {
  return truth ? std::optional(Dim(1) - *truth) : std::nullopt;
}

std::optional<Dim> is_at_most(const Dim& a, const Dim& b) {
  if (provably_le(a, b)) return Dim(1);
  if (provably_le(b + 1, a)) return Dim(0);
  return std::nullopt;
}

}  // namespace

MaybeElements derive_equal(const Node& node) {
  return zip_elements(node, [](const Dim& a, const Dim& b) { return is_zero(a - b); });
}
MaybeElements derive_less(const Node& node) {
  return zip_elements(node, [](const Dim& a, const Dim& b) { return negation(is_at_most(b, a)); });
}
MaybeElements derive_less_equal(const Node& node) { return zip_elements(node, is_at_most); }

MaybeElements derive_logical_and(const Node& node) {
  return zip_elements(node, [](const Dim& a, const Dim& b) { return std::optional<Dim>(a * b); });
}
MaybeElements derive_logical_or(const Node& node) {
  return zip_elements(node, [](const Dim& a, const Dim& b) { return std::optional<Dim>(a + b - a * b); });
}
MaybeElements derive_logical_not(const Node& node) {
  return map_elements(node, [](const Dim& a) { return std::optional<Dim>(Dim(1) - a); });
}

MaybeElements derive_select(const Node& node) {
  const Elements* condition = known(node, 0);
  if (!condition) return std::nullopt;
  const Extents shape = result_extents(node);
  std::array<Extents, 3> strides;
  for (int i = 0; i < 3; ++i)
    strides[i] = known(node, i) ? broadcast_strides(extents(*node.operands[i]), shape) : Extents(shape.size(), 0);
  Elements result;
  bool all = true;
  walk<3>(shape, strides, {0, 0, 0}, [&](const auto& at) {
    const int chosen = (*condition)[at[0]].is(1) ? 1 : 2;
    const Elements* source = known(node, chosen);
    all = all && source;
    if (all) result.push_back((*source)[at[chosen]]);
  });
  return all ? MaybeElements(std::move(result)) : std::nullopt;
}

MaybeElements derive_cast(const Node& node) {
  if (node.result()->type->dtype == DType::boolean)
    return map_elements(node, [](const Dim& a) { return negation(is_zero(a)); });
  if (const Elements* a = known(node, 0)) return *a;
  if (!is_integer(node.result()->type->dtype)) return std::nullopt;
  return rounded_quotient(*node.operands[0], truncated_quotient);
}

namespace {

using Combine = std::optional<Dim> (*)(const Dim&, const Dim&);

Combine combine_of(std::string_view word) {
  if (word == "sum") return [](const Dim& a, const Dim& b) { return exact(a + b); };
  if (word == "prod") return [](const Dim& a, const Dim& b) { return exact(a * b); };
  if (word == "max") return [](const Dim& a, const Dim& b) { return std::optional(max(a, b)); };
  return [](const Dim& a, const Dim& b) { return std::optional(min(a, b)); };
}

}  // namespace

MaybeElements derive_reduce(const Node& node) {
  const Elements* a = known(node, 0);
  if (!a || a->empty()) return std::nullopt;
  const Extents shape = extents(*node.operands[0]);
  Extents kept = shape;
  for (int64_t axis : node.attributes.integers("axes")) kept[axis] = 1;
  const Combine combine = combine_of(node.attributes.text("combine"));
  std::vector<std::optional<Dim>> totals(product(kept, 0, kept.size()));
  bool all = true;
  walk<2>(shape, {row_major_strides(shape), broadcast_strides(kept, shape)}, {0, 0}, [&](const auto& at) {
    std::optional<Dim>& total = totals[at[1]];
    const Dim& next = (*a)[at[0]];
    total = all && total ? combine(*total, next) : std::optional(next);
    all = all && total;
  });
  if (!all) return std::nullopt;
  Elements result;
  for (std::optional<Dim>& total : totals) result.push_back(*std::move(total));
  return result;
}

}  // namespace rondo
