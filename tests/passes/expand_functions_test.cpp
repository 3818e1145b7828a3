// Functions of numbers against C's own, and work on bits.
#include <functional>

#include "tests/passes/expand_model.h"

namespace rondo::testing {
namespace {

const double kInf = std::numeric_limits<double>::infinity(), kNan = std::nan("");

void check_function(Op op, const std::vector<double>& x, const std::function<double(double)>& function,
                    Attributes attributes = {}) {
  std::vector<double> y;
  for (double value : x) y.push_back(function(value));
  const int64_t n = static_cast<int64_t>(x.size());
  for (DType dtype : {DType::f32, DType::f64})
    check_node(op, 24, {reals({n}, x, dtype)}, attributes, reals({n}, y, dtype));
}

TEST_CASE("circular and hyperbolic functions and their inverses") {
  const std::vector<double> all = {0, 0.25, -0.25, 1, -1, 3, -3, 20, -20, 1e-4, -1e-4};
  check_function(Op::Sin, all, [](double x) { return std::sin(x); });
  check_function(Op::Cos, all, [](double x) { return std::cos(x); });
  check_function(Op::Tan, all, [](double x) { return std::tan(x); });
  check_function(Op::Sinh, all, [](double x) { return std::sinh(x); });
  check_function(Op::Cosh, all, [](double x) { return std::cosh(x); });
  check_function(Op::Asinh, all, [](double x) { return std::asinh(x); });
  check_function(Op::Atan, {0, 1, -1, 50, kInf, -kInf}, [](double x) { return std::atan(x); });
  check_function(Op::Asin, {0, 0.5, -0.5, 0.999, 1, -1, 1.5}, [](double x) { return std::asin(x); });
  check_function(Op::Acos, {0, 0.5, -0.5, 0.999, 1, -1, 1.5, -1.5}, [](double x) { return std::acos(x); });
  check_function(Op::Acosh, {1, 1.001, 2, 1e10, 0.5, -3}, [](double x) { return std::acosh(x); });
  check_function(Op::Atanh, {0, 0.5, -0.5, 0.99, -1, 2, -1e10}, [](double x) { return std::atanh(x); });
}

TEST_CASE("hyperbolic functions of what is large") {
  check_function(Op::Sinh, {88, -89, kInf, -kInf}, [](double x) { return std::sinh(x); });
  check_function(Op::Cosh, {88, -89, kInf, -kInf}, [](double x) { return std::cosh(x); });
  check_function(Op::Asinh, {1e20, -1e20, kInf, -kInf}, [](double x) { return std::asinh(x); });
}

TEST_CASE("two-byte floats are computed in float32") {
  check_node(Op::Asinh, 22, {reals({2}, {1000, -1000}, DType::f16)}, {},
             reals({2}, {std::asinh(1000), -std::asinh(1000)}, DType::f16));
}

TEST_CASE("activations") {
  const std::vector<double> x = {-3, -0.5, 0, 0.5, 2};
  check_function(Op::Mish, x, [](double x) { return x * std::tanh(std::log1p(std::exp(x))); });
  check_function(Op::Swish, x, [](double x) { return x / (1 + std::exp(-x)); });
  check_function(Op::Swish, x, [](double x) { return x / (1 + std::exp(-2 * x)); }, {{"alpha", 2.0}});
  // The specification's examples.
  check_node(Op::Shrink, 9, {reals({5}, {-2, -1, 0, 1, 2})}, {{"lambd", 1.5}}, reals({5}, {-2, 0, 0, 0, 2}));
  check_node(Op::Shrink, 9, {reals({5}, {-2, -1, 0, 1, 2})}, {{"lambd", 1.5}, {"bias", 1.5}},
             reals({5}, {-0.5, 0, 0, 0, 0.5}));
  check_node(Op::Shrink, 9, {whole({3}, {-2, 0, 2}, DType::i8)}, {{"bias", 1.0}}, whole({3}, {-1, 0, 1}, DType::i8));
}

TEST_CASE("questions about floating-point numbers") {
  const Tensor x = reals({6}, {-1.2, kNan, kInf, 2.8, -kInf, kInf});
  auto bools = [](const std::vector<int64_t>& values) { return whole({6}, values, DType::boolean); };
  check_node(Op::IsNaN, 9, {x}, {}, bools({0, 1, 0, 0, 0, 0}));
  check_node(Op::IsInf, 10, {x}, {}, bools({0, 0, 1, 0, 1, 1}));
  check_node(Op::IsInf, 10, {x}, {{"detect_positive", int64_t{0}}}, bools({0, 0, 0, 0, 1, 0}));
  check_node(Op::IsInf, 10, {x}, {{"detect_negative", int64_t{0}}}, bools({0, 0, 1, 0, 0, 1}));
  check_node(Op::IsInf, 10, {x}, {{"detect_negative", int64_t{0}}, {"detect_positive", int64_t{0}}},
             bools({0, 0, 0, 0, 0, 0}));
}

TEST_CASE("bits") {
  auto u8 = [](const std::vector<int64_t>& values) {
    return whole({static_cast<int64_t>(values.size())}, values, DType::u8);
  };
  check_node(Op::BitShift, 11, {u8({16, 4, 1}), u8({1, 2, 3})}, {{"direction", std::string("RIGHT")}}, u8({8, 1, 0}));
  check_node(Op::BitShift, 11, {u8({16, 4, 129}), u8({1, 2, 1})}, {{"direction", std::string("LEFT")}}, u8({32, 16, 2}));
  check_node(Op::BitShift, 11, {u8({255, 255}), u8({7, 8})}, {{"direction", std::string("RIGHT")}}, u8({1, 0}));
  CHECK(contains(errors_of(Op::BitShift, 11, {u8({1}), u8({1})}, {{"direction", std::string("UP")}}), "LEFT or RIGHT"));
  const Tensor a = whole({3}, {12, -1, 0}, DType::i32), b = whole({3}, {10, 7, 5}, DType::i32);
  check_node(Op::BitwiseAnd, 18, {a, b}, {}, whole({3}, {8, 7, 0}, DType::i32));
  check_node(Op::BitwiseOr, 18, {a, b}, {}, whole({3}, {14, -1, 5}, DType::i32));
  check_node(Op::BitwiseXor, 18, {a, b}, {}, whole({3}, {6, -8, 5}, DType::i32));
  check_node(Op::BitwiseNot, 18, {a}, {}, whole({3}, {-13, 0, -1}, DType::i32));
  check_node(Op::BitwiseNot, 18, {u8({0, 255, 5})}, {}, u8({255, 0, 250}));
  check_node(Op::BitCast, 26, {u8({0, 255})}, {{"to", int64_t{3}}}, whole({2}, {0, -1}, DType::i8));
  CHECK(contains(errors_of(Op::BitCast, 26, {a}, {{"to", int64_t{1}}}), "supported"));
}

}  // namespace
}  // namespace rondo::testing
