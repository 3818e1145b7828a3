// See compare.h.
#include "driver/compare.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace rondo {
namespace {

struct Error {
  double absolute = 0, relative = 0;
  bool outside = false;
};

Error error_of(double got, double want, const Tolerance& tolerance) {
  if (got == want || (std::isnan(got) && std::isnan(want))) return {};
  constexpr double kInfinite = std::numeric_limits<double>::infinity();
  if (!std::isfinite(got) || !std::isfinite(want)) return {kInfinite, kInfinite, true};
  double absolute = std::fabs(got - want);
  double relative = want == 0 ? 0 : absolute / std::fabs(want);
  return {absolute, relative, absolute > tolerance.absolute + tolerance.relative * std::fabs(want)};
}

/// Exact in 64 bits where a double is not: the tolerance counts only if it is not zero.
Error error_of(int64_t got, int64_t want, const Tolerance& tolerance) {
  if (got == want) return {};
  Error error = error_of(static_cast<double>(got), static_cast<double>(want), tolerance);
  if (error.absolute == 0) error = {1, 0, tolerance.absolute < 1};
  return error;
}

std::string index_text(int64_t element, const std::vector<int64_t>& shape) {
  std::string text;
  for (size_t axis = shape.size(); axis-- > 0; element /= shape[axis])
    text = fmt::format("{}{}{}", element % shape[axis], text.empty() ? "" : ", ", text);
  return "[" + text + "]";
}

std::string element_text(const Tensor& tensor, int64_t element) {
  return is_float(tensor.dtype()) ? fmt::format("{:.9g}", tensor.double_at(element))
                                  : fmt::format("{}", tensor.int_at(element));
}

}  // namespace

Tolerance default_tolerance(DType dtype) {
  if (!is_float(dtype)) return {};
  switch (byte_size(dtype)) {
    case 8: return {1e-12, 1e-10};
    case 4: return {1e-5, 1e-4};
    default: return {1e-3, 1e-2};
  }
}

Comparison compare(const Tensor& got, const Tensor& want, const Tolerance& tolerance) {
  Comparison result;
  if (got.dtype() != want.dtype() || got.shape() != want.shape()) {
    result.mismatch = fmt::format("is {}, where {} is expected", to_string(got.type()), to_string(want.type()));
    return result;
  }
  for (int64_t i = 0; i < got.count(); ++i) {
    Error error = is_float(got.dtype()) ? error_of(got.double_at(i), want.double_at(i), tolerance)
                                        : error_of(got.int_at(i), want.int_at(i), tolerance);
    if (error.outside && result.outside++ == 0) result.first_outside = i;
    if (error.absolute > result.largest_absolute) result.largest_absolute = error.absolute, result.absolute_at = i;
    if (error.relative > result.largest_relative) result.largest_relative = error.relative, result.relative_at = i;
  }
  return result;
}

std::string describe(const Comparison& comparison, const Tensor& got, const Tensor& want) {
  if (!comparison.mismatch.empty()) return comparison.mismatch;
  std::string text = fmt::format("largest absolute error {:.2g}", comparison.largest_absolute);
  if (comparison.largest_absolute > 0) text += " at " + index_text(comparison.absolute_at, want.shape());
  text += fmt::format(", relative {:.2g}", comparison.largest_relative);
  if (comparison.largest_relative > 0) text += " at " + index_text(comparison.relative_at, want.shape());
  if (comparison.outside == 0) return text;
  return text + fmt::format("; {} of {} elements are outside the tolerance, first {}: got {}, want {}",
                            comparison.outside, want.count(), index_text(comparison.first_outside, want.shape()),
                            element_text(got, comparison.first_outside), element_text(want, comparison.first_outside));
}

}  // namespace rondo
