// The expansion of whole models: all errors at once, nothing read and ignored, types written back, warnings, states,
// dimensions and symbols.
#include "passes/expand/expand.h"
#include "tests/passes/expand_model.h"

namespace rondo::testing {
namespace {

Dim sym(const char* name) { return Dim::symbol(name); }

Value* unsupported_node(Model& model, Value* operand, const std::string& kind) {
  Value* value = model.node(Op::unsupported, {operand})[0];
  value->producer->kind = kind;
  value->producer->place = "node '" + kind + "'";
  return value;
}

TEST_CASE("all unsupported operators are told at once, and what depends on them is passed over") {
  Model model;
  Value* x = model.input("x", DType::f32, {2});
  Value* first = unsupported_node(model, x, "Foo");
  Value* second = unsupported_node(model, x, "my.domain.Bar");
  Value* tail = model.node(Op::Add, {first, second})[0];
  model.output(model.node(Op::Relu, {tail})[0]);
  model.output(model.node(Op::Relu, {x}, {{"alpha", 1.0}})[0], "z");
  auto core = model.expand();
  REQUIRE(!core);
  REQUIRE(core.errors().size() == 3);
  CHECK(contains(to_string(core.errors()[0]), "node 'Foo': unsupported: operator 'Foo'"));
  CHECK(contains(core.errors()[1].message, "'my.domain.Bar'"));
  CHECK(contains(core.errors()[2].message, "'alpha'"));
}

TEST_CASE("nothing is read and ignored") {
  const Tensor x = reals({2}, {1, 2});
  const std::string attribute = errors_of(Op::Concat, 13, {x}, {{"axis", int64_t{0}}, {"colour", int64_t{7}}});
  CHECK(contains(attribute, "'colour'"));
  CHECK(contains(attribute, "it takes: axis"));
  CHECK(contains(errors_of(Op::Relu, 13, {x, x}), "operand 1"));
  CHECK(contains(errors_of(Op::Relu, 13, {}), "operand 0 is missing"));
  CHECK(contains(errors_of(Op::Add, 13, {x, std::nullopt}), "operand 1 is missing"));
  CHECK(contains(errors_of(Op::LeakyRelu, 13, {x}, {{"alpha", std::string("big")}}), "'alpha' must be a number"));
  CHECK(contains(errors_of(Op::Concat, 13, {x}, {{"axis", 1.5}}), "'axis' must be an integer"));
  CHECK(contains(errors_of(Op::Relu, 13, {x}, {}, 2), "no result 1"));
}

TEST_CASE("errors carry the node's place") {
  Model model;
  Value* x = model.input("x", DType::f32, {2, 3});
  Value* y = model.node(Op::Transpose, {x}, {{"perm", std::vector<int64_t>{0, 0}}})[0];
  y->producer->place = "node 'flip' (Transpose)";
  model.output(y);
  auto core = model.expand();
  REQUIRE(!core);
  CHECK(core.errors()[0].place == "node 'flip' (Transpose)");
}

TEST_CASE("an operator that is not known, and what was perhaps meant") {
  Model model;
  Value* y = model.node(Op::unsupported, {model.input("x", DType::f32, {2})})[0];
  y->producer->kind = "Sigmoit";
  model.output(y);
  auto core = model.expand();
  REQUIRE(!core);
  CHECK(contains(core.errors()[0].message, "operator 'Sigmoit' is not among the operators that can be compiled"));
  CHECK(contains(core.errors()[0].message, "did you mean 'Sigmoid'?"));
}

TEST_CASE("an input without a type") {
  Model model;
  Value* x = model.graph.add_param(std::nullopt, "x");
  model.output(model.node(Op::Relu, {x})[0]);
  auto core = model.expand();
  REQUIRE(!core);
  REQUIRE(core.errors().size() == 1);
  CHECK(contains(to_string(core.errors()[0]), "input 'x'"));
}

TEST_CASE("types are written back into the model, merged symbols too") {
  Model model;
  Value* x = model.input("x", DType::f32, {sym("N"), 4});
  Value* y = model.input("y", DType::f32, {sym("M"), 4});
  Value* sum = model.node(Op::Add, {x, y})[0];
  Value* both = model.node(Op::Concat, {sum, x}, {{"axis", int64_t{0}}})[0];
  model.output(both);
  auto core = model.expand();
  REQUIRE(core);
  REQUIRE(x->type->shape[0].symbol_name());
  const std::string name = *x->type->shape[0].symbol_name();
  CHECK(*y->type == *x->type);
  CHECK(to_string(*both->type) == "f32[2*" + name + ", 4]");
  CHECK(core->bindings.empty());
  CHECK(core->equalities.empty());
  CHECK(model.warnings.empty());
}

TEST_CASE("declared outputs: what contradicts inference is a warning, a symbol does not") {
  Model model;
  Value* x = model.input("x", DType::f32, {sym("N"), 4});
  Value* y = model.node(Op::Relu, {x})[0];
  for (int i = 0; i < 5; ++i) model.output(y, "y" + std::to_string(i));
  model.graph.declared_outputs = {Type{DType::f32, {sym("N"), 4}}, Type{DType::f32, {7, sym("K")}},
                                  Type{DType::f32, {sym("N"), 5}}, Type{DType::f32, {4}},
                                  Type{DType::f64, {sym("N"), 4}}};
  REQUIRE(model.expand());
  REQUIRE(model.warnings.size() == 3);
  for (size_t i = 0; i < 3; ++i) {
    CHECK(model.warnings[i].severity == Severity::warning);
    CHECK(model.warnings[i].place == "output 'y" + std::to_string(i + 2) + "'");
  }
  CHECK(contains(model.warnings[0].message, "declared f32[N, 5], inferred f32[N, 4]"));
}

TEST_CASE("an output may be an input, or stand twice") {
  Model model;
  Value* x = model.input("x", DType::f32, {1});
  model.output(x, "a");
  model.output(model.node(Op::Identity, {x})[0], "b");
  const auto got = run(model, {reals({1}, {5})});
  REQUIRE(got.size() == 2);
  CHECK(got[0] == got[1]);
}

TEST_CASE("states: an output becomes the next value of an input") {
  Model model;
  Value* h = model.input("h", DType::f32, {sym("N"), 2});
  Value* x = model.input("x", DType::f32, {1, 2});
  Value* next = model.node(Op::Add, {x, h})[0];
  model.output(next, "hn");
  model.output(model.node(Op::Neg, {next})[0], "y");
  REQUIRE(bind_state(model.graph, "h", "hn"));
  CHECK(model.graph.output_names == std::vector<std::string>{"y"});
  CHECK(model.graph.declared_outputs.size() == 1);
  REQUIRE(model.graph.inputs().size() == 1);
  CHECK(model.graph.inputs()[0] == x);
  CHECK(model.graph.params[1].get() == h);
  CHECK(h->index == 1);
  const auto got = run(model, {reals({1, 2}, {1, 2}), reals({1, 2}, {10, 20})});
  REQUIRE(got.size() == 2);
  check_close(got[0], reals({1, 2}, {-11, -22}));
  check_close(got[1], reals({1, 2}, {11, 22}));
}

TEST_CASE("states: names that are not there, types that do not fit") {
  Model model;
  Value* h = model.input("h", DType::f32, {2});
  model.output(model.node(Op::Cast, {h}, {{"to", int64_t{7}}})[0], "hn");
  auto no_input = bind_state(model.graph, "k", "hn");
  REQUIRE(!no_input);
  CHECK(contains(no_input.errors()[0].message, "'k'"));
  CHECK(contains(no_input.errors()[0].message, "'h'"));
  auto no_output = bind_state(model.graph, "h", "kn");
  REQUIRE(!no_output);
  CHECK(contains(no_output.errors()[0].message, "'hn'"));
  REQUIRE(bind_state(model.graph, "h", "hn"));
  CHECK(!bind_state(model.graph, "h", "hn"));
  auto core = model.expand();
  REQUIRE(!core);
  CHECK(contains(to_string(core.errors()[0]), "state 'h': error: has type f32[2], but its next value has type i64[2]"));
}

TEST_CASE("dimensions fixed by the user") {
  Model model;
  Value* x = model.input("x", DType::f32, {sym("T"), sym("B"), 4});
  model.output(model.node(Op::Relu, {x})[0]);
  model.graph.declared_outputs[0] = Type{DType::f32, {sym("T"), sym("B"), 4}};
  auto unknown = bind_dims(model.graph, {{"N", 3}, {"T", 0}});
  REQUIRE(!unknown);
  REQUIRE(unknown.errors().size() == 2);
  CHECK(contains(unknown.errors()[0].message, "'B', 'T'"));
  CHECK(contains(unknown.errors()[1].message, "at least 1"));
  CHECK(to_string(*x->type) == "f32[T, B, 4]");
  REQUIRE(bind_dims(model.graph, {{"T", 7}}));
  CHECK(to_string(*x->type) == "f32[7, B, 4]");
  CHECK(to_string(*model.graph.declared_outputs[0]) == "f32[7, B, 4]");
}

TEST_CASE("merge_symbols: types, attributes, elements and regions; an equality that is refuted is an error") {
  Graph graph;
  graph.add_param(Type{DType::f32, {sym("N")}}, "x");
  Builder b(graph);
  Value* shape = b.dims({sym("N"), sym("M")});
  graph.bindings = {{"N", Dim(3)}, {"M", sym("N") * Dim(2)}};
  REQUIRE(merge_symbols(graph));
  CHECK(to_string(*graph.params[0]->type) == "f32[3]");
  CHECK(to_string(*shape->elements) == "[3, 6]");
  CHECK(shape->producer->attributes.integers("values") == std::vector<int64_t>{3, 6});
  graph.bindings = {{"K", Dim(2)}};
  graph.equalities = {{sym("K") * sym("K"), Dim(5), "node 'n'"}};
  auto refuted = merge_symbols(graph);
  REQUIRE(!refuted);
  CHECK(contains(to_string(refuted.errors()[0]), "node 'n'"));
}

}  // namespace
TEST_CASE("errors name the inputs and dimensions that would settle them") {
  using Names = std::vector<std::string>;
  Model model(13);
  Value* x = model.input("x", DType::f32, {Dim::symbol("T"), 2});
  Value* axes = model.input("axes", DType::i32, {1});
  Value* more = model.input("more", DType::i32, {1});
  Value* sum = model.node(Op::Add, {axes, more})[0];
  Value* wide = model.node(Op::Cast, {sum}, {{"to", int64_t{7}}})[0];
  model.output(model.node(Op::ReduceSum, {x, wide})[0]);
  model.output(model.node(Op::ReduceSum, {x, model.node(Op::Size, {x})[0]})[0], "z");
  auto core = model.expand();
  REQUIRE_FALSE(core);
  REQUIRE(core.errors().size() == 2);
  CHECK(core.errors()[0].wanted_inputs == Names{"axes", "more"});
  CHECK(core.errors()[0].wanted_dims.empty());
  CHECK(contains(core.errors()[0].message, "--const=axes=VALUE|FILE.npy, --const=more="));
  CHECK(core.errors()[1].wanted_inputs.empty());
  CHECK(core.errors()[1].wanted_dims == Names{"T"});
  CHECK(contains(core.errors()[1].message, "--dim=T=N"));
}

TEST_CASE("errors that nothing would settle name nothing") {
  Model model(13);
  Value* x = model.input("x", DType::f32, {2, 2});
  Value* axes = model.input("axes", DType::i64, {1});
  model.output(model.node(Op::ReduceSum, {x, axes}, {{"keepdims", std::string("yes")}})[0]);
  auto core = model.expand();
  REQUIRE_FALSE(core);
  for (const Diagnostic& error : core.errors()) {
    CHECK(error.wanted_inputs.empty());
    CHECK(error.wanted_dims.empty());
  }
}

TEST_CASE("a dimension that is declared free and can only be one size") {
  Model model(13);
  Value* x = model.input("x", DType::f32, {Dim::symbol("N"), 3});
  Value* joined = model.node(Op::Concat, {x, model.constant(reals({2, 3}, {1, 2, 3, 4, 5, 6}))}, {{"axis", int64_t{1}}})[0];
  model.output(joined);
  auto core = model.expand();
  REQUIRE(core);
  CHECK(contains(all_messages(model.warnings), "input 'x': warning: dimension 'N' must be 2"));
  CHECK(to_string(*core->params[0]->type) == "f32[2, 3]");
}

}  // namespace rondo::testing
