// The reference evaluator: contractions, reductions and data movement. Expected values by hand, or by a plain loop that
// follows the operator's equation.
#include "tests/ir/evaluate.h"

using namespace rondo;
using namespace rondo::testing;

namespace {

/// 1, 2, 3, ... in a shape.
Array counting(Ints shape) {
  Array array = real_array(shape, {});
  int64_t count = 1;
  for (int64_t size : shape) count *= size;
  for (int64_t i = 1; i <= count; ++i) array.reals.push_back(static_cast<double>(i));
  return array;
}

Attributes conv(Ints strides, Ints dilations, int64_t groups) {
  return {{"strides", strides}, {"dilations", dilations}, {"groups", groups}};
}
Attributes window(std::string combine, Ints size, Ints strides, Ints dilations) {
  return {{"combine", combine}, {"window", size}, {"strides", strides}, {"dilations", dilations}};
}
Attributes over(std::string combine, Ints axes) { return {{"combine", combine}, {"axes", axes}}; }
Attributes slice(Ints starts, Ints sizes, Ints steps) {
  return {{"starts", starts}, {"sizes", sizes}, {"steps", steps}};
}

}  // namespace

TEST_CASE("evaluate: matmul") {
  CHECK_SAME(run(Op::matmul, {counting({2, 3}), counting({3, 2})}), real_array({2, 2}, {22, 28, 49, 64}));
  // Batches [2, 1] and [2] broadcast to [2, 2]; 1 x 1 matrices multiply like numbers.
  CHECK_SAME(run(Op::matmul, {real_array({2, 1, 1, 1}, {2, 3}), real_array({2, 1, 1}, {5, 7})}),
             real_array({2, 2, 1, 1}, {10, 14, 15, 21}));
  CHECK_SAME(run(Op::matmul, {real_array({2, 0}, {}), real_array({0, 2}, {})}), real_array({2, 2}, {0, 0, 0, 0}));
  CHECK_SAME(run(Op::matmul, {int_array({1, 2}, {100, 100}, DType::i8), int_array({2, 1}, {1, 1}, DType::i8)}),
             int_array({1, 1}, {-56}, DType::i8));
}

TEST_CASE("evaluate: conv") {
  CHECK_SAME(run(Op::conv, {real_array({1, 1, 5}, {1, 2, 3, 4, 5}), real_array({1, 1, 2}, {1, 10})}, conv({1}, {1}, 1)),
             real_array({1, 1, 4}, {21, 32, 43, 54}));
  CHECK_SAME(
      run(Op::conv, {real_array({1, 1, 6}, {1, 2, 3, 4, 5, 6}), real_array({1, 1, 2}, {1, 10})}, conv({2}, {3}, 1)),
      real_array({1, 1, 2}, {41, 63}));
  // Two groups: each output channel sees one input channel.
  CHECK_SAME(run(Op::conv, {real_array({1, 2, 2}, {1, 2, 3, 4}), real_array({2, 1, 1}, {10, 100})}, conv({1}, {1}, 2)),
             real_array({1, 2, 2}, {10, 20, 300, 400}));
  CHECK_SAME(run(Op::conv, {real_array({1, 1, 2}, {1, 2}), real_array({1, 1, 3}, {1, 1, 1})}, conv({3}, {1}, 1)),
             real_array({1, 1, 0}, {}));
}

TEST_CASE("evaluate: conv by its equation") {
  const int64_t N = 2, C = 4, G = 2, O = 6, H = 7, W = 6, R = 3, S = 2, stride_h = 2, dilation_w = 3;
  const Array x = counting({N, C, H, W}), w = counting({O, C / G, R, S});
  const int64_t out_h = 3, out_w = 3;  // (7 - 3) / 2 + 1, 6 - 4 + 1
  Array expected = real_array({N, O, out_h, out_w}, {});
  for (int64_t n = 0; n < N; ++n)
    for (int64_t o = 0; o < O; ++o)
      for (int64_t i = 0; i < out_h; ++i)
        for (int64_t j = 0; j < out_w; ++j) {
          double sum = 0;
          for (int64_t c = 0; c < C / G; ++c)
            for (int64_t r = 0; r < R; ++r)
              for (int64_t s = 0; s < S; ++s) {
                const int64_t channel = o / (O / G) * (C / G) + c;
                sum += x.reals[((n * C + channel) * H + i * stride_h + r) * W + j + s * dilation_w] *
                       w.reals[((o * (C / G) + c) * R + r) * S + s];
              }
          expected.reals.push_back(sum);
        }
  CHECK_SAME(run(Op::conv, {x, w}, conv({stride_h, 1}, {1, dilation_w}, G)), expected);
}

