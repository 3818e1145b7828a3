// Errors about nodes say which node of how many, and inside which subgraphs; several nodes are reported at once.
#include "frontend/where.h"

#include "tests/frontend/models.h"

using namespace rondo;
using namespace rondo::test;

namespace {

/// if_model with nodes around and inside.
pb::ModelProto model_with_branches() {
  pb::ModelProto model = if_model();
  pb::GraphProto& graph = *model.mutable_graph();
  add_node(graph, "Neg", {"y"}, {"z"}, "last");
  add_output(graph, "z");
  pb::GraphProto& branch = *graph.mutable_node(0)->mutable_attribute(1)->mutable_g();
  add_node(branch, "Neg", {"e"}, {"f"}, "inside");
  branch.mutable_output(0)->set_name("f");
  return model;
}

}  // namespace

TEST_CASE("a node's number and the subgraphs around it") {
  const Graph graph = load_good(model_with_branches());
  Diagnostics errors{invalid("odd", "node 'inside' (Neg)"), invalid("odd", "node 'last' (Neg)"),
                     invalid("odd", "node 'e' (Add)"), invalid("odd", "input 'x'")};
  tell_where(graph, errors);
  CHECK(errors[0].message == "odd; node 2 of 2 in 'else_branch' of node 'choose' (If), node 1 of 2");
  CHECK(errors[1].message == "odd; node 2 of 2");
  CHECK(errors[2].message == "odd; node 1 of 2 in 'else_branch' of node 'choose' (If), node 1 of 2");
  CHECK(errors[3].message == "odd");
}

TEST_CASE("nodes that cannot be read are reported together, but not what uses them") {
  pb::ModelProto model = tanh_model();
  pb::GraphProto& graph = *model.mutable_graph();
  add_node(graph, "Neg", {"y"}, {"z"}, "after");
  add_attribute(add_node(graph, "Neg", {"x"}, {"w"}, "other"), "", 2);
  add_attribute(*graph.mutable_node(0), "", 2);
  add_attribute(*graph.mutable_node(1), "", 2);
  const Loaded loaded = load(model);
  REQUIRE_FALSE(loaded.graph);
  REQUIRE(loaded.graph.errors().size() == 2);
  CHECK(to_string(loaded.graph.errors()[0])
            .ends_with("node 'squash' (Tanh): error: an attribute without name; node 1 of 3"));
  CHECK(to_string(loaded.graph.errors()[1])
            .ends_with("node 'other' (Neg): error: an attribute without name; node 3 of 3"));
}

TEST_CASE("an error inside a subgraph says in which") {
  pb::ModelProto model = model_with_branches();
  pb::GraphProto& branch = *model.mutable_graph()->mutable_node(0)->mutable_attribute(1)->mutable_g();
  add_attribute(*branch.mutable_node(1), "", 2);
  const Loaded loaded = load(model);
  REQUIRE_FALSE(loaded.graph);
  CHECK(to_string(loaded.graph.errors()[0])
            .ends_with("node 'inside' (Neg): error: an attribute without name; node 2 of 2 in 'else_branch' of node "
                       "'choose' (If), "
                       "node 1 of 2"));
}

TEST_CASE("errors in both branches are told at once") {
  pb::ModelProto model = model_with_branches();
  for (int branch : {0, 1})
    add_attribute(*model.mutable_graph()->mutable_node(0)->mutable_attribute(branch)->mutable_g()->mutable_node(0), "", 2);
  const Loaded loaded = load(model);
  REQUIRE_FALSE(loaded.graph);
  REQUIRE(loaded.graph.errors().size() == 2);
  CHECK(to_string(loaded.graph.errors()[0]).ends_with("in 'else_branch' of node 'choose' (If), node 1 of 2"));
  CHECK(to_string(loaded.graph.errors()[1]).ends_with("in 'then_branch' of node 'choose' (If), node 1 of 2"));
}
