// Subgraphs: captured values become operands and region parameters.
#include "tests/frontend/models.h"

using namespace rondo;
using namespace rondo::test;

namespace {

std::vector<std::string> names(const std::vector<std::unique_ptr<Value>>& values) {
  std::vector<std::string> result;
  for (const auto& value : values) result.push_back(value->name);
  return result;
}

std::vector<std::string> names(const std::vector<Value*>& values) {
  std::vector<std::string> result;
  for (const Value* value : values) result.push_back(value ? value->name : "-");
  return result;
}

using Names = std::vector<std::string>;

/// Every value a region uses is its own.
void check_closed(const Graph& graph) {
  std::set<const Value*> known;
  for (const auto& param : graph.params) known.insert(param.get());
  for (const auto& node : graph.nodes) {
    for (const Value* operand : node->operands)
      if (operand) CHECK(known.count(operand) == 1);
    for (const auto& region : node->regions) check_closed(*region);
    for (const auto& result : node->results) known.insert(result.get());
  }
  for (const Value* output : graph.outputs) CHECK(known.count(output) == 1);
}

}  // namespace

TEST_CASE("If: both branches get all captured values") {
  Graph graph = load_good(if_model());
  check_closed(graph);
  const Node& node = node_of(graph, "choose");
  CHECK(node.kind == (node.op == Op::unsupported ? "If" : ""));
  CHECK(names(node.operands) == Names{"c", "x", "w"});
  CHECK(node.attributes.integer("captures") == 2);
  CHECK(std::get<std::vector<std::string>>(*node.attributes.find("regions")) == Names{"else_branch", "then_branch"});
  REQUIRE(node.regions.size() == 2);
  for (const auto& region : node.regions) {
    CHECK(names(region->params) == Names{"x", "w"});
    CHECK(region->level == Level::model);
    CHECK(region->opset == 13);
    CHECK(region->output_names.empty());
    CHECK(region->outputs.size() == 1);
  }
  CHECK(node.regions[0]->nodes[0]->op == Op::Add);
  CHECK(node.regions[1]->nodes[0]->op == Op::Tanh);
}

TEST_CASE("Loop: own inputs first, then captured ones; operands left out stay") {
  pb::ModelProto model = tanh_model();
  pb::GraphProto& graph = *model.mutable_graph();
  graph.clear_node();
  add_input(graph, "n", {}, kInt64);
  add_initializer(graph, "w", {3}, {1, 2, 3});
  pb::NodeProto& loop = add_node(graph, "Loop", {"n", "", "x", ""}, {"y"}, "loop");
  pb::GraphProto& body = add_graph(loop, "body");
  add_input(body, "i", {}, kInt64);
  add_input(body, "go", {}, 9);
  add_input(body, "state");
  add_initializer(body, "half", {1}, {0.5f});
  add_node(body, "Add", {"state", "w"}, {"sum"});
  add_node(body, "Mul", {"sum", "half"}, {"next"});
  add_output(body, "go", {}, 9);
  add_output(body, "next");
  Graph read = load_good(model);
  check_closed(read);
  const Node& node = node_of(read, "loop");
  CHECK(names(node.operands) == Names{"n", "-", "x", "w"});
  CHECK(node.attributes.integer("captures") == 1);
  const Graph& region = *node.regions[0];
  CHECK(names(region.params) == Names{"i", "go", "state", "w"});
  CHECK(region.nodes.size() == 3);  // the constant 0.5 is the region's own
  CHECK(names(region.outputs) == Names{"go", "next"});
}

TEST_CASE("nested subgraphs capture step by step, outputs included") {
  pb::ModelProto model = if_model();
  pb::GraphProto& graph = *model.mutable_graph();
  add_input(graph, "deep");
  pb::GraphProto& outer = *graph.mutable_node(0)->mutable_attribute(0)->mutable_g();
  pb::NodeProto& inner = add_node(outer, "If", {"c"}, {"u"}, "inner");
  pb::GraphProto& then_branch = add_graph(inner, "then_branch");
  add_output(then_branch, "deep");  // nothing but an outer value
  pb::GraphProto& else_branch = add_graph(inner, "else_branch");
  add_node(else_branch, "Add", {"t", "w"}, {"v"});
  add_output(else_branch, "v");
  Graph read = load_good(model);
  check_closed(read);
  const Node& node = node_of(read, "choose");
  CHECK(names(node.operands) == Names{"c", "x", "c", "deep", "w"});
  CHECK(node.attributes.integer("captures") == 4);
  const Graph& region = *node.regions[1];
  const Node& nested = node_of(region, "inner");
  CHECK(names(nested.operands) == Names{"c", "deep", "t", "w"});
  CHECK(nested.regions[1]->outputs[0] == nested.regions[1]->params[0].get());
}

