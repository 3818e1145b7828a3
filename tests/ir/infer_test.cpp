// Type inference of core operators: each rule accepted once and broken once. Expected types are written by hand.
#include "ir/infer.h"

#include <doctest/doctest.h>

using namespace rondo;

namespace {

using Texts = std::vector<std::string>;
using Ints = std::vector<int64_t>;

Dim dim(const std::string& text) { return *Dim::parse(text); }

std::vector<Dim> dims(const Texts& texts) {
  std::vector<Dim> result;
  for (const std::string& text : texts) result.push_back(dim(text));
  return result;
}

Type type(DType dtype, const Texts& shape) { return {dtype, dims(shape)}; }
Type f32(const Texts& shape) { return type(DType::f32, shape); }
Type i64(const Texts& shape) { return type(DType::i64, shape); }
Type bools(const Texts& shape) { return type(DType::boolean, shape); }

struct Case {
  Op op;
  std::vector<Type> operands;
  Attributes attributes;
  std::string expected;  // the result's type, or a part of the error
};

std::string infer_text(Graph& graph, const Case& test, int results = 1) {
  std::vector<Value*> operands;
  for (const Type& operand : test.operands) operands.push_back(graph.add_param(operand, ""));
  Node* node = graph.append(test.op, operands, test.attributes, results);
  node->place = "here";
  const Status status = infer(*node, graph);
  if (!status) return to_string(status.errors()[0]);
  return to_string(*node->result()->type);
}

void check_all(const std::vector<Case>& cases) {
  for (const Case& test : cases) {
    Graph graph;
    const std::string got = infer_text(graph, test);
    CAPTURE(info(test.op).word);
    CAPTURE(test.expected);
    const bool is_type = find_dtype(test.expected.substr(0, test.expected.find('['))).has_value();
    if (is_type)
      CHECK(got == test.expected);
    else
      CHECK_MESSAGE((got.rfind("here: error: ", 0) == 0 && got.find(test.expected) != std::string::npos), got);
  }
}

Attributes conv(Ints strides, Ints dilations, int64_t groups) {
  return {{"strides", strides}, {"dilations", dilations}, {"groups", groups}};
}
Attributes window(std::string combine, Ints size, Ints strides, Ints dilations) {
  return {{"combine", combine}, {"window", size}, {"strides", strides}, {"dilations", dilations}};
}
Attributes slice(const Texts& starts, const Texts& sizes, Ints steps) {
  return {{"starts", dims(starts)}, {"sizes", dims(sizes)}, {"steps", steps}};
}

}  // namespace

TEST_CASE("infer: arity, attributes and level are checked for every operator") {
  check_all({
      {Op::add, {f32({"2"})}, {}, "add: takes 2 operands, not 1"},
      {Op::concat, {}, {{"axis", int64_t{0}}}, "concat: takes at least 1 operands, not 0"},
      {Op::transpose, {f32({"2"})}, {}, "attribute 'perm' is missing; it is a list of integers"},
      {Op::transpose, {f32({"2"})}, {{"perm", int64_t{0}}}, "attribute 'perm' must be a list of integers"},
      {Op::transpose,
       {f32({"2"})},
       {{"perm", Ints{0}}, {"order", int64_t{1}}},
       "unknown attribute 'order'; it has perm"},
      {Op::add, {f32({"2"}), f32({"2"})}, {{"axis", int64_t{1}}}, "unknown attribute 'axis'; the operator has none"},
      {Op::cast, {f32({"2"})}, {{"to", std::string("i64")}}, "attribute 'to' must be an element type"},
      {Op::constant, {}, {{"value", 1.0}}, "attribute 'value' must be a tensor"},
      {Op::reduce, {f32({"2"})}, {{"combine", int64_t{1}}, {"axes", Ints{}}}, "attribute 'combine' must be a string"},
      {Op::LSTM, {f32({"2"})}, {}, "LSTM: is not a core operator"},
      {Op::fused, {f32({"2"})}, {}, "fused: has 1 regions, not 0"},
  });
  Graph graph;
  CHECK(infer_text(graph, {Op::add, {f32({"2"}), f32({"2"})}, {}, ""}, 2) == "here: error: add: has 1 results, not 2");
  Node* untyped = graph.append(Op::neg, {graph.add_param(std::nullopt, "x")}, {}, 1);
  const Status status = infer(*untyped, graph);
  REQUIRE(!status);
  CHECK(status.errors()[0].message == "neg: operand 0 has no type");
}

