// The reference evaluator: pointwise operators, sources, and whole graphs. Expected values are worked out by hand or by
// the C library.
#include "tests/ir/evaluate.h"

using namespace rondo;
using namespace rondo::testing;

TEST_CASE("evaluate: float arithmetic and its special values") {
  const Array a = reals({1, -2, kInfinity, kNaN, 0}), b = reals({3, 0, kInfinity, 1, -1});
  CHECK_SAME(run(Op::add, {a, b}), reals({4, -2, kInfinity, kNaN, -1}));
  CHECK_SAME(run(Op::sub, {a, b}), reals({-2, -2, kNaN, kNaN, 1}));
  CHECK_SAME(run(Op::mul, {a, b}), reals({3, -0.0, kInfinity, kNaN, -0.0}));
  CHECK_SAME(run(Op::div, {a, b}), reals({1.0 / 3, -kInfinity, kNaN, kNaN, -0.0}));
  CHECK_SAME(run(Op::minimum, {a, b}), reals({1, -2, kInfinity, kNaN, -1}));
  CHECK_SAME(run(Op::maximum, {a, b}), reals({3, 0, kInfinity, kNaN, 0}));
  CHECK_SAME(run(Op::maximum, {b, a}), reals({3, 0, kInfinity, kNaN, 0}));
  CHECK_SAME(run(Op::remainder, {reals({7, -7, 7, 5}), reals({3, 3, -3, 0})}), reals({1, -1, 1, kNaN}));
  CHECK_SAME(run(Op::pow, {reals({2, 9, -8, 0}), reals({10, 0.5, 2, 0})}), reals({1024, 3, 64, 1}));
}

TEST_CASE("evaluate: float functions of one operand") {
  CHECK_SAME(run(Op::neg, {reals({1, -0.0})}), reals({-1, 0}));
  CHECK_SAME(run(Op::abs, {reals({-1.5, -0.0, -kInfinity})}), reals({1.5, 0, kInfinity}));
  CHECK_SAME(run(Op::sign, {reals({-3, 0, 2, kNaN})}), reals({-1, 0, 1, kNaN}));
  CHECK_SAME(run(Op::floor, {reals({-1.5, 1.5})}), reals({-2, 1}));
  CHECK_SAME(run(Op::ceil, {reals({-1.5, 1.5})}), reals({-1, 2}));
  CHECK_SAME(run(Op::round, {reals({0.5, 1.5, 2.5, -0.5, -1.5, 2.4})}), reals({0, 2, 2, -0.0, -2, 2}));
  CHECK_SAME(run(Op::sqrt, {reals({9, -1})}), reals({3, kNaN}));
  CHECK_SAME(run(Op::exp, {reals({0, 1, -kInfinity})}), reals({1, std::exp(1), 0}));
  CHECK_SAME(run(Op::expm1, {reals({1e-12})}), reals({std::expm1(1e-12)}));
  CHECK_SAME(run(Op::log, {reals({1, 0, -1})}), reals({0, -kInfinity, kNaN}));
  CHECK_SAME(run(Op::log1p, {reals({1e-12})}), reals({std::log1p(1e-12)}));
  CHECK_SAME(run(Op::tanh, {reals({0, kInfinity, 0.5})}), reals({0, 1, std::tanh(0.5)}));
  CHECK_SAME(run(Op::sigmoid, {reals({0, -1000, 1000})}), reals({0.5, 0, 1}));
  CHECK_SAME(run(Op::erf, {reals({0, kInfinity, 0.5})}), reals({0, 1, std::erf(0.5)}));
}

TEST_CASE("evaluate: the nearest bfloat16, ties to even, three of which add up to a float32") {
  const Reals x = {1, 1 + 0x1p-8, 1 + 3 * 0x1p-8, 1 + 0x1p-8 + 0x1p-30, -(1 + 0x1p-7), 0x1p127 * (2 - 0x1p-9), 0x1p127 * (2 - 0x1p-8) - 0x1p100, -0.0, kInfinity, -kInfinity, kNaN};
  const Reals want = {1, 1, 1 + 0x1p-6, 1 + 0x1p-7, -(1 + 0x1p-7), kInfinity, 0x1p127 * (2 - 0x1p-7), -0.0, kInfinity, -kInfinity, kNaN};
  CHECK_SAME(run(Op::bfloat_part, {reals(x)}), reals(want));
  CHECK_SAME(run(Op::bfloat_part, {reals(x, DType::f64)}), reals(want, DType::f64));
  for (float v : {1.0F / 3, 16777215.0F, -1e30F, 3.14159274F, 1e-20F}) {
    double rest = v;
    for (int part = 0; part < 3; ++part) rest -= run(Op::bfloat_part, {reals({rest})}).reals[0];
    CHECK(rest == 0);
  }
}

