// Element-wise model operators against the formulas of ONNX's specification, in every form that opsets gave them.
#include "tests/passes/expand_model.h"

namespace rondo::testing {
namespace {

const std::vector<double> kPoints = {-4, -1.5, -0.5, -1e-3, 0, 1e-3, 0.25, 1, 2.5, 40};

struct UnaryCase {
  Op op;
  int opset;
  Attributes attributes;
  double (*formula)(double);
};

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

TEST_CASE("functions of one operand") {
  const UnaryCase cases[] = {
      {Op::Abs, 13, {}, [](double x) { return std::fabs(x); }},
      {Op::Ceil, 13, {}, [](double x) { return std::ceil(x); }},
      {Op::Floor, 13, {}, [](double x) { return std::floor(x); }},
      {Op::Round, 11, {}, [](double x) { return std::nearbyint(x); }},
      {Op::Neg, 13, {}, [](double x) { return -x; }},
      {Op::Sign, 13, {}, [](double x) { return double((x > 0) - (x < 0)); }},
      {Op::Exp, 13, {}, [](double x) { return std::exp(x); }},
      {Op::Erf, 13, {}, [](double x) { return std::erf(x); }},
      {Op::Identity, 13, {}, [](double x) { return x; }},
      {Op::Relu, 14, {}, [](double x) { return x > 0 ? x : 0; }},
      {Op::Sigmoid, 13, {}, sigmoid},
      {Op::Tanh, 13, {}, [](double x) { return std::tanh(x); }},
      {Op::Softsign, 13, {}, [](double x) { return x / (1 + std::fabs(x)); }},
      {Op::Softplus, 13, {}, [](double x) { return std::log1p(std::exp(x)); }},
      {Op::LeakyRelu, 16, {}, [](double x) { return x < 0 ? 0.01 * x : x; }},
      {Op::LeakyRelu, 1, {{"alpha", 0.3}}, [](double x) { return x < 0 ? 0.3 * x : x; }},
      {Op::LeakyRelu,
       1,
       {{"alpha", 0.3}, {"consumed_inputs", std::vector<int64_t>{0}}},
       [](double x) { return x < 0 ? 0.3 * x : x; }},
      {Op::Elu, 6, {}, [](double x) { return x < 0 ? std::exp(x) - 1 : x; }},
      {Op::Elu, 22, {{"alpha", 2.0}}, [](double x) { return x < 0 ? 2 * (std::exp(x) - 1) : x; }},
      {Op::Celu, 12, {{"alpha", 2.0}}, [](double x) { return x < 0 ? 2 * (std::exp(x / 2) - 1) : x; }},
      {Op::Selu, 6, {}, [](double x) { return 1.0507009873 * (x > 0 ? x : 1.6732632423 * (std::exp(x) - 1)); }},
      {Op::Selu, 6, {{"alpha", 2.0}, {"gamma", 3.0}}, [](double x) { return 3 * (x > 0 ? x : 2 * (std::exp(x) - 1)); }},
      {Op::HardSigmoid, 6, {}, [](double x) { return std::fmax(0, std::fmin(1, 0.2 * x + 0.5)); }},
      {Op::HardSigmoid,
       22,
       {{"alpha", 0.5}, {"beta", 0.6}},
       [](double x) { return std::fmax(0, std::fmin(1, 0.5 * x + 0.6)); }},
      {Op::HardSwish, 14, {}, [](double x) { return x * std::fmax(0, std::fmin(1, x / 6 + 0.5)); }},
      {Op::ThresholdedRelu, 10, {}, [](double x) { return x > 1 ? x : 0; }},
      {Op::ThresholdedRelu, 10, {{"alpha", 0.1}}, [](double x) { return x > 0.1 ? x : 0; }},
      {Op::Gelu, 20, {}, [](double x) { return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0))); }},
      {Op::Gelu,
       20,
       {{"approximate", std::string("tanh")}},
       [](double x) { return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x))); }},
      {Op::Clip, 6, {{"min", -1.0}, {"max", 2.0}}, [](double x) { return std::fmin(std::fmax(x, -1), 2); }},
      {Op::Clip, 6, {{"max", 2.0}}, [](double x) { return std::fmin(x, 2); }},
      {Op::Clip, 13, {}, [](double x) { return x; }},
  };
  for (const UnaryCase& test : cases) {
    std::vector<double> want;
    for (double x : kPoints) want.push_back(test.formula(x));
    check_node(test.op, test.opset, {reals({10}, kPoints)}, test.attributes, reals({10}, want));
  }
}

