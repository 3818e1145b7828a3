// Sliding windows: reading their attributes and counting them. Entry: read_windows.
// Tested by expand_window_test.cpp.
#include "passes/expand/windows.h"

#include <fmt/format.h>

#include <algorithm>

namespace rondo {
namespace {

bool all_at_least(const std::vector<int64_t>& list, int64_t least) {
  return std::all_of(list.begin(), list.end(), [&](int64_t number) { return number >= least; });
}

/// SAME: as many windows as strides fit, the padding split evenly; the odd element goes to the end (UPPER) or the
/// front.
void pad_for_same_size(Windows& w, int axis, const Dim& size, int64_t reach, bool upper) {
  const Dim stride = w.strides[axis];
  const Dim total = max((ceil_div(size, stride) - Dim(1)) * stride + Dim(reach) - size, 0);
  const Dim less = floor_div(total, 2), more = total - less;
  w.low[axis] = upper ? less : more;
  w.high[axis] = upper ? more : less;
}

void count_windows(Windows& w, int axis, const Dim& size, int64_t reach, bool round_up) {
  const Dim room = size + w.low[axis] + w.high[axis] - Dim(reach);
  const Dim stride = w.strides[axis];
  if (!round_up) {
    w.counts[axis] = max(floor_div(room, stride) + Dim(1), 0);
    return;
  }
  // A window that would begin behind the operand and its front padding does not count.
  const Dim last_start = size + w.low[axis] - Dim(1);
  w.counts[axis] = max(min(ceil_div(room, stride), floor_div(last_start, stride)) + Dim(1), 0);
  w.extra[axis] = max((w.counts[axis] - Dim(1)) * stride - room, 0);
}

}  // namespace

std::vector<int64_t> per_axis(Expansion& e, const char* name, size_t count, int64_t absent, int64_t least) {
  std::vector<int64_t> list = e.integers(name);
  if (list.empty()) list.assign(count, absent);
  const bool small = list.empty() || *std::max_element(list.begin(), list.end()) <= INT32_MAX;
  if (e.ok() && (list.size() != count || !all_at_least(list, least) || !small)) {
    e.fail(fmt::format("attribute '{}' must be {} numbers of at least {}", name, count, least));
    list.assign(count, absent);
  }
  return list;
}

bool Windows::padded() const {
  auto some = [](const std::vector<Dim>& list) {
    return std::any_of(list.begin(), list.end(), [](const Dim& dim) { return !dim.is(0); });
  };
  return some(low) || some(high) || some(extra);
}

std::optional<Windows> read_windows(Expansion& e, const Shape& operand, std::vector<int64_t> kernel, bool pooling) {
  const size_t axes = kernel.size();
  const std::string auto_pad = e.text("auto_pad", "NOTSET");
  Windows w;
  w.strides = per_axis(e, "strides", axes, 1, 1);
  w.dilations = per_axis(e, "dilations", axes, 1, 1);
  const std::vector<int64_t> pads = per_axis(e, "pads", 2 * axes, 0, 0);
  const bool round_up = pooling && e.integer("ceil_mode", 0) != 0;
  if (!e.ok()) return std::nullopt;
  if (operand.size() != axes + 2) {
    e.fail(fmt::format("a window of {} axes needs an operand of rank {}, got {}", axes, axes + 2, operand.size()));
    return std::nullopt;
  }
  if (!all_at_least(kernel, 1)) e.fail("a window must be at least 1 long");
  const bool same = auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER";
  if (!same && auto_pad != "NOTSET" && auto_pad != "VALID" && !auto_pad.empty()) {
    e.fail(fmt::format("attribute 'auto_pad' is '{}', must be NOTSET, SAME_UPPER, SAME_LOWER or VALID", auto_pad));
  }
  w.kernel = std::move(kernel);
  w.low.assign(axes, Dim(0));
  w.high = w.extra = w.counts = w.low;
  for (size_t i = 0; e.ok() && i < axes; ++i) {
    const Dim size = e.b.graph().resolve(operand[i + 2]);
    const Dim reach_dim = Dim(w.kernel[i] - 1) * Dim(w.dilations[i]) + Dim(1);
    const int64_t reach = *reach_dim.constant();
    if (same) pad_for_same_size(w, static_cast<int>(i), size, reach, auto_pad == "SAME_UPPER");
    if (!same && auto_pad != "VALID") w.low[i] = pads[i], w.high[i] = pads[i + axes];
    count_windows(w, static_cast<int>(i), size, reach, round_up);
  }
  return e.ok() ? std::optional(std::move(w)) : std::nullopt;
}

Value* pad_spatial(Expansion& e, Value* x, Value* fill, const Windows& windows, bool with_extra) {
  std::vector<Dim> high = windows.high;
  for (int i = 0; with_extra && i < windows.axes(); ++i) high[i] += windows.extra[i];
  return e.b.pad(x, fill, spatial(windows.low, Dim(0)), spatial(high, Dim(0)));
}

}  // namespace rondo
