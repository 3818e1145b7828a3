// Reductions, softmax, normalisation and dropout against their formulas.
#include <limits>

#include "tests/passes/expand_model.h"

namespace rondo::testing {
namespace {

const std::vector<double> kNumbers = {1, -2, 3, 4, -5, 6};
const Tensor kMatrix = reals({2, 3}, kNumbers);
const Attributes kFlat{{"keepdims", int64_t{0}}};
const double kInfinity = std::numeric_limits<double>::infinity();

struct ReduceCase {
  Op op;
  double (*formula)(const std::vector<double>&);
};

double total(const std::vector<double>& x, double (*f)(double)) {
  double sum = 0;
  for (double value : x) sum += f(value);
  return sum;
}

const ReduceCase kReductions[] = {
    {Op::ReduceSum, [](const std::vector<double>& x) { return total(x, [](double v) { return v; }); }},
    {Op::ReduceMean,
     [](const std::vector<double>& x) { return total(x, [](double v) { return v; }) / double(x.size()); }},
    {Op::ReduceL1, [](const std::vector<double>& x) { return total(x, [](double v) { return std::fabs(v); }); }},
    {Op::ReduceL2, [](const std::vector<double>& x) { return std::sqrt(total(x, [](double v) { return v * v; })); }},
    {Op::ReduceSumSquare, [](const std::vector<double>& x) { return total(x, [](double v) { return v * v; }); }},
    {Op::ReduceLogSumExp,
     [](const std::vector<double>& x) { return std::log(total(x, [](double v) { return std::exp(v); })); }},
    {Op::ReduceProd,
     [](const std::vector<double>& x) {
       double p = 1;
       for (double v : x) p *= v;
       return p;
     }},
    {Op::ReduceMax,
     [](const std::vector<double>& x) {
       double m = x[0];
       for (double v : x) m = std::fmax(m, v);
       return m;
     }},
    {Op::ReduceMin,
     [](const std::vector<double>& x) {
       double m = x[0];
       for (double v : x) m = std::fmin(m, v);
       return m;
     }},
};

TEST_CASE("reductions: axes by attribute and by operand, kept or not") {
  for (const ReduceCase& test : kReductions) {
    const std::vector<std::vector<double>> rows = {{1, -2, 3}, {4, -5, 6}}, columns = {{1, 4}, {-2, -5}, {3, 6}};
    std::vector<double> by_row, by_column;
    for (const auto& row : rows) by_row.push_back(test.formula(row));
    for (const auto& column : columns) by_column.push_back(test.formula(column));
    const Tensor all = reals({1, 1}, {test.formula(kNumbers)});
    check_node(test.op, 11, {kMatrix}, {{"axes", std::vector<int64_t>{1}}}, reals({2, 1}, by_row));
    check_node(test.op, 11, {kMatrix}, {{"axes", std::vector<int64_t>{-2}}, {"keepdims", int64_t{0}}},
               reals({3}, by_column));
    check_node(test.op, 11, {kMatrix}, {}, all);
    check_node(test.op, 18, {kMatrix, list({-1})}, kFlat, reals({2}, by_row));
    check_node(test.op, 18, {kMatrix, list({0, 1})}, {}, all);
    check_node(test.op, 18, {kMatrix, list({})}, {}, all);
    check_node(test.op, 18, {kMatrix}, {{"noop_with_empty_axes", int64_t{1}}}, kMatrix);
  }
  check_node(Op::ReduceLogSum, 18, {reals({1, 2}, {2, 6}), list({1})}, kFlat, reals({1}, {std::log(8.0)}));
  check_node(Op::ReduceSum, 13, {kMatrix, list({1})}, kFlat, reals({2}, {2, 5}));
}

TEST_CASE("reductions of integers and booleans") {
  const Tensor x = whole({2, 2}, {3, 4, -6, 8}, DType::i32);
  check_node(Op::ReduceL2, 18, {x, list({1})}, kFlat, whole({2}, {5, 10}, DType::i32));
  check_node(Op::ReduceMean, 18, {x, list({1})}, kFlat, whole({2}, {3, 1}, DType::i32));
  check_node(Op::ReduceMax, 18, {x, list({1})}, kFlat, whole({2}, {4, 8}, DType::i32));
  check_node(Op::ReduceMax, 20, {whole({2, 2}, {0, 1, 0, 0}, DType::boolean), list({1})}, kFlat,
             whole({2}, {1, 0}, DType::boolean));
}

TEST_CASE("the logarithm of a sum of exponentials neither overflows nor turns infinity into NaN") {
  const Tensor x = reals({3, 2}, {1000, 1000, -kInfinity, -kInfinity, kInfinity, 1});
  check_node(Op::ReduceLogSumExp, 18, {x, list({1})}, kFlat, reals({3}, {1000 + std::log(2.0), -kInfinity, kInfinity}));
}

TEST_CASE("axes that are wrong") {
  CHECK(contains(errors_of(Op::ReduceSum, 13, {kMatrix, list({2})}), "axis 2 is outside -2 .. 1"));
  CHECK(contains(errors_of(Op::ReduceSum, 13, {kMatrix, list({1, -1})}), "twice"));
  CHECK(contains(errors_of(Op::ReduceSum, 13, {kMatrix}, {{"axes", std::vector<int64_t>{1}}}), "'axes'"));
}

TEST_CASE("Softmax and LogSoftmax: one axis, and before opset 13 all from one axis on") {
  const Tensor x = reals({2, 2}, {0, std::log(3.0), 1000, 1000});
  check_node(Op::Softmax, 13, {x}, {}, reals({2, 2}, {0.25, 0.75, 0.5, 0.5}));
  check_node(Op::LogSoftmax, 13, {x}, {},
             reals({2, 2}, {std::log(0.25), std::log(0.75), std::log(0.5), std::log(0.5)}));
  check_node(Op::Softmax, 13, {reals({2, 1}, {5, 5})}, {{"axis", int64_t{0}}}, reals({2, 1}, {0.5, 0.5}));
  check_node(Op::Softmax, 11, {reals({1, 2, 2}, {5, 5, 5, 5})}, {}, reals({1, 2, 2}, {0.25, 0.25, 0.25, 0.25}));
  check_node(Op::Softmax, 11, {reals({1, 2, 2}, {5, 5, 5, 5})}, {{"axis", int64_t{-1}}},
             reals({1, 2, 2}, {0.5, 0.5, 0.5, 0.5}));
}

TEST_CASE("LayerNormalization: one and several axes, statistics as results") {
  const Tensor x = reals({2, 2}, {1, 3, 10, 30}), scale = reals({2}, {1, 2}), shift = reals({2}, {0, 5});
  const Attributes exact{{"epsilon", 0.0}};
  check_node(Op::LayerNormalization, 17, {x, scale, shift}, exact, reals({2, 2}, {-1, 7, -1, 7}));
  check_node(Op::LayerNormalization, 17, {x, scale}, exact, reals({2, 2}, {-1, 2, -1, 2}));
  const auto got = run_node(Op::LayerNormalization, 17, {x, scale, shift}, exact, 3);
  REQUIRE(got.size() == 3);
  check_close(got[1], reals({2, 1}, {2, 20}));
  check_close(got[2], reals({2, 1}, {1, 0.1}));
  check_node(Op::LayerNormalization, 17, {reals({2, 2}, {1, 1, 3, 3}), reals({2, 2}, {1, 1, 1, 1})},
             {{"axis", int64_t{0}}, {"epsilon", 3.0}}, reals({2, 2}, {-0.5, -0.5, 0.5, 0.5}));
  check_node(Op::LayerNormalization, 17, {reals({2}, {1, 3}, DType::f16), reals({2}, {1, 1}, DType::f16)}, exact,
             reals({2}, {-1, 1}, DType::f16));
}

TEST_CASE("BatchNormalization: the inference form of every opset") {
  const Tensor x = reals({1, 2, 2}, {1, 2, 3, 4}), scale = reals({2}, {1, 2}), shift = reals({2}, {0, 10});
  const Tensor mean = reals({2}, {1, 3}), variance = reals({2}, {4, 1});
  const std::vector<std::optional<Tensor>> operands{x, scale, shift, mean, variance};
  const Tensor want = reals({1, 2, 2}, {0, 0.5, 10, 12});
  check_node(Op::BatchNormalization, 15, operands, {{"epsilon", 0.0}, {"momentum", 0.5}}, want);
  check_node(Op::BatchNormalization, 9, operands, {{"epsilon", 0.0}}, want);
  check_node(Op::BatchNormalization, 7, operands, {{"epsilon", 0.0}, {"spatial", int64_t{1}}}, want);
  check_node(Op::BatchNormalization, 6, operands, {{"epsilon", 0.0}, {"is_test", int64_t{1}}}, want);
  const Tensor one = reals({1, 2}, {1, 1}), two = reals({1, 2}, {2, 2}), four = reals({1, 2}, {4, 4});
  check_node(Op::BatchNormalization, 7, {reals({1, 1, 2}, {4, 6}), one, one, two, four},
             {{"epsilon", 0.0}, {"spatial", int64_t{0}}}, reals({1, 1, 2}, {2, 3}));
  CHECK(contains(errors_of(Op::BatchNormalization, 15, operands, {}, 3), "training_mode"));
}

TEST_CASE("BatchNormalization in training: the batch's statistics, and running ones moved towards them") {
  const Tensor x = reals({2, 2, 1}, {1, 10, 5, 10}), scale = reals({2}, {1, 2}), shift = reals({2}, {0, 7});
  const Tensor mean = reals({2}, {1, 2}), variance = reals({2}, {8, 1});
  const Tensor want = reals({2, 2, 1}, {-1, 7, 1, 7});  // means 3 and 10, variances 4 and 0
  auto check = [&](int opset, Attributes attributes, int results) {
    const auto got = run_node(Op::BatchNormalization, opset, {x, scale, shift, mean, variance}, attributes, results);
    REQUIRE(got.size() == static_cast<size_t>(results));
    check_close(got[0], want, 1e-4);
    if (results > 2) check_close(got[1], reals({2}, {1.5, 4}));
    if (results > 2) check_close(got[2], reals({2}, {7, 0.75}));
    if (results > 4) check_close(got[3], reals({2}, {3, 10}));
    if (results > 4) check_close(got[4], reals({2}, {4, 0}));
  };
  check(15, {{"training_mode", int64_t{1}}, {"momentum", 0.75}}, 3);
  check(15, {{"training_mode", int64_t{1}}}, 1);
  check(9, {{"momentum", 0.75}}, 5);
  check(6, {{"momentum", 0.75}, {"is_test", int64_t{0}}}, 5);
}

TEST_CASE("Dropout: the identity at inference, with a mask of ones") {
  const Tensor x = reals({2}, {1, 2});
  check_node(Op::Dropout, 13, {x, reals({}, {0.3})}, {{"seed", int64_t{1}}}, x);
  check_node(Op::Dropout, 7, {x}, {{"ratio", 0.3}}, x);
  check_node(Op::Dropout, 6, {x}, {{"ratio", 0.3}, {"is_test", int64_t{1}}}, x);
  check_close(run_node(Op::Dropout, 13, {x}, {}, 2)[1], whole({2}, {1, 1}, DType::boolean));
  check_close(run_node(Op::Dropout, 7, {x}, {}, 2)[1], reals({2}, {1, 1}));
  const Tensor yes = whole({}, {1}, DType::boolean), no = whole({}, {0}, DType::boolean);
  check_node(Op::Dropout, 13, {x, reals({}, {0.3}), no}, {}, x);
  check_node(Op::Dropout, 13, {x, reals({}, {0}), yes}, {}, x);
  CHECK(contains(errors_of(Op::Dropout, 13, {x, reals({}, {0.3}), yes}), "training"));
  CHECK(contains(errors_of(Op::Dropout, 13, {x, std::nullopt, yes}), "training"));
  CHECK(contains(errors_of(Op::Dropout, 6, {x}), "training"));
}

}  // namespace
}  // namespace rondo::testing
