// Pooling over regions of interest. Tested by expand_sampling_test.cpp.
#include <fmt/format.h>

#include <limits>

#include "passes/expand/sampling.h"

namespace rondo {
namespace {

using Values = std::vector<Value*>;

/// Column i of a matrix of regions, [regions, 1, ...] with `rank` axes.
Value* column(Builder& b, Value* regions, int64_t i, int rank) {
  Shape shape(rank, Dim(1));
  shape[0] = shape_of(regions)[0];
  return b.reshape(b.slice_axis(regions, 1, i, 1), shape);
}

/// Sampling along one axis of each region: places [regions, bins, samples], read between two elements.
struct Samples {
  Value *low, *high;        // i64
  Value *low_weight, *high_weight;
  Value* inside;
};

class AlignedRegions {
 public:
  explicit AlignedRegions(Expansion& e) : e_(e), b_(e.b) {}

  Value* run() {
    Value *x = e_.operand(0), *regions = e_.operand(1), *batches = e_.operand(2);
    const std::string mode = e_.text("mode", "avg");
    const std::string coordinates =
        e_.opset < 16 ? "output_half_pixel" : e_.text("coordinate_transformation_mode", "half_pixel");
    height_ = e_.integer("output_height", 1), width_ = e_.integer("output_width", 1);
    samples_ = e_.integer("sampling_ratio", 0);
    scale_ = e_.number("spatial_scale", 1);
    half_pixel_ = coordinates == "half_pixel";
    check(x, regions, batches, mode, coordinates);
    if (!e_.ok()) return x;
    dtype_ = dtype_of(x) == DType::f64 ? DType::f64 : DType::f32;
    regions = b_.cast(regions, dtype_);
    const Dim count = shape_of(regions)[0];
    const Samples v = along(regions, 1, 3, height_, shape_of(x)[2], {count, height_, samples_, 1, 1});
    const Samples h = along(regions, 0, 2, width_, shape_of(x)[3], {count, 1, 1, width_, samples_});
    Value* batch = b_.reshape(b_.cast(batches, DType::i64), {count, 1, 1, 1, 1});
    return pooled(Sampler(e_, x), x, batch, v, h, mode == "max");
  }

 private:
  void check(const Value* x, const Value* regions, const Value* batches, const std::string& mode,
             const std::string& coordinates) {
    if (!e_.ok()) return;
    if (rank_of(x) != 4 || rank_of(regions) != 2 || rank_of(batches) != 1)
      e_.fail("operands must be [batch, channels, height, width], [regions, 4] and [regions]");
    if (mode != "avg" && mode != "max") e_.fail(fmt::format("attribute 'mode' is '{}', must be avg or max", mode));
    if (!half_pixel_ && coordinates != "output_half_pixel")
      e_.fail("attribute 'coordinate_transformation_mode' must be half_pixel or output_half_pixel");
    if (height_ < 1 || width_ < 1 || height_ > 65536 || width_ > 65536) e_.fail("the output's sizes must be at least 1");
    if (samples_ < 1 || samples_ > 256)
      e_.unsupported("attribute 'sampling_ratio' of 0, with which the regions decide; 1 to 256 samples are supported");
    if (!e_.ok()) return;
    e_.require_equal(shape_of(regions)[1], 4, "numbers of a region");
    e_.require_equal(shape_of(regions)[0], shape_of(batches)[0], "number of regions");
  }

  Value* real(double value) { return b_.scalar(dtype_, value); }

  Samples along(Value* regions, int64_t from, int64_t to, int64_t bins, const Dim& size, const Shape& shape) {
    const double offset = half_pixel_ ? 0.5 : 0;
    Value* start = b_.sub(b_.mul(column(b_, regions, from, 3), real(scale_)), real(offset));
    Value* end = b_.sub(b_.mul(column(b_, regions, to, 3), real(scale_)), real(offset));
    Value* extent = b_.sub(end, start);
    if (!half_pixel_) extent = b_.maximum(extent, real(1));
    Value* bin = b_.div(extent, real(static_cast<double>(bins)));
    Value* which = b_.iota({1, bins, 1}, 1, dtype_);
    Value* part = b_.div(b_.add(b_.iota({1, 1, samples_}, 2, dtype_), real(0.5)), real(static_cast<double>(samples_)));
    Value* place = b_.add(start, b_.add(b_.mul(which, bin), b_.mul(part, bin)));
    Samples samples;
    Value* count = number_of(b_, size, dtype_);
    samples.inside = b_.logical_and(b_.less_equal(real(-1), place), b_.less_equal(place, count));
    place = b_.minimum(b_.maximum(place, real(0)), b_.sub(count, real(1)));
    Value* below = b_.floor(place);
    samples.high_weight = b_.sub(place, below);
    samples.low_weight = b_.sub(real(1), samples.high_weight);
    samples.low = bounded_index(b_, below, size);
    samples.high = bounded_index(b_, b_.add(below, real(1)), size);
    for (Value** value : {&samples.low, &samples.high, &samples.low_weight, &samples.high_weight, &samples.inside})
      *value = b_.reshape(*value, shape);
    return samples;
  }

