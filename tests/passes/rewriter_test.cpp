#include "passes/rewriter.h"

#include "ir/verify.h"
#include "tests/passes/meaning.h"

namespace rondo {
namespace {

struct TwoAdds {
  Graph graph;
  Value *x, *a, *b;
  TwoAdds() {
    Builder build(graph);
    x = graph.add_param(Type{DType::f64, {2}}, "x");
    a = build.add(x, x);
    b = build.add(a, x);
    a->name = "a";
    graph.outputs = {a, b};
    graph.output_names = {"a", "b"};
  }
};

TEST_CASE("a replacement reaches later nodes and outputs, and takes the name") {
  TwoAdds two;
  const Value* first = two.a;
  auto visit = [&](Node& node, Builder& b, Rewriter&) -> std::vector<Value*> {
    if (node.result() != first) return {};
    return {b.mul(two.x, b.scalar(two.x, 2))};
  };
  Result<bool> changed = Rewriter(visit).run(two.graph);
  REQUIRE(changed);
  CHECK(*changed);
  REQUIRE(two.graph.nodes.size() == 3);  // the constant, mul, the second add
  CHECK(two.graph.nodes[1]->op == Op::mul);
  CHECK(two.graph.nodes[1]->result()->name == "a");
  CHECK(two.graph.nodes[2]->operands[0] == two.graph.nodes[1]->result());
  CHECK(two.graph.outputs[0] == two.graph.nodes[1]->result());
  CHECK(verify(two.graph));
}

TEST_CASE("a replacement of another type is not made") {
  TwoAdds two;
  auto visit = [&](Node& node, Builder& b, Rewriter&) -> std::vector<Value*> {
    if (node.op != Op::add) return {};
    return {b.scalar(DType::f64, 1)};
  };
  Result<bool> changed = Rewriter(visit).run(two.graph);
  REQUIRE(changed);
  CHECK(!*changed);
  CHECK(two.graph.outputs[1] == two.b);
}

TEST_CASE("regions are visited before the node that holds them, next states are replaced") {
  Graph graph;
  Builder b(graph);
  Value* x = graph.add_param(Type{DType::f64, {3, 2}}, "x");
  Value* s = graph.add_param(Type{DType::f64, {2}}, "s");
  auto results = b.scan(3, {s}, {x}, {}, false, 0, [](Builder& inner, const Builder::ScanBody& body) {
    return std::vector<Value*>{inner.tanh(inner.add(body.carried[0], body.scanned[0]))};
  });
  graph.states.push_back({"s", s, results[0], std::nullopt});
  std::vector<Op> order;
  auto visit = [&](Node& node, Builder& builder, Rewriter&) -> std::vector<Value*> {
    order.push_back(node.op);
    if (node.op != Op::scan) return {};
    return {builder.neg(s)};
  };
  REQUIRE(Rewriter(visit).run(graph));
  CHECK(order == std::vector<Op>{Op::add, Op::tanh, Op::scan});
  CHECK(graph.states[0].next->producer->op == Op::neg);
  CHECK(graph.nodes.size() == 1);
}

TEST_CASE("an error of the builder is the sweep's error") {
  TwoAdds two;
  auto visit = [&](Node&, Builder& b, Rewriter&) -> std::vector<Value*> { return {b.fail("no")}; };
  Result<bool> changed = Rewriter(visit).run(two.graph);
  REQUIRE(!changed);
  CHECK(changed.errors()[0].message == "no");
}

}  // namespace
}  // namespace rondo
