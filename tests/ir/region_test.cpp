// Operators with regions: inference of scan and fused, and their evaluation against values worked out by hand.
#include "ir/infer.h"
#include "ir/scan.h"
#include "tests/ir/evaluate.h"

using namespace rondo;
using namespace rondo::testing;

namespace {

const Dim T = Dim::symbol("T");

/// total_{t+1} = total_t + k * x_t and y_t = total_{t+1}, for x: f32[T, 2], k: f32[].
Graph cumulative_sum(bool reverse_scanned, bool reverse_stacked) {
  Graph graph;
  Builder b(graph);
  Value* x = graph.add_param(Type{DType::f32, {T, 2}}, "x");
  Value* k = graph.add_param(Type{DType::f32, {}}, "k");
  const auto results =
      b.scan(T, {b.zeros(DType::f32, {2})}, {x}, {k}, false, 1, [](Builder& in, Builder::ScanBody& body) {
        Value* total = in.add(body.carried[0], in.mul(body.scanned[0], body.invariants[0]));
        return std::vector<Value*>{total, total};
      });
  REQUIRE(b.ok());
  Node* scan = results[0]->producer;
  scan->attributes.set("reverse_scanned", Ints{reverse_scanned});
  scan->attributes.set("reverse_stacked", Ints{reverse_stacked});
  graph.outputs = results;
  graph.output_names = {"final", "sums"};
  return graph;
}

const Array kX = real_array({3, 2}, {1, 2, 10, 20, 100, 200});

std::vector<Array> sums(bool reverse_scanned, bool reverse_stacked, double k = 1) {
  auto results = evaluate(cumulative_sum(reverse_scanned, reverse_stacked), {kX, real_array(Ints{}, Reals{k})});
  REQUIRE(results);
  return *results;
}

}  // namespace

TEST_CASE("scan: cumulative sums in both directions") {
  CHECK_SAME(sums(false, false)[0], real_array({2}, {111, 222}));
  CHECK_SAME(sums(false, false)[1], real_array({3, 2}, {1, 2, 11, 22, 111, 222}));
  CHECK_SAME(sums(false, false, 2)[1], real_array({3, 2}, {2, 4, 22, 44, 222, 444}));
  CHECK_SAME(sums(true, true)[0], real_array({2}, {111, 222}));
  CHECK_SAME(sums(true, true)[1], real_array({3, 2}, {111, 222, 110, 220, 100, 200}));
  CHECK_SAME(sums(true, false)[1], real_array({3, 2}, {100, 200, 110, 220, 111, 222}));
  CHECK_SAME(sums(false, true)[1], real_array({3, 2}, {111, 222, 11, 22, 1, 2}));
}

TEST_CASE("scan: the step counts up, constants and nested scans work inside") {
  Graph graph;
  Builder b(graph);
  // Outer: 4 steps; each adds 10 * t + (0 + 1 + 2), the latter by an inner scan of 3 steps.
  const auto results =
      b.scan(4, {b.scalar(DType::i64, 0)}, {}, {}, false, 1, [](Builder& outer, Builder::ScanBody& body) {
        const auto inner =
            outer.scan(3, {outer.scalar(DType::i64, 0)}, {}, {}, true, 0, [](Builder& in, Builder::ScanBody& part) {
              return std::vector<Value*>{in.add(part.carried[0], part.step)};
            });
        Value* tens = outer.mul(body.step, outer.scalar(DType::i64, 10));
        return std::vector<Value*>{outer.add(body.carried[0], outer.add(tens, inner[0])), tens};
      });
  REQUIRE(b.ok());
  graph.outputs = results;
  const auto values = evaluate(graph, {});
  REQUIRE(values);
  CHECK_SAME((*values)[0], int_array(Ints{}, Ints{72}));
  CHECK_SAME((*values)[1], ints({0, 10, 20, 30}));
}

