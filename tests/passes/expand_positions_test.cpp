// Extremes, masks, selection, scattering, running totals: the specification's examples, and NumPy's results.
#include "tests/passes/expand_model.h"

namespace rondo::testing {
namespace {

const double kNan = std::nan("");
const int64_t kOne = 1;

Attributes with(const char* name, int64_t value) { return {{name, value}}; }

TEST_CASE("ArgMax and ArgMin") {
  const Tensor x = reals({2, 2}, {2, 2, 3, 10});
  check_node(Op::ArgMax, 13, {x}, {{"axis", kOne}}, whole({2, 1}, {0, 1}));
  check_node(Op::ArgMax, 1, {x}, {{"axis", kOne}, {"keepdims", int64_t{0}}}, list({0, 1}));
  check_node(Op::ArgMax, 13, {x}, {{"axis", int64_t{-1}}, {"select_last_index", kOne}}, whole({2, 1}, {1, 1}));
  check_node(Op::ArgMax, 13, {x}, {}, whole({1, 2}, {1, 1}));
  check_node(Op::ArgMin, 13, {x}, {{"axis", kOne}}, whole({2, 1}, {0, 0}));
  check_node(Op::ArgMin, 13, {x}, {{"axis", kOne}, {"select_last_index", kOne}}, whole({2, 1}, {1, 0}));
  check_node(Op::ArgMax, 13, {reals({4}, {1, kNan, 5, kNan})}, {}, list({1}));
  check_node(Op::ArgMax, 13, {whole({3}, {-5, -7, -5}, DType::i8)}, {}, list({0}));
  CHECK(contains(errors_of(Op::ArgMax, 13, {x}, with("axis", 2)), "axis 2"));
}

TEST_CASE("Hardmax: one axis, or all from one on as one") {
  const Tensor x = reals({2, 4}, {3, 0, 1, 2, 2, 5, 1, 5});
  check_node(Op::Hardmax, 13, {x}, {}, reals({2, 4}, {1, 0, 0, 0, 0, 1, 0, 0}));
  check_node(Op::Hardmax, 13, {x}, with("axis", 0), reals({2, 4}, {1, 0, 1, 0, 0, 1, 0, 1}));
  check_node(Op::Hardmax, 11, {x}, with("axis", 0), reals({2, 4}, {0, 0, 0, 0, 0, 1, 0, 0}));
}

TEST_CASE("OneHot") {
  const Tensor values = whole({2}, {5, 2}, DType::i32);
  check_node(Op::OneHot, 11, {list({0, 2, -1, 7}), whole({}, {3}), values}, {},
             whole({4, 3}, {2, 5, 5, 5, 5, 2, 5, 5, 2, 5, 5, 5}, DType::i32));
  check_node(Op::OneHot, 9, {reals({2}, {1, 0}), reals({1}, {2}), reals({2}, {0, 1})}, with("axis", 0),
             reals({2, 2}, {0, 1, 1, 0}));
  CHECK(contains(errors_of(Op::OneHot, 11, {list({0}), list({3, 3}), values}), "one number"));
}

TEST_CASE("EyeLike and Trilu") {
  const Tensor x = whole({2, 3}, {1, 2, 3, 4, 5, 6});
  check_node(Op::EyeLike, 9, {x}, {{"dtype", kOne}, {"k", kOne}}, reals({2, 3}, {0, 1, 0, 0, 0, 1}));
  check_node(Op::EyeLike, 9, {x}, with("k", -1), whole({2, 3}, {0, 0, 0, 1, 0, 0}));
  check_node(Op::Trilu, 14, {x}, {}, whole({2, 3}, {1, 2, 3, 0, 5, 6}));
  check_node(Op::Trilu, 14, {x, whole({}, {1})}, {}, whole({2, 3}, {0, 2, 3, 0, 0, 6}));
  check_node(Op::Trilu, 14, {x, whole({}, {-1})}, with("upper", 0), whole({2, 3}, {0, 0, 0, 4, 0, 0}));
}

void check_top(int opset, const Tensor& x, const Tensor& k, Attributes attributes, const Tensor& values,
               const Tensor& places) {
  const auto got = run_node(Op::TopK, opset, {x, k}, std::move(attributes), 2);
  REQUIRE(got.size() == 2);
  check_close(got[0], values);
  check_close(got[1], places);
}

TEST_CASE("TopK: equal values in order of their places") {
  const Tensor x = reals({3, 4}, {0, 1, 2, 3, 4, 5, 6, 7, 11, 10, 9, 8});
  check_top(11, x, list({3}), {}, reals({3, 3}, {3, 2, 1, 7, 6, 5, 11, 10, 9}),
            whole({3, 3}, {3, 2, 1, 3, 2, 1, 0, 1, 2}));
  check_top(11, x, list({2}), {{"axis", int64_t{0}}, {"largest", int64_t{0}}},
            reals({2, 4}, {0, 1, 2, 3, 4, 5, 6, 7}), whole({2, 4}, {0, 0, 0, 0, 1, 1, 1, 1}));
  check_top(10, reals({1, 4}, {0, 0, 0, 0}), list({3}), {}, reals({1, 3}, {0, 0, 0}), whole({1, 3}, {0, 1, 2}));
  check_top(11, whole({4}, {-128, 5, 5, -128}, DType::i8), list({4}), {},
            whole({4}, {5, 5, -128, -128}, DType::i8), list({1, 2, 0, 3}));
  check_top(11, whole({3}, {1, -1, 2}, DType::u64), list({2}), {}, whole({2}, {-1, 2}, DType::u64), list({1, 2}));
  check_top(11, reals({4}, {1, kNan, -HUGE_VAL, 3}), list({4}), {}, reals({4}, {3, 1, kNan, -HUGE_VAL}),
            list({3, 0, 1, 2}));
  check_top(11, x, list({1}), {}, reals({3, 1}, {3, 7, 11}), whole({3, 1}, {3, 3, 0}));
  const auto old = run_node(Op::TopK, 1, {x}, {{"k", int64_t{2}}}, 2);
  REQUIRE(old.size() == 2);
  check_close(old[0], reals({3, 2}, {3, 2, 7, 6, 11, 10}));
  CHECK(contains(errors_of(Op::TopK, 11, {x, list({5})}, {}, 2), "5 elements of 4"));
}

TEST_CASE("GatherElements and GatherND") {
  check_node(Op::GatherElements, 13, {reals({2, 2}, {1, 2, 3, 4}), whole({2, 2}, {0, 0, 1, 0})}, with("axis", 1),
             reals({2, 2}, {1, 1, 4, 3}));
  const Tensor nine = reals({3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  check_node(Op::GatherElements, 13, {nine, whole({2, 3}, {-1, -2, 0, -2, 0, 0}, DType::i32)}, with("axis", 0),
             reals({2, 3}, {7, 5, 3, 4, 2, 3}));
  check_node(Op::GatherElements, 11, {nine, whole({2, 1}, {2, 0})}, with("axis", 1), reals({2, 1}, {3, 4}));
  const Tensor square = whole({2, 2}, {0, 1, 2, 3}), cube = whole({2, 2, 2}, {0, 1, 2, 3, 4, 5, 6, 7});
  check_node(Op::GatherND, 13, {square, whole({2, 2}, {0, 0, 1, 1})}, {}, list({0, 3}));
  check_node(Op::GatherND, 11, {square, whole({2, 1}, {-1, 0})}, {}, whole({2, 2}, {2, 3, 0, 1}));
  check_node(Op::GatherND, 13, {cube, whole({2, 2}, {0, 1, 1, 0})}, {}, whole({2, 2}, {2, 3, 4, 5}));
  check_node(Op::GatherND, 13, {cube, whole({2, 1, 2}, {0, 1, 1, 0})}, {}, whole({2, 1, 2}, {2, 3, 4, 5}));
  check_node(Op::GatherND, 12, {cube, whole({2, 1}, {1, 0})}, with("batch_dims", 1), whole({2, 2}, {2, 3, 4, 5}));
  CHECK(contains(errors_of(Op::GatherND, 13, {square, whole({1, 3}, {0, 0, 0})}), "3 positions into 2 axes"));
}

TEST_CASE("an element position outside its own axis is refused, wherever it would lead") {
  Model model(13);
  Value* data = model.input("d", DType::f32, {2, 3});
  Value* places = model.input("i", DType::i64, {2, 1});
  model.output(model.node(Op::GatherElements, {data, places}, with("axis", 1))[0]);
  auto core = model.expand();
  REQUIRE(core);
  CHECK(!evaluate(*core, {Array::from(reals({2, 3}, {1, 2, 3, 4, 5, 6})), Array::from(whole({2, 1}, {3, 0}))}));
}

TEST_CASE("ScatterElements and Scatter") {
  const Tensor zeros = reals({3, 3}, std::vector<double>(9, 0)), places = whole({2, 3}, {1, 0, 2, 0, 2, 1});
  const Tensor updates = reals({2, 3}, {1.0, 1.1, 1.2, 2.0, 2.1, 2.2});
  const Tensor want = reals({3, 3}, {2.0, 1.1, 0.0, 1.0, 0.0, 2.2, 0.0, 2.1, 1.2});
  check_node(Op::ScatterElements, 18, {zeros, places, updates}, {}, want);
  check_node(Op::Scatter, 9, {zeros, places, updates}, {}, want);
  const Tensor line = reals({1, 5}, {1, 2, 3, 4, 5}), twice = whole({1, 2}, {1, 1}), two = reals({1, 2}, {1.1, 2.1});
  auto reduced = [&](const char* word) {
    return Attributes{{"axis", kOne}, {"reduction", std::string(word)}};
  };
  check_node(Op::ScatterElements, 11, {line, twice, two}, with("axis", 1), reals({1, 5}, {1, 2.1, 3, 4, 5}));
  check_node(Op::ScatterElements, 18, {line, twice, two}, reduced("add"), reals({1, 5}, {1, 5.2, 3, 4, 5}));
  check_node(Op::ScatterElements, 18, {line, twice, two}, reduced("mul"), reals({1, 5}, {1, 4.62, 3, 4, 5}));
  check_node(Op::ScatterElements, 18, {line, twice, two}, reduced("max"), reals({1, 5}, {1, 2.1, 3, 4, 5}));
  check_node(Op::ScatterElements, 18, {line, twice, two}, reduced("min"), reals({1, 5}, {1, 1.1, 3, 4, 5}));
  check_node(Op::ScatterElements, 18, {line, whole({1, 2}, {1, -3}), two}, with("axis", 1),
             reals({1, 5}, {1, 1.1, 2.1, 4, 5}));
  CHECK(contains(errors_of(Op::ScatterElements, 18, {line, twice, two}, reduced("average")), "add, mul, max or min"));
}

TEST_CASE("ScatterND") {
  const Tensor line = whole({8}, {1, 2, 3, 4, 5, 6, 7, 8});
  check_node(Op::ScatterND, 11, {line, whole({4, 1}, {4, 3, 1, 7}), list({9, 10, 11, 12})}, {},
             list({1, 11, 3, 10, 9, 6, 7, 12}));
  const Tensor square = whole({2, 2}, {1, 2, 3, 4});
  check_node(Op::ScatterND, 16, {square, whole({2, 1}, {0, 0}), whole({2, 2}, {5, 6, 7, 8})},
             {{"reduction", std::string("add")}}, whole({2, 2}, {13, 16, 3, 4}));
  check_node(Op::ScatterND, 16, {square, whole({1, 2}, {-1, 0}), list({9})}, {}, whole({2, 2}, {1, 2, 9, 4}));
}

TEST_CASE("TensorScatter: new steps of a cache") {
  const Tensor cache = reals({2, 4, 1}, {1, 2, 3, 4, 5, 6, 7, 8}), update = reals({2, 2, 1}, {10, 20, 30, 40});
  check_node(Op::TensorScatter, 24, {cache, update, list({1, 2})}, {}, reals({2, 4, 1}, {1, 10, 20, 4, 5, 6, 30, 40}));
  check_node(Op::TensorScatter, 24, {cache, update, list({3, 0})}, {{"mode", std::string("circular")}},
             reals({2, 4, 1}, {20, 2, 3, 10, 30, 40, 7, 8}));
  check_node(Op::TensorScatter, 24, {cache, update}, {}, reals({2, 4, 1}, {10, 20, 3, 4, 30, 40, 7, 8}));
}

TEST_CASE("ReverseSequence") {
  const Tensor x = reals({4, 4}, {0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15});
  check_node(Op::ReverseSequence, 10, {x, list({4, 3, 2, 1})}, {{"time_axis", int64_t{0}}, {"batch_axis", kOne}},
             reals({4, 4}, {3, 6, 9, 12, 2, 5, 8, 13, 1, 4, 10, 14, 0, 7, 11, 15}));
  const Tensor y = reals({2, 3, 1}, {0, 1, 2, 3, 4, 5});
  check_node(Op::ReverseSequence, 10, {y, list({2, 3})}, {{"time_axis", kOne}, {"batch_axis", int64_t{0}}},
             reals({2, 3, 1}, {1, 0, 2, 5, 4, 3}));
}

TEST_CASE("CumSum and CumProd, from either end, with and without the element itself") {
  const Tensor x = reals({2, 3}, {1, 2, 3, 4, 5, 6});
  auto axis = [](int64_t value) { return whole({}, {value}, DType::i32); };
  check_node(Op::CumSum, 14, {x, axis(1)}, {}, reals({2, 3}, {1, 3, 6, 4, 9, 15}));
  check_node(Op::CumSum, 11, {x, axis(-2)}, {}, reals({2, 3}, {1, 2, 3, 5, 7, 9}));
  check_node(Op::CumSum, 14, {x, axis(1)}, with("exclusive", 1), reals({2, 3}, {0, 1, 3, 0, 4, 9}));
  check_node(Op::CumSum, 14, {x, axis(1)}, with("reverse", 1), reals({2, 3}, {6, 5, 3, 15, 11, 6}));
  check_node(Op::CumSum, 14, {x, axis(1)}, {{"reverse", kOne}, {"exclusive", kOne}},
             reals({2, 3}, {5, 3, 0, 11, 6, 0}));
  check_node(Op::CumProd, 26, {x, axis(1)}, {}, reals({2, 3}, {1, 2, 6, 4, 20, 120}));
  check_node(Op::CumProd, 26, {x, axis(1)}, with("exclusive", 1), reals({2, 3}, {1, 1, 2, 1, 4, 20}));
}

}  // namespace
}  // namespace rondo::testing
