// Slice and Pad: NumPy's meaning computed independently, for constant sizes, and for symbolic sizes at several values.
#include <algorithm>

#include "tests/passes/expand_model.h"

namespace rondo::testing {
namespace {

/// ONNX's definition of the positions that a slice takes.
std::vector<int64_t> positions(int64_t n, int64_t start, int64_t end, int64_t step) {
  if (start < 0) start += n;
  if (end < 0) end += n;
  std::vector<int64_t> result;
  if (step > 0) {
    start = std::clamp<int64_t>(start, 0, n);
    end = std::clamp<int64_t>(end, 0, n);
    for (int64_t i = start; i < end; i += step) result.push_back(i);
  } else {
    start = std::clamp<int64_t>(start, 0, n - 1);
    end = std::clamp<int64_t>(end, -1, n - 1);
    for (int64_t i = start; i > end; i += step) result.push_back(i);
  }
  return result;
}

Tensor counting(int64_t n) {
  std::vector<int64_t> numbers(n);
  for (int64_t i = 0; i < n; ++i) numbers[i] = i;
  return list(numbers);
}

TEST_CASE("Slice: every small start, end and step, with constant and symbolic sizes") {
  for (int64_t step : {1, 2, 3, -1, -2}) {
    for (int64_t start = -4; start <= 4; ++start) {
      for (int64_t end = -4; end <= 4; ++end) {
        Model model;
        Value* x = model.input("x", DType::i64, {Dim::symbol("N")});
        auto operand = [&](int64_t number) { return model.constant(list({number})); };
        model.output(model.node(Op::Slice, {x, operand(start), operand(end), operand(0), operand(step)})[0]);
        auto core = model.expand();
        REQUIRE(core);
        for (int64_t n : {1, 2, 3, 5}) {
          CAPTURE(n);
          CAPTURE(start);
          CAPTURE(end);
          CAPTURE(step);
          const Tensor want = list(positions(n, start, end, step));
          check_node(Op::Slice, 13, {counting(n), list({start}), list({end}), list({-1}), list({step})}, {}, want);
          auto results = evaluate(*core, {Array::from(counting(n))});
          REQUIRE(results);
          check_close((*results)[0].to_tensor(), want);
        }
      }
    }
  }
}

TEST_CASE("Slice: the limits of 64 bits, attributes, several axes") {
  const int64_t far = INT64_MAX, back = INT64_MIN;
  check_node(Op::Slice, 13, {counting(4), list({1}), list({far})}, {}, list({1, 2, 3}));
  check_node(Op::Slice, 13, {counting(4), list({-1}), list({back}), list({0}), list({-1})}, {}, list({3, 2, 1, 0}));
  check_node(Op::Slice, 13, {counting(4), list({far}), list({back}), list({0}), list({-3})}, {}, list({3, 0}));
  check_node(Op::Slice, 13, {counting(4), list({back}), list({far}), list({0}), list({far})}, {}, list({0}));
  check_node(Op::Slice, 13, {counting(4), list({3}), list({back}), list({0}), list({back})}, {}, list({3}));
  check_node(Op::Slice, 9, {reals({2, 3}, {1, 2, 3, 4, 5, 6})},
             {{"starts", std::vector<int64_t>{0, 1}}, {"ends", std::vector<int64_t>{1, far}}}, reals({1, 2}, {2, 3}));
  check_node(
      Op::Slice, 1, {reals({2, 3}, {1, 2, 3, 4, 5, 6})},
      {{"starts", std::vector<int64_t>{-1}}, {"ends", std::vector<int64_t>{3}}, {"axes", std::vector<int64_t>{1}}},
      reals({2, 1}, {3, 6}));
  CHECK(contains(errors_of(Op::Slice, 13, {counting(4), list({0}), list({4}), list({0}), list({0})}), "step is 0"));
  CHECK(contains(errors_of(Op::Slice, 13, {counting(4), list({0}), list({4}), list({1})}), "axis 1"));
  CHECK(contains(errors_of(Op::Slice, 13, {reals({1, 2}, {1, 2}), list({0, 0}), list({4})}), "as many of each"));
}

TEST_CASE("Slice: ordinary slices of symbolic sizes fold") {
  auto sliced = [](int64_t start, int64_t end, int64_t step = 1) {
    Model model;
    Value* x = model.input("x", DType::f32, {Dim::symbol("T"), 2});
    auto operand = [&](int64_t number) { return model.constant(list({number})); };
    model.output(model.node(Op::Slice, {x, operand(start), operand(end), operand(0), operand(step)})[0]);
    auto core = model.expand();
    return core ? core->outputs[0]->type->shape[0].to_string() : all_messages(core.errors());
  };
  CHECK(sliced(0, INT64_MAX) == "T");
  CHECK(sliced(0, INT32_MAX) == "T");
  CHECK(sliced(1, INT64_MAX) == "T-1");
  CHECK(sliced(0, -1) == "T-1");
  CHECK(sliced(-1, INT64_MAX) == "1");
  CHECK(sliced(0, 1) == "1");
  CHECK(sliced(-1, INT64_MIN, -1) == "T");
  CHECK(sliced(0, 5) == Dim::parse("min(T, 5)")->to_string());
  CHECK(sliced(-5, INT64_MAX) == Dim::parse("min(T, 5)")->to_string());
  CHECK(sliced(0, INT64_MAX, 2) == Dim::parse("floor(T+1, 2)")->to_string());
}

TEST_CASE("Slice: bounds that are expressions, right where their sign changes") {
  Model model;
  Value* x = model.input("x", DType::i64, {Dim::symbol("N")});
  Value* start = model.node(Op::Sub, {model.node(Op::Shape, {x})[0], model.constant(list({3}))})[0];
  model.output(model.node(Op::Slice, {x, start, model.constant(list({INT64_MAX}))})[0]);
  auto core = model.expand();
  REQUIRE(core);
  for (int64_t n = 1; n <= 6; ++n) {
    CAPTURE(n);
    auto results = evaluate(*core, {Array::from(counting(n))});
    REQUIRE(results);
    check_close((*results)[0].to_tensor(), list(positions(n, n - 3, n, 1)));
  }
}

TEST_CASE("Pad: constant in every form") {
  const Tensor x = reals({2, 2}, {1, 2, 3, 4});
  const Tensor want = reals({2, 4}, {9, 1, 2, 9, 9, 3, 4, 9}), zeros = reals({2, 4}, {0, 1, 2, 0, 0, 3, 4, 0});
  const std::vector<int64_t> amounts = {0, 1, 0, 1};
  check_node(Op::Pad, 1, {x}, {{"paddings", amounts}, {"value", 9.0}}, want);
  check_node(Op::Pad, 2, {x}, {{"pads", amounts}, {"value", 9.0}}, want);
  check_node(Op::Pad, 2, {x}, {{"pads", amounts}, {"mode", std::string("constant")}}, zeros);
  check_node(Op::Pad, 13, {x, list(amounts), reals({}, {9})}, {}, want);
  check_node(Op::Pad, 13, {x, list(amounts)}, {}, zeros);
  check_node(Op::Pad, 18, {x, list({1, 1}), reals({}, {9}), list({-1})}, {}, want);
  check_node(Op::Pad, 18, {x, list({1, 1}), std::nullopt, list({1})}, {}, zeros);
  check_node(Op::Pad, 13, {x, list({0, -1, 1, 0}), reals({}, {9})}, {}, reals({3, 1}, {2, 4, 9}));
  CHECK(contains(errors_of(Op::Pad, 13, {x, list({1, 1})}), "two for each"));
}

TEST_CASE("Pad: from the operand's own elements") {
  const Tensor x = list({1, 2, 3});
  auto padded = [&](const char* mode, int64_t low, int64_t high) {
    std::string text;
    const Attributes attributes{{"mode", std::string(mode)}};
    for (const Tensor& y : run_node(Op::Pad, 19, {x, list({low, high})}, attributes)) {
      for (int64_t element : y.ints()) text += std::to_string(element);
    }
    return text;
  };
  CHECK(padded("edge", 2, 1) == "111233");
  CHECK(padded("reflect", 2, 1) == "321232");
  CHECK(padded("reflect", 1, 2) == "212321");
  CHECK(padded("reflect", 3, 3) == "232123212");
  CHECK(padded("wrap", 2, 1) == "231231");
  CHECK(padded("wrap", 4, 0) == "3123123");
  CHECK(padded("reflect", -1, 1) == "232");
  CHECK(contains(errors_of(Op::Pad, 18, {x, list({1, 1})}, {{"mode", std::string("wrap")}}), "'mode'"));
}

TEST_CASE("Pad: a symbolic size") {
  Model model;
  Value* x = model.input("x", DType::i64, {Dim::symbol("N")});
  Value* longer = model.node(Op::Concat, {model.constant(list({1, 2})), x}, {{"axis", int64_t{0}}})[0];
  model.output(model.node(Op::Pad, {longer, model.constant(list({2, 1}))}, {{"mode", std::string("reflect")}})[0]);
  check_close(run(model, {list({3, 4})})[0], list({3, 2, 1, 2, 3, 4, 3}));
}

TEST_CASE("Pad: a symbolic size that may be too small is checked at entry") {
  Model model;
  Value* x = model.input("x", DType::i64, {Dim::symbol("N")});
  model.output(model.node(Op::Pad, {x, model.constant(list({2, 0}))}, {{"mode", std::string("reflect")}})[0]);
  auto core = model.expand();
  REQUIRE(core);
  auto enough = evaluate(*core, {Array::from(list({1, 2, 3}))});
  REQUIRE(enough);
  check_close((*enough)[0].to_tensor(), list({3, 2, 1, 2, 3}));
  CHECK(!evaluate(*core, {Array::from(list({1, 2}))}));
}

TEST_CASE("CenterCropPad: the odd element falls to the end") {
  const Tensor x = reals({2, 5}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  check_node(Op::CenterCropPad, 18, {x, list({5, 2})}, {}, reals({5, 2}, {0, 0, 2, 3, 7, 8, 0, 0, 0, 0}));
  check_node(Op::CenterCropPad, 18, {x, list({1})}, {{"axes", std::vector<int64_t>{-2}}}, reals({1, 5}, {1, 2, 3, 4, 5}));
  check_node(Op::CenterCropPad, 18, {reals({2}, {1, 2}), list({5})}, {}, reals({5}, {0, 1, 2, 0, 0}));
  CHECK(contains(errors_of(Op::CenterCropPad, 18, {x, list({1})}), "sizes for"));
}

}  // namespace
}  // namespace rondo::testing
