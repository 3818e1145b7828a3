// The order of nodes: the file's where it is one, a right one where it is not, an error where there is none.
#include <algorithm>

#include "tests/frontend/models.h"

using namespace rondo;
using namespace rondo::test;

namespace {

/// A chain x -> a -> b -> c -> y, the nodes standing in the file in the order given.
pb::ModelProto chain(const std::vector<int>& order) {
  const std::vector<std::string> names = {"x", "a", "b", "c", "y"};
  pb::ModelProto model = tanh_model();
  model.mutable_graph()->clear_node();
  for (int i : order)
    add_node(*model.mutable_graph(), "Tanh", {names[static_cast<size_t>(i)]}, {names[static_cast<size_t>(i) + 1]});
  return model;
}

std::vector<std::string> node_names(const Graph& graph) {
  std::vector<std::string> names;
  for (const auto& node : graph.nodes) names.push_back(node->name);
  return names;
}

}  // namespace

TEST_CASE("nodes in any order are sorted") {
  std::vector<int> order = {0, 1, 2, 3};
  do CHECK(node_names(load_good(chain(order))) == std::vector<std::string>{"a", "b", "c", "y"});
  while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("independent nodes keep the file's order") {
  pb::ModelProto model = tanh_model();
  for (const char* name : {"q", "p", "z", "b"}) add_node(*model.mutable_graph(), "Tanh", {"x"}, {name});
  CHECK(node_names(load_good(model)) == std::vector<std::string>{"squash", "q", "p", "z", "b"});
}

TEST_CASE("a cycle is an error that names a node on it") {
  refuse({"node 'squash' (Tanh)", "cycle"}, [](pb::GraphProto& g) { g.mutable_node(0)->set_input(0, "y"); });
  // p and q need each other; the nodes before and behind are not to blame.
  pb::ModelProto model = tanh_model();
  pb::GraphProto& graph = *model.mutable_graph();
  graph.mutable_node(0)->set_input(0, "q");
  add_node(graph, "Tanh", {"x"}, {"before"});
  add_node(graph, "Add", {"before", "q"}, {"p"});
  add_node(graph, "Tanh", {"p"}, {"q"});
  const std::string place = load_bad(model, {"cycle"}).place;
  CHECK((place == "node 'p' (Add)" || place == "node 'q' (Tanh)"));
}

TEST_CASE("a cycle through a subgraph is found") {
  pb::ModelProto model = if_model();
  pb::GraphProto& graph = *model.mutable_graph();
  graph.mutable_node(0)->mutable_attribute(0)->mutable_g()->mutable_node(0)->set_input(0, "y");
  load_bad(model, {"node 'choose' (If)", "cycle"});
}

TEST_CASE("undefined names are all reported") {
  pb::ModelProto model = tanh_model();
  model.mutable_graph()->mutable_node(0)->set_input(0, "nowhere");
  add_node(*model.mutable_graph(), "Add", {"x", "neither"}, {"z"}, "sum");
  Loaded loaded = load(model);
  REQUIRE_FALSE(loaded.graph);
  REQUIRE(loaded.graph.errors().size() == 2);
  CHECK(to_string(loaded.graph.errors()[0])
            .find("node 'squash' (Tanh): error: input 0 is 'nowhere', which nothing defines") != std::string::npos);
  CHECK(to_string(loaded.graph.errors()[1]).find("node 'sum' (Add): error: input 1 is 'neither'") != std::string::npos);
}

TEST_CASE("a long chain written backwards takes no time") {
  constexpr int kNodes = 20000;
  pb::ModelProto model = tanh_model();
  pb::GraphProto& graph = *model.mutable_graph();
  graph.mutable_node(0)->set_input(0, "v" + std::to_string(kNodes));
  for (int i = kNodes; i > 0; --i)
    add_node(graph, "Tanh", {i == 1 ? "x" : "v" + std::to_string(i - 1)}, {"v" + std::to_string(i)});
  Graph read = load_good(model);
  REQUIRE(read.nodes.size() == kNodes + 1);
  CHECK(read.nodes[0]->name == "v1");
  CHECK(read.nodes.back()->name == "squash");
}
