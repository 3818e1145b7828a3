// rondo's own JSON: what formulas, operators, graphs within nodes, tensors and states become. What such models compute
// is tested by tests/passes/json_meaning_test.cpp, what is refused by json_bad_test.cpp.
#include "ir/text.h"
#include "tests/frontend/json_models.h"
#include "tests/frontend/models.h"

using namespace rondo;
using namespace rondo::test;

namespace {

Graph read_text(const std::string& text) {
  TempFolder folder;
  Diagnostics warnings;
  auto graph = read_model(folder.write("model.json", text), warnings);
  REQUIRE_MESSAGE(graph, to_string(graph ? Diagnostic{} : graph.errors()[0]));
  CHECK(warnings.empty());
  return *std::move(graph);
}

/// A document with an input x, f32[T, 2], these further members, and the output y.
Graph read_nodes(const std::string& nodes, const std::string& more = "") {
  return read_text(R"({"rondo": 1, "inputs": {"x": "f32[T, 2]"}, )" + more + R"("nodes": [)" + nodes +
                   R"(], "outputs": ["y"]})");
}

std::string operators(const Graph& graph) {
  std::string words;
  for (const auto& node : graph.nodes) words += (words.empty() ? "" : " ") + std::string(info(node->op).word);
  return words;
}

Tensor constant_in(const std::string& tensor) {
  const Graph graph = read_nodes("\"y = x + k\"", "\"constants\": {\"k\": " + tensor + "}, ");
  return graph.nodes[0]->attributes.tensor("value");
}

}  // namespace

TEST_CASE("formulas: precedence, order and names") {
  CHECK(operators(read_nodes(R"("y = x + x * x")")) == "Mul Add");
  CHECK(operators(read_nodes(R"("y = (x + x) * x")")) == "Add Mul");
  const Graph difference = read_nodes(R"json("y = x - x - Tanh(x)")json");  // (x - x) - Tanh(x)
  CHECK(operators(difference) == "Sub Tanh Sub");
  CHECK(difference.nodes[2]->operands[0] == difference.nodes[0]->result());
  CHECK(operators(read_nodes(R"("y = -x @ x")")) == "Neg MatMul");
  CHECK(operators(read_nodes(R"("y = x / -2")")) == "Constant Div");
  CHECK(operators(read_nodes(R"("y = x")")) == "Identity");
  const Graph split = read_nodes(R"json("y, _ = Split( x , [1, 1], axis=1 )")json");
  CHECK(operators(split) == "Constant Split");
  CHECK(split.nodes[1]->results[0]->name == "y");
  CHECK_FALSE(split.nodes[1]->results[1]);
  CHECK(split.nodes[1]->attributes.integer("axis") == 1);
  CHECK(split.nodes[0]->attributes.tensor("value").ints() == std::vector<int64_t>{1, 1});
  CHECK(split.outputs[0] == split.nodes[1]->result());
}

TEST_CASE("formulas: operands left out and attributes of every kind") {
  const Graph graph =
      read_nodes(R"json("y = Clip(x, _, 1.5, a=-1, b=-1.0, c=[1, 2], d=[1, 2.5], e='text', f=['s', 't'], g=1e2)")json");
  const Node& clip = *graph.nodes[1];
  REQUIRE(clip.operands.size() == 3);
  CHECK(clip.operands[1] == nullptr);
  const Attributes want{{"a", int64_t{-1}},
                        {"b", -1.0},
                        {"c", std::vector<int64_t>{1, 2}},
                        {"d", std::vector<double>{1, 2.5}},
                        {"e", std::string("text")},
                        {"f", std::vector<std::string>{"s", "t"}},
                        {"g", 100.0}};
  CHECK(clip.attributes == want);
  CHECK(clip.place == "/nodes/0 (Clip)");
}

TEST_CASE("tensors") {
  CHECK(constant_in("2.5") == Tensor::scalar(DType::f32, 2.5));
  CHECK(constant_in("[[1, 2], [3, 4]]") == Tensor::from_doubles(DType::f32, {2, 2}, std::vector<double>{1, 2, 3, 4}));
  CHECK(constant_in("{\"i64\": [9223372036854775807, -1]}") == Tensor::vector_i64(std::vector<int64_t>{INT64_MAX, -1}));
  CHECK(constant_in("{\"bool\": [true, false]}") == Tensor::from_ints(DType::boolean, {2}, std::vector<int64_t>{1, 0}));
  CHECK(constant_in("{\"u8\": 255, \"shape\": [2, 1]}") ==
        Tensor::from_ints(DType::u8, {2, 1}, std::vector<int64_t>{255, 255}));
  CHECK(constant_in("{\"f64\": [1, 2, 3, 4], \"shape\": [2, 2]}") ==
        Tensor::from_doubles(DType::f64, {2, 2}, std::vector<double>{1, 2, 3, 4}));
  CHECK(constant_in("{\"f32\": \"AACAPwAAAEA=\", \"shape\": [2]}") ==
        Tensor::from_doubles(DType::f32, {2}, std::vector<double>{1, 2}));
  CHECK(constant_in("{\"shape\": [2], \"i32\": 7}") == Tensor::from_ints(DType::i32, {2}, std::vector<int64_t>{7, 7}));
  TempFolder folder;
  for (const char* bad : {"{\"u8\": 256}", "{\"i8\": [-129]}", "{\"bool\": 1}", "{\"f32\": [1, 2], \"shape\": [3]}",
                          "true", "{\"f32\": \"AACAPw==\"}", "{\"f32\": \"AACAPw==\", \"shape\": [2]}",
                          "{\"shape\": [2]}", "{}", "{\"i32\": 1, \"shape\": [100000, 100000]}", "\"text\""}) {
    Diagnostics warnings;
    const auto graph = read_model(
        folder.write("model.json",
                     std::string(R"({"rondo": 1, "inputs": {"x": "f32[2]"}, "outputs": ["x"], "constants": {"k": )") +
                         bad + "}}"),
        warnings);
    CHECK_FALSE_MESSAGE(graph, bad);
    if (!graph) CHECK(graph.errors()[0].place.find(": /constants/k") != std::string::npos);
  }
}