TEST_CASE("scan: no steps at all") {
  Graph graph;
  Builder b(graph);
  Value* x = graph.add_param(Type{DType::f32, {T}}, "x");
  Value* none = b.slice_axis(x, 0, 0, T - 1);
  const auto results =
      b.scan(T - 1, {b.scalar(DType::f32, 5)}, {none}, {}, false, 1, [](Builder& in, Builder::ScanBody& body) {
        Value* sum = in.add(body.carried[0], body.scanned[0]);
        return std::vector<Value*>{sum, sum};
      });
  REQUIRE(b.ok());
  graph.outputs = results;
  const auto one_step = evaluate(graph, {reals({1, 2})});
  REQUIRE(one_step);
  CHECK_SAME((*one_step)[1], reals({6}));
  const auto values = evaluate(graph, {reals({1})});
  REQUIRE(values);
  CHECK_SAME((*values)[0], real_array(Ints{}, Reals{5}));
  CHECK_SAME((*values)[1], real_array({0}, {}));
}

TEST_CASE("scan: a failure inside is a failure") {
  Graph graph;
  Builder b(graph);
  Value* data = graph.add_param(Type{DType::f32, {2}}, "data");
  graph.outputs = b.scan(3, {}, {}, {data}, false, 1, [](Builder& in, Builder::ScanBody& body) {
    return std::vector<Value*>{in.gather(body.invariants[0], body.step, 0)};
  });
  REQUIRE(b.ok());
  CHECK(error_of(evaluate(graph, {reals({1, 2})})) == "error: gather: index 2 at position 0 is outside [0, 2)");
}

// --- Inference

namespace {

/// The error of inferring the scan of cumulative_sum after it is changed.
template <class Change>
std::string scan_error(Change change) {
  Graph graph = cumulative_sum(false, false);
  Node& node = *graph.outputs[0]->producer;
  change(Scan{node}, graph);
  const Status status = infer(node, graph);
  return status ? "no error" : status.errors()[0].message;
}

void expect(const std::string& got, const std::string& part) {
  CHECK_MESSAGE(got.find(part) != std::string::npos, got);
}

}  // namespace

TEST_CASE("infer: scan") {
  Graph graph = cumulative_sum(false, false);
  CHECK(to_string(*graph.outputs[0]->type) == "f32[2]");
  CHECK(to_string(*graph.outputs[1]->type) == "f32[T, 2]");

  const auto set = [](const char* name, Attribute value) {
    return scan_error([&](Scan scan, Graph&) { scan.node.attributes.set(name, value); });
  };
  expect(set("carried", int64_t{-1}), "-1 carried and 1 scanned values do not fit 3 operands");
  expect(set("scanned", int64_t{5}), "1 carried and 5 scanned values do not fit 3 operands");
  expect(set("reverse_scanned", Ints{}), "'reverse_scanned' must have 1 entries, not 0");
  expect(set("reverse_stacked", Ints{2}), "'reverse_stacked' must have entries 0 and 1, not [2]");
  expect(set("trip", T + 1), "scanned operand 0's axis 0 and 'trip' must be equal, not T and T+1");
  expect(set("trip", int64_t{-1}), "'trip': 0 <= -1 does not hold");
  expect(set("trip", std::string("T")), "attribute 'trip' must be a dimension");

  expect(scan_error([](Scan scan, Graph&) { scan.body().params.pop_back(); }), "must have 4 parameters, not 3");
  expect(scan_error([](Scan scan, Graph&) { scan.body().outputs.pop_back(); }),
         "must have 2 outputs, one a result, not 1");
  expect(scan_error([](Scan scan, Graph&) { scan.node.regions.clear(); }), "scan: has 1 regions, not 0");
  expect(scan_error([](Scan scan, Graph&) {
           scan.step_param()->type = Type{DType::i32, {}};
         }),
         "must be i64[], not i32[]");
  expect(scan_error([](Scan scan, Graph&) { scan.step_param()->type.reset(); }), "parameter 0 has no type");
  expect(scan_error([](Scan scan, Graph&) { scan.carried_param(0)->type->shape = {3}; }),
         "carried operand 0 and its parameter: sizes of axis 0 must be equal, not 2 and 3");
  expect(scan_error([](Scan scan, Graph&) { scan.scanned_param(0)->type->dtype = DType::f64; }),
         "slices of scanned operand 0 and their parameter must have the same type, not f32[2] and f64[2]");
  expect(scan_error([](Scan scan, Graph&) { scan.invariant_param(0)->type->shape = {1}; }),
         "invariant operand 0 and its parameter must have the same type, not f32[] and f32[1]");
  expect(scan_error([](Scan scan, Graph&) { scan.carried_next(0) = scan.step_param(); }),
         "carried parameter 0 and its next value must have the same type, not f32[2] and i64[]");
  expect(scan_error([](Scan scan, Graph& graph) { scan.scanned_operand(0) = graph.params[1].get(); }),
         "scanned operand 0 needs an axis of time");
  expect(scan_error([](Scan scan, Graph&) { scan.body().states.emplace_back(); }), "a region cannot have states");
}

