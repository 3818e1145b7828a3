#include "passes/query.h"

#include <limits>

#include "ir/builder.h"
#include "tests/passes/meaning.h"

namespace rondo {
namespace {

TEST_CASE("equal elements are seen through views") {
  Graph graph;
  Builder b(graph);
  Value* half = b.scalar(DType::f64, 0.5);
  Value* wide = b.transpose(b.broadcast(half, {2, 3}), {1, 0});
  CHECK(is_uniform(wide, 0.5));
  CHECK(!is_uniform(wide, 1));
  const std::vector<double> same{2, 2}, mixed{2, 3};
  CHECK(is_uniform(b.constant(Tensor::from_doubles(DType::f32, {2}, same)), 2));
  CHECK(!uniform_value(b.constant(Tensor::from_doubles(DType::f32, {2}, mixed))));
  CHECK(!uniform_value(b.constant(Tensor::zeros(DType::f32, {0}))));
  CHECK(!uniform_value(graph.add_param(Type{DType::f64, {}}, "x")));
  CHECK(!uniform_value(b.add(half, half)));
}

TEST_CASE("plain broadcasts need no proof") {
  const Dim t = Dim::symbol("T"), n = Dim::symbol("N");
  const Shape a{t, 1, 3}, c{2, 1}, d{n, 2, 3};
  CHECK(plain_broadcast({&a, &c}) == Shape{t, 2, 3});
  CHECK(!plain_broadcast({&a, &d}));
  CHECK(plain_broadcast({}) == Shape{});
}

TEST_CASE("finite elements") {
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<double> fine{1, -2}, bad{1, infinity};
  CHECK(all_finite(Tensor::from_doubles(DType::f32, {2}, fine)));
  CHECK(!all_finite(Tensor::from_doubles(DType::f32, {2}, bad)));
}

TEST_CASE("uses count operands, outputs and next states") {
  Graph graph;
  Builder b(graph);
  Value* x = graph.add_param(Type{DType::f64, {2}}, "x");
  Value* y = b.mul(x, x);
  graph.outputs = {y, x};
  graph.output_names = {"y", "x"};
  auto uses = count_uses(graph);
  CHECK(uses[x] == 3);
  CHECK(uses[y] == 1);
}

}  // namespace
}  // namespace rondo