  /// [regions, height, samples, width, samples, channels] -> [regions, channels, height, width]. The maximum is taken
  /// of the four weighted neighbours themselves.
  Value* pooled(const Sampler& sampler, const Value* x, Value* batch, const Samples& v, const Samples& h, bool maximum) {
    Value* inside = b_.unsqueeze(b_.logical_and(v.inside, h.inside), {5});
    Value* joined = nullptr;
    for (int corner = 0; e_.ok() && corner < 4; ++corner) {
      const bool down = corner & 2, right = corner & 1;
      Value* elements = sampler.at(batch, {down ? v.high : v.low, right ? h.high : h.low});
      Value* weight = b_.mul(down ? v.high_weight : v.low_weight, right ? h.high_weight : h.low_weight);
      Value* term = b_.mul(b_.cast(elements, dtype_), b_.unsqueeze(weight, {5}));
      term = b_.select(inside, term, b_.scalar(term, 0));
      joined = !joined ? term : maximum ? b_.maximum(joined, term) : b_.add(joined, term);
    }
    if (!e_.ok()) return joined;
    Value* y = b_.reduce(joined, maximum ? "max" : "sum", {2, 4});
    if (!maximum) y = b_.div(y, real(static_cast<double>(samples_ * samples_)));
    return b_.cast(b_.transpose(y, {0, 3, 1, 2}), dtype_of(x));
  }

  Expansion& e_;
  Builder& b_;
  int64_t height_ = 1, width_ = 1, samples_ = 1;
  double scale_ = 1;
  bool half_pixel_ = true;
  DType dtype_ = DType::f32;
};

/// Halves away from zero.
Value* rounded(Builder& b, Value* x) {
  return b.mul(b.sign(x), b.floor(b.add(b.abs(x), b.scalar(x, 0.5))));
}

/// Which elements of an axis lie in each bin of each region: bool[regions, bins, size].
Value* bin_mask(Builder& b, Value* start, Value* end, int64_t bins, const Dim& size) {
  Value* one = b.scalar(start, 1);
  Value* extent = b.maximum(b.add(b.sub(end, start), one), one);
  Value* bin = b.div(extent, b.scalar(start, static_cast<double>(bins)));
  Value* which = b.iota({1, bins, 1}, 1, dtype_of(start));
  Value* first = b.add(b.floor(b.mul(which, bin)), start);
  Value* behind = b.add(b.ceil(b.mul(b.add(which, one), bin)), start);
  Value* at = b.iota({1, 1, size}, 2, dtype_of(start));
  return b.logical_and(b.less_equal(first, at), b.less(at, behind));
}

}  // namespace

Values expand_RoiAlign(Expansion& e) { return {AlignedRegions(e).run()}; }

// The maximum over each bin of each region [batch, x1, y1, x2, y2]; 0 over an empty one. Columns first, then rows.
Values expand_MaxRoiPool(Expansion& e) {
  Builder& b = e.b;
  Value *x = e.operand(0), *regions = e.operand(1);
  const std::vector<int64_t> pooled = e.integers("pooled_shape");
  const double scale = e.number("spatial_scale", 1);
  if (!e.ok()) return {x};
  if (rank_of(x) != 4 || rank_of(regions) != 2) return {e.fail("operands must be [batch, channels, height, width] and [regions, 5]")};
  if (pooled.size() != 2 || pooled[0] < 1 || pooled[1] < 1) return {e.fail("attribute 'pooled_shape' must be two positive numbers")};
  if (!e.require_equal(shape_of(regions)[1], 5, "numbers of a region")) return {x};
  const Shape s = shape_of(x);
  const Dim count = shape_of(regions)[0];
  auto edge = [&](int64_t i) { return rounded(b, b.mul(column(b, regions, i, 3), b.scalar(regions, scale))); };
  Value* columns = bin_mask(b, edge(1), edge(3), pooled[1], s[3]);  // [regions, bins, width]
  Value* rows = bin_mask(b, edge(2), edge(4), pooled[0], s[2]);
  Value* own = b.gather(x, b.reshape(b.cast(column(b, regions, 0, 1), DType::i64), {count}), 0);
  Value* lowest = b.scalar(x, -std::numeric_limits<double>::infinity());
  Value* wide = b.reshape(columns, {count, 1, 1, pooled[1], s[3]});
  Value* narrow = b.reduce(b.select(wide, b.unsqueeze(own, {3}), lowest), "max", {4});  // [regions, channels, height, bins]
  Value* tall = b.reshape(rows, {count, 1, pooled[0], s[2], 1});
  Value* y = b.reduce(b.select(tall, b.unsqueeze(narrow, {2}), lowest), "max", {3});
  auto occupied = [&](Value* mask) { return b.reduce(b.cast(mask, DType::u8), "max", {2}); };  // [regions, bins]
  Value* any = b.mul(b.reshape(occupied(rows), {count, 1, pooled[0], 1}), b.reshape(occupied(columns), {count, 1, 1, pooled[1]}));
  return {b.select(b.cast(any, DType::boolean), y, b.scalar(x, 0))};
}

}  // namespace rondo
