// If: an arm chosen at compile time, a selection of cheap results, a branch. Values by hand from ONNX's specification.
#include "tests/passes/expand_control.h"

namespace rondo::testing {
namespace {

/// then: x + 1, else: x * 3, on a captured x.
Value* add_or_mul(Model& model, Value* condition, Value* x) {
  Sub then(17), otherwise(17);
  then.returns({then.node(Op::Add, {then.param("x"), then.constant(reals({}, {1}))})[0]});
  otherwise.returns({otherwise.node(Op::Mul, {otherwise.param("x"), otherwise.constant(reals({}, {3}))})[0]});
  return node_with(model, Op::If, {condition}, {x}, {{"else_branch", &otherwise}, {"then_branch", &then}}, 1)[0];
}

TEST_CASE("a condition known at compile time leaves its arm alone") {
  for (bool value : {true, false}) {
    Model model;
    Value* x = model.input("x", DType::f32, {2});
    model.output(add_or_mul(model, model.constant(whole({}, {value}, DType::boolean)), x));
    check_close(run(model, {reals({2}, {1, 2})})[0], value ? reals({2}, {2, 3}) : reals({2}, {3, 6}));
    CHECK(count_ops(model, Op::branch) == 0);
    CHECK(count_ops(model, Op::select) == 0);
  }
}

TEST_CASE("the other arm may be wrong") {
  Model model;
  Value* x = model.input("x", DType::f32, {2, 3});
  Value* shape = model.node(Op::Shape, {x})[0];
  Value* last = model.node(Op::Gather, {shape, model.constant(list({1}))}, {{"axis", int64_t{0}}})[0];
  Value* is_one = model.node(Op::Equal, {last, model.constant(list({1}))})[0];
  Sub then(17), otherwise(17);
  then.returns({then.node(Op::Squeeze, {then.param("x"), then.constant(list({1}))})[0]});
  otherwise.returns({otherwise.node(Op::Identity, {otherwise.param("x")})[0]});
  model.output(node_with(model, Op::If, {is_one}, {x}, {{"else_branch", &otherwise}, {"then_branch", &then}}, 1)[0]);
  check_close(run(model, {reals({2, 3}, {1, 2, 3, 4, 5, 6})})[0], reals({2, 3}, {1, 2, 3, 4, 5, 6}));
}

TEST_CASE("a condition of the run is a branch") {
  for (bool value : {true, false}) {
    Model model;
    Value* condition = model.input("go", DType::boolean, {});
    Value* x = model.input("x", DType::f32, {2});
    model.output(add_or_mul(model, condition, x));
    check_close(run(model, {whole({}, {value}, DType::boolean), reals({2}, {1, 2})})[0],
                value ? reals({2}, {2, 3}) : reals({2}, {3, 6}));
    CHECK(count_ops(model, Op::branch) == 1);
  }
}

TEST_CASE("scalar arithmetic is computed in both arms") {
  Model model;
  Value* condition = model.input("go", DType::boolean, {1});
  Value* x = model.input("x", DType::f32, {});
  model.output(add_or_mul(model, condition, x));
  check_close(run(model, {whole({1}, {0}, DType::boolean), reals({}, {5})})[0], reals({}, {15}));
  CHECK(count_ops(model, Op::branch) == 0);
}

TEST_CASE("arms of different ranks need a condition known at compile time") {
  Model model;
  Value* condition = model.input("go", DType::boolean, {});
  Value* x = model.input("x", DType::f32, {2, 1});
  Sub then(17), otherwise(17);
  then.returns({then.node(Op::Squeeze, {then.param("x"), then.constant(list({1}))})[0]});
  otherwise.returns({otherwise.node(Op::Identity, {otherwise.param("x")})[0]});
  model.output(node_with(model, Op::If, {condition}, {x}, {{"else_branch", &otherwise}, {"then_branch", &then}}, 1)[0]);
  const std::string text = messages_of(model);
  CHECK(contains(text, "(If)"));
  CHECK(contains(text, "f32[2] in one branch and f32[2, 1] in the other"));
  CHECK(contains(text, "--const"));
}

TEST_CASE("an If in an If, each with a condition of the run") {
  for (int outer : {0, 1})
    for (int inner : {0, 1}) {
      Model model;
      Value* a = model.input("a", DType::boolean, {});
      Value* b = model.input("b", DType::boolean, {});
      Value* x = model.input("x", DType::f32, {2});
      Sub then(17), otherwise(17);
      Value *inner_b = then.param("b"), *inner_x = then.param("x");
      then.returns({add_or_mul(then, inner_b, inner_x)});
      otherwise.param("b");
      otherwise.returns({otherwise.node(Op::Neg, {otherwise.param("x")})[0]});
      model.output(node_with(model, Op::If, {a}, {b, x}, {{"else_branch", &otherwise}, {"then_branch", &then}}, 1)[0]);
      const Tensor want = !outer ? reals({2}, {-1, -2}) : inner ? reals({2}, {2, 3}) : reals({2}, {3, 6});
      check_close(run(model, {whole({}, {outer}, DType::boolean), whole({}, {inner}, DType::boolean), reals({2}, {1, 2})})[0],
                  want);
    }
}

TEST_CASE("errors inside an arm keep their places") {
  Model model;
  Value* condition = model.input("go", DType::boolean, {});
  Value* x = model.input("x", DType::f32, {2});
  Sub then(17), otherwise(17);
  Value* odd = then.node(Op::unsupported, {then.param("x")})[0];
  odd->producer->kind = "Odd";
  odd->producer->place = "node 'inner'";
  then.returns({odd});
  otherwise.returns({otherwise.param("x")});
  model.output(node_with(model, Op::If, {condition}, {x}, {{"else_branch", &otherwise}, {"then_branch", &then}}, 1)[0]);
  CHECK(contains(messages_of(model), "node 'inner': unsupported: operator 'Odd'"));
}

}  // namespace
}  // namespace rondo::testing
