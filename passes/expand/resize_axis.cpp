// Interpolation along one axis. Entry: resize_axis. Coordinates and weights are core values in double precision, which
// fold to constants where the sizes are known. Tested by expand_resize_test.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "passes/expand/resize.h"

namespace rondo {
namespace {

class AxisResizer {
 public:
  AxisResizer(Expansion& e, const ResizeMode& mode, const ResizeAxis& axis)
      : e_(e), b_(e.b), mode_(mode), axis_(axis), size_(number(axis.size)) {}

  Value* run(Value* x, Value*& outside) {
    Value* place = coordinates();
    if (axis_.start) {
      Value* last = b_.sub(size_, real(1));
      outside = b_.logical_or(b_.less(place, real(0)), b_.less(last, place));
    }
    if (mode_.filter == "nearest") return nearest(x, place);
    return filtered(x, place);
  }

 private:
  Value* real(double value) { return b_.scalar(DType::f64, value); }
  Value* number(const Dim& dim) { return number_of(b_, dim, DType::f64); }

  /// A length of the result, in elements of the operand.
  Value* in_operand(Value* length) {
    if (axis_.scale) return b_.div(length, real(*axis_.scale));
    if (axis_.numerator == axis_.denominator) return length;
    return b_.div(b_.mul(length, number(axis_.numerator)), number(axis_.denominator));
  }
  /// The operand's size, in elements of the result: not always a whole number.
  Value* width() {
    if (axis_.scale) return b_.mul(size_, real(*axis_.scale));
    if (axis_.numerator == axis_.size && axis_.denominator == axis_.result) return number(axis_.result);
    return b_.div(b_.mul(size_, number(axis_.denominator)), number(axis_.numerator));
  }

  /// Where each element of the result lies in the operand: f64[result].
  Value* coordinates() {
    Value* at = b_.iota({axis_.result}, 0, DType::f64);
    const std::string& mode = mode_.coordinates;
    if (mode == "asymmetric") return in_operand(at);
    if (mode == "align_corners" || mode == "tf_crop_and_resize") return between_corners(at);
    Value* centre = in_operand(b_.add(at, real(0.5)));
    if (mode == "tf_half_pixel_for_nn") return centre;
    Value* place = b_.sub(centre, real(0.5));
    if (mode == "pytorch_half_pixel") return b_.mul(place, number(min(axis_.result - 1, 1)));
    if (mode == "half_pixel_symmetric") {
      Value* adjustment = b_.div(number(axis_.result), width());
      place = b_.add(place, b_.mul(b_.div(size_, real(2)), b_.sub(real(1), adjustment)));
    }
    return place;
  }

  /// The first and last elements lie at the corners of the operand, or of a region.
  Value* between_corners(Value* at) {
    Value *last = b_.sub(size_, real(1)), *steps = b_.sub(width(), real(1));
    Value* several = b_.less(real(0), steps);
    Value* part = b_.div(b_.mul(at, last), b_.select(several, steps, real(1)));
    if (!axis_.start) return b_.select(several, part, real(0));
    Value* extent = b_.sub(axis_.end, axis_.start);
    Value* inside = b_.select(several, b_.mul(part, extent), b_.mul(b_.mul(extent, last), real(0.5)));
    return b_.add(inside, b_.mul(axis_.start, last));
  }

  Value* bounded(Value* place) {
    return b_.cast(b_.minimum(b_.maximum(place, real(0)), b_.sub(size_, real(1))), DType::i64);
  }

  Value* nearest(Value* x, Value* place) {
    if (Value* repeated = repeat(x)) return repeated;
    const std::string& mode = mode_.rounding;
    Value* whole = mode == "floor"  ? b_.floor(place)
                   : mode == "ceil" ? b_.ceil(place)
                   : mode == "round_prefer_floor" ? b_.ceil(b_.sub(place, real(0.5)))
                                                  : b_.floor(b_.add(place, real(0.5)));
    return take(x, bounded(whole));
  }

  /// Every element some times in a row: enlargement by a whole number, where the coordinates round to that.
  Value* repeat(Value* x) {
    const auto scale = axis_.known_scale();
    if (!scale || *scale != std::floor(*scale) || *scale > 1024) return nullptr;
    if (!(axis_.result == axis_.size * Dim(static_cast<int64_t>(*scale)))) return nullptr;
    const std::string& mode = mode_.coordinates;
    if (mode == "align_corners" || mode == "tf_crop_and_resize") return nullptr;
    for (int64_t i = 0; i < *scale; ++i) {
      const double centre = (static_cast<double>(i) + 0.5) / *scale;
      const double place = mode == "asymmetric"             ? static_cast<double>(i) / *scale
                           : mode == "tf_half_pixel_for_nn" ? centre
                                                            : centre - 0.5;
      const double whole = mode_.rounding == "floor"                ? std::floor(place)
                           : mode_.rounding == "ceil"               ? std::ceil(place)
                           : mode_.rounding == "round_prefer_floor" ? std::ceil(place - 0.5)
                                                                    : std::floor(place + 0.5);
      if (whole != 0) return nullptr;
    }
    Shape shape = shape_of(x), joined = shape;
    shape.insert(shape.begin() + axis_.axis + 1, Dim(static_cast<int64_t>(*scale)));
    joined[axis_.axis] = axis_.result;
    return b_.reshape(b_.broadcast(b_.unsqueeze(x, {axis_.axis + 1}), shape), joined);
  }

