// Interpolation along one axis: where each element of the result lies in the operand, and what it is made of.
#pragma once

#include "passes/expand/expand.h"

namespace rondo {

/// What all axes of a resizing node share.
struct ResizeMode {
  std::string filter = "nearest";        // nearest, linear, cubic
  std::string coordinates = "asymmetric";
  std::string rounding = "floor";        // of nearest
  double cubic = -0.75;
  bool exclude_outside = false, antialias = false;
};

/// One axis: `size` elements become `result`, `numerator / denominator` elements of the operand for each.
struct ResizeAxis {
  int axis = 0;
  Dim size, result;
  Dim numerator = 1, denominator = 1;
  std::optional<double> scale;           // where the two dims do not say it: result elements for each of the operand
  Value *start = nullptr, *end = nullptr;  // f64 scalars: the region, in parts of the axis (tf_crop_and_resize)

  bool same() const { return !start && !scale && numerator == denominator && size == result; }
  /// Result elements for each element of the operand, if that is known.
  std::optional<double> known_scale() const;
};

/// x resized along one axis. `outside`, if the coordinates can lie there, becomes bool[result], true where they do.
Value* resize_axis(Expansion& e, Value* x, const ResizeMode& mode, const ResizeAxis& axis, Value*& outside);

}  // namespace rondo
