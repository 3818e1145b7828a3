// Sequences and optionals, which are resolved while a model is expanded. Values by hand from ONNX's specification.
#include "tests/passes/expand_control.h"

namespace rondo::testing {
namespace {

Dim sym(const char* name) { return Dim::symbol(name); }
Tensor number(int64_t value) { return whole({}, {value}); }

Value* joined(Model& model, Value* sequence, int64_t axis, int64_t new_axis) {
  return model.node(Op::ConcatFromSequence, {sequence}, {{"axis", axis}, {"new_axis", new_axis}})[0];
}

TEST_CASE("values put into a sequence, inserted, erased and taken out") {
  Model model;
  Value *a = model.input("a", DType::f32, {2}), *b = model.input("b", DType::f32, {3});
  Value* pair = model.node(Op::SequenceConstruct, {a, b})[0];
  Value* three = model.node(Op::SequenceInsert, {pair, b, model.constant(number(0))})[0];  // b a b
  Value* four = model.node(Op::SequenceInsert, {three, a})[0];                             // b a b a
  Value* erased = model.node(Op::SequenceErase, {four, model.constant(number(-3))})[0];    // b b a
  Value* shorter = model.node(Op::SequenceErase, {four})[0];                               // b a b
  model.output(model.node(Op::SequenceLength, {erased})[0], "length");
  model.output(model.node(Op::SequenceAt, {erased, model.constant(number(-1))})[0], "last");
  model.output(model.node(Op::SequenceAt, {erased, model.constant(number(1))})[0], "second");
  model.output(joined(model, shorter, 0, 0), "joined");
  auto got = run(model, {reals({2}, {1, 2}), reals({3}, {3, 4, 5})});
  REQUIRE(got.size() == 4);
  check_close(got[0], number(3));
  check_close(got[1], reals({2}, {1, 2}));
  check_close(got[2], reals({3}, {3, 4, 5}));
  check_close(got[3], reals({8}, {3, 4, 5, 1, 2, 3, 4, 5}));
}

TEST_CASE("a tensor split into slices of any number") {
  for (bool keep : {true, false}) {
    Model model;
    Value* x = model.input("x", DType::f32, {2, sym("T")});
    Value* slices = model.node(Op::SplitToSequence, {x}, {{"axis", int64_t{1}}, {"keepdims", int64_t{keep}}})[0];
    Value* position = model.input("i", DType::i64, {});
    model.output(model.node(Op::SequenceLength, {slices})[0], "length");
    model.output(model.node(Op::SequenceAt, {slices, position})[0], "at");
    model.output(model.node(Op::SequenceAt, {slices, model.constant(number(-1))})[0], "last");
    model.output(keep ? joined(model, slices, 1, 0) : joined(model, slices, 1, 1), "back");
    const Tensor x_value = reals({2, 3}, {1, 2, 3, 4, 5, 6});
    auto got = run(model, {x_value, number(-2)});
    REQUIRE(got.size() == 4);
    const std::vector<int64_t> shape = keep ? std::vector<int64_t>{2, 1} : std::vector<int64_t>{2};
    check_close(got[0], number(3));
    check_close(got[1], reals(shape, {2, 5}));
    check_close(got[2], reals(shape, {3, 6}));
    check_close(got[3], x_value);
  }
}

TEST_CASE("parts of a size, and parts of given sizes") {
  Model model;
  Value* x = model.input("x", DType::f32, {5});
  Value* twos = model.node(Op::SplitToSequence, {x, model.constant(number(2))})[0];  // 2 2 1
  Value* given = model.node(Op::SplitToSequence, {x, model.constant(list({1, 4}))})[0];
  model.output(model.node(Op::SequenceLength, {twos})[0], "length");
  model.output(model.node(Op::SequenceAt, {twos, model.constant(number(1))})[0], "second");
  model.output(model.node(Op::SequenceAt, {twos, model.constant(number(2))})[0], "third");
  model.output(model.node(Op::SequenceAt, {given, model.constant(number(1))})[0], "rest");
  auto got = run(model, {reals({5}, {1, 2, 3, 4, 5})});
  REQUIRE(got.size() == 4);
  check_close(got[0], number(3));
  check_close(got[1], reals({2}, {3, 4}));
  check_close(got[2], reals({1}, {5}));
  check_close(got[3], reals({4}, {2, 3, 4, 5}));
}

TEST_CASE("a loop that gathers values, and reads others from a sequence") {
  // for each slice of x[T, 2]: h = h + slice; out.append(h)
  for (int times : {1, 2}) {
    Model model;
    Value* x = model.input("x", DType::f32, {sym("T"), 2});
    Value* slices = model.node(Op::SplitToSequence, {x}, {{"axis", int64_t{0}}, {"keepdims", int64_t{0}}})[0];
    Value* steps = model.node(Op::SequenceLength, {slices})[0];
    Value* empty = model.node(Op::SequenceEmpty, {}, {{"dtype", int64_t{1}}})[0];
    Sub body(17);
    Value *t = body.param("t"), *go = body.param("go"), *h = body.param("h"), *out = body.param("out");
    Value* slice = body.node(Op::SequenceAt, {body.param("slices"), t})[0];
    Value* next = body.node(Op::Add, {h, slice})[0];
    for (int i = 0; i < times; ++i) out = body.node(Op::SequenceInsert, {out, next})[0];
    body.returns({go, next, out});
    auto results = node_with(model, Op::Loop,
                             {steps, model.constant(whole({}, {1}, DType::boolean)), model.constant(reals({2}, {0, 0})), empty},
                             {slices}, {{"body", &body}}, 2);
    model.output(joined(model, results[1], 0, 1));
    model.output(results[0], "last");
    auto core = model.expand();
    REQUIRE_MESSAGE(core, messages_of(model));
    CHECK(count_ops(*core, Op::gather) == 0);
    auto got = run(model, {reals({3, 2}, {1, 2, 3, 4, 5, 6})});
    REQUIRE(got.size() == 2);
    check_close(got[0], times == 1 ? reals({3, 2}, {1, 2, 4, 6, 9, 12})
                                   : reals({6, 2}, {1, 2, 1, 2, 4, 6, 4, 6, 9, 12, 9, 12}));
    check_close(got[1], reals({2}, {9, 12}));
  }
}

TEST_CASE("a subgraph applied to each value") {
  // y = x * 2 + c, for a list of values of two sizes and for slices of a symbolic number
  for (bool listed : {true, false}) {
    Model model;
    Value* x = model.input("x", DType::f32, {sym("T")});
    Value* c = model.input("c", DType::f32, {});
    Value* values = listed ? model.node(Op::SequenceConstruct, {x, c})[0]
                           : model.node(Op::SplitToSequence, {x}, {{"keepdims", int64_t{0}}})[0];
    Sub body(17);
    Value *one = body.param("one"), *same = body.param("same");
    body.returns({body.node(Op::Add, {body.node(Op::Add, {one, one})[0], same})[0]});
    Value* mapped = node_with(model, Op::SequenceMap, {values, c}, {}, {{"body", &body}}, 1)[0];
    model.output(listed ? model.node(Op::SequenceAt, {mapped, model.constant(number(1))})[0] : joined(model, mapped, 0, 1));
    auto got = run(model, {reals({2}, {1, 2}), reals({}, {10})});
    REQUIRE(got.size() == 1);
    check_close(got[0], listed ? reals({}, {30}) : reals({2}, {12, 14}));
  }
}

TEST_CASE("optionals") {
  Model model(18);
  Value* x = model.input("x", DType::f32, {2});
  Value* full = model.node(Op::Optional, {x})[0];
  model.output(model.node(Op::OptionalHasElement, {full})[0], "has");
  model.output(model.node(Op::OptionalHasElement, {})[0], "none");
  model.output(model.node(Op::OptionalGetElement, {full})[0], "value");
  auto got = run(model, {reals({2}, {1, 2})});
  REQUIRE(got.size() == 3);
  check_close(got[0], whole({}, {1}, DType::boolean));
  check_close(got[1], whole({}, {0}, DType::boolean));
  check_close(got[2], reals({2}, {1, 2}));
}

TEST_CASE("what has no form at run time is an error that says so") {
  Model model;
  Value* x = model.input("x", DType::f32, {2});
  Value* sequence = model.node(Op::SequenceConstruct, {x, x})[0];
  model.output(model.node(Op::Neg, {sequence})[0]);
  CHECK(contains(messages_of(model), "operand 0 is a sequence, must be a tensor"));
  Model output;
  Value* y = output.input("y", DType::f32, {2});
  output.output(output.node(Op::SequenceConstruct, {y})[0]);
  CHECK(contains(messages_of(output), "an output must be a tensor"));
  Model beyond;
  Value* z = beyond.node(Op::SequenceConstruct, {beyond.input("z", DType::f32, {2})})[0];
  beyond.output(beyond.node(Op::SequenceAt, {z, beyond.constant(number(1))})[0]);
  CHECK(contains(messages_of(beyond), "position 1 is outside a sequence of 1 values"));
}

}  // namespace
}  // namespace rondo::testing