TEST_CASE("infer: operand types by signature") {
  check_all({
      {Op::add, {f32({"2", "3"}), f32({"3"})}, {}, "f32[2, 3]"},
      {Op::add, {i64({}), i64({"T"})}, {}, "i64[T]"},
      {Op::mul, {f32({"2"}), i64({"2"})}, {}, "mul: operands must have the same type, not f32 and i64"},
      {Op::sub, {bools({}), bools({})}, {}, "sub: operands must be numbers, not bool"},
      {Op::tanh, {i64({"2"})}, {}, "tanh: operands must be floats, not i64"},
      {Op::tanh, {type(DType::bf16, {"2"})}, {}, "bf16[2]"},
      {Op::equal, {bools({"2"}), bools({"1"})}, {}, "bool[2]"},
      {Op::less, {i64({"2"}), i64({})}, {}, "bool[2]"},
      {Op::less, {bools({"2"}), bools({"2"})}, {}, "less: operands must be numbers, not bool"},
      {Op::equal, {f32({}), type(DType::f64, {})}, {}, "equal: operands must have the same type, not f32 and f64"},
      {Op::logical_and, {bools({"2"}), bools({"3", "1"})}, {}, "bool[3, 2]"},
      {Op::logical_not, {i64({})}, {}, "logical_not: operand 0 must be bool, not i64"},
      {Op::select, {bools({"3", "1"}), f32({"4"}), f32({})}, {}, "f32[3, 4]"},
      {Op::select, {f32({}), f32({}), f32({})}, {}, "select: operand 0 must be bool, not f32"},
      {Op::select, {bools({}), f32({}), i64({})}, {}, "select: operands must have the same type, not f32 and i64"},
      {Op::cast, {bools({"T"})}, {{"to", DType::u8}}, "u8[T]"},
  });
}

TEST_CASE("infer: broadcasting of symbolic shapes") {
  check_all({
      {Op::add, {f32({"T", "1", "8"}), f32({"N", "1"})}, {}, "f32[T, N, 8]"},
      {Op::add, {f32({"2*T+1"}), f32({"1+2*T"})}, {}, "f32[2*T+1]"},
      {Op::add,
       {f32({"2", "3"}), f32({"4", "3"})},
       {},
       "shapes [2, 3] and [4, 3] do not broadcast: 2 and 4 are neither equal nor 1"},
      {Op::add, {f32({"T"}), f32({"T+1"})}, {}, "shapes [T] and [T+1] do not broadcast"},
      {Op::add, {f32({"0"}), f32({"T"})}, {}, "shapes [0] and [T] do not broadcast"},
      {Op::add, {f32({"0"}), f32({"1"})}, {}, "f32[0]"},
      {Op::add, {f32({"T"}), f32({"5"})}, {}, "f32[5]"},
  });
}

TEST_CASE("infer: what cannot be proved is required of the graph") {
  Graph bound;
  CHECK(infer_text(bound, {Op::add, {f32({"T"}), f32({"5"})}, {}, ""}) == "f32[5]");
  CHECK(bound.resolve(dim("T")).is(5));
  // The second node sees what the first one found out.
  CHECK(infer_text(bound, {Op::mul, {f32({"T"}), f32({"6"})}, {}, ""}).find("5 and 6") != std::string::npos);

  Graph open;
  const std::string got = infer_text(open, {Op::add, {f32({"min(T, 5)"}), f32({"min(N, 7)"})}, {}, ""});
  CHECK((got == "f32[min(T, 5)]" || got == "f32[min(5, T)]"));
  REQUIRE(open.equalities.size() == 1);
  CHECK(open.equalities[0].reason == "here: dimension 0 of its operands");

  Graph twins;
  CHECK(infer_text(twins, {Op::add, {f32({"T"}), f32({"N"})}, {}, ""}).size() == std::string("f32[T]").size());
  CHECK(twins.resolve(dim("T")) == twins.resolve(dim("N")));
}