TEST_CASE("functions of positive numbers") {
  const std::vector<double> points = {0.25, 1, 9};
  check_node(Op::Sqrt, 13, {reals({3}, points)}, {}, reals({3}, {0.5, 1, 3}));
  check_node(Op::Log, 13, {reals({3}, points)}, {}, reals({3}, {std::log(0.25), 0, std::log(9.0)}));
  check_node(Op::Reciprocal, 13, {reals({3}, points)}, {}, reals({3}, {4, 1, 1.0 / 9}));
}

TEST_CASE("integers keep their type") {
  check_node(Op::Relu, 14, {whole({3}, {-2, 0, 5}, DType::i32)}, {}, whole({3}, {0, 0, 5}, DType::i32));
  check_node(Op::Abs, 13, {whole({2}, {-2, 5}, DType::i8)}, {}, whole({2}, {2, 5}, DType::i8));
  check_node(Op::Neg, 13, {whole({2}, {-2, 5})}, {}, whole({2}, {2, -5}));
  check_node(Op::Div, 14, {whole({4}, {7, -7, 7, -7}), whole({4}, {2, 2, -2, -2})}, {}, whole({4}, {3, -3, -3, 3}));
  check_node(Op::Max, 13, {whole({2}, {1, 9}), whole({2}, {4, 4}), whole({1}, {2})}, {}, whole({2}, {4, 9}));
  check_node(Op::Mean, 13, {whole({2}, {1, 9}), whole({2}, {4, 4})}, {}, whole({2}, {2, 6}));
}

TEST_CASE("two operands broadcast as in NumPy") {
  const Tensor row = reals({1, 3}, {1, 2, 3}), column = reals({2, 1}, {10, 20});
  check_node(Op::Add, 14, {row, column}, {}, reals({2, 3}, {11, 12, 13, 21, 22, 23}));
  check_node(Op::Sub, 7, {row, column}, {}, reals({2, 3}, {-9, -8, -7, -19, -18, -17}));
  check_node(Op::Less, 9, {row, reals({}, {2})}, {}, whole({1, 3}, {1, 0, 0}, DType::boolean));
  check_node(Op::LessOrEqual, 12, {row, reals({}, {2})}, {}, whole({1, 3}, {1, 1, 0}, DType::boolean));
  check_node(Op::Greater, 9, {row, reals({}, {2})}, {}, whole({1, 3}, {0, 0, 1}, DType::boolean));
  check_node(Op::GreaterOrEqual, 12, {row, reals({}, {2})}, {}, whole({1, 3}, {0, 1, 1}, DType::boolean));
  check_node(Op::Equal, 13, {row, reals({}, {2})}, {}, whole({1, 3}, {0, 1, 0}, DType::boolean));
  check_node(Op::Sum, 8, {row, column, row}, {}, reals({2, 3}, {12, 14, 16, 22, 24, 26}));
  check_node(Op::Where, 16, {whole({2, 1}, {1, 0}, DType::boolean), row, column}, {},
             reals({2, 3}, {1, 2, 3, 20, 20, 20}));
}

TEST_CASE("logic") {
  const Tensor a = whole({4}, {0, 0, 1, 1}, DType::boolean), b = whole({4}, {0, 1, 0, 1}, DType::boolean);
  check_node(Op::And, 7, {a, b}, {}, whole({4}, {0, 0, 0, 1}, DType::boolean));
  check_node(Op::Or, 7, {a, b}, {}, whole({4}, {0, 1, 1, 1}, DType::boolean));
  check_node(Op::Xor, 7, {a, b}, {}, whole({4}, {0, 1, 1, 0}, DType::boolean));
  check_node(Op::Not, 1, {a}, {}, whole({4}, {1, 1, 0, 0}, DType::boolean));
  check_node(Op::Equal, 7, {a, b}, {}, whole({4}, {1, 0, 0, 1}, DType::boolean));
}

TEST_CASE("before opset 7, attributes align the second operand") {
  const Tensor x = reals({2, 2, 2}, {0, 0, 0, 0, 0, 0, 0, 0}), pair = reals({2}, {1, 2});
  const Attributes first{{"broadcast", int64_t{1}}, {"axis", int64_t{0}}},
      middle{{"broadcast", int64_t{1}}, {"axis", int64_t{1}}}, last{{"broadcast", int64_t{1}}};
  check_node(Op::Add, 6, {x, pair}, first, reals({2, 2, 2}, {1, 1, 1, 1, 2, 2, 2, 2}));
  check_node(Op::Add, 6, {x, pair}, middle, reals({2, 2, 2}, {1, 1, 2, 2, 1, 1, 2, 2}));
  check_node(Op::Add, 6, {x, pair}, last, reals({2, 2, 2}, {1, 2, 1, 2, 1, 2, 1, 2}));
  CHECK(contains(errors_of(Op::Add, 6, {x, pair}), "broadcast"));
  CHECK(contains(errors_of(Op::Add, 7, {x, pair}, last), "'broadcast'"));
}

