// Resize and Upsample: what the node says, axis by axis. Tested by expand_resize_test.cpp.
#include "passes/expand/resize.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace rondo {
namespace {

using Values = std::vector<Value*>;

/// p / q with small p and q, if the number (given in single precision) is meant to be that.
std::optional<std::pair<int64_t, int64_t>> as_fraction(double number) {
  for (int64_t q = 1; q <= 1024; ++q) {
    const double p = std::round(number * static_cast<double>(q));
    if (p >= 1 && p < 1e9 && std::abs(number * static_cast<double>(q) - p) <= 6e-8 * p) {
      return std::pair(static_cast<int64_t>(p), q);
    }
  }
  return std::nullopt;
}

/// floor(size * scale), as runtimes round it: in single precision.
std::optional<Dim> scaled_size(Expansion& e, const Dim& size, double scale) {
  if (scale == 1) return size;
  if (const auto count = size.constant()) {
    const float product = static_cast<float>(scale) * static_cast<float>(*count);
    if (product < 9e15f) return Dim(static_cast<int64_t>(std::floor(product)));
  } else if (const auto fraction = as_fraction(scale)) {
    return floor_div(size * Dim(fraction->first), Dim(fraction->second));
  }
  e.unsupported(fmt::format("a dimension '{}' times {}; --dim fixes a dimension", size.to_string(), scale));
  return std::nullopt;
}

bool set_scale(Expansion& e, ResizeAxis& axis, double scale) {
  if (!(scale > 0) || scale > 1e9) {
    e.fail(fmt::format("a scale is {}, must be a positive number", scale));
    return false;
  }
  const auto result = scaled_size(e, axis.size, scale);
  if (!result) return false;
  axis.result = *result;
  if (const auto fraction = as_fraction(scale)) {
    axis.numerator = fraction->second, axis.denominator = fraction->first;
  } else {
    axis.scale = scale;
  }
  return true;
}

void set_size(ResizeAxis& axis, const Dim& result) {
  axis.result = axis.denominator = result;
  axis.numerator = axis.size;
}

std::vector<ResizeAxis> axes_of(Expansion& e, const Value* x, const std::vector<int64_t>& axes) {
  std::vector<ResizeAxis> result;
  for (int64_t axis : axes) {
    ResizeAxis one;
    one.axis = static_cast<int>(axis);
    one.size = one.result = e.b.graph().resolve(shape_of(x)[axis]);
    result.push_back(one);
  }
  return result;
}

void set_scales(Expansion& e, std::vector<ResizeAxis>& axes, const std::vector<double>& scales) {
  if (scales.size() != axes.size()) e.fail(fmt::format("{} scales for {} axes", scales.size(), axes.size()));
  for (size_t i = 0; e.ok() && i < axes.size(); ++i) set_scale(e, axes[i], scales[i]);
}

/// One scale for all axes, the smallest or the largest that the wanted sizes ask for; sizes are rounded half up.
void keep_proportions(Expansion& e, std::vector<ResizeAxis>& axes, const std::vector<Dim>& sizes, bool smallest) {
  int64_t over = 0, under = 1;
  for (size_t i = 0; i < axes.size(); ++i) {
    const auto wanted = sizes[i].constant(), size = axes[i].size.constant();
    if (!wanted || !size || *size < 1 || *wanted < 1 || *wanted > INT32_MAX || *size > INT32_MAX) {
      e.unsupported("attribute 'keep_aspect_ratio_policy' with sizes that are not known and positive; --dim fixes a "
                    "dimension");
      return;
    }
    const bool better = smallest ? *wanted * under < over * *size : *wanted * under > over * *size;
    if (over == 0 || better) over = *wanted, under = *size;
  }
  for (ResizeAxis& axis : axes) {
    axis.result = (2 * *axis.size.constant() * over + under) / (2 * under);
    axis.numerator = under, axis.denominator = over;
  }
}

void set_sizes(Expansion& e, std::vector<ResizeAxis>& axes, const std::vector<Dim>& sizes, const std::string& policy) {
  if (sizes.size() != axes.size()) e.fail(fmt::format("{} sizes for {} axes", sizes.size(), axes.size()));
  if (!e.ok()) return;
  if (policy != "stretch") return keep_proportions(e, axes, sizes, policy == "not_larger");
  for (size_t i = 0; i < axes.size(); ++i) {
    if (sizes[i].upper_bound() < 1) e.fail(fmt::format("a size is {}, must be positive", sizes[i].to_string()));
    set_size(axes[i], sizes[i]);
  }
}

std::vector<double> known_scales(Expansion& e, int i) {
  const auto tensor = e.known_tensor(i);
  if (tensor) return tensor->doubles();
  e.unsupported(fmt::format("the scales (operand {}) must be known at compile time; --dim fixes a dimension", i));
  return {};
}

bool is_given(Expansion& e, int i) {
  return e.has_operand(i) && !element_count(shape_of(e.optional_operand(i))).is(0);
}

std::string one_of(Expansion& e, const char* name, std::string absent, std::initializer_list<const char*> accepted) {
  const std::string given = e.text(name, std::move(absent));
  std::string list;
  for (const char* word : accepted) {
    if (given == word) return given;
    list += (list.empty() ? "" : ", ") + std::string(word);
  }
  e.fail(fmt::format("attribute '{}' is '{}'; opset {} takes: {}", name, given, e.opset, list));
  return given;
}

Value* resize(Expansion& e, Value* x, const ResizeMode& mode, const std::vector<ResizeAxis>& axes, double fill) {
  Builder& b = e.b;
  Value* anywhere = nullptr;  // true where a coordinate lies outside the operand
  for (const ResizeAxis& axis : axes) {
    if (!e.ok()) return x;
    if (axis.same()) continue;
    if (axis.size.is(0)) return e.fail("an empty dimension cannot be resized");
    Value* outside = nullptr;
    x = resize_axis(e, x, mode, axis, outside);
    if (!outside) continue;
    Shape along(rank_of(x), Dim(1));
    along[axis.axis] = axis.result;
    outside = b.reshape(outside, along);
    anywhere = anywhere ? b.logical_or(anywhere, outside) : outside;
  }
  return anywhere ? b.select(anywhere, b.scalar(x, fill), x) : x;
}

/// The regions' starts and ends: [start of each axis..., end of each axis...].
void set_regions(Expansion& e, std::vector<ResizeAxis>& axes) {
  if (!is_given(e, 1)) {
    e.fail("tf_crop_and_resize needs the region (operand 1)");
    return;
  }
  Builder& b = e.b;
  Value* region = b.cast(e.operand(1), DType::f64);
  const int64_t count = static_cast<int64_t>(axes.size());
  if (rank_of(region) != 1) e.fail("the region (operand 1) must be a vector");
  e.require_equal(element_count(shape_of(region)), 2 * count, "numbers of the region");
  for (int64_t i = 0; e.ok() && i < count; ++i) {
    axes[i].start = b.reshape(b.slice_axis(region, 0, i, 1), {});
    axes[i].end = b.reshape(b.slice_axis(region, 0, i + count, 1), {});
  }
}

ResizeMode read_mode(Expansion& e) {
  ResizeMode mode;
  mode.filter = one_of(e, "mode", "nearest", {"nearest", "linear", "cubic"});
  if (e.opset < 13) {
    mode.coordinates = one_of(e, "coordinate_transformation_mode", "half_pixel",
                              {"half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "tf_half_pixel_for_nn",
                               "tf_crop_and_resize"});
  } else if (e.opset < 19) {
    mode.coordinates = one_of(e, "coordinate_transformation_mode", "half_pixel",
                              {"half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "tf_crop_and_resize"});
  } else {
    mode.coordinates = one_of(e, "coordinate_transformation_mode", "half_pixel",
                              {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric",
                               "tf_crop_and_resize"});
  }
  mode.rounding = one_of(e, "nearest_mode", "round_prefer_floor",
                         {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"});
  mode.cubic = e.number("cubic_coeff_a", -0.75);
  mode.exclude_outside = e.integer("exclude_outside", 0) != 0;
  mode.antialias = e.opset >= 18 && e.integer("antialias", 0) != 0 && mode.filter != "nearest";
  return mode;
}

}  // namespace

// Opset 10: scales, with the coordinates of Upsample; nearest rounds down when it enlarges and up when it shrinks.
Values expand_Resize(Expansion& e) {
  Value* x = e.operand(0);
  if (!e.ok()) return {x};
  const int rank = rank_of(x);
  if (e.opset < 11) {
    ResizeMode mode;
    mode.filter = one_of(e, "mode", "nearest", {"nearest", "linear"});
    auto axes = axes_of(e, x, all_axes(rank));
    set_scales(e, axes, known_scales(e, 1));
    for (const ResizeAxis& axis : axes) {
      const auto scale = axis.known_scale();
      mode.rounding = scale && *scale < 1 ? "ceil" : "floor";
      x = resize(e, x, mode, {axis}, 0);
    }
    return {x};
  }
  const ResizeMode mode = read_mode(e);
  const double fill = e.number("extrapolation_value", 0);
  std::vector<int64_t> named = all_axes(rank);
  std::string policy = "stretch";
  if (e.opset >= 18) {
    if (e.has_attribute("axes")) named = e.integers("axes");
    policy = one_of(e, "keep_aspect_ratio_policy", "stretch", {"stretch", "not_larger", "not_smaller"});
  }
  for (int64_t& axis : named) axis = normalise_axis(e, axis, rank);
  if (!e.ok()) return {x};
  normalise_axes(e, named, rank);
  auto axes = axes_of(e, x, named);
  e.optional_operand(1);  // the region, which only tf_crop_and_resize has a use for
  const bool scales = is_given(e, 2), sizes = is_given(e, 3);
  if (scales == sizes) return {e.fail("exactly one of scales (operand 2) and sizes (operand 3) must be given")};
  if (scales) set_scales(e, axes, known_scales(e, 2));
  if (sizes) set_sizes(e, axes, e.known_elements(3, "the sizes"), policy);
  if (e.ok() && mode.coordinates == "tf_crop_and_resize") set_regions(e, axes);
  return {resize(e, x, mode, axes, fill)};
}

// Opset 1: two scales, of rows and columns; 7: scales as attribute; 9: as operand.
Values expand_Upsample(Expansion& e) {
  Value* x = e.operand(0);
  if (!e.ok()) return {x};
  ResizeMode mode;
  mode.filter = one_of(e, "mode", "nearest", {"nearest", "linear", "bilinear"});
  if (mode.filter == "bilinear") mode.filter = "linear";
  auto axes = axes_of(e, x, all_axes(rank_of(x)));
  if (e.opset >= 9) {
    set_scales(e, axes, known_scales(e, 1));
  } else if (e.opset >= 7) {
    set_scales(e, axes, e.numbers("scales"));
  } else {
    if (rank_of(x) != 4) return {e.fail("the operand must have rank 4")};
    set_scales(e, axes, {1, 1, e.number("height_scale", 1), e.number("width_scale", 1)});
  }
  return {resize(e, x, mode, axes, 0)};
}

}  // namespace rondo
