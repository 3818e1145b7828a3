// GridSample and AffineGrid, and the sampler they share with other operators. Tested by expand_sampling_test.cpp.
#include "passes/expand/sampling.h"

#include <fmt/format.h>

namespace rondo {

using Values = std::vector<Value*>;

Sampler::Sampler(Expansion& e, Value* x) : b_(e.b), sizes_(shape_of(x)) {
  std::vector<int64_t> perm{0};
  Dim count = sizes_[0];
  for (int i = 2; i < rank_of(x); ++i) perm.push_back(i), count *= sizes_[i];
  perm.push_back(1);
  rows_ = b_.reshape(b_.transpose(x, perm), {count, sizes_[1]});
}

Value* Sampler::at(Value* batch, const std::vector<Value*>& places) const {
  Value* row = batch;
  for (size_t i = 0; i < places.size(); ++i) row = b_.add(b_.mul(row, b_.dim(sizes_[i + 2])), places[i]);
  return b_.gather(rows_, row, 0);
}

Value* bounded_index(Builder& b, Value* place, const Dim& size) {
  Value* last = number_of(b, size - 1, dtype_of(place));
  return b.cast(b.minimum(b.maximum(place, b.scalar(place, 0)), last), DType::i64);
}

Value* within(Builder& b, Value* place, const Dim& size) {
  Value* last = number_of(b, size - 1, dtype_of(place));
  return b.logical_and(b.less_equal(b.scalar(place, 0), place), b.less_equal(place, last));
}

namespace {

/// One tap along one axis.
struct Tap {
  Value *index, *weight, *inside;  // weight and inside: null if every place has weight 1, or lies inside
};

class GridSampler {
 public:
  GridSampler(Expansion& e, Value* x, Value* grid) : e_(e), b_(e.b), x_(x), grid_(grid) {}

  Value* run() {
    mode_ = e_.text("mode", e_.opset < 20 ? "bilinear" : "linear");
    padding_ = e_.text("padding_mode", "zeros");
    corners_ = e_.integer("align_corners", 0) != 0;
    if (mode_ == "bilinear") mode_ = "linear";
    if (mode_ == "bicubic") mode_ = "cubic";
    if (!check()) return x_;
    const int axes = rank_of(x_) - 2;
    std::vector<std::vector<Tap>> taps;
    for (int i = 0; i < axes; ++i) taps.push_back(taps_of(i));
    if (!e_.ok()) return x_;
    const Sampler sampler(e_, x_);
    Shape batch_shape(axes + 1, Dim(1));
    batch_shape[0] = shape_of(x_)[0];
    batch_ = b_.iota(batch_shape, 0);
    Value* sum = nullptr;
    std::vector<int> chosen(axes, 0);
    add_taps(sampler, taps, chosen, 0, sum);
    if (!e_.ok()) return sum;
    std::vector<int64_t> perm{0, axes + 1};
    for (int i = 1; i <= axes; ++i) perm.push_back(i);
    return b_.cast(b_.transpose(sum, perm), dtype_of(x_));
  }

 private:
  bool check() {
    const int rank = rank_of(x_);
    if (e_.ok() && (rank < 3 || rank > 5 || rank_of(grid_) != rank))
      e_.fail("operand and grid need the same rank, 3 to 5: [batch, channels, places...] and [batch, places..., axes]");
    if (mode_ != "linear" && mode_ != "nearest" && mode_ != "cubic")
      e_.fail(fmt::format("attribute 'mode' is '{}', must be linear, nearest or cubic", mode_));
    if (padding_ != "zeros" && padding_ != "border" && padding_ != "reflection")
      e_.fail(fmt::format("attribute 'padding_mode' is '{}', must be zeros, border or reflection", padding_));
    if (!e_.ok()) return false;
    e_.require_equal(shape_of(grid_)[0], shape_of(x_)[0], "batch of the grid");
    return e_.require_equal(shape_of(grid_)[rank - 1], rank - 2, "coordinates of the grid");
  }

