// Convolution and pooling against loops written from ONNX's definition, over many geometries.
#include <algorithm>
#include <limits>

#include "tests/passes/expand_model.h"

namespace rondo::testing {
namespace {

/// One spatial axis.
struct Geometry {
  int64_t size, kernel, stride = 1, dilation = 1, low = 0, high = 0;
  bool round_up = false;

  int64_t reach() const { return (kernel - 1) * dilation + 1; }
  int64_t count() const {
    const int64_t room = size + low + high - reach();
    if (!round_up) return room / stride + 1;
    int64_t windows = (room + stride - 1) / stride + 1;
    if ((windows - 1) * stride >= size + low) --windows;
    return windows;
  }
};

Attributes attributes_of(const std::vector<Geometry>& axes) {
  std::vector<int64_t> strides, dilations, pads;
  for (const Geometry& axis : axes) strides.push_back(axis.stride), dilations.push_back(axis.dilation);
  for (const Geometry& axis : axes) pads.push_back(axis.low);
  for (const Geometry& axis : axes) pads.push_back(axis.high);
  Attributes attributes{{"strides", strides}, {"dilations", dilations}, {"pads", pads}};
  if (axes[0].round_up) attributes.set("ceil_mode", int64_t{1});
  return attributes;
}

Tensor pattern(std::vector<int64_t> shape, int seed) {
  int64_t count = 1;
  for (int64_t dim : shape) count *= dim;
  std::vector<double> values;
  for (int64_t i = 0; i < count; ++i) values.push_back(((i * 7 + seed * 5) % 11 - 5) / 4.0);
  return reals(std::move(shape), values);
}

const std::vector<std::vector<Geometry>> kGeometries = {
    {{.size = 7, .kernel = 3}, {.size = 5, .kernel = 2}},
    {{.size = 7, .kernel = 3, .stride = 2, .low = 1, .high = 1},
     {.size = 6, .kernel = 3, .stride = 3, .low = 0, .high = 2}},
    {{.size = 9, .kernel = 3, .dilation = 2, .low = 1, .high = 0},
     {.size = 9, .kernel = 2, .stride = 2, .dilation = 3}},
    {{.size = 7, .kernel = 2, .stride = 2, .round_up = true},
     {.size = 5, .kernel = 3, .stride = 2, .low = 1, .high = 1, .round_up = true}},
    {{.size = 2, .kernel = 1, .stride = 2, .round_up = true}, {.size = 4, .kernel = 3, .stride = 2, .round_up = true}},
};

/// Calls visit(window y, window x, row, column, inside) for all places of all windows, in row-major order.
template <class Visit>
void for_windows(const Geometry& v, const Geometry& h, Visit visit) {
  for (int64_t wy = 0; wy < v.count(); ++wy)
    for (int64_t wx = 0; wx < h.count(); ++wx)
      for (int64_t ky = 0; ky < v.kernel; ++ky)
        for (int64_t kx = 0; kx < h.kernel; ++kx)
          visit(wy, wx, wy * v.stride + ky * v.dilation - v.low, wx * h.stride + kx * h.dilation - h.low,
                ky * h.kernel + kx);
}

bool within(const Geometry& g, int64_t at) { return at >= 0 && at < g.size; }
bool within_padding(const Geometry& g, int64_t at) { return at >= -g.low && at < g.size + g.high; }

TEST_CASE("Conv: strides, dilations, pads, groups, bias") {
  for (const auto& axes : kGeometries) {
    if (axes[0].round_up) continue;
    for (int64_t groups : {1, 2}) {
      const Geometry &v = axes[0], &h = axes[1];
      const int64_t in = 4, out = 6, per_group = in / groups;
      const Tensor x = pattern({2, in, v.size, h.size}, 1), w = pattern({out, per_group, v.kernel, h.kernel}, 2);
      const Tensor bias = pattern({out}, 3);
      std::vector<double> want;
      for (int64_t n = 0; n < 2; ++n)
        for (int64_t o = 0; o < out; ++o) {
          std::vector<double> plane(v.count() * h.count(), bias.double_at(o));
          for (int64_t c = 0; c < per_group; ++c) {
            const int64_t channel = o / (out / groups) * per_group + c;
            for_windows(v, h, [&](int64_t wy, int64_t wx, int64_t y, int64_t z, int64_t k) {
              if (!within(v, y) || !within(h, z)) return;
              plane[wy * h.count() + wx] += x.double_at(((n * in + channel) * v.size + y) * h.size + z) *
                                            w.double_at((o * per_group + c) * v.kernel * h.kernel + k);
            });
          }
          want.insert(want.end(), plane.begin(), plane.end());
        }
      Attributes attributes = attributes_of(axes);
      attributes.set("group", groups);
      check_node(Op::Conv, 11, {x, w, bias}, attributes, reals({2, out, v.count(), h.count()}, want));
    }
  }
}

TEST_CASE("Conv: auto_pad, one and three axes") {
  const Tensor x = reals({1, 1, 4}, {1, 2, 3, 4}), w = reals({1, 1, 2}, {1, 10});
  auto padded = [&](const char* mode, int64_t stride, const Tensor& want) {
    check_node(Op::Conv, 11, {x, w}, {{"auto_pad", std::string(mode)}, {"strides", std::vector<int64_t>{stride}}},
               want);
  };
  padded("VALID", 1, reals({1, 1, 3}, {21, 32, 43}));
  padded("SAME_UPPER", 1, reals({1, 1, 4}, {21, 32, 43, 4}));
  padded("SAME_LOWER", 1, reals({1, 1, 4}, {10, 21, 32, 43}));
  padded("SAME_UPPER", 3, reals({1, 1, 2}, {21, 4}));
  padded("NOTSET", 2, reals({1, 1, 2}, {21, 43}));
  check_node(Op::Conv, 11, {pattern({1, 1, 2, 2, 2}, 0), reals({1, 1, 1, 1, 1}, {2})}, {},
             reals({1, 1, 2, 2, 2}, {-2.5, 1, -1, 2.5, 0.5, -1.5, 2, 0}));
  CHECK(contains(errors_of(Op::Conv, 11, {x, w}, {{"auto_pad", std::string("SAME")}}), "'auto_pad'"));
  CHECK(contains(errors_of(Op::Conv, 11, {x, w}, {{"kernel_shape", std::vector<int64_t>{3}}}), "'kernel_shape'"));
  CHECK(contains(errors_of(Op::Conv, 11, {x, w}, {{"strides", std::vector<int64_t>{0}}}), "'strides'"));
  CHECK(contains(errors_of(Op::Conv, 11, {x, w}, {{"pads", std::vector<int64_t>{1}}}), "'pads'"));
}

TEST_CASE("MaxPool: values, and places in both storage orders") {
  for (const auto& axes : kGeometries) {
    const Geometry &v = axes[0], &h = axes[1];
    const Tensor x = pattern({1, 2, v.size, h.size}, 4);
    for (int64_t column_major : {0, 1}) {
      std::vector<double> best;
      std::vector<int64_t> place;
      for (int64_t c = 0; c < 2; ++c) {
        std::vector<double> plane(v.count() * h.count(), -std::numeric_limits<double>::infinity());
        std::vector<int64_t> at(plane.size(), 0);
        for_windows(v, h, [&](int64_t wy, int64_t wx, int64_t y, int64_t z, int64_t) {
          if (!within(v, y) || !within(h, z)) return;
          const double value = x.double_at((c * v.size + y) * h.size + z);
          if (value <= plane[wy * h.count() + wx]) return;
          plane[wy * h.count() + wx] = value;
          at[wy * h.count() + wx] = c * v.size * h.size + (column_major ? z * v.size + y : y * h.size + z);
        });
        best.insert(best.end(), plane.begin(), plane.end());
        place.insert(place.end(), at.begin(), at.end());
      }
      Attributes attributes = attributes_of(axes);
      attributes.set("kernel_shape", std::vector<int64_t>{v.kernel, h.kernel});
      attributes.set("storage_order", column_major);
      const std::vector<Tensor> got = run_node(Op::MaxPool, 12, {x}, attributes, 2);
      REQUIRE(got.size() == 2);
      check_close(got[0], reals({1, 2, v.count(), h.count()}, best));
      check_close(got[1], whole({1, 2, v.count(), h.count()}, place));
    }
  }
}

TEST_CASE("MaxPool of integers") {
  const Attributes attributes{{"kernel_shape", std::vector<int64_t>{2}}, {"pads", std::vector<int64_t>{1, 0}}};
  check_node(Op::MaxPool, 12, {whole({1, 1, 2}, {-7, -9}, DType::i8)}, attributes,
             whole({1, 1, 2}, {-7, -7}, DType::i8));
  check_node(Op::MaxPool, 12, {whole({1, 1, 2}, {7, 9}, DType::u8)}, attributes, whole({1, 1, 2}, {7, 9}, DType::u8));
}

TEST_CASE("AveragePool: with and without the padding") {
  for (const auto& axes : kGeometries) {
    for (int64_t include : {0, 1}) {
      const Geometry &v = axes[0], &h = axes[1];
      const Tensor x = pattern({1, 1, v.size, h.size}, 5);
      std::vector<double> sums(v.count() * h.count(), 0), sizes(sums.size(), 0);
      for_windows(v, h, [&](int64_t wy, int64_t wx, int64_t y, int64_t z, int64_t) {
        const bool inside = within(v, y) && within(h, z);
        if (inside) sums[wy * h.count() + wx] += x.double_at(y * h.size + z);
        sizes[wy * h.count() + wx] += inside || (include && within_padding(v, y) && within_padding(h, z));
      });
      for (size_t i = 0; i < sums.size(); ++i) sums[i] /= sizes[i];
      Attributes attributes = attributes_of(axes);
      attributes.set("kernel_shape", std::vector<int64_t>{v.kernel, h.kernel});
      attributes.set("count_include_pad", include);
      check_node(Op::AveragePool, 19, {x}, attributes, reals({1, 1, v.count(), h.count()}, sums));
    }
  }
}

TEST_CASE("pooling over all of space") {
  const Tensor x = reals({1, 2, 2, 2}, {1, 2, 3, 6, -1, -2, -3, -6});
  check_node(Op::GlobalAveragePool, 1, {x}, {}, reals({1, 2, 1, 1}, {3, -3}));
  check_node(Op::GlobalMaxPool, 1, {x}, {}, reals({1, 2, 1, 1}, {6, -1}));
}

TEST_CASE("windows over a symbolic axis") {
  Model model;
  Value* x = model.input("x", DType::f32, {1, 1, Dim::symbol("T")});
  const Attributes attributes{{"kernel_shape", std::vector<int64_t>{3}},
                              {"auto_pad", std::string("SAME_UPPER")},
                              {"strides", std::vector<int64_t>{2}}};
  model.output(model.node(Op::MaxPool, {x}, attributes)[0]);
  check_close(run(model, {reals({1, 1, 5}, {1, 5, 2, 4, 3})})[0], reals({1, 1, 3}, {5, 5, 4}));
}

}  // namespace
}  // namespace rondo::testing
