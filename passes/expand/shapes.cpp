// The same elements under another shape. Tested by expand_shape_test.cpp.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "ir/infer.h"
#include "passes/expand/expand.h"

namespace rondo {

using Values = std::vector<Value*>;

namespace {

/// The quotient of two shapes' numbers of elements. Dimensions that both have cancel first: that needs no proof that
/// they are not 0.
Dim what_is_left(const Graph& graph, const Shape& from, const Shape& taken) {
  Shape rest, divisors;
  for (const Dim& dim : from) rest.push_back(graph.resolve(dim));
  for (const Dim& dim : taken) {
    const Dim divisor = graph.resolve(dim);
    auto same = std::find(rest.begin(), rest.end(), divisor);
    if (same != rest.end())
      rest.erase(same);
    else
      divisors.push_back(divisor);
  }
  return floor_div(element_count(rest), element_count(divisors));
}

/// The dimensions that Reshape's request means: 0 copies the operand's (unless allowed as a size), one -1 is what is
/// left.
Shape requested_shape(Expansion& e, const Shape& from, const std::vector<Dim>& request, bool zero_is_size) {
  Shape shape;
  int open = -1;
  for (size_t i = 0; i < request.size(); ++i) {
    const auto number = request[i].constant();
    if (number && *number < -1) e.fail(fmt::format("the new shape has a dimension {}", *number));
    if (number && *number == -1 && open >= 0) e.fail("the new shape has more than one -1");
    if (number && *number == -1) open = static_cast<int>(i);
    const bool copied = number && *number == 0 && !zero_is_size;
    if (copied && i >= from.size())
      e.fail(fmt::format("the new shape copies dimension {}, which the operand lacks", i));
    if (!e.ok()) return {};
    shape.push_back(copied ? from[i] : request[i]);
  }
  if (open < 0) return shape;
  shape[open] = Dim(1);
  if (element_count(shape).is(0)) {
    e.fail("the new shape has both a 0 and a -1");
    return {};
  }
  shape[open] = what_is_left(e.b.graph(), from, shape);
  return shape;
}

}  // namespace

Values expand_Reshape(Expansion& e) {
  Value* x = e.operand(0);
  std::vector<Dim> request;
  if (e.opset < 5) {
    for (int64_t dim : e.integers("shape")) request.push_back(dim);
  } else {
    request = e.known_elements(1, "the new shape");
  }
  const bool zero_is_size = e.integer("allowzero", 0) != 0;
  if (!e.ok()) return {x};
  const Shape shape = requested_shape(e, shape_of(x), request, zero_is_size);
  e.require_equal(element_count(shape), element_count(shape_of(x)),
                  fmt::format("{} reshaped to {}", to_string(type_of(x)), to_string(shape)));
  return {e.b.reshape(x, shape)};
}

Values expand_Flatten(Expansion& e) {
  Value* x = e.operand(0);
  const Shape& shape = shape_of(x);
  const int rank = rank_of(x);
  int64_t axis = e.integer("axis", 1);
  if (axis < 0) axis += rank;
  if (axis < 0 || axis > rank) return {e.fail(fmt::format("axis {} is outside {} .. {}", axis, -rank, rank))};
  const Shape front(shape.begin(), shape.begin() + axis), back(shape.begin() + axis, shape.end());
  return {e.b.reshape(x, {element_count(front), element_count(back)})};
}

namespace {

/// All axes of length 1, where every length is known to be 1 or known not to be.
std::vector<int64_t> unit_axes(Expansion& e, const Shape& shape) {
  std::vector<int64_t> axes;
  for (size_t i = 0; i < shape.size(); ++i) {
    const Dim dim = e.b.graph().resolve(shape[i]);
    if (dim.is(1)) axes.push_back(static_cast<int64_t>(i));
    if (dim.constant() || dim.lower_bound() > 1) continue;
    e.unsupported(
        fmt::format("no axes are given, and dimension {} is '{}': whether it goes depends on its value; --dim "
                    "fixes a dimension",
                    i, dim.to_string()));
  }
  return axes;
}

}  // namespace

Values expand_Squeeze(Expansion& e) {
  Value* x = e.operand(0);
  const auto given = e.integers_or_operand("axes", 1);
  if (!e.ok()) return {x};
  const auto axes = given ? normalise_axes(e, *given, rank_of(x)) : unit_axes(e, shape_of(x));
  for (int64_t axis : axes) e.require_equal(shape_of(x)[axis], 1, fmt::format("length of the squeezed axis {}", axis));
  return {e.b.squeeze(x, axes)};
}

Values expand_Unsqueeze(Expansion& e) {
  Value* x = e.operand(0);
  const auto given = e.integers_or_operand("axes", 1);
  if (!e.ok()) return {x};
  if (!given) return {e.fail("axes are missing")};
  return {e.b.unsqueeze(x, normalise_axes(e, *given, rank_of(x) + static_cast<int>(given->size())))};
}

Values expand_Expand(Expansion& e) {
  Value* x = e.operand(0);
  const Shape target = e.known_elements(1, "the shape");
  if (!e.ok()) return {x};
  auto shape = broadcast_shapes(shape_of(x), target, e.b.graph(), e.node.place);
  if (!shape) return {e.b.fail(shape.errors()[0])};
  return {e.b.broadcast(x, *shape)};
}

// Element i along an axis is operand element i mod n: the axis [n] becomes [1, n], is broadcast to [repeats, n], and
// is read as [repeats * n].
Values expand_Tile(Expansion& e) {
  Value* x = e.operand(0);
  const int rank = rank_of(x);
  Shape repeats(rank, Dim(1));
  if (e.opset < 6) {  // one axis: (data, tiles, axis)
    const auto tiles = e.known_elements(1, "the number of tiles");
    const auto axis = e.known_integers(2, "the axis");
    if (!e.ok() || tiles.size() != 1 || axis.size() != 1) return {e.fail("tiles and axis must be one number each")};
    const int at = normalise_axis(e, axis[0], rank);
    if (e.ok()) repeats[at] = tiles[0];
  } else {
    repeats = e.known_elements(1, "the repeats");
    if (e.ok() && static_cast<int>(repeats.size()) != rank)
      e.fail(fmt::format("{} repeats for {} axes", repeats.size(), rank));
  }
  if (!e.ok()) return {x};
  Shape split, repeated, result;
  for (int i = 0; i < rank; ++i) {
    const Dim& n = shape_of(x)[i];
    if (!repeats[i].is(1)) split.push_back(1), repeated.push_back(repeats[i]);
    split.push_back(n);
    repeated.push_back(n);
    result.push_back(repeats[i] * n);
  }
  return {e.b.reshape(e.b.broadcast(e.b.reshape(x, split), repeated), result)};
}

}  // namespace rondo