TEST_CASE("evaluate: integers wrap to their width, and divide as the operators' table says") {
  CHECK_SAME(run(Op::add, {ints({2147483647, -5}, DType::i32), ints({1, 2}, DType::i32)}),
             ints({-2147483648, -3}, DType::i32));
  CHECK_SAME(run(Op::sub, {ints({0}, DType::u8), ints({1}, DType::u8)}), ints({255}, DType::u8));
  CHECK_SAME(run(Op::mul, {ints({16}, DType::i8), ints({8}, DType::i8)}), ints({-128}, DType::i8));
  CHECK_SAME(run(Op::add, {ints({kGreatest}), ints({1})}), ints({kLeast}));
  CHECK_SAME(run(Op::mul, {ints({int64_t{1} << 32}), ints({int64_t{1} << 32})}), ints({0}));
  CHECK_SAME(run(Op::div, {ints({7, -7, 5, kLeast}), ints({2, 2, 0, -1})}), ints({3, -3, 0, kLeast}));
  CHECK_SAME(run(Op::remainder, {ints({7, -7, 5, kLeast}), ints({2, 2, 0, -1})}), ints({1, -1, 0, 0}));
  CHECK_SAME(run(Op::neg, {ints({-128, 3}, DType::i8)}), ints({-128, -3}, DType::i8));
  CHECK_SAME(run(Op::neg, {ints({1}, DType::u16)}), ints({65535}, DType::u16));
  CHECK_SAME(run(Op::abs, {ints({-128, -3}, DType::i8)}), ints({-128, 3}, DType::i8));
  CHECK_SAME(run(Op::sign, {ints({-9, 0, 4})}), ints({-1, 0, 1}));
}

TEST_CASE("evaluate: u64 compares and divides without a sign") {
  const auto u64 = [](Ints values) { return ints(std::move(values), DType::u64); };  // -1 stands for 2^64 - 1
  CHECK_SAME(run(Op::div, {u64({-1}), u64({2})}), u64({kGreatest}));
  CHECK_SAME(run(Op::remainder, {u64({-1}), u64({10})}), u64({5}));  // 18446744073709551615 % 10
  CHECK_SAME(run(Op::minimum, {u64({-1}), u64({2})}), u64({2}));
  CHECK_SAME(run(Op::maximum, {u64({-1}), u64({2})}), u64({-1}));
  CHECK_SAME(run(Op::less, {u64({-1, 2}), u64({2, -1})}), ints({0, 1}, DType::boolean));
  CHECK_SAME(run(Op::sign, {u64({-1})}), u64({1}));
  CHECK_SAME(run(Op::cast, {u64({-1})}, {{"to", DType::f64}}), reals({0x1p64}, DType::f64));
  CHECK_SAME(run(Op::cast, {reals({0x1p63, 1e30, -3}, DType::f64)}, {{"to", DType::u64}}), u64({kLeast, -1, 0}));
  CHECK_SAME(run(Op::reduce, {u64({-1, 3})}, {{"combine", std::string("max")}, {"axes", Ints{0}}}),
             int_array(Ints{}, Ints{-1}, DType::u64));
}

TEST_CASE("evaluate: comparisons, logic and selection") {
  const auto bools = [](Ints values) { return ints(std::move(values), DType::boolean); };
  CHECK_SAME(run(Op::equal, {reals({1, kNaN, 0}), reals({1, kNaN, -0.0})}), bools({1, 0, 1}));
  CHECK_SAME(run(Op::equal, {bools({1, 0}), bools({1, 1})}), bools({1, 0}));
  CHECK_SAME(run(Op::less, {reals({1, 2, kNaN}), reals({2, 2, 1})}), bools({1, 0, 0}));
  CHECK_SAME(run(Op::less_equal, {ints({1, 2, 3}), ints({2, 2, 2})}), bools({1, 1, 0}));
  const Array a = bools({0, 0, 1, 1}), b = bools({0, 1, 0, 1});
  CHECK_SAME(run(Op::logical_and, {a, b}), bools({0, 0, 0, 1}));
  CHECK_SAME(run(Op::logical_or, {a, b}), bools({0, 1, 1, 1}));
  CHECK_SAME(run(Op::logical_xor, {a, b}), bools({0, 1, 1, 0}));
  CHECK_SAME(run(Op::logical_not, {a}), bools({1, 1, 0, 0}));
  CHECK_SAME(run(Op::select,
                 {int_array({2, 1}, {1, 0}, DType::boolean), real_array({2}, {1, kNaN}), real_array(Ints{}, Reals{9})}),
             real_array({2, 2}, {1, kNaN, 9, 9}));
}

