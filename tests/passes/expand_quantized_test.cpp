// Quantised operators: rounding, saturation, zero points and scales, by the specification's equations.
#include "tests/passes/expand_model.h"

namespace rondo::testing {
namespace {

Tensor bytes(std::vector<int64_t> shape, const std::vector<int64_t>& values) { return whole(std::move(shape), values, DType::u8); }
Tensor signed_bytes(std::vector<int64_t> shape, const std::vector<int64_t>& values) {
  return whole(std::move(shape), values, DType::i8);
}
Tensor number(double value) { return reals({}, {value}); }

TEST_CASE("QuantizeLinear: half to even, saturation, types") {
  const Tensor x = reals({8}, {0, 1, 3, 5, -1, 1000, -1000, 254});
  check_node(Op::QuantizeLinear, 10, {x, number(2), bytes({}, {128})}, {}, bytes({8}, {128, 128, 130, 130, 128, 255, 0, 255}));
  check_node(Op::QuantizeLinear, 10, {x, number(2)}, {}, bytes({8}, {0, 0, 2, 2, 0, 255, 0, 127}));
  check_node(Op::QuantizeLinear, 13, {x, number(2), signed_bytes({}, {-1})}, {},
             signed_bytes({8}, {-1, -1, 1, 1, -1, 127, -128, 126}));
  check_node(Op::QuantizeLinear, 21, {x, number(0.01)}, {{"output_dtype", int64_t{5}}},
             whole({8}, {0, 100, 300, 500, -100, 32767, -32768, 25400}, DType::i16));
  check_node(Op::QuantizeLinear, 21, {x, number(0.01), whole({}, {5}, DType::u16)}, {},
             whole({8}, {5, 105, 305, 505, 0, 65535, 0, 25405}, DType::u16));
  check_node(Op::QuantizeLinear, 13, {whole({2}, {7, -9}, DType::i32), number(2)}, {}, bytes({2}, {4, 0}));
  CHECK(contains(errors_of(Op::QuantizeLinear, 21, {x, number(1)}, {{"output_dtype", int64_t{22}}}), "4-bit"));
  CHECK(contains(errors_of(Op::QuantizeLinear, 23, {x, number(1)}, {{"output_dtype", int64_t{17}}}), "float8"));
}

TEST_CASE("QuantizeLinear and DequantizeLinear: by axis and by block") {
  const Tensor x = reals({2, 3}, {1, 2, 3, 10, 20, 30});
  check_node(Op::QuantizeLinear, 13, {x, reals({3}, {1, 2, 3}), bytes({3}, {0, 10, 20})}, {},
             bytes({2, 3}, {1, 11, 21, 10, 20, 30}));
  check_node(Op::QuantizeLinear, 13, {x, reals({2}, {1, 10}), bytes({2}, {0, 10})}, {{"axis", int64_t{-2}}},
             bytes({2, 3}, {1, 2, 3, 11, 12, 13}));
  const Attributes blocks{{"axis", int64_t{1}}, {"block_size", int64_t{2}}};
  check_node(Op::QuantizeLinear, 21, {x, reals({2, 2}, {1, 3, 2, 5}), bytes({2, 2}, {0, 1, 2, 3})}, blocks,
             bytes({2, 3}, {1, 2, 2, 7, 12, 9}));
  const Tensor q = bytes({2, 3}, {1, 2, 2, 7, 12, 9});
  check_node(Op::DequantizeLinear, 21, {q, reals({2, 2}, {1, 3, 2, 5}), bytes({2, 2}, {0, 1, 2, 3})}, blocks, x);
  check_node(Op::DequantizeLinear, 13, {q, reals({3}, {1, 2, 3}), bytes({3}, {0, 10, 20})}, {},
             reals({2, 3}, {1, -16, -54, 7, 4, -33}));
  check_node(Op::DequantizeLinear, 10, {signed_bytes({2}, {-128, 127}), number(0.5), signed_bytes({}, {127})}, {},
             reals({2}, {-127.5, 0}));
  check_node(Op::DequantizeLinear, 10, {whole({2}, {-70000, 5}, DType::i32), number(0.5)}, {}, reals({2}, {-35000, 2.5}));
  check_node(Op::DequantizeLinear, 21, {whole({1}, {3}, DType::u16), reals({}, {0.5}, DType::f16)}, {},
             reals({1}, {1.5}, DType::f16));
  CHECK(contains(errors_of(Op::DequantizeLinear, 13, {q, reals({2}, {1, 2})}), "scale"));
  CHECK(contains(errors_of(Op::QuantizeLinear, 21, {x, reals({2, 3}, {1, 1, 1, 1, 1, 1})}, blocks), "blocks"));
}

TEST_CASE("DynamicQuantizeLinear: the range always holds zero") {
  auto check = [](const std::vector<double>& x, const std::vector<int64_t>& q, double scale, int64_t zero_point) {
    const auto count = static_cast<int64_t>(x.size());
    const auto got = run_node(Op::DynamicQuantizeLinear, 11, {reals({count}, x)}, {}, 3);
    REQUIRE(got.size() == 3);
    check_close(got[0], bytes({count}, q));
    check_close(got[1], number(scale));
    check_close(got[2], bytes({}, {zero_point}));
  };
  check({0, 2, -3, -2.4, 1.34, 0.5}, {153, 255, 0, 31, 221, 179}, 5 / 255.0, 153);
  check({51, 255, 102}, {51, 255, 102}, 1, 0);
  check({-255, -127}, {0, 128}, 1, 255);
  check({0, 0}, {0, 0}, 1, 0);
}

TEST_CASE("MatMulInteger: zero points of rows and columns") {
  const Tensor a = bytes({2, 2}, {11, 7, 255, 0}), b = signed_bytes({2, 2}, {1, -128, 4, 127});
  check_node(Op::MatMulInteger, 10, {a, b}, {}, whole({2, 2}, {39, -519, 255, -32640}, DType::i32));
  check_node(Op::MatMulInteger, 10, {a, b, bytes({2}, {1, 255}), signed_bytes({2}, {1, 27})}, {},
             whole({2, 2}, {18, 10 * -155 + 6 * 100, -255 * 3, -255 * 100}, DType::i32));
  check_node(Op::MatMulInteger, 10, {a, b, bytes({}, {7})}, {}, whole({2, 2}, {4, -512, 248 - 28, 248 * -128 - 7 * 127}, DType::i32));
  check_node(Op::MatMulInteger, 10, {bytes({2}, {2, 3}), b}, {}, whole({2}, {14, 125}, DType::i32));
}

TEST_CASE("ConvInteger: padding counts as the zero point") {
  const Tensor x = bytes({1, 1, 3}, {2, 3, 4}), w = bytes({2, 1, 2}, {1, 1, 3, 5});
  check_node(Op::ConvInteger, 10, {x, w, bytes({}, {1})}, {}, whole({1, 2, 2}, {3, 5, 13, 21}, DType::i32));
  check_node(Op::ConvInteger, 10, {x, w, bytes({}, {1}), bytes({2}, {1, 3})},
             {{"pads", std::vector<int64_t>{1, 0}}}, whole({1, 2, 3}, {0, 0, 0, 2, 4, 6}, DType::i32));
}

TEST_CASE("QLinearMatMul and QLinearConv") {
  const Tensor a = bytes({2, 2}, {130, 126, 128, 228}), b = bytes({2, 2}, {115, 113, 114, 115});
  // (a - 128)(b - 114) = {2, -4; 0, 100}, times 0.5 * 2 / 4, plus 100: 100.5, 99, 100, 125
  const std::vector<std::optional<Tensor>> operands{a, number(0.5), bytes({}, {128}), b, number(2), bytes({}, {114}),
                                                    number(4), bytes({}, {100})};
  check_node(Op::QLinearMatMul, 10, operands, {}, bytes({2, 2}, {100, 99, 100, 125}));
  auto columns = operands;
  columns[4] = reals({2}, {2, 16});
  check_node(Op::QLinearMatMul, 21, columns, {}, bytes({2, 2}, {100, 92, 100, 255}));

  const Tensor x = bytes({1, 1, 3}, {12, 13, 14}), w = signed_bytes({2, 1, 2}, {1, 1, 3, -5});
  // (x - 10) * w, and the bias: {5, 7; 6 - 15, 9 - 20} + {1, -1} = {6, 8; -10, -12}
  check_node(Op::QLinearConv, 10,
             {x, number(0.5), bytes({}, {10}), w, reals({2}, {1, 3}), signed_bytes({2}, {0, 0}), number(2),
              signed_bytes({}, {-7}), whole({2}, {1, -1}, DType::i32)},
             {}, signed_bytes({1, 2, 2}, {-5, -5, -15, -16}));
}

}  // namespace
}  // namespace rondo::testing