TEST_CASE("infer: sources") {
  check_all({
      {Op::constant, {}, {{"value", Tensor::zeros(DType::i8, {2, 3})}}, "i8[2, 3]"},
      {Op::dims, {}, {{"values", dims({"T", "4"})}, {"shape", Ints{2, 1}}, {"to", DType::i32}}, "i32[2, 1]"},
      {Op::dims, {}, {{"values", dims({"T"})}, {"shape", Ints{}}, {"to", DType::i64}}, "i64[]"},
      {Op::dims,
       {},
       {{"values", dims({"T"})}, {"shape", Ints{2}}, {"to", DType::i64}},
       "dims: 1 values do not fill shape [2]"},
      {Op::dims,
       {},
       {{"values", dims({"T"})}, {"shape", Ints{1}}, {"to", DType::f32}},
       "'to' must be an integer type, not f32"},
      {Op::dims,
       {},
       {{"values", Ints{1}}, {"shape", Ints{-1, -1}}, {"to", DType::i64}},
       "'shape': 0 <= -1 does not hold"},
      {Op::iota, {}, {{"shape", dims({"T", "3"})}, {"axis", int64_t{1}}, {"to", DType::f32}}, "f32[T, 3]"},
      {Op::iota, {}, {{"shape", Ints{3}}, {"axis", int64_t{1}}, {"to", DType::f32}}, "iota: axis 1 is outside [0, 1)"},
      {Op::iota,
       {},
       {{"shape", Ints{3}}, {"axis", int64_t{0}}, {"to", DType::boolean}},
       "'to' must be a number type, not bool"},
  });
}

TEST_CASE("infer: matmul and conv") {
  check_all({
      {Op::matmul, {f32({"T", "1", "4", "K"}), f32({"B", "K", "6"})}, {}, "f32[T, B, 4, 6]"},
      {Op::matmul, {f32({"4"}), f32({"4", "6"})}, {}, "matmul: operands must have at least 2 axes, not [4] and [4, 6]"},
      {Op::matmul, {f32({"2", "64"}), f32({"32", "2"})}, {}, "matmul: inner sizes must be equal, not 64 and 32"},
      {Op::matmul, {bools({"2", "2"}), bools({"2", "2"})}, {}, "matmul: operands must be numbers, not bool"},
      // (10 - ((3 - 1) * 2 + 1)) / 2 + 1 = 3
      {Op::conv, {f32({"N", "4", "10"}), f32({"6", "2", "3"})}, conv({2}, {2}, 2), "f32[N, 6, 3]"},
      {Op::conv,
       {f32({"1", "3", "2*T+2", "8"}), f32({"5", "3", "2", "1"})},
       conv({2, 3}, {1, 1}, 1),
       "f32[1, 5, T+1, 3]"},
      {Op::conv, {f32({"1", "3"}), f32({"5", "3"})}, conv({}, {}, 1), "conv: operands must be [N, C, spatial...]"},
      {Op::conv,
       {f32({"1", "3", "8"}), f32({"5", "3", "1"})},
       conv({1, 1}, {1}, 1),
       "'strides' must have 1 entries, not 2"},
      {Op::conv,
       {f32({"1", "3", "8"}), f32({"5", "3", "1"})},
       conv({0}, {1}, 1),
       "'strides' must have entries of at least 1"},
      {Op::conv, {f32({"1", "3", "8"}), f32({"5", "3", "1"})}, conv({1}, {1}, 0), "'groups' must be at least 1, not 0"},
      {Op::conv, {f32({"1", "4", "8"}), f32({"6", "3", "1"})}, conv({1}, {1}, 2), "must be equal, not 4 and 6"},
      {Op::conv, {f32({"1", "4", "8"}), f32({"5", "2", "1"})}, conv({1}, {1}, 2), "must be equal, not 5 and 4"},
      {Op::conv,
       {f32({"1", "1", "2"}), f32({"1", "1", "5"})},
       conv({1}, {1}, 1),
       "the result's sizes: 0 <= -2 does not hold"},
      {Op::conv,
       {f32({"1", "1", "2"}), f32({"1", "1", "0"})},
       conv({1}, {1}, 1),
       "the window's sizes: 1 <= 0 does not hold"},
  });
}

