// Nodes: operators, names, operands and results left out.
#include "frontend/onnx/versions.h"
#include "tests/frontend/models.h"

using namespace rondo;
using namespace rondo::test;

namespace {

/// tanh_model's node with another operator, domain and name.
Graph with_operator(const std::string& op, const std::string& domain, const std::string& name = "n") {
  pb::ModelProto model = tanh_model();
  model.mutable_graph()->mutable_node(0)->set_op_type(op);
  model.mutable_graph()->mutable_node(0)->set_domain(domain);
  model.mutable_graph()->mutable_node(0)->set_name(name);
  return load_good(model);
}

}  // namespace

TEST_CASE("operators are found by name in ONNX's own domain") {
  CHECK(with_operator("LSTM", "").nodes[0]->op == Op::LSTM);
  CHECK(with_operator("LSTM", "ai.onnx").nodes[0]->op == Op::LSTM);
  CHECK(with_operator("LSTM", "ai.onnx").nodes[0]->place == "node 'n' (LSTM)");
}

TEST_CASE("other operators stay as placeholders") {
  const std::tuple<std::string, std::string, std::string> cases[] = {
      {"NoSuchOperator", "", "NoSuchOperator"},
      {"LSTM", "com.microsoft", "com.microsoft.LSTM"},
      {"Scaler", "ai.onnx.ml", "ai.onnx.ml.Scaler"},
      {"tanh", "", "tanh"},                // a core operator's word is not an operator of ONNX
      {"unsupported", "", "unsupported"},  // nor is the placeholder's
      {"lstm", "", "lstm"}};
  for (auto& [op, domain, kind] : cases) {
    Graph graph = with_operator(op, domain);
    CHECK(graph.nodes[0]->op == Op::unsupported);
    CHECK(graph.nodes[0]->kind == kind);
    CHECK(graph.nodes[0]->place == "node 'n' (" + kind + ")");
    CHECK(graph.nodes[0]->operands.size() == 1);
  }
  refuse({"no operator"}, [](pb::GraphProto& graph) { graph.mutable_node(0)->clear_op_type(); });
}

TEST_CASE("an operator that the operator set no longer has, or does not have yet") {
  auto model = [](const std::string& op, int opset) {
    pb::ModelProto model = tanh_model();
    model.mutable_opset_import(0)->set_version(opset);
    model.mutable_graph()->mutable_node(0)->set_op_type(op);
    add_node(*model.mutable_graph(), op, {"x"}, {"z"});
    return model;
  };
  load_bad(model("Upsample", 10), {"node 'squash' (Upsample)", "withdrawn in operator set 10", "imports 10"});
  load_bad(model("Scatter", 16), {"withdrawn in operator set 11"});
  CHECK(load(model("Upsample", 9)).warnings.empty());
  CHECK(load(model("Scatter", 10)).warnings.empty());
  Loaded early = load(model("HardSwish", 13));
  REQUIRE(early.graph);
  REQUIRE(early.warnings.size() == 1);  // once, not for each node
  CHECK(early.warnings[0].message == "operator 'HardSwish' exists since operator set 14; the model imports 13");
  CHECK(load(model("HardSwish", 14)).warnings.empty());
  CHECK(load(model("NoSuchOperator", 14)).warnings.empty());
}

TEST_CASE("forms of operators by operator set") {
  CHECK(form_at("Pad", 1) == 1);
  CHECK(form_at("Pad", 10) == 2);
  CHECK(form_at("Pad", 11) == 11);
  CHECK(form_at("Pad", 28) == 25);
  CHECK(form_at("Gelu", 13) == 20);
  CHECK(form_at("NoSuchOperator", 13) == 0);
  CHECK(find_versions("Abs") != nullptr);
  CHECK(find_versions("Xor") != nullptr);
  CHECK(find_versions("abs") == nullptr);
}

TEST_CASE("a nameless node is called after its first result") {
  pb::ModelProto model = tanh_model();
  model.mutable_graph()->mutable_node(0)->clear_name();
  model.mutable_graph()->mutable_node(0)->set_output(0, "");
  model.mutable_graph()->mutable_node(0)->add_output("y");
  Graph graph = load_good(model);
  CHECK(graph.nodes[0]->name == "y");
  CHECK(graph.nodes[0]->place == "node 'y' (Tanh)");
}

TEST_CASE("operands left out are null, and trailing ones vanish; results keep their positions") {
  pb::ModelProto model = lstm_model();
  pb::NodeProto& lstm = *model.mutable_graph()->mutable_node(0);
  lstm.add_input("");  // sequence_lens
  lstm.add_input("x");
  lstm.add_input("");
  lstm.add_input("");
  Graph graph = load_good(model);
  const Node& node = node_of(graph, "cell");
  REQUIRE(node.operands.size() == 6);
  CHECK(node.operands[4] == nullptr);
  CHECK(node.operands[5] == graph.params[0].get());
  REQUIRE(node.results.size() == 2);
  CHECK(node.results[0] == nullptr);
  REQUIRE(node.results[1] != nullptr);
  CHECK(node.results[1]->name == "h");
  CHECK(node.results[1]->index == 1);
  CHECK(node.results[1]->producer == &node);
  CHECK(node_of(graph, "dense").operands[0] == node.result(1));
  CHECK(node.attributes.integer("hidden_size") == 3);
}

TEST_CASE("Constant nodes keep their attributes") {
  pb::ModelProto model = tanh_model();
  pb::GraphProto& graph = *model.mutable_graph();
  pb::NodeProto& ints = add_node(graph, "Constant", {}, {"k"}, "ints");
  add_attribute(ints, "value_ints", 7).add_ints(4);
  pb::NodeProto& real = add_node(graph, "Constant", {}, {"r"}, "real");
  add_attribute(real, "value_float", 1).set_f(2);
  Graph read = load_good(model);
  CHECK(node_of(read, "ints").op == Op::Constant);
  CHECK(node_of(read, "ints").attributes.integers("value_ints") == std::vector<int64_t>{4});
  CHECK(node_of(read, "real").attributes.number("value_float") == 2);
  CHECK(node_of(read, "real").operands.empty());
}
