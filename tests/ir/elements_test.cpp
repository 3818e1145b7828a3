// Derived elements: shape arithmetic as exporters write it, and where it must stay unknown.
#include <doctest/doctest.h>

#include <limits>

#include "ir/builder.h"
#include "ir/infer.h"

using namespace rondo;

namespace {

using Ints = std::vector<int64_t>;
using Reals = std::vector<double>;

const Dim T = Dim::symbol("T"), N = Dim::symbol("N");

/// "2*T+1 4", or "unknown".
std::string known(const Value* value) {
  REQUIRE(value->type);
  if (!value->elements) return "unknown";
  std::string text;
  for (const Dim& dim : *value->elements) text += (text.empty() ? "" : " ") + dim.to_string();
  return text;
}

struct Fixture {
  Graph graph;
  Builder b{graph};
  Value* ints(const Ints& values, DType dtype = DType::i64) {
    return b.constant(Tensor::from_ints(dtype, {static_cast<int64_t>(values.size())}, values));
  }
  Value* reals(const Reals& values, DType dtype = DType::f32) {
    return b.constant(Tensor::from_doubles(dtype, {static_cast<int64_t>(values.size())}, values));
  }
  Value* matrix() { return b.reshape(ints({1, 2, 3, 4, 5, 6}), {2, 3}); }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "elements: sources") {
  CHECK(known(ints({3, -4})) == "3 -4");
  CHECK(known(ints({200, 1}, DType::u8)) == "200 1");
  CHECK(known(ints({1, 0}, DType::boolean)) == "1 0");
  CHECK(known(ints({std::numeric_limits<int64_t>::max()})) == "9223372036854775807");  // exporters' "to the end"
  CHECK(known(ints({-1}, DType::u64)) == "unknown");                                   // 2^64 - 1 is no int64
  CHECK(known(reals({2, -3})) == "2 -3");
  CHECK(known(reals({2, 0.5})) == "unknown");
  CHECK(known(reals({-0.0})) == "unknown");
  CHECK(known(reals({std::numeric_limits<double>::infinity()})) == "unknown");
  CHECK(known(reals({std::numeric_limits<double>::quiet_NaN()})) == "unknown");
  CHECK(known(b.dims({T, 4})) == "T 4");
  CHECK(known(b.iota({2, 2}, 0)) == "0 0 1 1");
  CHECK(known(b.iota({2, 2}, 1)) == "0 1 0 1");
  CHECK(known(b.iota({T}, 0)) == "unknown");
  CHECK(known(b.constant(Tensor::zeros(DType::i64, {256}))).size() == 2 * 256 - 1);
  CHECK(known(b.constant(Tensor::zeros(DType::i64, {257}))) == "unknown");
  CHECK(known(graph.add_param(Type{DType::i64, {2}}, "x")) == "unknown");
}

TEST_CASE_FIXTURE(Fixture, "elements: arithmetic with broadcasting") {
  Value* shape = b.dims({T, N, 6});
  CHECK(known(b.add(shape, b.dim(1))) == "T+1 N+1 7");
  CHECK(known(b.sub(shape, ints({1, 2, 3}))) == "T-1 N-2 3");
  CHECK(known(b.mul(b.reshape(b.dims({T, 2}), {2, 1}), ints({1, 3}))) == "T 3*T 2 6");
  CHECK(known(b.neg(shape)) == "-T -N -6");
  CHECK(known(b.abs(b.neg(shape))) == "T N 6");
  CHECK(known(b.minimum(b.dims({T, 5}), ints({1, 9}))) == "1 5");
  CHECK(known(b.maximum(b.dims({T, 5}), ints({1, 9}))) == "T 9");
  CHECK(known(b.add(shape, graph.add_param(Type{DType::i64, {3}}, "x"))) == "unknown");
  CHECK(known(b.mul(ints({int64_t{1} << 62}), ints({4}))) == "unknown");  // wraps to 0
}

TEST_CASE_FIXTURE(Fixture, "elements: division where truncation and floor agree") {
  CHECK(known(b.div(ints({7, -7, 7, -7, 5}), ints({2, 2, -2, -2, 0}))) == "3 -3 -3 3 0");
  CHECK(known(b.remainder(ints({7, -7, 7, -7, 5}), ints({2, 2, -2, -2, 0}))) == "1 -1 1 -1 0");
  CHECK(known(b.div(ints({std::numeric_limits<int64_t>::min()}), ints({-1}))) == "unknown");
  CHECK(known(b.div(b.dims({2 * T, 6 * T * N}), b.dims({Dim(2), 2 * T}))) == "T 3*N");
  CHECK(known(b.div(b.dims({T}), ints({2}))) == floor_div(T, 2).to_string());
  CHECK(known(b.remainder(b.dims({T}), ints({2}))) == (T - 2 * floor_div(T, 2)).to_string());
  CHECK(known(b.remainder(b.dims({4 * T}), ints({2}))) == "0");
  CHECK(known(b.div(b.dims({T - 3}), ints({2}))) == "unknown");  // T = 2: -1 / 2 is 0, the floor is -1
  CHECK(known(b.div(b.dims({T}), b.dims({N - 1}))) == "unknown");
}

TEST_CASE_FIXTURE(Fixture, "elements: sizes computed in floats") {
  Value* length = b.cast(b.dims({T}), DType::f32);
  CHECK(known(length) == "T");
  CHECK(known(b.cast(b.floor(b.mul(length, reals({2}))), DType::i64)) == "2*T");
  Value* half = b.div(length, reals({2}));
  CHECK(known(half) == "unknown");
  CHECK(known(b.floor(half)) == floor_div(T, 2).to_string());
  CHECK(known(b.ceil(half)) == ceil_div(T, 2).to_string());
  CHECK(known(b.cast(half, DType::i64)) == floor_div(T, 2).to_string());
  CHECK(known(b.div(b.mul(length, reals({4})), reals({2}))) == "2*T");
  CHECK(known(b.floor(b.div(length, reals({-2})))) == "unknown");
  CHECK(known(b.cast(b.div(b.cast(b.dims({T - 3}), DType::f32), reals({2})), DType::i64)) == "unknown");
  CHECK(known(b.floor(b.div(b.cast(b.dims({T - 3}), DType::f32), reals({2})))) == floor_div(T - 3, 2).to_string());
}

TEST_CASE_FIXTURE(Fixture, "elements: casts keep what fits") {
  CHECK(known(b.cast(b.dims({T, 7}), DType::i32)) == "T 7");
  CHECK(known(b.cast(ints({300}), DType::u8)) == "unknown");
  CHECK(known(b.cast(ints({-1}), DType::u64)) == "unknown");
  CHECK(known(b.cast(b.dims({T}), DType::i8)) == "unknown");
  CHECK(known(b.cast(b.dims({min(T, 5)}), DType::i8)) == min(T, 5).to_string());
  CHECK(known(b.cast(ints({16777217}), DType::f32)) == "unknown");  // rounds to 2^24
  CHECK(known(b.cast(b.dims({T, 0}), DType::boolean)) == "1 0");
  CHECK(known(b.cast(b.dims({T - 1}), DType::boolean)) == "unknown");
  CHECK(known(b.cast(ints({1, 0}, DType::boolean), DType::i64)) == "1 0");
  CHECK(known(b.add(ints({127}, DType::i8), ints({1}, DType::i8))) == "unknown");  // wraps to -128
}

TEST_CASE_FIXTURE(Fixture, "elements: comparisons and selections") {
  Value* shape = b.dims({T, -1, 4});
  Value* inferred = b.equal(shape, b.dim(-1));
  CHECK(known(inferred) == "0 1 0");
  CHECK(known(b.select(inferred, b.dims({N, N, N}), shape)) == "T N 4");
  CHECK(known(b.equal(shape, b.dim(4))) == "unknown");
  CHECK(known(b.less(b.dims({T, 3}), ints({1, 4}))) == "0 1");
  CHECK(known(b.less(b.dims({T}), ints({2}))) == "unknown");
  CHECK(known(b.less(ints({std::numeric_limits<int64_t>::max()}), ints({std::numeric_limits<int64_t>::max()}))) == "0");
  CHECK(known(b.less_equal(ints({1, 4}), b.dims({T, 3}))) == "1 0");
  Value* unknown = graph.add_param(Type{DType::i64, {3}}, "x");
  CHECK(known(b.select(ints({1, 1, 1}, DType::boolean), shape, unknown)) == "T -1 4");
  CHECK(known(b.select(ints({1, 0, 1}, DType::boolean), shape, unknown)) == "unknown");
}

TEST_CASE_FIXTURE(Fixture, "elements: reductions and movement") {
  Value* m = matrix();
  CHECK(known(m) == "1 2 3 4 5 6");
  CHECK(known(b.reduce(b.dims({T, N, 6}), "prod", {0})) == "6*" + (N * T).to_string());
  CHECK(known(b.reduce(m, "sum", {0})) == "5 7 9");
  CHECK(known(b.reduce(m, "max", {1})) == "3 6");
  CHECK(known(b.reduce(m, "min", {0, 1})) == "1");
  CHECK(known(b.transpose(m, {1, 0})) == "1 4 2 5 3 6");
  CHECK(known(b.broadcast(b.reshape(b.dims({T, N}), {2, 1}), {2, 2})) == "T T N N");
  CHECK(known(b.slice(m, {0, 2}, {2, 2}, {1, -2})) == "3 1 6 4");
  CHECK(known(b.slice(m, {2, 0}, {0, 3})) == "");
  CHECK(known(b.concat({b.dims({T}), m = b.reshape(matrix(), {6})}, 0)) == "T 1 2 3 4 5 6");
  CHECK(known(b.concat({matrix(), b.reshape(b.dims({T, N}), {2, 1})}, 1)) == "1 2 3 T 4 5 6 N");
  CHECK(known(b.gather(b.dims({T, N, 6}), ints({2, 0}), 0)) == "6 T");
  CHECK(known(b.gather(matrix(), b.dim(1), 1)) == "2 5");
  CHECK(known(b.gather(b.dims({T, N}), ints({2}), 0)) == "unknown");  // out of range: an error when it runs
  REQUIRE(b.ok());
}

TEST_CASE_FIXTURE(Fixture, "elements: a chain from Shape to Reshape") {
  Value* x = graph.add_param(Type{DType::f32, {T, N, 6}}, "x");
  Value* shape = b.dims(x->type->shape);
  Value* rows = b.mul(b.gather(shape, ints({0}), 0), b.gather(shape, ints({1}), 0));
  Value* target = b.concat({rows, b.div(b.gather(shape, ints({2}), 0), ints({2})), ints({2})}, 0);
  REQUIRE(target->elements);
  const Value* y = b.reshape(x, *target->elements);
  CHECK(to_string(*y->type) == "f32[" + (N * T).to_string() + ", 3, 2]");
}

TEST_CASE_FIXTURE(Fixture, "elements: symbols bound on the way are resolved") {
  Value* length = b.dims({T});
  b.add(graph.add_param(Type{DType::f32, {T}}, "x"), graph.add_param(Type{DType::f32, {5}}, "y"));
  CHECK(known(b.add(length, ints({1}))) == "6");
  // An operand whose type still says T, in a result that is known to be 5 long.
  Value* picked = b.select(ints({1, 1, 1, 1, 1}, DType::boolean), ints({1, 2, 3, 4, 5}),
                           graph.add_param(Type{DType::i64, {T}}, "z"));
  CHECK(known(picked) == "1 2 3 4 5");
}