TEST_CASE("infer: reductions") {
  const auto over = [](std::string combine, Ints axes) { return Attributes{{"combine", combine}, {"axes", axes}}; };
  check_all({
      {Op::reduce, {f32({"T", "3", "4"})}, over("max", {2, 0}), "f32[3]"},
      {Op::reduce, {f32({"T"})}, over("sum", {}), "f32[T]"},
      {Op::reduce, {f32({"T"})}, over("mean", {0}), "'combine' must be one of sum, prod, max, min, not 'mean'"},
      {Op::reduce, {f32({"T"})}, over("sum", {1}), "reduce: axis 1 is outside [0, 1)"},
      {Op::reduce, {f32({"T", "2"})}, over("sum", {0, 0}), "'axes' names axis 0 twice"},
      {Op::reduce, {bools({"T"})}, over("max", {0}), "operands must be numbers, not bool"},
      {Op::reduce_window, {f32({"2", "T+2"})}, window("max", {1, 3}, {1, 1}, {1, 1}), "f32[2, T]"},
      {Op::reduce_window, {f32({"9"})}, window("sum", {2}, {3}, {4}), "f32[2]"},
      {Op::reduce_window, {f32({"9"})}, window("min", {2}, {3}, {4}), "'combine' must be one of sum, max, not 'min'"},
      {Op::reduce_window, {f32({"9"})}, window("sum", {2, 1}, {3}, {4}), "'window' must have 1 entries, not 2"},
      {Op::reduce_window,
       {f32({"9"})},
       window("sum", {2}, {3}, {0}),
       "'dilations' must have entries of at least 1, not [0]"},
      {Op::reduce_window, {f32({"2"})}, window("sum", {5}, {1}, {1}), "the number of windows: 0 <= -2 does not hold"},
  });
}

TEST_CASE("infer: transpose, reshape, broadcast, concat, pad, gather") {
  const auto axis = [](int64_t value) { return Attributes{{"axis", value}}; };
  const auto shape = [](const Texts& texts) { return Attributes{{"shape", dims(texts)}}; };
  const auto padding = [](const Texts& low, const Texts& high) {
    return Attributes{{"low", dims(low)}, {"high", dims(high)}};
  };
  check_all({
      {Op::transpose, {f32({"T", "2", "3"})}, {{"perm", Ints{2, 0, 1}}}, "f32[3, T, 2]"},
      {Op::transpose, {f32({"T", "2"})}, {{"perm", Ints{0}}}, "'perm' must have 2 entries, not 1"},
      {Op::transpose, {f32({"T", "2"})}, {{"perm", Ints{0, 0}}}, "'perm' names axis 0 twice"},
      {Op::transpose, {f32({"T", "2"})}, {{"perm", Ints{0, 2}}}, "transpose: axis 2 is outside [0, 2)"},
      {Op::reshape, {f32({"T", "2", "3"})}, shape({"6", "T"}), "f32[6, T]"},
      {Op::reshape, {f32({"2", "3"})}, shape({"4"}), "[2, 3] and [4] differ in their numbers of elements, 6 and 4"},
      {Op::reshape, {f32({"T"})}, shape({"T+1"}), "[T] and [T+1] differ in their numbers of elements"},
      {Op::reshape, {f32({"1"})}, shape({"-1", "-1"}), "'shape': 0 <= -1 does not hold"},
      {Op::broadcast, {f32({"3", "1"})}, shape({"T", "3", "4"}), "f32[T, 3, 4]"},
      {Op::broadcast, {f32({"3"})}, shape({"4"}), "[3] does not broadcast to [4]"},
      {Op::broadcast, {f32({"3", "3"})}, shape({"3"}), "[3, 3] does not broadcast to [3]"},
      {Op::concat, {f32({"T", "2"}), f32({"3", "2"}), f32({"T", "2"})}, axis(0), "f32[2*T+3, 2]"},
      {Op::concat,
       {f32({"T", "2"}), f32({"3"})},
       axis(0),
       "the same type and number of axes, not f32[T, 2] and f32[3]"},
      {Op::concat, {f32({"T", "2"}), i64({"3", "2"})}, axis(0), "the same type and number of axes"},
      {Op::concat,
       {f32({"2", "2"}), f32({"3", "3"})},
       axis(0),
       "sizes of axis 1 of operands 0 and 1 must be equal, not 2 and 3"},
      {Op::concat, {f32({"2"})}, axis(-1), "concat: axis -1 is outside [0, 1)"},
      {Op::pad, {f32({"T", "2"}), f32({})}, padding({"1", "0"}, {"N", "3"}), "f32[N+T+1, 5]"},
      {Op::pad,
       {f32({"2"}), f32({"1"})},
       padding({"1"}, {"1"}),
       "operand 1 must be a scalar of operand 0's type, f32, not f32[1]"},
      {Op::pad, {f32({"2"}), f32({})}, padding({"1", "1"}, {"1"}), "'low' must have 1 entries, not 2"},
      {Op::pad, {f32({"2"}), f32({})}, padding({"1"}, {"-1"}), "'high': 0 <= -1 does not hold"},
      {Op::gather, {f32({"5", "T", "7"}), i64({"2", "N"})}, axis(1), "f32[5, 2, N, 7]"},
      {Op::gather, {f32({"5"}), i64({})}, axis(0), "f32[]"},
      {Op::gather, {f32({"5"}), f32({})}, axis(0), "gather: indices must be integers, not f32"},
      {Op::gather, {f32({}), i64({})}, axis(0), "gather: axis 0 is outside [0, 0)"},
  });
}