TEST_CASE("evaluate: operands broadcast") {
  CHECK_SAME(run(Op::add, {real_array({2, 1}, {10, 20}), real_array({3}, {1, 2, 3})}),
             real_array({2, 3}, {11, 12, 13, 21, 22, 23}));
  CHECK_SAME(run(Op::sub, {real_array(Ints{}, Reals{1}), real_array({2}, {1, 2})}), real_array({2}, {0, -1}));
  CHECK_SAME(run(Op::mul, {real_array({0, 3}, {}), real_array({3}, {1, 2, 3})}), real_array({0, 3}, {}));
}

TEST_CASE("evaluate: casts") {
  const auto cast = [](Array a, DType to) { return run(Op::cast, {std::move(a)}, {{"to", to}}); };
  CHECK_SAME(cast(reals({1.9, -1.9, 300, -300, kNaN, kInfinity}), DType::i8),
             ints({1, -1, 127, -128, 0, 127}, DType::i8));
  CHECK_SAME(cast(reals({-1, 256, 255.9}), DType::u8), ints({0, 255, 255}, DType::u8));
  CHECK_SAME(cast(reals({1e30, -1e30}), DType::i64), ints({kGreatest, kLeast}));
  CHECK_SAME(cast(reals({0, -0.0, 0.1, kNaN}), DType::boolean), ints({0, 0, 1, 1}, DType::boolean));
  CHECK_SAME(cast(ints({-2, 0}), DType::boolean), ints({1, 0}, DType::boolean));
  CHECK_SAME(cast(ints({1, 0}, DType::boolean), DType::f32), reals({1, 0}));
  CHECK_SAME(cast(ints({300, -1}), DType::u8), ints({44, 255}, DType::u8));
  CHECK_SAME(cast(ints({int64_t{1} << 31}), DType::i32), ints({-2147483648}, DType::i32));
  CHECK_SAME(cast(ints({16777217}), DType::f32), reals({16777216}));
  CHECK_SAME(cast(reals({0.1}, DType::f64), DType::f32), reals({0.1f}));
  CHECK_SAME(cast(reals({2049, 65520}), DType::f16), reals({2048, kInfinity}, DType::f16));
  CHECK_SAME(cast(reals({257}, DType::f16), DType::bf16), reals({256}, DType::bf16));
  CHECK_SAME(cast(reals({0.1}), DType::f64), reals({0.1}, DType::f64));  // values inside are not rounded to f32
}

TEST_CASE("evaluate: sources") {
  CHECK_SAME(run(Op::constant, {}, {{"value", Tensor::from_ints(DType::i8, {2}, Ints{-3, 4})}}),
             ints({-3, 4}, DType::i8));
  CHECK_SAME(run(Op::iota, {}, {{"shape", Ints{2, 3}}, {"axis", int64_t{1}}, {"to", DType::f32}}),
             real_array({2, 3}, {0, 1, 2, 0, 1, 2}));
  CHECK_SAME(run(Op::iota, {}, {{"shape", Ints{2, 2}}, {"axis", int64_t{0}}, {"to", DType::i32}}),
             int_array({2, 2}, {0, 0, 1, 1}, DType::i32));
  CHECK_SAME(run(Op::dims, {}, {{"values", Ints{300, -1}}, {"shape", Ints{2, 1}}, {"to", DType::u8}}),
             int_array({2, 1}, {44, 255}, DType::u8));
  const std::string refused =
      error_of(try_run(Op::iota, {}, {{"shape", Ints{1 << 20, 1 << 20}}, {"axis", int64_t{0}}, {"to", DType::f32}}));
  CHECK(refused.find("more than 2^31 elements") != std::string::npos);
}

// --- Whole graphs

namespace {

/// y = x + iota(T), with x: f32[T, 2] and a state that adds up the column sums of x.
Graph symbolic_graph() {
  Graph graph;
  Builder b(graph);
  const Dim T = Dim::symbol("T");
  Value* x = graph.add_param(Type{DType::f32, {T, 2}}, "x");
  Value* total = graph.add_param(Type{DType::f32, {2}}, "total");
  graph.outputs = {b.add(x, b.iota({T, 1}, 0, DType::f32)), b.dims({2 * T + 1})};
  graph.output_names = {"y", "n"};
  graph.states.push_back({"total", total, b.add(total, b.reduce(x, "sum", {0})), std::nullopt});
  REQUIRE(b.ok());
  return graph;
}

}  // namespace

TEST_CASE("evaluate: symbols come from the arguments, states follow the outputs") {
  const auto results = evaluate(symbolic_graph(), {real_array({3, 2}, {1, 2, 3, 4, 5, 6}), real_array({2}, {10, 20})});
  REQUIRE(results);
  REQUIRE(results->size() == 3);
  CHECK_SAME((*results)[0], real_array({3, 2}, {1, 2, 4, 5, 7, 8}));
  CHECK_SAME((*results)[1], ints({7}));
  CHECK_SAME((*results)[2], real_array({2}, {19, 32}));
}