TEST_CASE("types and states") {
  const Graph graph = read_text(R"({"rondo": 1, "opset": 13, "name": "step", "doc": "a step",
    "inputs": {"x": "f32[2*H, min(T, 3)]", "n": "i64[]"},
    "states": {"h": {"type": "f32[2]", "next": "k", "initial": [1, 2]}, "g": {"type": "f32[2]", "next": "h"}},
    "nodes": ["k = h + g"], "outputs": ["k"]})");
  CHECK(graph.opset == 13);
  CHECK(graph.name == "step");
  REQUIRE(graph.params.size() == 4);
  CHECK(to_string(*graph.params[0]->type) == "f32[2*H, min(3, T)]");
  CHECK(to_string(*graph.params[1]->type) == "i64[]");
  REQUIRE(graph.states.size() == 2);
  CHECK(graph.states[0].current == graph.params[2].get());
  CHECK(graph.states[0].next == graph.nodes[0]->result());
  CHECK(graph.states[0].initial == Tensor::from_doubles(DType::f32, {2}, std::vector<double>{1, 2}));
  CHECK(graph.states[1].next == graph.states[0].current);
  CHECK_FALSE(graph.states[1].initial);
}

TEST_CASE("graphs within nodes are closed, with the same captures for all of a node") {
  const Graph graph = read_nodes(R"json(
    "c = ReduceMax(x, keepdims=0)", "d = Greater(c, 0)", "e = x * 2",
    {"op": "If", "in": ["d"], "out": "y", "name": "choose", "attributes": {
      "then_branch": {"nodes": ["t = Tanh(x)"], "outputs": ["t"]},
      "else_branch": {"nodes": ["u = e + k", "v = u + x"], "outputs": ["v"]}}})json",
                                 R"("constants": {"k": 1}, )");
  const Node& node = *graph.nodes.back();
  CHECK(node.name == "choose");
  CHECK(node.attributes.integer("captures") == 3);
  REQUIRE(node.regions.size() == 2);
  // Sorted: else_branch, then_branch. Captures in order of first use in that order: e, k, x.
  REQUIRE(node.operands.size() == 4);
  CHECK(node.operands[1]->name == "e");
  CHECK(node.operands[2]->name == "k");
  CHECK(node.operands[3]->name == "x");
  for (const auto& region : node.regions) {
    REQUIRE(region->params.size() == 3);
    for (int i = 0; i < 3; ++i) {
      CHECK(region->params[static_cast<size_t>(i)]->name == node.operands[static_cast<size_t>(i) + 1]->name);
      CHECK(region->params[static_cast<size_t>(i)]->index == i);
    }
  }
  CHECK(node.regions[1]->nodes[0]->operands[0] == node.regions[1]->params[2].get());
  CHECK(node.regions[0]->nodes[1]->operands[1] == node.regions[0]->params[2].get());
}

TEST_CASE("a scan becomes ONNX's operator, with captures through two levels") {
  const Graph graph = read_nodes(R"json(
    {"scan": {"over": {"row": "x", "same": "x"}, "state": {"h": {"from": {"f32": 0, "shape": [2]}, "next": "n"}},
      "nodes": [{"op": "If", "in": ["flag"], "out": "n", "attributes": {
        "then_branch": {"nodes": ["a = h + w"], "outputs": ["a"]}, "else_branch": {"outputs": ["row"]}}}],
      "each": {"y": "n", "z": "same"}, "reverse": true}})json",
                                 R"("constants": {"w": [1, 2], "flag": {"bool": true}}, )");
  const Node& scan = *graph.nodes.back();
  CHECK(scan.op == Op::Scan);
  CHECK(scan.attributes.integer("num_scan_inputs") == 2);
  CHECK(scan.attributes.integers("scan_input_directions") == std::vector<int64_t>{1, 1});
  CHECK(scan.attributes.integers("scan_output_directions") == std::vector<int64_t>{1, 1});
  REQUIRE(scan.operands.size() == 5);  // h's start, x, x, and what is captured
  CHECK(scan.operands[1] == scan.operands[2]);
  REQUIRE(scan.results.size() == 3);
  CHECK_FALSE(scan.results[0]);  // the last state is not asked for
  const Graph& body = *scan.regions[0];
  REQUIRE(body.params.size() == 5);
  CHECK(body.params[0]->name == "h");
  CHECK(body.params[3]->name == "flag");
  CHECK(body.params[4]->name == "w");
  REQUIRE(body.outputs.size() == 3);
  CHECK(body.outputs[0] == body.outputs[1]);
  CHECK(body.outputs[2] == body.params[2].get());
}

TEST_CASE("what is read prints and reads back") {
  const Graph graph = read_text(kRondoJson);
  const auto parsed = parse(print(graph, {.full_weights = true}));
  REQUIRE(parsed);
  REQUIRE(parsed->graph);
  CHECK(equal(graph, *parsed->graph));
}
