#include "passes/scan_edit.h"

#include "ir/builder.h"
#include "ir/verify.h"
#include "tests/passes/meaning.h"

namespace rondo {
namespace {

/// h' = h * k + x, c' = c, y = x * u; all values have their own size, so that a mix-up is a type error.
struct OneScan {
  Graph graph;
  Value *x, *u;
  Node* node;
  OneScan() {
    Builder b(graph);
    Value* h = graph.add_param(Type{DType::f64, {2, 3}}, "h");
    Value* c = graph.add_param(Type{DType::f64, {5}}, "c");
    x = graph.add_param(Type{DType::f64, {4, 3}}, "x");
    u = graph.add_param(Type{DType::f64, {4, 7, 1}}, "u");
    Value* k = graph.add_param(Type{DType::f64, {2, 1}}, "k");
    auto results = b.scan(4, {h, c}, {x, u}, {k}, true, 1, [](Builder& inner, const Builder::ScanBody& body) {
      Value* next = inner.add(inner.mul(body.carried[0], body.invariants[0]), body.scanned[0]);
      return std::vector<Value*>{next, body.carried[1], inner.mul(body.scanned[0], body.scanned[1])};
    });
    graph.outputs = {results[0], results[2]};
    graph.output_names = {"h", "y"};
    node = graph.nodes[0].get();
  }
};

TEST_CASE("an added operand gets its parameter, and every other keeps its own") {
  OneScan one;
  const std::unique_ptr<Graph> before = one.graph.clone();
  const Scan scan{*one.node};
  const Value *k = scan.invariant_param(0), *u = scan.scanned_param(1);
  Value* forward = add_scanned(*one.node, one.x, false);
  Value* whole = add_invariant(*one.node, one.u);
  CHECK(scan.scanned() == 3);
  CHECK(scan.invariants() == 2);
  CHECK(scan.scanned_param(1) == u);
  CHECK(scan.scanned_param(2) == forward);
  CHECK(scan.invariant_param(0) == k);
  CHECK(scan.invariant_param(1) == whole);
  CHECK(!scan.reverse_scanned(2));
  CHECK(scan.reverse_scanned(1));
  CHECK(*forward->type == Type{DType::f64, {3}});
  for (size_t i = 0; i < scan.body().params.size(); ++i) CHECK(scan.body().params[i]->index == static_cast<int>(i));
  testing::check_same_meaning(*before, one.graph, 1);
}

TEST_CASE("parts that do not stay are gone from operands, parameters, outputs, results and attributes") {
  OneScan one;
  const Scan scan{*one.node};
  ScanParts parts(scan);
  CHECK(parts.all());
  parts.carried[1] = false;
  CHECK(!parts.all());
  const Value *k = scan.invariant_param(0), *final_h = scan.carried_final(0), *y = scan.stacked_result(0);
  CHECK(keep_parts(*one.node, parts).size() == 2);  // the parameter and the result
  CHECK(scan.carried() == 1);
  CHECK(scan.invariant_param(0) == k);
  CHECK(scan.carried_final(0) == final_h);
  CHECK(scan.stacked_result(0) == y);
  CHECK(y->index == 1);
  CHECK(verify(one.graph));
}

}  // namespace
}  // namespace rondo
