// Slice: part of a tensor, with negative positions, clamping and steps, over sizes that may be symbolic.
// Tested by expand_slice_test.cpp.
#include <fmt/format.h>

#include <algorithm>

#include "passes/expand/expand.h"

namespace rondo {
namespace {

struct Extent {
  Dim start, size;
  int64_t step;
};

/// Files say "to the end" by numbers this large.
constexpr int64_t kFar = INT32_MAX;

constexpr int64_t kLongestStep = int64_t{1} << 40;

bool is_far(const Dim& position) { return position.constant() && *position.constant() >= kFar; }
bool is_far_back(const Dim& position) { return position.constant() && *position.constant() <= -kFar; }

/// A position counted from the front, where negative ones count from the back: p + n * [p < 0].
Dim from_front(const Dim& position, const Dim& size) {
  if (position.lower_bound() >= 0) return position;
  if (position.upper_bound() < 0) return position + size;
  return position - size * max(min(position, 0), -1);
}

// start and end lie within [0, n]. The size is written so that it folds: with e the clamped end,
// e - max(s, 0) = min(e - s, e), and a start past the end gives a negative span, hence 0.
Extent forward(const Dim& first, const Dim& last, int64_t step, const Dim& n) {
  const Dim end = is_far(last) ? n : is_far_back(last) ? Dim(0) : max(min(from_front(last, n), n), 0);
  const Dim start = is_far(first) ? n : is_far_back(first) ? Dim(0) : from_front(first, n);
  const Dim span = min(end - start, end);
  return {min(max(start, 0), n), max(ceil_div(span, step), 0), step};
}

// start lies within [0, n-1], end within [-1, n-1].
Extent backward(const Dim& first, const Dim& last, int64_t step, const Dim& n) {
  const Dim top = n - Dim(1);
  const Dim start = is_far(first) ? top : is_far_back(first) ? Dim(0) : max(min(from_front(first, n), top), 0);
  const Dim end = is_far(last) ? top : is_far_back(last) ? Dim(-1) : max(min(from_front(last, n), top), -1);
  return {start, max(ceil_div(start - end, -step), 0), step};
}

struct SliceArguments {
  std::vector<Dim> starts, ends;
  std::vector<int64_t> axes, steps;
};

SliceArguments read_arguments(Expansion& e, int rank) {
  SliceArguments arguments;
  std::vector<int64_t> axes;
  const bool attributes = e.opset < 10;
  if (attributes) {
    for (int64_t start : e.integers("starts")) arguments.starts.push_back(start);
    for (int64_t end : e.integers("ends")) arguments.ends.push_back(end);
    axes = e.integers("axes", all_axes(static_cast<int>(arguments.starts.size())));
  } else {
    arguments.starts = e.known_elements(1, "starts");
    arguments.ends = e.known_elements(2, "ends");
    axes = e.has_operand(3) ? e.known_integers(3, "axes") : all_axes(static_cast<int>(arguments.starts.size()));
    if (e.has_operand(4)) arguments.steps = e.known_integers(4, "steps");
  }
  for (int64_t axis : axes) arguments.axes.push_back(normalise_axis(e, axis, rank));
  const size_t count = arguments.axes.size();
  if (arguments.steps.empty()) arguments.steps.assign(count, 1);
  if (e.ok() &&
      (arguments.starts.size() != count || arguments.ends.size() != count || arguments.steps.size() != count)) {
    e.fail(fmt::format("{} starts, {} ends, {} axes and {} steps; as many of each are needed", arguments.starts.size(),
                       arguments.ends.size(), count, arguments.steps.size()));
  }
  return arguments;
}

// --- starts that only the run knows, as of a window that moves with a loop's step

/// A value as another one and a constant that is added to it.
struct Shifted {
  const Value* base;
  int64_t by;
};

Shifted shifted(const Value* value) {
  Shifted result{value, 0};
  for (int depth = 0; depth < 32 && result.base->producer; ++depth) {
    const Node& node = *result.base->producer;
    const bool sum = node.op == Op::add || node.op == Op::sub;
    if (node.op != Op::reshape && node.op != Op::cast && !sum) break;
    const auto& by = sum ? node.operands[1]->elements : std::nullopt;
    std::optional<int64_t> number;
    if (by && by->size() == 1) number = (*by)[0].constant();
    if (sum && (!number || *number < -kFar || *number > kFar)) break;
    if (node.op == Op::cast && !is_integer(dtype_of(node.operands[0]))) break;
    result.base = node.operands[0];
    if (sum) result.by += node.op == Op::add ? *number : -*number;
  }
  return result;
}

/// A window of constant width along one axis. Its start must keep it inside; that is checked when the model runs.
Value* moving_window(Expansion& e, Value* x) {
  Value *start = e.operand(1), *end = e.operand(2);
  const auto axes = e.has_operand(3) ? e.known_integers(3, "axes") : std::vector<int64_t>{0};
  const auto steps = e.has_operand(4) ? e.known_integers(4, "steps") : std::vector<int64_t>{1};
  if (!e.ok()) return x;
  const Shifted from = shifted(start), to = shifted(end);
  const int64_t width = to.by - from.by;
  if (axes.size() != 1 || steps != std::vector<int64_t>{1} || !element_count(shape_of(start)).is(1) ||
      from.base != to.base || width < 0) {
    e.want(start), e.want(end);
    return e.unsupported(
        "starts and ends must be known at compile time (constants, or computed from shapes), or along one axis be i and "
        "i + n, where n is a constant");
  }
  const int axis = normalise_axis(e, axes[0], rank_of(x));
  if (!e.ok()) return x;
  const Dim size = shape_of(x)[axis];
  Value* at = e.b.cast(e.b.reshape(start, {}), DType::i64);
  at = e.b.select(e.b.less(at, e.b.scalar(at, 0)), e.b.add(at, e.b.dim(size)), at);
  const Value* measured = e.b.measure(at, 0, size - Dim(width));
  if (!e.ok() || !measured->elements) return e.fail("the start cannot be measured");
  return e.b.slice_axis(x, axis, (*measured->elements)[0], width);
}

bool is_known(const Value* value) { return value->elements || known_tensor(value); }

}  // namespace

std::vector<Value*> expand_Slice(Expansion& e) {
  Value* x = e.operand(0);
  const int rank = rank_of(x);
  if (e.ok() && e.opset >= 10 && e.has_operand(2) && !is_known(e.operand(1)) && !is_known(e.operand(2)))
    return {moving_window(e, x)};
  const SliceArguments arguments = read_arguments(e, rank);
  if (!e.ok()) return {x};
  std::vector<Dim> starts(rank, Dim(0)), sizes = shape_of(x);
  std::vector<int64_t> steps(rank, 1);
  for (size_t i = 0; i < arguments.axes.size(); ++i) {
    const int64_t axis = arguments.axes[i];
    // Beyond any size every step takes one element; a bounded one leaves room for sums.
    const int64_t step = std::clamp(arguments.steps[i], -kLongestStep, kLongestStep);
    if (step == 0) return {e.fail("a step is 0")};
    const Dim n = e.b.graph().resolve(shape_of(x)[axis]);
    const Extent extent = step > 0 ? forward(arguments.starts[i], arguments.ends[i], step, n)
                                   : backward(arguments.starts[i], arguments.ends[i], step, n);
    starts[axis] = extent.start;
    sizes[axis] = extent.size;
    steps[axis] = extent.size.is(1) || extent.size.is(0) ? 1 : extent.step;
    if (extent.size.is(0)) starts[axis] = 0;
  }
  return {e.b.slice(x, starts, sizes, steps)};
}

}  // namespace rondo