TEST_CASE("a node stands after what only its subgraphs need") {
  pb::ModelProto model = if_model();
  pb::GraphProto& graph = *model.mutable_graph();
  add_node(graph, "Tanh", {"x"}, {"late"});
  graph.mutable_node(0)->mutable_attribute(0)->mutable_g()->mutable_node(0)->set_input(0, "late");
  Graph read = load_good(model);
  check_closed(read);
  CHECK(read.nodes.back()->name == "choose");
}

TEST_CASE("a name of the subgraph's own hides an outer one") {
  pb::ModelProto model = if_model();
  pb::GraphProto& then_branch = *model.mutable_graph()->mutable_node(0)->mutable_attribute(0)->mutable_g();
  add_node(then_branch, "Exp", {"x"}, {"w"});  // the other branch captures the outer w
  then_branch.mutable_output(0)->set_name("w");
  Graph read = load_good(model);
  check_closed(read);
  const Graph& region = *node_of(read, "choose").regions[1];
  CHECK(region.outputs[0]->producer != nullptr);
  CHECK(region.outputs[0]->producer->op == Op::Exp);
}

TEST_CASE("what subgraphs must not do") {
  pb::ModelProto undefined = if_model();
  undefined.mutable_graph()->mutable_node(0)->mutable_attribute(0)->mutable_g()->mutable_node(0)->set_input(0,
                                                                                                            "nowhere");
  load_bad(undefined, {"node 'choose' (If)", "subgraphs use 'nowhere'"});

  pb::ModelProto with_default = if_model();
  pb::GraphProto& branch = *with_default.mutable_graph()->mutable_node(0)->mutable_attribute(0)->mutable_g();
  add_input(branch, "d");
  add_initializer(branch, "d", {1}, {1});
  load_bad(with_default, {"input 'd'", "default"});

  pb::ModelProto reserved = if_model();
  add_attribute(*reserved.mutable_graph()->mutable_node(0), "captures", 2).set_i(1);
  load_bad(reserved, {"node 'choose' (If)", "'captures'"});

  pb::ModelProto twice = if_model();
  pb::GraphProto& again = *twice.mutable_graph()->mutable_node(0)->mutable_attribute(0)->mutable_g();
  add_node(again, "Tanh", {"x"}, {"t"}, "again");
  load_bad(twice, {"node 'again' (Tanh)", "another result"});
}

TEST_CASE("deep nesting ends in an error, not in a crash") {
  for (int depth : {10, 20, 200}) {
    pb::ModelProto model = if_model();
    pb::GraphProto inside = model.graph().node(0).attribute(0).g();
    for (int i = 0; i < depth; ++i) {
      pb::GraphProto outside;
      pb::NodeProto& node = add_node(outside, "If", {"c"}, {"t"});
      add_graph(node, "then_branch").Swap(&inside);
      add_output(outside, "t");
      inside.Swap(&outside);
    }
    model.mutable_graph()->mutable_node(0)->mutable_attribute(0)->mutable_g()->Swap(&inside);
    Loaded loaded = load(model);
    CHECK(static_cast<bool>(loaded.graph) == (depth <= 20));
  }
}

TEST_CASE("captures cannot multiply without bound") {
  // 3000 outer values, each used in the innermost of 20 subgraphs, beside 20 idle subgraphs at each level.
  pb::ModelProto model = if_model();
  pb::GraphProto& graph = *model.mutable_graph();
  pb::GraphProto inside;
  pb::NodeProto& user = add_node(inside, "Sum", {}, {"t"});
  for (int i = 0; i < 3000; ++i) {
    add_node(graph, "Tanh", {"x"}, {"v" + std::to_string(i)});
    user.add_input("v" + std::to_string(i));
  }
  add_output(inside, "t");
  for (int level = 0; level < 20; ++level) {
    pb::GraphProto outside;
    pb::NodeProto& node = add_node(outside, "If", {"c"}, {"t"});
    add_graph(node, "then_branch").Swap(&inside);
    for (int i = 0; i < 20; ++i) add_graph(node, "idle" + std::to_string(i));
    add_output(outside, "t");
    inside.Swap(&outside);
  }
  graph.mutable_node(0)->mutable_attribute(0)->mutable_g()->Swap(&inside);
  load_bad(model, {"capture more than"});
}