TEST_CASE("PRelu: one slope, one for each channel, one for each place") {
  const Tensor x = reals({1, 2, 2}, {-1, -2, 3, -4});
  check_node(Op::PRelu, 9, {x, reals({1}, {0.5})}, {}, reals({1, 2, 2}, {-0.5, -1, 3, -2}));
  check_node(Op::PRelu, 6, {x, reals({2}, {0.5, 0.25})}, {}, reals({1, 2, 2}, {-0.5, -1, 3, -1}));
  check_node(Op::PRelu, 16, {x, reals({2, 1}, {0.5, 0.25})}, {}, reals({1, 2, 2}, {-0.5, -1, 3, -1}));
  check_node(Op::PRelu, 16, {x, reals({2}, {0.5, 0.25})}, {}, reals({1, 2, 2}, {-0.5, -0.5, 3, -1}));
}

TEST_CASE("Clip: bounds as operands, any of them left out, the upper one wins") {
  const Tensor x = whole({3}, {-5, 0, 5}, DType::i8);
  check_node(Op::Clip, 12, {x, whole({}, {-1}, DType::i8), whole({}, {2}, DType::i8)}, {},
             whole({3}, {-1, 0, 2}, DType::i8));
  check_node(Op::Clip, 12, {x, std::nullopt, whole({}, {2}, DType::i8)}, {}, whole({3}, {-5, 0, 2}, DType::i8));
  check_node(Op::Clip, 12, {x, whole({}, {3}, DType::i8), whole({}, {2}, DType::i8)}, {},
             whole({3}, {2, 2, 2}, DType::i8));
}

TEST_CASE("Pow: the result has the base's type") {
  check_node(Op::Pow, 13, {reals({3}, {2, 3, 4}), whole({}, {2})}, {}, reals({3}, {4, 9, 16}));
  check_node(Op::Pow, 13, {reals({3}, {2, 3, 4}), reals({}, {0.5})}, {},
             reals({3}, {std::sqrt(2.0), std::sqrt(3.0), 2}));
  check_node(Op::Pow, 13, {whole({3}, {2, -3, 4}), whole({3}, {5, 3, 0})}, {}, whole({3}, {32, -27, 1}));
  check_node(Op::Pow, 13, {whole({2}, {4, 9}, DType::i32), reals({2}, {0.5, 1.5})}, {},
             whole({2}, {2, 27}, DType::i32));
  check_node(Op::Pow, 7, {reals({1}, {3}), reals({2, 1}, {2, 3})}, {}, reals({2, 1}, {9, 27}));
}

TEST_CASE("Mod: the divisor's sign, or with fmod the dividend's") {
  const Tensor a = whole({6}, {-4, 7, 5, 4, -7, 8}, DType::i32), b = whole({6}, {2, -3, 8, -2, 3, 5}, DType::i32);
  check_node(Op::Mod, 13, {a, b}, {}, whole({6}, {0, -2, 5, 0, 2, 3}, DType::i32));
  check_node(Op::Mod, 13, {a, b}, {{"fmod", int64_t{1}}}, whole({6}, {0, 1, 5, 0, -1, 3}, DType::i32));
  check_node(Op::Mod, 13, {reals({2}, {-4.3, 7.2}), reals({2}, {2.1, -3.4})}, {{"fmod", int64_t{1}}},
             reals({2}, {-0.1, 0.4}));
  check_node(Op::Mod, 10, {reals({2}, {-4.3, 7.2}), reals({2}, {2.1, -3.4})}, {}, reals({2}, {2.0, -3.0}));
}

TEST_CASE("Cast: by code, by name, like another value") {
  const Tensor x = reals({4}, {-1.7, 0, 0.5, 2.9});
  check_node(Op::Cast, 13, {x}, {{"to", int64_t{7}}}, whole({4}, {-1, 0, 0, 2}));
  check_node(Op::Cast, 19, {x}, {{"to", int64_t{9}}, {"saturate", int64_t{1}}},
             whole({4}, {1, 0, 1, 1}, DType::boolean));
  check_node(Op::Cast, 1, {x}, {{"to", std::string("INT32")}}, whole({4}, {-1, 0, 0, 2}, DType::i32));
  check_node(Op::CastLike, 15, {x, whole({1}, {0}, DType::i16)}, {}, whole({4}, {-1, 0, 0, 2}, DType::i16));
  CHECK(contains(errors_of(Op::Cast, 13, {x}, {{"to", int64_t{8}}}), "supported"));
}

}  // namespace
}  // namespace rondo::testing