TEST_CASE("evaluate: arguments that do not fit are errors") {
  const Graph graph = symbolic_graph();
  const Array total = real_array({2}, {0, 0});
  CHECK(error_of(evaluate(graph, {total})) == "error: 1 arguments are given, not 2");
  CHECK(error_of(evaluate(graph, {real_array({3, 1}, {1, 2, 3}), total})) ==
        "argument 'x': error: got f32[3, 1] where f32[T, 2] is expected");
  CHECK(error_of(evaluate(graph, {real_array({6}, {1, 2, 3, 4, 5, 6}), total})).find("got f32[6]") !=
        std::string::npos);
  CHECK(error_of(evaluate(graph, {int_array({1, 2}, {1, 2}), total})).find("got i64[1, 2]") != std::string::npos);
  CHECK(error_of(evaluate(graph, {real_array({0, 2}, {}), total})) ==
        "argument 'x': error: dimension 'T' must be at least 1, not 0");
}

TEST_CASE("evaluate: dims that must agree are checked") {
  const Dim T = Dim::symbol("T"), N = Dim::symbol("N");
  Graph bound;
  {
    Builder b(bound);
    Value* x = bound.add_param(Type{DType::f32, {T}}, "x");
    bound.outputs = {b.add(x, bound.add_param(Type{DType::f32, {N}}, "y"))};
    REQUIRE(b.ok());
  }
  CHECK_SAME(evaluate(bound, {reals({1, 2}), reals({3, 4})})->at(0), reals({4, 6}));
  CHECK(error_of(evaluate(bound, {reals({1, 2}), reals({3})})).rfind("error: dimensions that must be equal: ", 0) == 0);

  Graph sliced;  // needs T >= 3
  {
    Builder b(sliced);
    sliced.outputs = {b.slice_axis(sliced.add_param(Type{DType::f32, {T}}, "x"), 0, 1, 2)};
    REQUIRE(b.ok());
  }
  CHECK_SAME(evaluate(sliced, {reals({1, 2, 3})})->at(0), reals({2, 3}));
  CHECK(error_of(evaluate(sliced, {reals({1, 2})})).rfind("error: slice: elements taken, of those there are: ", 0) ==
        0);

  Graph strided;
  {
    Builder b(strided);
    strided.outputs = {b.neg(strided.add_param(Type{DType::f32, {2 * T + 1, T}}, "x"))};
    REQUIRE(b.ok());
  }
  CHECK_SAME(evaluate(strided, {real_array({3, 1}, {1, 2, 3})})->at(0), real_array({3, 1}, {-1, -2, -3}));
  CHECK(error_of(evaluate(strided, {real_array({4, 1}, {1, 2, 3, 4})})).find("where f32[2*T+1, T] is expected") !=
        std::string::npos);
}

TEST_CASE("evaluate: a node by itself") {
  Graph graph;
  Node* node = graph.append(Op::LSTM, {}, {}, 1);
  CHECK(error_of(evaluate(*node, {}, {})) == "internal error: LSTM: only core operators can be evaluated");
  Builder b(graph);
  Value* sum = b.add(graph.add_param(Type{DType::f32, {2}}, ""), graph.add_param(Type{DType::f32, {2}}, ""));
  const Array x = reals({1, 2}), y = reals({3, 4}), wrong = reals({1});
  const Array* operands[] = {&x, &y};
  CHECK_SAME(evaluate(*sum->producer, operands, {})->at(0), reals({4, 6}));
  const Array* misfits[] = {&x, &wrong};
  CHECK(error_of(evaluate(*sum->producer, misfits, {})) == "error: got f32[1] where f32[2] is expected");
  CHECK(error_of(evaluate(*sum->producer, std::span(operands, 1), {})).find("1 operands are given, not 2") !=
        std::string::npos);
}

TEST_CASE("arrays: to and from tensors") {
  const Tensor halves = Tensor::from_doubles(DType::f16, {2}, Reals{1.5, 2049});
  CHECK_SAME(Array::from(halves), reals({1.5, 2048}, DType::f16));
  CHECK(reals({0.1}).to_tensor() == Tensor::scalar(DType::f32, 0.1).reshaped({1}));
  CHECK(ints({-1, 7}, DType::i16).to_tensor() == Tensor::from_ints(DType::i16, {2}, Ints{-1, 7}));
  CHECK_SAME(Array::zeros(DType::boolean, {2}), ints({0, 0}, DType::boolean));
}