  /// Elements at i64[count] places; evenly spaced ones are a view.
  Value* take(Value* x, Value* places) {
    if (const auto known = known_tensor(places); known && e_.ok()) {
      const std::vector<int64_t> at = known->ints();
      const int64_t step = at.size() > 1 ? at[1] - at[0] : 1;
      bool even = step >= 1 && !at.empty();
      for (size_t i = 1; i < at.size(); ++i) even = even && at[i] - at[i - 1] == step;
      if (even) {
        std::vector<Dim> starts(rank_of(x), Dim(0)), sizes = shape_of(x);
        std::vector<int64_t> steps(rank_of(x), 1);
        starts[axis_.axis] = at[0];
        sizes[axis_.axis] = static_cast<int64_t>(at.size());
        steps[axis_.axis] = step;
        return b_.slice(x, starts, sizes, steps);
      }
      places = b_.constant(*known);
    }
    return b_.gather(x, places, axis_.axis);
  }

  /// f(d): the weight of an element at that distance.
  Value* weight_at(Value* distance) {
    if (mode_.filter == "linear") return b_.maximum(b_.sub(real(1), distance), real(0));
    const double a = mode_.cubic;
    auto polynomial = [&](double c3, double c2, double c1, double c0) {
      Value* sum = b_.add(b_.mul(real(c3), distance), real(c2));
      sum = b_.add(b_.mul(sum, distance), real(c1));
      return b_.add(b_.mul(sum, distance), real(c0));
    };
    Value* outer = b_.select(b_.less(distance, real(2)), polynomial(a, -5 * a, 8 * a, -4 * a), real(0));
    return b_.select(b_.less_equal(distance, real(1)), polynomial(a + 2, -(a + 3), 0, 1), outer);
  }

  Value* filtered(Value* x, Value* place) {
    const auto scale = axis_.known_scale();
    const int64_t reach = mode_.filter == "linear" ? 1 : 2;
    if (mode_.antialias && !scale) {
      return e_.unsupported("antialias needs sizes that are known at compile time; --dim fixes a dimension");
    }
    const double narrow = mode_.antialias ? std::min(*scale, 1.0) : 1.0;
    const double support = std::ceil(static_cast<double>(reach) / narrow);
    if (support > 4096) return e_.unsupported("antialias over more than 8192 elements of the operand");
    const int64_t taps = 2 * static_cast<int64_t>(support), first = 1 - taps / 2;

    Value* below = b_.floor(place);
    Value* tap = b_.add(b_.iota({Dim(taps), Dim(1)}, 0, DType::f64), real(static_cast<double>(first)));
    Value* at = b_.add(tap, below);  // [taps, result]
    Value* distance = b_.abs(b_.sub(at, place));
    Value* weight = weight_at(narrow == 1 ? distance : b_.mul(distance, real(narrow)));
    if (mode_.exclude_outside) {
      Value* inside = b_.logical_and(b_.less_equal(real(0), at), b_.less(at, size_));
      weight = b_.select(inside, weight, real(0));
    }
    if (mode_.exclude_outside || narrow < 1) weight = b_.div(weight, b_.reduce(weight, "sum", {0}, true));
    return weighted(x, bounded(at), weight, taps);
  }

  /// The sum over taps of the elements at places[tap] times weights[tap].
  Value* weighted(Value* x, Value* places, Value* weights, int64_t taps) {
    const DType dtype = dtype_of(x), compute = dtype == DType::f64 ? DType::f64 : DType::f32;
    weights = b_.cast(weights, compute);
    x = b_.cast(x, compute);
    Shape along(rank_of(x), Dim(1));
    along[axis_.axis] = axis_.result;
    if (taps > 4) {
      Shape both = along;
      both.insert(both.begin() + axis_.axis, Dim(taps));
      Value* terms = b_.mul(b_.gather(x, places, axis_.axis), b_.reshape(weights, both));
      return b_.cast(b_.reduce(terms, "sum", {axis_.axis}), dtype);
    }
    Value* sum = nullptr;
    for (int64_t i = 0; e_.ok() && i < taps; ++i) {
      Value* elements = take(x, b_.squeeze(b_.slice_axis(places, 0, i, 1), {0}));
      Value* term = b_.mul(elements, b_.reshape(b_.slice_axis(weights, 0, i, 1), along));
      sum = sum ? b_.add(sum, term) : term;
    }
    return b_.cast(sum, dtype);
  }

  Expansion& e_;
  Builder& b_;
  const ResizeMode& mode_;
  const ResizeAxis& axis_;
  Value* size_;
};

}  // namespace

std::optional<double> ResizeAxis::known_scale() const {
  if (scale) return scale;
  const auto over = numerator.constant(), under = denominator.constant();
  if (over && under && *over > 0) return static_cast<double>(*under) / static_cast<double>(*over);
  // Symbolic sizes that stand in a whole proportion.
  for (int64_t times = 1; times <= 64; ++times) {
    if (denominator == numerator * Dim(times)) return static_cast<double>(times);
  }
  return std::nullopt;
}

Value* resize_axis(Expansion& e, Value* x, const ResizeMode& mode, const ResizeAxis& axis, Value*& outside) {
  return AxisResizer(e, mode, axis).run(x, outside);
}

}  // namespace rondo