  Value* real(double value) { return b_.scalar(dtype(), value); }
  DType dtype() const { return dtype_of(x_) == DType::f64 ? DType::f64 : DType::f32; }

  /// Where the grid points along one axis, in elements. The grid's last axis counts spatial axes from the last.
  Value* place(int axis, Value* low, Value* high, Value* size) {
    const int last = rank_of(grid_) - 1, axes = rank_of(x_) - 2;
    Value* part = b_.squeeze(b_.slice_axis(grid_, last, axes - 1 - axis, 1), {last});
    Value* upward = b_.add(b_.cast(part, dtype()), real(1));
    Value* at = corners_ ? b_.mul(b_.mul(upward, real(0.5)), b_.sub(size, real(1)))
                         : b_.mul(b_.sub(b_.mul(upward, size), real(1)), real(0.5));
    if (mode_ == "nearest") at = b_.round(at);
    if (padding_ == "reflection") at = reflected(at, low, high);
    if (padding_ == "border") {
      Value* outside = b_.logical_or(b_.less(at, low), b_.less(high, at));
      at = b_.select(outside, b_.minimum(b_.maximum(at, real(0)), b_.sub(size, real(1))), at);
    }
    return at;
  }

  /// Thrown back at both ends as often as it takes.
  Value* reflected(Value* at, Value* low, Value* high) {
    Value *range = b_.sub(high, low), *twice = b_.mul(range, real(2));
    Value* wide = b_.less(real(0), range);
    Value* distance = b_.remainder(b_.abs(b_.sub(at, low)), b_.select(wide, twice, real(1)));
    Value* back = b_.select(b_.less(range, distance), b_.sub(twice, distance), distance);
    return b_.select(wide, b_.add(back, low), low);
  }

  std::vector<Tap> taps_of(int axis) {
    const Dim count = e_.b.graph().resolve(shape_of(x_)[axis + 2]);
    Value* size = number_of(b_, count, dtype());
    Value *low = real(corners_ ? 0 : -0.5), *high = b_.sub(size, real(corners_ ? 1 : 0.5));
    Value* at = place(axis, low, high, size);
    std::vector<Tap> taps;
    auto add = [&](Value* index, Value* weight) {
      if (padding_ == "reflection" && mode_ == "cubic") index = b_.round(reflected(index, low, high));
      Value* inside = padding_ == "zeros" ? within(b_, index, count) : nullptr;
      taps.push_back({bounded_index(b_, index, count), weight, inside});
    };
    if (mode_ == "nearest") {
      add(padding_ == "reflection" ? b_.round(at) : at, nullptr);
      return taps;
    }
    Value* below = b_.floor(at);
    Value* part = b_.sub(at, below);
    if (mode_ == "linear") {
      add(below, b_.sub(real(1), part));
      add(b_.add(below, real(1)), part);
      return taps;
    }
    for (int i = -1; i <= 2; ++i) {
      Value* distance = b_.abs(b_.sub(part, real(i)));
      add(b_.add(below, real(i)), cubic(distance, i == 0 || i == 1));
    }
    return taps;
  }

  /// The cubic filter with a = -0.75, for distances up to 1 or from there to 2.
  Value* cubic(Value* d, bool inner) {
    constexpr double a = -0.75;
    auto polynomial = [&](double c3, double c2, double c1, double c0) {
      Value* sum = b_.add(b_.mul(real(c3), d), real(c2));
      return b_.add(b_.mul(b_.add(b_.mul(sum, d), real(c1)), d), real(c0));
    };
    return inner ? polynomial(a + 2, -(a + 3), 0, 1) : polynomial(a, -5 * a, 8 * a, -4 * a);
  }