TEST_CASE("evaluate: reduce") {
  CHECK_SAME(run(Op::reduce, {counting({2, 3})}, over("sum", {0})), real_array({3}, {5, 7, 9}));
  CHECK_SAME(run(Op::reduce, {counting({2, 3})}, over("prod", {1})), real_array({2}, {6, 120}));
  CHECK_SAME(run(Op::reduce, {counting({2, 2, 2})}, over("max", {2, 0})), real_array({2}, {6, 8}));
  CHECK_SAME(run(Op::reduce, {real_array({3}, {1, kNaN, 2})}, over("min", {0})), real_array(Ints{}, Reals{kNaN}));
  CHECK_SAME(run(Op::reduce, {counting({2})}, over("sum", {})), counting({2}));
  CHECK_SAME(run(Op::reduce, {ints({200, 100}, DType::u8)}, over("sum", {0})), int_array(Ints{}, Ints{44}, DType::u8));
  // Over nothing.
  CHECK_SAME(run(Op::reduce, {real_array({0}, {})}, over("sum", {0})), real_array(Ints{}, Reals{0}));
  CHECK_SAME(run(Op::reduce, {real_array({0}, {})}, over("prod", {0})), real_array(Ints{}, Reals{1}));
  CHECK_SAME(run(Op::reduce, {real_array({0}, {})}, over("max", {0})), real_array(Ints{}, Reals{-kInfinity}));
  CHECK_SAME(run(Op::reduce, {int_array({0}, {}, DType::i8)}, over("max", {0})),
             int_array(Ints{}, Ints{-128}, DType::i8));
  CHECK_SAME(run(Op::reduce, {int_array({0}, {}, DType::u64)}, over("min", {0})),
             int_array(Ints{}, Ints{-1}, DType::u64));
}

TEST_CASE("evaluate: reduce_window") {
  CHECK_SAME(run(Op::reduce_window, {counting({5})}, window("sum", {2}, {2}, {1})), real_array({2}, {3, 7}));
  CHECK_SAME(run(Op::reduce_window, {counting({5})}, window("sum", {2}, {1}, {3})), real_array({2}, {5, 7}));
  CHECK_SAME(run(Op::reduce_window, {counting({3, 3})}, window("max", {2, 2}, {1, 1}, {1, 1})),
             real_array({2, 2}, {5, 6, 8, 9}));
  CHECK_SAME(run(Op::reduce_window, {real_array({3}, {-3, -2, kNaN})}, window("max", {2}, {1}, {1})),
             real_array({2}, {-2, kNaN}));
  CHECK_SAME(run(Op::reduce_window, {ints({-5, -7})}, window("max", {2}, {1}, {1})), ints({-5}));
  // A lone window's stride, and a lone element's dilation, may be anything.
  CHECK_SAME(run(Op::reduce_window, {counting({3})}, window("sum", {1}, {kGreatest}, {kGreatest})),
             real_array({1}, {1}));
}