TEST_CASE("infer: regions get the types they lack, and their facts hold outside") {
  Graph graph;
  auto region = std::make_unique<Graph>();
  const Dim N = Dim::symbol("N");
  Value* a = region->add_param(Type{DType::f32, {T}}, "");
  Value* c = region->add_param(Type{DType::f32, {N}}, "");
  Node* inside = region->append(Op::add, {a, c}, {}, 1);
  region->outputs = {inside->result()};
  Node* fused = graph.append(
      Op::fused, {graph.add_param(Type{DType::f32, {T}}, ""), graph.add_param(Type{DType::f32, {N}}, "")}, {}, 1);
  fused->regions.push_back(std::move(region));
  REQUIRE(infer(*fused, graph));
  REQUIRE(inside->result()->type);
  CHECK(graph.resolve(T) == graph.resolve(N));
  CHECK(fused->regions[0]->bindings.empty());
  graph.outputs = {fused->result()};
  CHECK_SAME(evaluate(graph, {reals({1, 2}), reals({3, 4})})->at(0), reals({4, 6}));
}

TEST_CASE("infer: fused") {
  const auto fused_error = [](auto change) {
    Graph graph;
    auto region = std::make_unique<Graph>();
    Node* inside = region->append(Op::neg, {region->add_param(Type{DType::f32, {2}}, "")}, {}, 1);
    region->outputs = {inside->result()};
    Node* fused = graph.append(Op::fused, {graph.add_param(Type{DType::f32, {2}}, "")}, {}, 1);
    change(*region);
    fused->regions.push_back(std::move(region));
    const Status status = infer(*fused, graph);
    return status ? to_string(*fused->result()->type) : status.errors()[0].message;
  };
  CHECK(fused_error([](Graph&) {}) == "f32[2]");
  expect(fused_error([](Graph& region) { region.add_param(Type{}, ""); }), "must have 1 parameters, not 2");
  expect(fused_error([](Graph& region) { region.params[0]->type->shape = {3}; }),
         "operand 0 and its parameter: sizes of axis 0 must be equal, not 2 and 3");
  expect(fused_error([](Graph& region) { region.outputs.clear(); }), "must have 1 outputs, one a result, not 0");
  expect(fused_error([](Graph& region) { region.nodes[0]->op = Op::logical_not; }),
         "logical_not: operand 0 must be bool");
  expect(fused_error([](Graph& region) { region.level = Level::model; }), "the region must be at the core level");
}

TEST_CASE("evaluate: a region that uses a value from outside is an error") {
  Graph outside;
  Value* stranger = outside.add_param(Type{DType::f32, {2}}, "");
  Graph graph;
  graph.append(Op::neg, {stranger}, {}, 1);
  CHECK(error_of(evaluate(graph, {})) == "internal error: a value is used that is not defined before");
}