  /// Adds the weighted elements at every combination of taps.
  void add_taps(const Sampler& sampler, const std::vector<std::vector<Tap>>& taps, std::vector<int>& chosen, size_t axis,
                Value*& sum) {
    if (!e_.ok()) return;
    if (axis < taps.size()) {
      for (size_t i = 0; i < taps[axis].size(); ++i) {
        chosen[axis] = static_cast<int>(i);
        add_taps(sampler, taps, chosen, axis + 1, sum);
      }
      return;
    }
    std::vector<Value*> places;
    Value *weight = nullptr, *inside = nullptr;
    for (size_t i = 0; i < taps.size(); ++i) {
      const Tap& tap = taps[i][chosen[i]];
      places.push_back(tap.index);
      if (tap.weight) weight = weight ? b_.mul(weight, tap.weight) : tap.weight;
      if (tap.inside) inside = inside ? b_.logical_and(inside, tap.inside) : tap.inside;
    }
    Value* elements = sampler.at(batch_, places);
    const int last = rank_of(elements) - 1;
    if (inside) elements = b_.select(b_.unsqueeze(inside, {last}), elements, b_.scalar(elements, 0));
    if (weight) elements = b_.mul(b_.cast(elements, dtype()), b_.unsqueeze(weight, {last}));
    sum = sum ? b_.add(sum, elements) : elements;
  }

  Expansion& e_;
  Builder& b_;
  Value *x_, *grid_, *batch_ = nullptr;
  std::string mode_, padding_;
  bool corners_ = false;
};

/// Coordinates from -1 to 1 along one axis of `shape`: of the elements' centres, or with both ends at the corners.
Value* base_grid(Builder& b, const Shape& shape, int axis, DType dtype, bool corners) {
  Shape along(shape.size(), Dim(1));
  along[axis] = shape[axis];
  Value* at = b.mul(b.iota(along, axis, dtype), b.scalar(dtype, 2));
  if (!corners) {
    Value* size = number_of(b, shape[axis], dtype);
    return b.sub(b.div(b.add(at, b.scalar(dtype, 1)), size), b.scalar(dtype, 1));
  }
  Value* steps = number_of(b, shape[axis] - 1, dtype);
  Value* several = b.less(b.scalar(dtype, 0), steps);
  Value* part = b.sub(b.div(at, b.select(several, steps, b.scalar(dtype, 1))), b.scalar(dtype, 1));
  return b.select(several, part, b.scalar(dtype, 0));
}

}  // namespace

Values expand_GridSample(Expansion& e) {
  Value *x = e.operand(0), *grid = e.operand(1);
  return {GridSampler(e, x, grid).run()};
}

// theta [N, axes, axes + 1] times (x, y, ..., 1) at every place of a tensor of the given size.
Values expand_AffineGrid(Expansion& e) {
  Builder& b = e.b;
  Value* theta = e.operand(0);
  const std::vector<Dim> size = e.known_elements(1, "the size");
  const bool corners = e.integer("align_corners", 0) != 0;
  if (!e.ok()) return {theta};
  const int axes = static_cast<int>(size.size()) - 2;
  if ((axes != 2 && axes != 3) || rank_of(theta) != 3)
    return {e.fail("the size must have 4 or 5 numbers, and theta rank 3: [batch, axes, axes + 1]")};
  e.require_equal(shape_of(theta)[0], size[0], "batch of theta");
  e.require_equal(shape_of(theta)[1], axes, "rows of theta");
  e.require_equal(shape_of(theta)[2], axes + 1, "columns of theta");
  if (!e.ok()) return {theta};
  Shape places{size[0]}, whole;
  places.insert(places.end(), size.begin() + 2, size.end());
  whole = places;
  whole.push_back(1);
  Shape one(places.size(), Dim(1));
  one[0] = size[0];
  std::vector<Value*> rows;
  for (int i = 0; i < axes; ++i) {
    auto entry = [&](int j) { return b.reshape(b.slice(theta, {0, i, j}, {size[0], 1, 1}), one); };
    Value* sum = b.broadcast(entry(axes), places);
    for (int j = 0; j < axes; ++j)
      sum = b.add(sum, b.mul(entry(j), base_grid(b, places, axes - j, dtype_of(theta), corners)));
    rows.push_back(b.reshape(sum, whole));
  }
  return {b.concat(rows, axes + 1)};
}

}  // namespace rondo