TEST_CASE("infer: slices lie inside") {
  check_all({
      {Op::slice, {f32({"T", "8"})}, slice({"T-1", "2"}, {"1", "3"}, {1, 2}), "f32[1, 3]"},
      {Op::slice, {f32({"T"})}, slice({"T-1"}, {"T"}, {-1}), "f32[T]"},
      {Op::slice, {f32({"8"})}, slice({"7"}, {"4"}, {-2}), "f32[4]"},
      {Op::slice, {f32({"8"})}, slice({"8"}, {"0"}, {1}), "f32[0]"},
      {Op::slice, {f32({"8"})}, slice({"5"}, {"4"}, {1}), "elements taken, of those there are: 4 <= 3 does not hold"},
      {Op::slice, {f32({"8"})}, slice({"2"}, {"4"}, {2}), "elements taken, of those there are: 4 <= 3 does not hold"},
      {Op::slice, {f32({"8"})}, slice({"-1"}, {"1"}, {1}), "'starts': 0 <= -1 does not hold"},
      {Op::slice, {f32({"8"})}, slice({"8"}, {"1"}, {-1}), "9 <= 8 does not hold"},
      {Op::slice, {f32({"8"})}, slice({"3"}, {"3"}, {-2}), "elements taken, of those there are: 3 <= 2 does not hold"},
      {Op::slice, {f32({"T"})}, slice({"0"}, {"T+1"}, {1}), "T+1 <= T does not hold"},
      {Op::slice, {f32({"8"})}, slice({"0"}, {"-1"}, {1}), "'sizes': 0 <= -1 does not hold"},
      {Op::slice, {f32({"8"})}, slice({"0"}, {"1"}, {0}), "'steps' must not be 0, as at axis 0"},
      {Op::slice, {f32({"8"})}, slice({"0", "0"}, {"1"}, {1}), "'starts' must have 1 entries, not 2"},
  });
  Graph proved;  // every second element, up to the last
  CHECK(infer_text(proved, {Op::slice, {f32({"T"})}, slice({"0"}, {"floor(T+1, 2)"}, {2}), ""}).rfind("f32[floor", 0) ==
        0);
  CHECK(proved.equalities.empty());
  Graph open;  // T >= 5 is left to be checked at entry
  CHECK(infer_text(open, {Op::slice, {f32({"T"})}, slice({"0"}, {"5"}, {1}), ""}) == "f32[5]");
  REQUIRE(open.equalities.size() == 1);
  for (int64_t t : {3, 5, 9}) {
    const Dim::Values values{{"T", t}};
    CHECK((*open.equalities[0].a.evaluate(values) == *open.equalities[0].b.evaluate(values)) == (t >= 5));
  }
}
