// Operators that read at computed places, and those that put windows back, against loops over their results.
#include <algorithm>
#include <functional>

#include "tests/passes/expand_model.h"

namespace rondo::testing {
namespace {

Tensor pattern(std::vector<int64_t> shape, int64_t seed) {
  int64_t count = 1;
  for (int64_t size : shape) count *= size;
  std::vector<double> values;
  for (int64_t i = 0; i < count; ++i) values.push_back(((i * 7 + seed * 5) % 11 - 5) / 4.0);
  return reals(std::move(shape), values);
}

std::string word(const char* text) { return text; }

// --- GridSample on one image of one channel, 3 x 4.

const int64_t kHeight = 3, kWidth = 4;

double reflect(double at, double low, double high) {
  while (at < low || at > high) at = at < low ? 2 * low - at : 2 * high - at;
  return at;
}

/// The element at whole coordinates, outside by the padding mode.
double pixel(const Tensor& x, double row, double column, const std::string& padding, bool corners) {
  if (padding == "zeros" && (row < 0 || row >= kHeight || column < 0 || column >= kWidth)) return 0;
  if (padding == "reflection") {
    row = reflect(row, corners ? 0 : -0.5, kHeight - (corners ? 1 : 0.5));
    column = reflect(column, corners ? 0 : -0.5, kWidth - (corners ? 1 : 0.5));
  }
  const auto r = static_cast<int64_t>(std::clamp(row, 0.0, kHeight - 1.0));
  const auto c = static_cast<int64_t>(std::clamp(column, 0.0, kWidth - 1.0));
  return x.double_at(r * kWidth + c);
}

double cubic(double d) {
  d = std::abs(d);
  if (d <= 1) return (1.25 * d - 2.25) * d * d + 1;
  return d < 2 ? ((-0.75 * d + 3.75) * d - 6) * d + 3 : 0;
}

double sampled(const Tensor& x, double gx, double gy, const std::string& mode, const std::string& padding, bool corners) {
  auto place = [&](double g, int64_t size) { return corners ? (g + 1) / 2 * (size - 1) : ((g + 1) * size - 1) / 2; };
  double row = place(gy, kHeight), column = place(gx, kWidth);
  auto settle = [&](double at, int64_t size) {
    const double low = corners ? 0 : -0.5, high = size - (corners ? 1 : 0.5);
    if (mode == "nearest") at = std::nearbyint(at);
    if (padding == "border" && (at < low || at > high)) return std::clamp(at, 0.0, size - 1.0);
    return padding == "reflection" ? reflect(at, low, high) : at;
  };
  row = settle(row, kHeight), column = settle(column, kWidth);
  if (mode == "nearest") return pixel(x, std::nearbyint(row), std::nearbyint(column), padding, corners);
  double sum = 0;
  const int reach = mode == "linear" ? 1 : 2;
  for (int i = 1 - reach; i <= reach; ++i)
    for (int j = 1 - reach; j <= reach; ++j) {
      const double r = std::floor(row) + i, c = std::floor(column) + j;
      const double weight = mode == "linear" ? (1 - std::abs(r - row)) * (1 - std::abs(c - column)) : cubic(r - row) * cubic(c - column);
      sum += weight * pixel(x, r, c, padding, corners);
    }
  return sum;
}

TEST_CASE("GridSample: modes, padding, corners") {
  const Tensor x = pattern({1, 1, kHeight, kWidth}, 2);
  const std::vector<double> grid{-1, -1, 0.1, -0.35, 0.77, 0.62, 1, 1, -1.6, 0.3, 0.2, 2.3, -0.95, 1.15, 3.4, -2.9};
  for (const char* mode : {"linear", "nearest", "cubic"})
    for (const char* padding : {"zeros", "border", "reflection"})
      for (int64_t corners : {0, 1}) {
        CAPTURE(mode);
        CAPTURE(padding);
        CAPTURE(corners);
        std::vector<double> want;
        for (size_t i = 0; i < grid.size(); i += 2) want.push_back(sampled(x, grid[i], grid[i + 1], mode, padding, corners));
        check_node(Op::GridSample, 20, {x, reals({1, 2, 4, 2}, grid)},
                   {{"mode", word(mode)}, {"padding_mode", word(padding)}, {"align_corners", corners}},
                   reals({1, 1, 2, 4}, want));
      }
  CHECK(contains(errors_of(Op::GridSample, 20, {x, reals({1, 2, 4, 2}, grid)}, {{"mode", word("area")}}), "'mode'"));
}

TEST_CASE("GridSample: batches, channels, three axes, the older names") {
  const Tensor x = reals({2, 2, 1, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  check_node(Op::GridSample, 16, {x, reals({2, 1, 1, 2}, {0.5, 0, -0.5, 0})}, {{"mode", word("bilinear")}},
             reals({2, 2, 1, 1}, {2, 4, 5, 7}));
  const Tensor cube = reals({1, 1, 2, 2, 2}, {0, 1, 2, 3, 4, 5, 6, 7});
  check_node(Op::GridSample, 20, {cube, reals({1, 1, 1, 2, 3}, {0, 0, 0, 1, -1, 0.5})}, {{"align_corners", int64_t{1}}},
             reals({1, 1, 1, 1, 2}, {3.5, 4}));
}

TEST_CASE("AffineGrid: centres and corners, two and three axes") {
  const Tensor theta = reals({1, 2, 3}, {1, 10, 100, 2, 20, 200});
  check_node(Op::AffineGrid, 20, {theta, list({1, 1, 2, 1})}, {},  // x = 0, y = -0.5, 0.5
             reals({1, 2, 1, 2}, {95, 190, 105, 210}));
  check_node(Op::AffineGrid, 20, {theta, list({1, 1, 1, 2})}, {{"align_corners", int64_t{1}}},  // x = -1, 1
             reals({1, 1, 2, 2}, {99, 198, 101, 202}));
  check_node(Op::AffineGrid, 20, {reals({1, 3, 4}, {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 5}), list({1, 1, 2, 1, 1})}, {},
             reals({1, 2, 1, 1, 3}, {0, 0, 4.5, 0, 0, 5.5}));
}

TEST_CASE("RoiAlign: both coordinate forms, average and maximum") {
  const Tensor x = reals({2, 1, 2, 3}, {0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15});  // batch * 10 + row * 3 + column
  const Tensor regions = reals({2, 4}, {0, 0, 2, 1, 1, 0, 2, 1}), batches = list({1, 0});
  Attributes attributes{{"output_width", int64_t{2}}, {"sampling_ratio", int64_t{1}}};
  // Without a half pixel's shift: columns 0.5, 1.5 and 1.25, 1.75, row 0.5.
  check_node(Op::RoiAlign, 10, {x, regions, batches}, attributes, reals({2, 1, 1, 2}, {12, 13, 2.75, 3.25}));
  // With it: columns 0, 1 and 0.75, 1.25, row 0.
  check_node(Op::RoiAlign, 16, {x, regions, batches}, attributes, reals({2, 1, 1, 2}, {10, 11, 0.75, 1.25}));
  attributes.set("mode", word("max"));  // of the weighted neighbours: 0.25 of row 0 and of row 1
  check_node(Op::RoiAlign, 10, {x, regions, batches}, attributes,
             reals({2, 1, 1, 2}, {0.25 * 14, 0.25 * 15, 0.5 * 0.75 * 4, 0.5 * 0.75 * 5}));
  const Tensor outside = reals({1, 4}, {-8, 0, -4, 1});
  check_node(Op::RoiAlign, 10, {x, outside, list({0})}, {{"sampling_ratio", int64_t{2}}}, reals({1, 1, 1, 1}, {0}));
  CHECK(contains(errors_of(Op::RoiAlign, 16, {x, regions, batches}), "sampling_ratio"));
}

TEST_CASE("MaxRoiPool: bins round outwards, empty ones are zero") {
  const Tensor x = reals({1, 1, 3, 4}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  const Attributes attributes{{"pooled_shape", std::vector<int64_t>{1, 2}}, {"spatial_scale", 0.5}};
  // Rows 0 .. 1 and columns 0 .. 2 in two bins of 1.5: columns 0 .. 1 and 1 .. 2; then a region behind the operand.
  check_node(Op::MaxRoiPool, 1, {x, reals({2, 5}, {0, 0, 0, 4, 2, 0, 12, 12, 14, 14})}, attributes,
             reals({2, 1, 1, 2}, {6, 7, 0, 0}));
}

TEST_CASE("DeformConv: offsets, masks, groups") {
  const int64_t in = 4, out = 4, height = 3, width = 3;
  const Tensor x = pattern({1, in, 4, 4}, 1), w = pattern({out, 2, 2, 2}, 2), bias = pattern({out}, 3);
  std::vector<double> moves, factors;
  for (int64_t i = 0; i < 2 * 8 * height * width; ++i) moves.push_back(((i * 5) % 13 - 6) / 4.0);
  for (int64_t i = 0; i < 8 * height * width; ++i) factors.push_back((i % 5) / 2.0);
  auto at = [&](int64_t channel, double row, double column) {
    double sum = 0;
    for (int64_t r = 0; r < 4; ++r)
      for (int64_t c = 0; c < 4; ++c)
        sum += std::max(0.0, 1 - std::abs(row - r)) * std::max(0.0, 1 - std::abs(column - c)) * x.double_at((channel * 4 + r) * 4 + c);
    return sum;
  };
  std::vector<double> want;
  for (int64_t o = 0; o < out; ++o)
    for (int64_t p = 0; p < height * width; ++p) {
      double sum = bias.double_at(o);
      for (int64_t c = 0; c < 2; ++c)
        for (int64_t k = 0; k < 4; ++k) {
          const int64_t channel = o / 2 * 2 + c, tap = channel / 2 * 4 + k;
          const double row = p / width + k / 2 + moves[(tap * 2) * height * width + p];
          const double column = p % width + k % 2 + moves[(tap * 2 + 1) * height * width + p];
          sum += w.double_at((o * 2 + c) * 4 + k) * factors[tap * height * width + p] * at(channel, row, column);
        }
      want.push_back(sum);
    }
  check_node(Op::DeformConv, 19, {x, w, reals({1, 16, height, width}, moves), bias, reals({1, 8, height, width}, factors)},
             {{"group", int64_t{2}}, {"offset_group", int64_t{2}}}, reals({1, out, height, width}, want));
  // No offsets: an ordinary convolution, here with stride, padding and dilation.
  const Attributes plain{{"strides", std::vector<int64_t>{2, 2}}, {"pads", std::vector<int64_t>{1, 0, 1, 0}},
                         {"dilations", std::vector<int64_t>{2, 1}}};
  const Tensor one = pattern({1, 1, 4, 4}, 4), v = pattern({1, 1, 2, 2}, 5);
  check_node(Op::DeformConv, 22, {one, v, reals({1, 8, 2, 2}, std::vector<double>(32, 0))}, plain,
             run_node(Op::Conv, 11, {one, v}, plain)[0]);
}

TEST_CASE("Col2Im: overlapping blocks add up") {
  const Tensor x = pattern({2, 3 * 6, 8}, 1);
  const Attributes attributes{{"strides", std::vector<int64_t>{2, 1}}, {"dilations", std::vector<int64_t>{1, 2}},
                              {"pads", std::vector<int64_t>{1, 0, 0, 1}}};
  // Image 4 x 7 under a block of 2 x 3: 2 x 4 blocks.
  std::vector<double> want(2 * 3 * 4 * 7, 0);
  for (int64_t i = 0; i < x.count(); ++i) {
    const int64_t block = i % 8, place = i / 8 % 6, channel = i / 48;
    const int64_t row = block / 4 * 2 + place / 3 - 1, column = block % 4 + place % 3 * 2;
    if (row >= 0 && row < 4 && column < 7) want[(channel * 4 + row) * 7 + column] += x.double_at(i);
  }
  check_node(Op::Col2Im, 18, {x, list({4, 7}), list({2, 3})}, attributes, reals({2, 3, 4, 7}, want));
  check_node(Op::Col2Im, 18, {reals({1, 2, 2}, {1, 2, 10, 20}), list({3}), list({2})}, {}, reals({1, 1, 3}, {1, 12, 20}));
  CHECK(contains(errors_of(Op::Col2Im, 18, {x, list({4, 4}), list({2, 3})}), "blocks"));
}

}  // namespace
}  // namespace rondo::testing
