// Views keep the frames and move their axis.
// Tested by tests/passes/stream_test.cpp.
#include <fmt/format.h>

#include <algorithm>

#include "passes/stream/streamer.h"

namespace rondo {

std::vector<Streamed> stream_transpose(StreamNode& n) {
  const Streamed& s = n.operands[0];
  const std::vector<int64_t> perm = n.attributes().integers("perm");
  const auto moved = std::find(perm.begin(), perm.end(), s.axis);
  Streamed made = n.settled(s);
  return {StreamNode::with(made, n.b.transpose(made.value, perm), static_cast<int>(moved - perm.begin()))};
}

std::vector<Streamed> stream_broadcast(StreamNode& n) {
  const Streamed s = n.settled(n.operands[0]);
  Shape shape = n.node.result()->type->shape;
  const int axis = s.axis + static_cast<int>(shape.size()) - n.whole_type(0).rank();
  shape[static_cast<size_t>(axis)] = s.extent();
  return {StreamNode::with(s, n.b.broadcast(s.value, std::move(shape)), axis)};
}

namespace {

/// Where time is after a reshape.
struct Place {
  int axis;
  Dim outer, inner;
  int64_t joined = 1;  // frames that become one
};

// `before` elements stand before time in row-major order, each of its frames has `after`.
std::optional<Place> find_place(const Shape& shape, const Dim& frames, const Dim& before, const Dim& after) {
  const int rank = static_cast<int>(shape.size());
  std::optional<Place> found;
  for (int axis = 0; axis < rank; ++axis) {
    const std::optional<Dim> outer = quotient(before, product(shape, 0, axis));
    const std::optional<Dim> inner = quotient(after, product(shape, axis + 1, rank));
    if (!outer || !inner || !(*outer * frames * *inner == shape[static_cast<size_t>(axis)])) continue;
    const auto alone = [](const Place& place) { return place.outer.is(1) + place.inner.is(1); };
    Place place{axis, *outer, *inner};
    if (!found || alone(place) > alone(*found)) found = place;
  }
  return found;
}

// […, T, F] to […, T / n, n F]: n frames become one.
std::optional<Place> find_joined(const Shape& shape, const Dim& frames, const Dim& before, const Dim& after) {
  const int rank = static_cast<int>(shape.size());
  for (int axis = 0; axis < rank; ++axis) {
    const std::optional<Dim> times = quotient(product(shape, axis + 1, rank), after);
    const std::optional<int64_t> joined = times ? times->constant() : std::nullopt;
    if (!joined || *joined < 2 || !(product(shape, 0, axis) == before)) continue;
    if (floor_div(frames, Dim(*joined)) == shape[static_cast<size_t>(axis)]) return Place{axis, 1, 1, *joined};
  }
  return std::nullopt;
}

}  // namespace

std::vector<Streamed> stream_reshape(StreamNode& n) {
  Streamed s = n.settled(n.operands[0]);
  if (!n.ok()) return n.refuse("");
  const Shape &from = n.whole_type(0).shape, &to = n.node.result()->type->shape;
  const int rank = static_cast<int>(from.size());
  const std::optional<Dim> frames = quotient(from[static_cast<size_t>(s.axis)], s.outer * s.inner);
  if (!frames) return n.refuse("it mixes time with other axes");
  const Dim before = product(from, 0, s.axis) * s.outer, after = product(from, s.axis + 1, rank) * s.inner;
  std::optional<Place> place = find_place(to, *frames, before, after);
  if (!place) place = find_joined(to, *frames, before, after);
  if (!place)
    return n.refuse(fmt::format("it mixes time with other axes: {} becomes {}", to_string(from), to_string(to)));
  if (s.frames % place->joined != 0) {
    n.need_multiple(s.frames, place->joined);
    return n.refuse("");
  }
  if (place->joined > 1) {
    s = n.delay(s, (place->joined - s.latency % place->joined) % place->joined);
    s.frames /= place->joined, s.latency /= place->joined, s.excess /= place->joined;
  }
  s.outer = place->outer, s.inner = place->inner;
  Shape shape = to;
  shape[static_cast<size_t>(place->axis)] = s.extent();
  return {StreamNode::with(s, n.b.reshape(s.value, std::move(shape)), place->axis)};
}

}  // namespace rondo
