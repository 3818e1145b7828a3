// Comparing what a model computed with what was recorded. Tested by tests/driver/compare_test.cpp.
#pragma once

#include "ir/tensor.h"

namespace rondo {

/// |got - want| <= absolute + relative * |want|
struct Tolerance {
  double absolute = 0, relative = 0;
};

/// 1e-5 and 1e-4 for f32, 1e-12 and 1e-10 for f64, 1e-3 and 1e-2 for f16 and bf16, exact for integers and booleans.
Tolerance default_tolerance(DType dtype);

struct Comparison {
  std::string mismatch;  // empty: dtype and shape are equal; otherwise a sentence, and nothing else was compared
  int64_t outside = 0;   // elements outside the tolerance
  int64_t first_outside = -1;
  double largest_absolute = 0, largest_relative = 0;  // relative: over elements whose wanted value is not 0
  int64_t absolute_at = 0, relative_at = 0;           // row-major element numbers
  bool good() const { return mismatch.empty() && outside == 0; }
};

/// NaN matches NaN alone; an infinity matches itself alone.
Comparison compare(const Tensor& got, const Tensor& want, const Tolerance& tolerance);

/// "largest absolute error 2.4e-07 at [0, 3], relative 1.1e-06 at [1, 2]"; or what differs.
std::string describe(const Comparison& comparison, const Tensor& got, const Tensor& want);

}  // namespace rondo
