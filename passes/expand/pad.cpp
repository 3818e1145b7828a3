// Pad: a tensor surrounded by a constant or by its own elements; negative amounts cut away. CenterCropPad. Tested by
// expand_pad_test.cpp.
#include <fmt/format.h>

#include <algorithm>

#include "passes/expand/expand.h"

namespace rondo {
namespace {

struct Amounts {
  std::vector<Dim> low, high;
};

Amounts read_amounts(Expansion& e, int rank) {
  std::vector<Dim> flat;
  std::vector<int64_t> axes = all_axes(rank);
  if (e.opset < 11) {
    for (int64_t amount : e.integers(e.opset < 2 ? "paddings" : "pads")) flat.push_back(amount);
  } else {
    flat = e.known_elements(1, "the amounts of padding");
    if (e.has_operand(3)) {
      axes.clear();
      for (int64_t axis : e.known_integers(3, "axes")) axes.push_back(normalise_axis(e, axis, rank));
    }
  }
  if (e.ok() && flat.size() != 2 * axes.size()) {
    e.fail(fmt::format("{} amounts of padding for {} axes; two for each are needed", flat.size(), axes.size()));
  }
  Amounts amounts{std::vector<Dim>(rank, Dim(0)), std::vector<Dim>(rank, Dim(0))};
  for (size_t i = 0; e.ok() && i < axes.size(); ++i) {
    amounts.low[axes[i]] = flat[i];
    amounts.high[axes[i]] = flat[i + axes.size()];
  }
  return amounts;
}

/// Carries out the negative amounts, and leaves the others.
Value* cut(Expansion& e, Value* x, Amounts& amounts) {
  std::vector<Dim> starts, sizes;
  for (int i = 0; i < rank_of(x); ++i) {
    for (Dim* amount : {&amounts.low[i], &amounts.high[i]}) {
      if (amount->lower_bound() < 0 && amount->upper_bound() >= 0) {
        return e.unsupported(fmt::format("the amount of padding '{}' may be negative or not", amount->to_string()));
      }
    }
    const Dim front = max(-amounts.low[i], 0), back = max(-amounts.high[i], 0);
    starts.push_back(front);
    sizes.push_back(max(shape_of(x)[i] - front - back, 0));
    amounts.low[i] = max(amounts.low[i], 0);
    amounts.high[i] = max(amounts.high[i], 0);
  }
  return e.b.slice(x, starts, sizes);
}

/// `size` elements from `start` on, going `step` each time.
Value* run(Expansion& e, Value* x, int axis, const Dim& start, const Dim& size, int64_t step) {
  std::vector<Dim> starts(rank_of(x), Dim(0)), sizes = shape_of(x);
  std::vector<int64_t> steps(rank_of(x), 1);
  starts[axis] = start;
  sizes[axis] = size;
  steps[axis] = size.is(1) ? 1 : step;
  return e.b.slice(x, starts, sizes, steps);
}

Value* edge(Expansion& e, Value* x, int axis, const Dim& place, const Dim& count) {
  Shape shape = shape_of(x);
  shape[axis] = count;
  return e.b.broadcast(run(e, x, axis, place, 1, 1), shape);
}

/// The operand's element that stands at padded position p, for amounts larger than the operand: -low .. n + high - 1.
int64_t source(const std::string& mode, int64_t p, int64_t n) {
  const int64_t period = mode == "wrap" ? n : std::max<int64_t>(2 * (n - 1), 1);
  const int64_t within = ((p % period) + period) % period;
  return mode == "wrap" || within < n ? within : period - within;
}

/// For constant amounts that reach beyond the operand.
Value* by_index(Expansion& e, Value* x, int axis, int64_t low, int64_t high, int64_t n, const std::string& mode) {
  if (n < 1) return e.fail(fmt::format("{} padding of an empty dimension", mode));
  if (low + high > (int64_t{1} << 24)) return e.unsupported(fmt::format("{} padding of more than 2^24", mode));
  std::vector<int64_t> places;
  for (int64_t p = -low; p < n + high; ++p) places.push_back(source(mode, p, n));
  return e.b.gather(x, e.b.constant(Tensor::vector_i64(places)), axis);
}

/// One axis surrounded by the operand's own elements. That a symbolic size is large enough for this is checked at
/// entry: the slices require it.
Value* surround(Expansion& e, Value* x, int axis, const Dim& low, const Dim& high, const std::string& mode) {
  if (low.is(0) && high.is(0)) return x;
  const Dim n = shape_of(x)[axis];
  const Dim reach = mode == "wrap" ? n : n - Dim(1);
  const bool fits = mode == "edge" || (provably_le(low, reach) && provably_le(high, reach));
  const auto size = n.constant(), before = low.constant(), after = high.constant();
  if (!fits && size && before && after) return by_index(e, x, axis, *before, *after, *size, mode);
  std::vector<Value*> parts;
  if (!low.is(0)) {
    parts.push_back(mode == "edge"      ? edge(e, x, axis, 0, low)
                    : mode == "reflect" ? run(e, x, axis, low, low, -1)
                                        : run(e, x, axis, n - low, low, 1));
  }
  parts.push_back(x);
  if (!high.is(0)) {
    parts.push_back(mode == "edge"      ? edge(e, x, axis, n - Dim(1), high)
                    : mode == "reflect" ? run(e, x, axis, n - Dim(2), high, -1)
                                        : run(e, x, axis, 0, high, 1));
  }
  return e.b.concat(parts, axis);
}

Value* fill_value(Expansion& e, const Value* x) {
  if (e.opset < 11) return e.b.scalar(x, e.number("value", 0));
  Value* fill = e.optional_operand(2);
  if (!fill) return e.b.scalar(x, 0);
  e.require_equal(element_count(shape_of(fill)), 1, "elements of the fill value");
  return e.b.reshape(fill, {});
}

}  // namespace

std::vector<Value*> expand_Pad(Expansion& e) {
  Value* x = e.operand(0);
  const std::string mode = e.text("mode", "constant");
  Amounts amounts = read_amounts(e, rank_of(x));
  Value* fill = fill_value(e, x);  // the other modes have no use for it, by the specification
  if (!e.ok()) return {x};
  x = cut(e, x, amounts);
  if (mode == "constant") return {e.b.pad(x, fill, amounts.low, amounts.high)};
  if (mode != "edge" && mode != "reflect" && !(mode == "wrap" && e.opset >= 19)) {
    return {e.fail(fmt::format("attribute 'mode' is '{}'; opset {} takes 'constant', 'edge' and 'reflect'{}", mode,
                               e.opset, e.opset >= 19 ? " and 'wrap'" : ""))};
  }
  for (int axis = 0; e.ok() && axis < rank_of(x); ++axis) {
    x = surround(e, x, axis, amounts.low[axis], amounts.high[axis], mode);
  }
  return {x};
}

// Axes cut, or padded with zeros, evenly on both sides; the odd element falls to the end.
std::vector<Value*> expand_CenterCropPad(Expansion& e) {
  Value* x = e.operand(0);
  const std::vector<Dim> sizes = e.known_elements(1, "the sizes");
  const int rank = rank_of(x);
  std::vector<int64_t> axes = e.has_attribute("axes") ? e.integers("axes") : all_axes(rank);
  for (int64_t& axis : axes) axis = normalise_axis(e, axis, rank);
  if (e.ok()) normalise_axes(e, axes, rank);
  if (e.ok() && sizes.size() != axes.size()) e.fail(fmt::format("{} sizes for {} axes", sizes.size(), axes.size()));
  if (!e.ok()) return {x};
  std::vector<Dim> starts(rank, Dim(0)), low = starts, high = starts;
  Shape kept = shape_of(x);
  for (size_t i = 0; i < axes.size(); ++i) {
    const int64_t axis = axes[i];
    const Dim size = shape_of(x)[axis], more = max(sizes[i] - size, 0);
    starts[axis] = floor_div(max(size - sizes[i], 0), 2);
    kept[axis] = min(size, sizes[i]);
    low[axis] = floor_div(more, 2);
    high[axis] = more - low[axis];
  }
  return {e.b.pad(e.b.slice(x, starts, kept), e.b.scalar(x, 0), low, high)};
}

}  // namespace rondo
