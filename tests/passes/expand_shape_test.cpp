// Shape arithmetic and data movement: values from constants, and shapes that stay symbolic.
#include "tests/passes/expand_model.h"

namespace rondo::testing {
namespace {

Dim sym(const char* name) { return Dim::symbol(name); }

/// The shape that a chain of nodes on a symbolic input comes to; `build` gives the value asked for.
template <class Build>
std::string shape_after(Shape input, Build build, int opset = 17) {
  Model model(opset);
  Value* x = model.input("x", DType::f32, std::move(input));
  model.output(build(model, x));
  auto core = model.expand();
  if (!core) return all_messages(core.errors());
  if (Status verified = verify(*core); !verified) return all_messages(verified.errors());
  return to_string(core->outputs[0]->type->shape);
}

const Tensor kSix = reals({2, 3}, {1, 2, 3, 4, 5, 6});

TEST_CASE("Constant in every form") {
  check_node(Op::Constant, 1, {}, {{"value", kSix}}, kSix);
  check_node(Op::Constant, 11, {}, {{"sparse_value", kSix}}, kSix);
  check_node(Op::Constant, 12, {}, {{"value_float", 2.5}}, reals({}, {2.5}));
  check_node(Op::Constant, 12, {}, {{"value_floats", std::vector<double>{2.5, 1}}}, reals({2}, {2.5, 1}));
  check_node(Op::Constant, 12, {}, {{"value_int", int64_t{1} << 60}}, whole({}, {int64_t{1} << 60}));
  check_node(Op::Constant, 12, {}, {{"value_ints", std::vector<int64_t>{3, 4}}}, list({3, 4}));
  CHECK(contains(errors_of(Op::Constant, 12, {}, {{"value_string", std::string("a")}}), "supported"));
}

TEST_CASE("fills and sequences") {
  check_node(Op::ConstantOfShape, 9, {list({2, 2})}, {}, reals({2, 2}, {0, 0, 0, 0}));
  check_node(Op::ConstantOfShape, 9, {list({3})}, {{"value", whole({1}, {7})}}, list({7, 7, 7}));
  check_node(Op::ConstantOfShape, 9, {list({})}, {{"value", whole({1}, {7})}}, whole({}, {7}));
  check_node(Op::Range, 11, {whole({}, {3}), whole({}, {10}), whole({}, {3})}, {}, list({3, 6, 9}));
  check_node(Op::Range, 11, {whole({}, {3}, DType::i32), whole({}, {0}, DType::i32), whole({}, {-1}, DType::i32)}, {},
             whole({3}, {3, 2, 1}, DType::i32));
  check_node(Op::Range, 11, {reals({}, {0}), reals({}, {1}), reals({}, {0.3})}, {}, reals({4}, {0, 0.3, 0.6, 0.9}));
  check_node(Op::Range, 11, {whole({}, {3}), whole({}, {1}), whole({}, {3})}, {}, list({}));
  CHECK(contains(errors_of(Op::Range, 11, {whole({}, {3}), whole({}, {1}), whole({}, {0})}), "step is 0"));
}

TEST_CASE("Shape and Size") {
  const Tensor x = reals({2, 1, 3}, {1, 2, 3, 4, 5, 6});
  check_node(Op::Shape, 1, {x}, {}, list({2, 1, 3}));
  check_node(Op::Shape, 15, {x}, {{"start", int64_t{1}}}, list({1, 3}));
  check_node(Op::Shape, 15, {x}, {{"start", int64_t{-1}}}, list({3}));
  check_node(Op::Shape, 15, {x}, {{"end", int64_t{-1}}}, list({2, 1}));
  check_node(Op::Shape, 15, {x}, {{"start", int64_t{2}}, {"end", int64_t{1}}}, list({}));
  check_node(Op::Shape, 15, {x}, {{"start", int64_t{-10}}, {"end", int64_t{10}}}, list({2, 1, 3}));
  check_node(Op::Size, 13, {x}, {}, whole({}, {6}));
}

TEST_CASE("Reshape: copies, what is left, zero as a size") {
  check_node(Op::Reshape, 13, {kSix, list({3, -1})}, {}, reals({3, 2}, {1, 2, 3, 4, 5, 6}));
  check_node(Op::Reshape, 13, {kSix, list({0, 1, -1})}, {}, reals({2, 1, 3}, {1, 2, 3, 4, 5, 6}));
  check_node(Op::Reshape, 1, {kSix}, {{"shape", std::vector<int64_t>{6}}}, reals({6}, {1, 2, 3, 4, 5, 6}));
  check_node(Op::Reshape, 14, {reals({0, 3}, {}), list({3, 0})}, {{"allowzero", int64_t{1}}}, reals({3, 0}, {}));
  CHECK(contains(errors_of(Op::Reshape, 13, {kSix, list({4, -1})}), "equal"));
  CHECK(contains(errors_of(Op::Reshape, 13, {kSix, list({-1, -1})}), "more than one -1"));
  CHECK(contains(errors_of(Op::Reshape, 13, {kSix, list({1, 6, 0})}), "copies"));
  CHECK(contains(errors_of(Op::Reshape, 13, {kSix, list({-6})}), "-6"));
}

TEST_CASE("Flatten, Squeeze, Unsqueeze") {
  const Tensor x = reals({1, 2, 1, 3}, {1, 2, 3, 4, 5, 6});
  check_node(Op::Flatten, 13, {x}, {}, reals({1, 6}, {1, 2, 3, 4, 5, 6}));
  check_node(Op::Flatten, 13, {x}, {{"axis", int64_t{-1}}}, reals({2, 3}, {1, 2, 3, 4, 5, 6}));
  check_node(Op::Flatten, 13, {x}, {{"axis", int64_t{0}}}, reals({1, 6}, {1, 2, 3, 4, 5, 6}));
  check_node(Op::Flatten, 13, {x}, {{"axis", int64_t{4}}}, reals({6, 1}, {1, 2, 3, 4, 5, 6}));
  check_node(Op::Squeeze, 13, {x}, {}, kSix);
  check_node(Op::Squeeze, 11, {x}, {{"axes", std::vector<int64_t>{-2}}}, reals({1, 2, 3}, {1, 2, 3, 4, 5, 6}));
  check_node(Op::Squeeze, 13, {x, list({0, 2})}, {}, kSix);
  check_node(Op::Unsqueeze, 11, {kSix}, {{"axes", std::vector<int64_t>{0, 2}}}, x);
  check_node(Op::Unsqueeze, 13, {kSix, list({-2, 0})}, {}, x);
  CHECK(contains(errors_of(Op::Squeeze, 13, {kSix, list({0})}), "squeezed axis 0"));
  CHECK(contains(errors_of(Op::Unsqueeze, 13, {kSix, list({0, 0})}), "twice"));
  CHECK(contains(errors_of(Op::Unsqueeze, 13, {kSix, list({4})}), "outside"));
}

TEST_CASE("Expand and Tile") {
  check_node(Op::Expand, 13, {reals({2, 1}, {1, 2}), list({3})}, {}, reals({2, 3}, {1, 1, 1, 2, 2, 2}));
  check_node(Op::Expand, 13, {reals({3}, {1, 2, 3}), list({2, 1})}, {}, reals({2, 3}, {1, 2, 3, 1, 2, 3}));
  check_node(Op::Tile, 13, {reals({1, 2}, {1, 2}), list({2, 2})}, {}, reals({2, 4}, {1, 2, 1, 2, 1, 2, 1, 2}));
  check_node(Op::Tile, 1, {reals({1, 2}, {1, 2}), list({2}), list({1})}, {}, reals({1, 4}, {1, 2, 1, 2}));
  CHECK(contains(errors_of(Op::Tile, 13, {kSix, list({2})}), "repeats"));
}

TEST_CASE("Transpose and Concat") {
  check_node(Op::Transpose, 13, {kSix}, {}, reals({3, 2}, {1, 4, 2, 5, 3, 6}));
  check_node(Op::Transpose, 1, {reals({1, 2, 2}, {1, 2, 3, 4})}, {{"perm", std::vector<int64_t>{2, 0, 1}}},
             reals({2, 1, 2}, {1, 3, 2, 4}));
  check_node(Op::Concat, 13, {kSix, reals({2, 1}, {7, 8})}, {{"axis", int64_t{-1}}},
             reals({2, 4}, {1, 2, 3, 7, 4, 5, 6, 8}));
  check_node(Op::Concat, 1, {kSix, reals({2, 1}, {7, 8})}, {}, reals({2, 4}, {1, 2, 3, 7, 4, 5, 6, 8}));
  CHECK(contains(errors_of(Op::Concat, 4, {kSix, kSix}), "'axis'"));
}

TEST_CASE("Split: by attribute, by operand, evenly, by number") {
  const Tensor x = list({1, 2, 3, 4, 5});
  auto sizes = [&](int opset, std::vector<std::optional<Tensor>> operands, Attributes attributes, int results) {
    std::string text;
    for (const Tensor& part : run_node(Op::Split, opset, operands, attributes, results)) {
      for (int64_t element : part.ints()) text += std::to_string(element);
      text += "|";
    }
    return text;
  };
  CHECK(sizes(11, {x}, {{"split", std::vector<int64_t>{2, 3}}}, 2) == "12|345|");
  CHECK(sizes(13, {x, list({4, 0, 1})}, {}, 3) == "1234||5|");
  CHECK(sizes(13, {list({1, 2, 3, 4})}, {{"axis", int64_t{-1}}}, 2) == "12|34|");
  CHECK(sizes(18, {x}, {{"num_outputs", int64_t{2}}}, 2) == "123|45|");
  CHECK(contains(errors_of(Op::Split, 13, {x, list({4, 4})}, {}, 2), "sum of the parts"));
  CHECK(contains(errors_of(Op::Split, 13, {x, list({4, 1})}, {}, 3), "2 sizes for 3 results"));
  CHECK(contains(errors_of(Op::Split, 13, {x}, {}, 2), "equal parts"));
}

TEST_CASE("Gather: constant and runtime indices, counted from the back too") {
  const Tensor x = reals({2, 3}, {1, 2, 3, 4, 5, 6});
  check_node(Op::Gather, 13, {x, whole({2}, {1, 0})}, {}, reals({2, 3}, {4, 5, 6, 1, 2, 3}));
  check_node(Op::Gather, 13, {x, whole({1, 2}, {-1, 0})}, {{"axis", int64_t{1}}}, reals({2, 1, 2}, {3, 1, 6, 4}));
  check_node(Op::Gather, 13, {x, whole({}, {-2})}, {{"axis", int64_t{-1}}}, reals({2}, {2, 5}));
  CHECK(contains(errors_of(Op::Gather, 13, {x, whole({}, {3})}, {{"axis", int64_t{1}}}), "outside"));
  for (DType dtype : {DType::i32, DType::i64}) {
    Model model;
    Value* indices = model.input("i", dtype, {Dim(2)});
    model.output(model.node(Op::Gather, {model.constant(x), indices}, {{"axis", int64_t{1}}})[0]);
    check_close(run(model, {whole({2}, {-1, 1}, dtype)})[0], reals({2, 2}, {3, 2, 6, 5}));
  }
}

TEST_CASE("shapes stay symbolic through shape arithmetic") {
  const Shape x{sym("T"), sym("B"), 64};
  auto reshape_to = [](std::vector<int64_t> shape) {
    return [shape](Model& m, Value* x) { return m.node(Op::Reshape, {x, m.constant(list(shape))})[0]; };
  };
  CHECK(shape_after(x, reshape_to({0, 0, -1})) == "[T, B, 64]");
  CHECK(shape_after({sym("T"), 64}, reshape_to({-1, 4, 16})) == "[T, 4, 16]");
  CHECK(shape_after({sym("T"), 64}, reshape_to({0, 4, -1})) == "[T, 4, 16]");
  CHECK(shape_after({Dim(2), floor_div(sym("T"), Dim(2)), sym("B"), 3}, [](Model& m, Value* x) {
          Value* t = m.node(Op::Slice, {m.node(Op::Shape, {x})[0], m.constant(list({1})), m.constant(list({3}))})[0];
          Value* target = m.node(Op::Concat, {t, m.constant(list({-1}))}, {{"axis", int64_t{0}}})[0];
          return m.node(Op::Reshape, {x, target})[0];
        }) == "[floor(T, 2), B, 6]");
  auto flat = shape_after(x, [](Model& m, Value* x) { return m.node(Op::Flatten, {x}, {{"axis", int64_t{1}}})[0]; });
  CHECK(flat == "[T, 64*B]");
  auto by_shape = [](Model& m, Value* x) {
    Value* shape = m.node(Op::Shape, {x})[0];
    Value* t = m.node(Op::Gather, {shape, m.constant(whole({}, {0}))})[0];
    Value* one = m.node(Op::Unsqueeze, {t, m.constant(list({0}))})[0];
    Value* target = m.node(Op::Concat, {one, m.constant(list({-1}))}, {{"axis", int64_t{0}}})[0];
    return m.node(Op::Reshape, {x, target})[0];
  };
  CHECK(shape_after(x, by_shape) == "[T, 64*B]");
  auto zeros = [](Model& m, Value* x) {
    Value* shape = m.node(Op::Shape, {x}, {{"start", int64_t{0}}, {"end", int64_t{2}}})[0];
    Value* doubled = m.node(Op::Mul, {shape, m.constant(list({2, 1}))})[0];
    return m.node(Op::ConstantOfShape, {doubled})[0];
  };
  CHECK(shape_after(x, zeros) == "[2*T, B]");
  auto positions = [](Model& m, Value* x) {
    Value* t = m.node(Op::Gather, {m.node(Op::Shape, {x})[0], m.constant(whole({}, {0}))})[0];
    return m.node(Op::Range, {m.constant(whole({}, {0})), t, m.constant(whole({}, {1}))})[0];
  };
  CHECK(shape_after(x, positions) == "[T]");
}

TEST_CASE("a dimension that only works for one value is bound, with a warning") {
  Model model;
  Value* x = model.input("x", DType::f32, {sym("N"), 4});
  model.output(model.node(Op::Reshape, {x, model.constant(list({1, 4}))})[0]);
  auto core = model.expand();
  REQUIRE(core);
  CHECK(to_string(*core->params[0]->type) == "f32[1, 4]");
  CHECK(to_string(*model.graph.params[0]->type) == "f32[1, 4]");
  REQUIRE(model.warnings.size() == 1);
  CHECK(contains(model.warnings[0].message, "dimension 'N' must be 1"));
  CHECK(contains(model.warnings[0].place, "'x'"));
}

TEST_CASE("whether a symbolic axis is squeezed must not depend on its value") {
  auto squeeze = [](Model& m, Value* x) { return m.node(Op::Squeeze, {x})[0]; };
  CHECK(contains(shape_after({sym("N"), 1, 4}, squeeze), "--dim"));
  CHECK(shape_after({sym("N") + Dim(1), 1, 4}, squeeze) == "[N+1, 4]");
}

}  // namespace
}  // namespace rondo::testing
