// Transposed convolution against its definition: every element of x adds a scaled copy of its filter to the result.
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

struct Axis {
  int64_t size, kernel, stride = 1, dilation = 1, low = 0, high = 0, extra = 0;
  int64_t result() const { return stride * (size - 1) + (kernel - 1) * dilation + 1 + extra - low - high; }
};

Tensor scattered(const Tensor& x, const Tensor& w, const std::vector<double>& bias, const Axis& v, const Axis& h,
                 int64_t groups) {
  const int64_t batch = x.shape()[0], in = x.shape()[1], per_group = w.shape()[1], out = per_group * groups;
  const int64_t height = v.result(), width = h.result();
  std::vector<double> y(batch * out * height * width);
  for (size_t i = 0; i < y.size(); ++i) y[i] = bias[i / (height * width) % out];
  for (int64_t n = 0; n < batch; ++n)
    for (int64_t c = 0; c < in; ++c)
      for (int64_t m = 0; m < per_group; ++m)
        for (int64_t at = 0; at < v.size * h.size; ++at)
          for (int64_t k = 0; k < v.kernel * h.kernel; ++k) {
            const int64_t row = at / h.size * v.stride + k / h.kernel * v.dilation - v.low;
            const int64_t column = at % h.size * h.stride + k % h.kernel * h.dilation - h.low;
            if (row < 0 || row >= height || column < 0 || column >= width) continue;
            const int64_t channel = c / (in / groups) * per_group + m;
            y[((n * out + channel) * height + row) * width + column] +=
                x.double_at((n * in + c) * v.size * h.size + at) *
                w.double_at((c * per_group + m) * v.kernel * h.kernel + k);
          }
  return reals({batch, out, height, width}, y);
}

const std::vector<std::pair<Axis, Axis>> kAxes = {
    {{.size = 3, .kernel = 3}, {.size = 4, .kernel = 2}},
    {{.size = 3, .kernel = 3, .stride = 2}, {.size = 4, .kernel = 2, .stride = 3}},
    {{.size = 1, .kernel = 2, .low = 1, .high = 1, .extra = 1}, {.size = 5, .kernel = 3, .stride = 2, .low = 1, .high = 1}},
    {{.size = 4, .kernel = 3, .dilation = 2, .low = 2, .high = 1}, {.size = 3, .kernel = 5, .stride = 2, .low = 2, .high = 3}},
    {{.size = 4, .kernel = 3, .stride = 2, .dilation = 2, .low = 1, .high = 2}, {.size = 3, .kernel = 2, .stride = 3, .dilation = 4}},
    {{.size = 5, .kernel = 2, .stride = 2, .low = 5, .high = 3, .extra = 1}, {.size = 4, .kernel = 1, .stride = 3, .extra = 2}},
};

TEST_CASE("ConvTranspose: strides, dilations, pads, output padding, groups, bias") {
  for (const auto& [v, h] : kAxes) {
    for (int64_t groups : {1, 2, 4}) {
      const Tensor x = pattern({2, 4, v.size, h.size}, 1), w = pattern({4, 3, v.kernel, h.kernel}, 2);
      const Tensor bias = pattern({3 * groups}, 3);
      const Attributes attributes{{"strides", std::vector<int64_t>{v.stride, h.stride}},
                                  {"dilations", std::vector<int64_t>{v.dilation, h.dilation}},
                                  {"pads", std::vector<int64_t>{v.low, h.low, v.high, h.high}},
                                  {"output_padding", std::vector<int64_t>{v.extra, h.extra}},
                                  {"kernel_shape", std::vector<int64_t>{v.kernel, h.kernel}},
                                  {"group", groups}};
      check_node(Op::ConvTranspose, 11, {x, w, bias}, attributes, scattered(x, w, bias.doubles(), v, h, groups));
    }
  }
}

TEST_CASE("ConvTranspose: auto_pad and output_shape, one and three axes") {
  const Tensor x = reals({1, 1, 2}, {1, 2}), w = reals({1, 1, 3}, {1, 10, 100});
  auto with = [&](Attributes attributes, const Tensor& want) {
    attributes.set("strides", std::vector<int64_t>{2});
    check_node(Op::ConvTranspose, 11, {x, w}, attributes, want);
  };
  with({}, reals({1, 1, 5}, {1, 10, 102, 20, 200}));
  with({{"auto_pad", std::string("VALID")}}, reals({1, 1, 5}, {1, 10, 102, 20, 200}));
  with({{"auto_pad", std::string("SAME_UPPER")}}, reals({1, 1, 4}, {1, 10, 102, 20}));
  with({{"auto_pad", std::string("SAME_LOWER")}}, reals({1, 1, 4}, {10, 102, 20, 200}));
  with({{"output_shape", std::vector<int64_t>{7}}}, reals({1, 1, 7}, {1, 10, 102, 20, 200, 0, 0}));
  with({{"output_shape", std::vector<int64_t>{3}}}, reals({1, 1, 3}, {10, 102, 20}));
  check_node(Op::ConvTranspose, 11, {reals({1, 1, 1, 1, 2}, {1, 2}), reals({1, 1, 2, 1, 1}, {3, 5})}, {},
             reals({1, 1, 2, 1, 2}, {3, 6, 5, 10}));
  CHECK(contains(errors_of(Op::ConvTranspose, 11, {x, w}, {{"auto_pad", std::string("SAME")}}), "'auto_pad'"));
  CHECK(contains(errors_of(Op::ConvTranspose, 11, {x, w}, {{"kernel_shape", std::vector<int64_t>{2}}}), "'kernel_shape'"));
  CHECK(contains(errors_of(Op::ConvTranspose, 11, {x, w}, {{"strides", std::vector<int64_t>{0}}}), "'strides'"));
  CHECK(contains(errors_of(Op::ConvTranspose, 11, {x, w}, {{"group", int64_t{2}}}), "groups"));
}

TEST_CASE("ConvTranspose over a symbolic axis") {
  Model model;
  Value* x = model.input("x", DType::f32, {1, 1, Dim::symbol("T")});
  Value* w = model.constant(reals({1, 1, 4}, {1, 10, 100, 1000}));
  model.output(model.node(Op::ConvTranspose, {x, w},
                          {{"strides", std::vector<int64_t>{2}}, {"pads", std::vector<int64_t>{1, 1}}})[0]);
  check_close(run(model, {reals({1, 1, 3}, {1, 2, 3})})[0], reals({1, 1, 6}, {10, 102, 1020, 203, 2030, 300}));
}

}  // namespace
}  // namespace rondo::testing
