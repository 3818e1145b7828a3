// Loop: counted by sizes, by counters and conditions, by simulation, or by the run. Values by hand.
#include "tests/passes/expand_control.h"

namespace rondo::testing {
namespace {

Tensor truth(bool value) { return whole({}, {value}, DType::boolean); }
Dim sym(const char* name) { return Dim::symbol(name); }

/// h <- h + x[t], with h stacked: a running sum over the rows of x[T, 2].
std::vector<Value*> running_sum(Model& model, Value* limit, Value* x) {
  Sub body(17);
  Value *t = body.param("t"), *go = body.param("go"), *h = body.param("h"), *rows = body.param("x");
  Value* row = body.node(Op::Gather, {rows, t}, {{"axis", int64_t{0}}})[0];
  Value* next = body.node(Op::Add, {h, row})[0];
  body.returns({body.node(Op::Identity, {go})[0], next, next});
  return node_with(model, Op::Loop, {limit, model.constant(truth(true)), model.constant(reals({2}, {0, 10}))}, {x},
                   {{"body", &body}}, 2);
}

TEST_CASE("a loop over the rows of a value is a scan of its slices") {
  Model model;
  Value* x = model.input("x", DType::f32, {sym("T"), 2});
  Value* shape = model.node(Op::Shape, {x})[0];
  Value* steps = model.node(Op::Gather, {shape, model.constant(whole({}, {0}))}, {{"axis", int64_t{0}}})[0];
  auto results = running_sum(model, steps, x);
  model.output(results[0], "last");
  model.output(results[1], "all");
  auto got = run(model, {reals({3, 2}, {1, 2, 3, 4, 5, 6})});
  REQUIRE(got.size() == 2);
  check_close(got[0], reals({2}, {9, 22}));
  check_close(got[1], reals({3, 2}, {1, 12, 4, 16, 9, 22}));
  auto core = model.expand();
  REQUIRE(core);
  CHECK(count_ops(*core, Op::scan) == 1);
  CHECK(count_ops(*core, Op::gather) == 0);  // the slices are scanned
}

TEST_CASE("a window that moves with the step") {
  // h = h + x[:, t : t + w], for t = 0, 1 and x[2, 3]
  for (int64_t w : {1, 2}) {
    Model model;
    Value* x = model.input("x", DType::f32, {2, 3});
    Sub body(17);
    Value *t = body.param("t"), *go = body.param("go"), *h = body.param("h"), *data = body.param("x");
    Value* first = body.constant(list({0}));
    Value* start = body.node(Op::Unsqueeze, {t, first})[0];
    Value* end = body.node(Op::Unsqueeze, {body.node(Op::Add, {t, body.constant(whole({}, {w}))})[0], first})[0];
    Value* window = body.node(Op::Slice, {data, start, end, body.constant(list({1}))})[0];
    body.returns({go, body.node(Op::Add, {h, window})[0]});
    auto results = node_with(model, Op::Loop, {model.constant(whole({}, {2})), nullptr, model.input("h", DType::f32, {2, w})},
                             {x}, {{"body", &body}}, 1);
    model.output(results[0]);
    const Tensor zeros = Tensor::zeros(DType::f32, {2, w});
    check_close(run(model, {reals({2, 3}, {1, 2, 3, 4, 5, 6}), zeros})[0],
                w == 1 ? reals({2, 1}, {3, 9}) : reals({2, 2}, {3, 5, 9, 11}));
    if (w == 1) CHECK(count_ops(model, Op::measure) == 0);  // the slices are scanned
  }
}

TEST_CASE("a counter compared with a size ends the loop") {
  // while (i < N) { h = h + i; i = i + 2 }, i from 1, N = 8: i = 1, 3, 5, 7
  for (bool floats : {false, true}) {
    Model model;
    Sub body(17);
    body.param("t");
    Value *go = body.param("go"), *i = body.param("i"), *h = body.param("h");
    Value* next = body.node(Op::Add, {i, body.constant(whole({}, {2}, DType::i32))})[0];
    Value* as_float = body.node(Op::Cast, {i}, {{"to", int64_t{1}}})[0];
    Value* compared = floats ? body.node(Op::Cast, {next}, {{"to", int64_t{1}}})[0] : next;
    Value* bound = body.constant(floats ? reals({}, {8}) : whole({}, {8}, DType::i32));
    Value* less = body.node(Op::Less, {compared, bound})[0];
    body.returns({body.node(Op::And, {less, go})[0], next, body.node(Op::Add, {h, as_float})[0]});
    auto results = node_with(model, Op::Loop,
                             {nullptr, model.constant(truth(true)), model.constant(whole({}, {1}, DType::i32)),
                              model.input("h", DType::f32, {})},
                             {}, {{"body", &body}}, 2);
    model.output(results[0], "i");
    model.output(results[1], "h");
    auto got = run(model, {reals({}, {100})});
    REQUIRE(got.size() == 2);
    check_close(got[0], whole({}, {9}, DType::i32));
    check_close(got[1], reals({}, {116}));
    CHECK(count_ops(model, Op::scan) == 1);
    CHECK(count_ops(model, Op::loop) == 0);
  }
}

TEST_CASE("a countdown ends at zero") {
  // n = 4; do { h = h * 2; n = n - 1 } while (bool(n))
  Model model;
  Sub body(17);
  body.param("t"), body.param("go");
  Value *n = body.param("n"), *h = body.param("h");
  Value* next = body.node(Op::Sub, {n, body.constant(whole({}, {1}))})[0];
  body.returns({body.node(Op::Cast, {next}, {{"to", int64_t{9}}})[0], next,
                body.node(Op::Add, {h, h})[0]});
  auto results = node_with(model, Op::Loop,
                           {nullptr, model.constant(truth(true)), model.constant(whole({}, {4})),
                            model.input("h", DType::f32, {})},
                           {}, {{"body", &body}}, 2);
  model.output(results[1]);
  check_close(run(model, {reals({}, {1})})[0], reals({}, {16}));
}

TEST_CASE("a condition of constants alone is run at compile time") {
  // v = 20.5; while (v > 1) v = v / 2: 20.5, 10.25, 5.125, 2.5625, 1.28125 -> five steps
  Model model;
  Sub body(17);
  body.param("t"), body.param("go");
  Value *v = body.param("v"), *h = body.param("h");
  Value* next = body.node(Op::Div, {v, body.constant(reals({}, {2}))})[0];
  body.returns({body.node(Op::Less, {body.constant(reals({}, {1})), next})[0], next,
                body.node(Op::Add, {h, body.constant(reals({}, {1}))})[0], h});
  auto results = node_with(model, Op::Loop,
                           {nullptr, model.constant(truth(true)), model.constant(reals({}, {20.5})),
                            model.input("h", DType::f32, {})},
                           {}, {{"body", &body}}, 3);
  model.output(results[1], "h");
  model.output(results[2], "all");
  auto got = run(model, {reals({}, {0})});
  REQUIRE(got.size() == 2);
  check_close(got[0], reals({}, {5}));
  check_close(got[1], reals({5}, {0, 1, 2, 3, 4}));
}

TEST_CASE("no step runs") {
  Model model;
  Sub body(17);
  body.param("t");
  Value *go = body.param("go"), *h = body.param("h");
  body.returns({go, body.node(Op::Neg, {h})[0], h});
  auto results = node_with(model, Op::Loop, {model.constant(whole({}, {5})), model.constant(truth(false)),
                                             model.input("h", DType::f32, {2})},
                           {}, {{"body", &body}}, 2);
  model.output(results[0], "h");
  model.output(results[1], "all");
  auto got = run(model, {reals({2}, {1, 2})});
  REQUIRE(got.size() == 2);
  check_close(got[0], reals({2}, {1, 2}));
  CHECK(to_string(got[1].type()) == "f32[0, 2]");
}

/// h <- 2 h while h < 10, at most `limit` steps, with h stacked.
std::vector<Value*> doubling(Model& model, Value* limit, int results = 2) {
  Sub body(17);
  body.param("t"), body.param("go");
  Value* h = body.param("h");
  Value* next = body.node(Op::Add, {h, h})[0];
  body.returns({body.node(Op::Less, {next, body.constant(reals({}, {10}))})[0], next, h});
  return node_with(model, Op::Loop, {limit, model.constant(truth(true)), model.input("h", DType::f32, {})}, {},
                   {{"body", &body}}, results);
}

TEST_CASE("a condition on data ends the loop when it runs") {
  Model model;
  auto results = doubling(model, model.constant(whole({}, {6})));
  model.output(results[0], "h");
  model.output(results[1], "all");
  CHECK(count_ops(model, Op::loop) == 1);
  auto got = run(model, {reals({}, {3})});
  REQUIRE(got.size() == 2);
  check_close(got[0], reals({}, {12}));
  check_close(got[1], reals({2}, {3, 6}));
  auto all = run(model, {reals({}, {-1})});
  REQUIRE(all.size() == 2);
  check_close(all[1], reals({6}, {-1, -2, -4, -8, -16, -32}));
}

TEST_CASE("results without a bound on their size are an error that says what would bound them") {
  Model model;
  Value* limit = model.input("steps", DType::i64, {});
  auto results = doubling(model, limit);
  model.output(results[1], "all");
  const std::string text = messages_of(model);
  CHECK(contains(text, "(Loop)"));
  CHECK(contains(text, "--const=steps="));
}

TEST_CASE("a number of steps that only the run knows") {
  Model model;
  Value* limit = model.input("steps", DType::i64, {});
  auto results = doubling(model, limit, 1);
  model.output(results[0], "h");
  check_close(run(model, {whole({}, {2}), reals({}, {1})})[0], reals({}, {4}));
  check_close(run(model, {whole({}, {0}), reals({}, {1})})[0], reals({}, {1}));
  check_close(run(model, {whole({}, {100}), reals({}, {1})})[0], reals({}, {16}));
}

TEST_CASE("a value that grows by a slice in each step") {
  // out = concat(out, [h]); h = h + 1
  for (bool of_the_run : {false, true}) {
    Model model;
    Sub body(17);
    body.param("t"), body.param("go");
    Value *out = body.param("out"), *h = body.param("h");
    Value* grown = body.node(Op::Concat, {out, h}, {{"axis", int64_t{0}}})[0];
    Value* next = body.node(Op::Add, {h, body.constant(reals({1}, {1}))})[0];
    Value* scalar = body.node(Op::Squeeze, {next, body.constant(list({0}))})[0];
    Value* go = of_the_run ? body.node(Op::Less, {scalar, body.constant(reals({}, {5}))})[0] : body.constant(truth(true));
    body.returns({go, grown, next});
    auto results = node_with(model, Op::Loop,
                             {model.constant(whole({}, {4})), model.constant(truth(true)),
                              model.constant(reals({1}, {-7})), model.input("h", DType::f32, {1})},
                             {}, {{"body", &body}}, 2);
    model.output(results[0]);
    const Tensor got = run(model, {reals({1}, {3})})[0];
    check_close(got, of_the_run ? reals({3}, {-7, 3, 4}) : reals({5}, {-7, 3, 4, 5, 6}));
  }
}

TEST_CASE("a value whose size changes otherwise is written out step by step") {
  // x = x[1:] three times
  Model model;
  Sub body(17);
  body.param("t");
  Value *go = body.param("go"), *x = body.param("x");
  body.returns({go, body.node(Op::Slice, {x, body.constant(list({1})), body.constant(list({INT64_MAX}))})[0]});
  auto results = node_with(model, Op::Loop, {model.constant(whole({}, {3})), nullptr, model.input("x", DType::f32, {5})}, {},
                           {{"body", &body}}, 1);
  model.output(results[0]);
  check_close(run(model, {reals({5}, {1, 2, 3, 4, 5})})[0], reals({2}, {4, 5}));
}

TEST_CASE("a loop in a loop") {
  // outer, 3 times: h = h + 1, then inner, 2 times: h = h * 2
  Model model;
  Sub inner(17);
  inner.param("t");
  Value *inner_go = inner.param("go"), *inner_h = inner.param("h");
  inner.returns({inner_go, inner.node(Op::Add, {inner_h, inner_h})[0]});
  Sub outer(17);
  outer.param("t");
  Value *go = outer.param("go"), *h = outer.param("h");
  Value* more = outer.node(Op::Add, {h, outer.constant(reals({}, {1}))})[0];
  outer.returns({go, node_with(outer, Op::Loop, {outer.constant(whole({}, {2})), nullptr, more}, {}, {{"body", &inner}}, 1)[0]});
  model.output(node_with(model, Op::Loop, {model.constant(whole({}, {3})), nullptr, model.input("h", DType::f32, {})}, {},
                         {{"body", &outer}}, 1)[0]);
  check_close(run(model, {reals({}, {0})})[0], reals({}, {84}));  // ((4 + 1) * 4 + 1) * 4
}

}  // namespace
}  // namespace rondo::testing
