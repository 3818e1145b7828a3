// Scan in its forms of opset 8 and from 9 on: axes, directions, batches. Values by hand from ONNX's specification.
#include "tests/passes/expand_control.h"

namespace rondo::testing {
namespace {

Dim sym(const char* name) { return Dim::symbol(name); }

/// h <- h + x, giving h, as results (last, all).
void fill_sum(Sub& body) {
  Value *h = body.param("h"), *x = body.param("x");
  Value* next = body.node(Op::Add, {h, x})[0];
  body.returns({next, body.node(Op::Identity, {next})[0]});
}

std::vector<Value*> sums(Model& model, std::vector<Value*> operands, int opset, Attributes attributes = {}) {
  Sub body(opset);
  fill_sum(body);
  attributes.set("num_scan_inputs", int64_t{1});
  return node_with(model, Op::Scan, std::move(operands), {}, {{"body", &body}}, 2, std::move(attributes));
}

TEST_CASE("a scan over axis 0") {
  Model model(9);
  Value* x = model.input("x", DType::f32, {sym("T"), 2});
  auto results = sums(model, {model.constant(reals({2}, {0, 100})), x}, 9);
  model.output(results[0], "last");
  model.output(results[1], "all");
  auto got = run(model, {reals({3, 2}, {1, 2, 3, 4, 5, 6})});
  REQUIRE(got.size() == 2);
  check_close(got[0], reals({2}, {9, 112}));
  check_close(got[1], reals({3, 2}, {1, 102, 4, 106, 9, 112}));
}

TEST_CASE("backward, over other axes") {
  // x[2, T] along axis 1, from the last: columns (3 6), (2 5), (1 4); sums (3 6) (5 11) (6 15)
  for (bool reverse_output : {false, true}) {
    Model model(11);
    Value* x = model.input("x", DType::f32, {2, sym("T")});
    auto results = sums(model, {model.constant(reals({2}, {0, 0})), x}, 11,
                        {{"scan_input_axes", std::vector<int64_t>{-1}},
                         {"scan_input_directions", std::vector<int64_t>{1}},
                         {"scan_output_axes", std::vector<int64_t>{1}},
                         {"scan_output_directions", std::vector<int64_t>{reverse_output}}});
    model.output(results[0], "last");
    model.output(results[1], "all");
    auto got = run(model, {reals({2, 3}, {1, 2, 3, 4, 5, 6})});
    REQUIRE(got.size() == 2);
    check_close(got[0], reals({2}, {6, 15}));
    check_close(got[1], reverse_output ? reals({2, 3}, {6, 5, 3, 15, 11, 6}) : reals({2, 3}, {3, 5, 6, 6, 11, 15}));
  }
}

TEST_CASE("opset 8: every batch entry on its own") {
  Model model(8);
  Value* x = model.input("x", DType::f32, {2, 3, 1});
  auto results = sums(model, {nullptr, model.constant(reals({2, 1}, {0, 10})), x}, 8);
  model.output(results[0], "last");
  model.output(results[1], "all");
  auto got = run(model, {reals({2, 3, 1}, {1, 2, 3, 4, 5, 6})});
  REQUIRE(got.size() == 2);
  check_close(got[0], reals({2, 1}, {6, 25}));
  check_close(got[1], reals({2, 3, 1}, {1, 3, 6, 14, 19, 25}));
}

TEST_CASE("opset 8: sequences of their own lengths, and a direction") {
  Model model(8);
  Value* x = model.input("x", DType::f32, {2, 3, 1});
  auto results = sums(model, {model.constant(list({2, 3})), model.constant(reals({2, 1}, {0, 10})), x}, 8);
  model.output(results[0], "last");
  model.output(results[1], "all");
  auto got = run(model, {reals({2, 3, 1}, {1, 2, 3, 4, 5, 6})});
  REQUIRE(got.size() == 2);
  check_close(got[0], reals({2, 1}, {3, 25}));
  check_close(got[1], reals({2, 3, 1}, {1, 3, 0, 14, 19, 25}));
  Model backward(8);
  Value* y = backward.input("x", DType::f32, {1, 3, 1});
  auto reversed = sums(backward, {nullptr, backward.constant(reals({1, 1}, {0})), y}, 8,
                       {{"directions", std::vector<int64_t>{1}}});
  backward.output(reversed[1]);
  check_close(run(backward, {reals({1, 3, 1}, {1, 2, 3})})[0], reals({1, 3, 1}, {3, 5, 6}));
}

TEST_CASE("a state that changes its type is an error") {
  Model model(11);
  Sub body(11);
  Value *h = body.param("h"), *x = body.param("x");
  body.returns({body.node(Op::Concat, {h, x}, {{"axis", int64_t{0}}})[0]});
  auto results = node_with(model, Op::Scan, {model.input("h", DType::f32, {2}), model.input("x", DType::f32, {3, 1})}, {},
                           {{"body", &body}}, 1, {{"num_scan_inputs", int64_t{1}}});
  model.output(results[0]);
  const std::string text = messages_of(model);
  CHECK(contains(text, "state 0 is f32[2] before a step and f32[3] after it"));
}

}  // namespace
}  // namespace rondo::testing