TEST_CASE("evaluate: transpose, reshape, broadcast") {
  const auto perm = [](Ints axes) { return Attributes{{"perm", axes}}; };
  CHECK_SAME(run(Op::transpose, {counting({2, 3})}, perm({1, 0})), real_array({3, 2}, {1, 4, 2, 5, 3, 6}));
  // b[k, i, j] = a[i, j, k] with a[i, j, k] = 1 + 6 i + 2 j + k
  CHECK_SAME(run(Op::transpose, {counting({2, 3, 2})}, perm({2, 0, 1})),
             real_array({2, 2, 3}, {1, 3, 5, 7, 9, 11, 2, 4, 6, 8, 10, 12}));
  CHECK_SAME(run(Op::transpose, {real_array({0, 2}, {})}, perm({1, 0})), real_array({2, 0}, {}));
  CHECK_SAME(run(Op::transpose, {real_array(Ints{}, Reals{5})}, perm({})), real_array(Ints{}, Reals{5}));
  CHECK_SAME(run(Op::reshape, {counting({2, 3})}, {{"shape", Ints{3, 1, 2}}}), counting({3, 1, 2}));
  CHECK_SAME(run(Op::broadcast, {real_array({2, 1}, {1, 2})}, {{"shape", Ints{2, 2, 3}}}),
             real_array({2, 2, 3}, {1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2}));
  CHECK_SAME(run(Op::broadcast, {int_array(Ints{}, Ints{7})}, {{"shape", Ints{2}}}), ints({7, 7}));
  CHECK_SAME(run(Op::broadcast, {real_array({1}, {1})}, {{"shape", Ints{0}}}), real_array({0}, {}));
}

TEST_CASE("evaluate: slice") {
  CHECK_SAME(run(Op::slice, {counting({3, 4})}, slice({1, 1}, {2, 2}, {1, 2})), real_array({2, 2}, {6, 8, 10, 12}));
  CHECK_SAME(run(Op::slice, {counting({5})}, slice({4}, {5}, {-1})), real_array({5}, {5, 4, 3, 2, 1}));
  CHECK_SAME(run(Op::slice, {counting({5})}, slice({3}, {2}, {-3})), real_array({2}, {4, 1}));
  CHECK_SAME(run(Op::slice, {counting({5})}, slice({5}, {0}, {1})), real_array({0}, {}));
  CHECK_SAME(run(Op::slice, {counting({5})}, slice({2}, {1}, {kLeast})), real_array({1}, {3}));
  CHECK_SAME(run(Op::slice, {counting({5})}, slice({2}, {1}, {kGreatest})), real_array({1}, {3}));
}

TEST_CASE("evaluate: concat and pad") {
  const auto axis = [](int64_t value) { return Attributes{{"axis", value}}; };
  CHECK_SAME(run(Op::concat, {counting({1, 2}), counting({2, 2})}, axis(0)), real_array({3, 2}, {1, 2, 1, 2, 3, 4}));
  CHECK_SAME(run(Op::concat, {counting({2, 1}), real_array({2, 0}, {}), counting({2, 2})}, axis(1)),
             real_array({2, 3}, {1, 1, 2, 2, 3, 4}));
  const auto padding = [](Ints low, Ints high) { return Attributes{{"low", low}, {"high", high}}; };
  CHECK_SAME(run(Op::pad, {counting({2, 1}), real_array(Ints{}, Reals{9})}, padding({1, 0}, {0, 2})),
             real_array({3, 3}, {9, 9, 9, 1, 9, 9, 2, 9, 9}));
  CHECK_SAME(run(Op::pad, {int_array(Ints{0}, Ints{}), int_array(Ints{}, Ints{4})}, padding({1}, {1})), ints({4, 4}));
}

TEST_CASE("evaluate: gather") {
  const auto axis = [](int64_t value) { return Attributes{{"axis", value}}; };
  CHECK_SAME(run(Op::gather, {counting({3, 2}), ints({2, 0, 2})}, axis(0)), real_array({3, 2}, {5, 6, 1, 2, 5, 6}));
  CHECK_SAME(run(Op::gather, {counting({2, 3}), int_array({1, 2}, {2, 0}, DType::i32)}, axis(1)),
             real_array({2, 1, 2}, {3, 1, 6, 4}));
  CHECK_SAME(run(Op::gather, {counting({3}), int_array(Ints{}, Ints{1})}, axis(0)), real_array(Ints{}, Reals{2}));
  CHECK_SAME(run(Op::gather, {real_array({0}, {}), int_array(Ints{0}, Ints{})}, axis(0)), real_array({0}, {}));
  CHECK(error_of(try_run(Op::gather, {counting({3}), ints({0, 3})}, axis(0))) ==
        "error: gather: index 3 at position 1 is outside [0, 3)");
  CHECK(error_of(try_run(Op::gather, {counting({3}), ints({-1})}, axis(0))).find("index -1") != std::string::npos);
}
