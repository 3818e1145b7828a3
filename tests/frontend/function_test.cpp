// Model-local functions: calls replaced by bodies, names, attributes, nested graphs, and what is refused.
#include "tests/frontend/models.h"

using namespace rondo;
using namespace rondo::test;

namespace {

pb::NodeProto& add_inner(pb::FunctionProto& function, const std::string& op, std::vector<std::string> inputs,
                         std::vector<std::string> outputs, const std::string& domain = "") {
  pb::NodeProto& node = *function.add_node();
  node.set_op_type(op);
  node.set_domain(domain);
  for (auto& input : inputs) node.add_input(input);
  for (auto& output : outputs) node.add_output(output);
  return node;
}

pb::FunctionProto& add_function(pb::ModelProto& model, const std::string& name, std::vector<std::string> inputs,
                                std::vector<std::string> outputs) {
  pb::FunctionProto& function = *model.add_functions();
  function.set_name(name);
  function.set_domain("mine");
  for (auto& input : inputs) function.add_input(input);
  for (auto& output : outputs) function.add_output(output);
  return function;
}

void refer(pb::NodeProto& node, const std::string& name, const std::string& to, int type) {
  pb::AttributeProto& attribute = add_attribute(node, name, type);
  attribute.set_ref_attr_name(to);
}

/// tanh_model, its node a call of mine.Squash.
pb::ModelProto calling(std::vector<std::string> inputs = {"x"}, std::vector<std::string> outputs = {"y"}) {
  pb::ModelProto model = tanh_model();
  pb::GraphProto& graph = *model.mutable_graph();
  graph.clear_node();
  add_node(graph, "Squash", std::move(inputs), std::move(outputs), "call").set_domain("mine");
  return model;
}

std::vector<Op> ops_of(const Graph& graph) {
  std::vector<Op> ops;
  for (const auto& node : graph.nodes) ops.push_back(node->op);
  return ops;
}

const Node& producer_of_output(const Graph& graph, size_t i = 0) { return *graph.outputs[i]->producer; }

}  // namespace

TEST_CASE("a call becomes the function's nodes, with names of their own") {
  pb::ModelProto model = calling();
  pb::FunctionProto& function = add_function(model, "Squash", {"a"}, {"b"});
  add_inner(function, "Neg", {"a"}, {"t"});
  add_inner(function, "Tanh", {"t"}, {"b"});
  pb::GraphProto& graph = *model.mutable_graph();
  add_node(graph, "Squash", {"y"}, {"z"}, "call").set_domain("mine");  // the same name again
  add_output(graph, "z");
  Graph read = load_good(model);
  CHECK(ops_of(read) == std::vector<Op>{Op::Neg, Op::Tanh, Op::Neg, Op::Tanh});
  CHECK(read.nodes[0]->operands[0] == read.params[0].get());
  CHECK(read.nodes[1]->operands[0] == read.nodes[0]->result());
  CHECK(read.nodes[2]->operands[0] == read.nodes[1]->result());
  CHECK(read.outputs[0] == read.nodes[1]->result());
  CHECK(read.outputs[1] == read.nodes[3]->result());
  CHECK(read.nodes[0]->place == "node 'call/t' (Neg)");
  CHECK(read.nodes[0]->result()->name == "call/t");
  CHECK(read.nodes[2]->result()->name != "call/t");
}

TEST_CASE("values of a function never meet the graph's") {
  pb::ModelProto model = calling({"x"}, {"y"});
  add_inner(add_function(model, "Squash", {"a"}, {"b"}), "Tanh", {"a"}, {"t"});
  add_inner(*model.mutable_functions(0), "Add", {"t", "a"}, {"b"});
  pb::GraphProto& graph = *model.mutable_graph();
  add_node(graph, "Neg", {"y"}, {"t"});
  add_node(graph, "Exp", {"t"}, {"call/t"});
  add_output(graph, "call/t");
  Graph read = load_good(model);
  CHECK(producer_of_output(read, 0).op == Op::Add);
  CHECK(producer_of_output(read, 0).operands[0]->producer->op == Op::Tanh);
  CHECK(producer_of_output(read, 1).operands[0]->producer->op == Op::Neg);
}

TEST_CASE("functions call functions, and may be told apart by overload") {
  pb::ModelProto model = calling();
  model.mutable_graph()->mutable_node(0)->set_overload("2");
  add_inner(add_function(model, "Squash", {"a"}, {"b"}), "Exp", {"a"}, {"b"});
  pb::FunctionProto& outer = add_function(model, "Squash", {"a"}, {"b"});
  outer.set_overload("2");
  add_inner(outer, "Squash", {"a"}, {"t"}, "mine");
  add_inner(outer, "Neg", {"t"}, {"b"});
  Graph read = load_good(model);
  CHECK(ops_of(read) == std::vector<Op>{Op::Exp, Op::Neg});
  CHECK(read.nodes[0]->name == "call/t/b");
  // A function may redefine an operator of ONNX.
  pb::ModelProto own = tanh_model();
  add_inner(add_function(own, "Tanh", {"a"}, {"b"}), "Exp", {"a"}, {"b"});
  own.mutable_functions(0)->set_domain("ai.onnx");
  CHECK(ops_of(load_good(own)) == std::vector<Op>{Op::Exp});
}

TEST_CASE("operands and results left out; results that are operands, or the same") {
  pb::ModelProto model = calling({"x", ""}, {"", "y", "z", "u"});
  pb::FunctionProto& function = add_function(model, "Squash", {"a", "lower", "upper"}, {"first", "b", "a", "b"});
  add_inner(function, "Clip", {"a", "lower", "upper"}, {"b"});
  add_inner(function, "Exp", {"a"}, {"first"});
  add_output(*model.mutable_graph(), "z");
  add_output(*model.mutable_graph(), "u");
  Graph read = load_good(model);
  const Node& clip = producer_of_output(read);
  CHECK(clip.op == Op::Clip);
  CHECK(clip.operands.size() == 1);
  CHECK(producer_of_output(read, 1).op == Op::Identity);
  CHECK(producer_of_output(read, 1).operands[0] == read.params[0].get());
  CHECK(producer_of_output(read, 2).op == Op::Identity);
  CHECK(producer_of_output(read, 2).operands[0] == clip.result());
}

TEST_CASE("attributes by reference: the call's, the default, or none") {
  auto with = [](bool given, bool defaulted) {
    pb::ModelProto model = calling();
    pb::FunctionProto& function = add_function(model, "Squash", {"a"}, {"b"});
    refer(add_inner(function, "Elu", {"a"}, {"b"}), "alpha", "slope", 1);
    if (defaulted) {
      pb::AttributeProto& attribute = *function.add_attribute_proto();
      attribute.set_name("slope");
      attribute.set_type(1);
      attribute.set_f(0.5);
    } else {
      function.add_attribute("slope");
    }
    if (given) add_attribute(*model.mutable_graph()->mutable_node(0), "slope", 1).set_f(2);
    return model;
  };
  CHECK(load_good(with(true, false)).nodes[0]->attributes.number("alpha") == 2);
  CHECK(load_good(with(true, true)).nodes[0]->attributes.number("alpha") == 2);
  CHECK(load_good(with(false, true)).nodes[0]->attributes.number("alpha") == 0.5);
  CHECK_FALSE(load_good(with(false, false)).nodes[0]->attributes.has("alpha"));
  pb::ModelProto typed = with(true, false);
  typed.mutable_graph()->mutable_node(0)->mutable_attribute(0)->set_type(2);
  load_bad(typed, {"node 'call'", "'slope' has ONNX's type 2, where the function takes 1"});
  pb::ModelProto unknown = with(true, false);
  add_attribute(*unknown.mutable_graph()->mutable_node(0), "other", 1).set_f(2);
  load_bad(unknown, {"the function has no attribute 'other'"});
  refuse({"refers to a function's attribute"}, [](pb::GraphProto& g) { refer(*g.mutable_node(0), "alpha", "slope", 1); });
}

TEST_CASE("graphs inside a function, which capture its values, and calls inside a graph") {
  pb::ModelProto model = if_model();
  pb::GraphProto& graph = *model.mutable_graph();
  pb::NodeProto choose = graph.node(0);
  graph.clear_node();
  add_node(graph, "Choose", {"c", "x", "w"}, {"y"}, "call").set_domain("mine");
  pb::FunctionProto& function = add_function(model, "Choose", {"c", "p", "w"}, {"q"});
  add_inner(function, "Neg", {"p"}, {"x"});  // as the graph's input is called
  choose.set_output(0, "q");
  *function.add_node() = choose;
  // The first branch calls another function.
  pb::NodeProto& inner = *function.mutable_node(1)->mutable_attribute(0)->mutable_g()->mutable_node(0);
  inner.set_op_type("Twice");
  inner.set_domain("mine");
  pb::FunctionProto& twice = add_function(model, "Twice", {"a"}, {"b"});
  add_inner(twice, "Tanh", {"a"}, {"t"});
  add_inner(twice, "Tanh", {"t"}, {"b"});
  Graph read = load_good(model);
  CHECK(ops_of(read) == std::vector<Op>{Op::Constant, Op::Neg, Op::If});
  const Node& branch = *read.nodes[2];
  REQUIRE(branch.operands.size() == 3);  // the condition, and what the branches capture
  const Value* negated = read.nodes[1]->result();
  CHECK((branch.operands[1] == negated || branch.operands[2] == negated));
  REQUIRE(branch.regions.size() == 2);
  for (const auto& region : branch.regions) CHECK((region->nodes.size() == 2 || region->nodes[0]->op == Op::Add));
}

TEST_CASE("recursion, and functions that would grow without end") {
  pb::ModelProto model = calling();
  pb::FunctionProto& function = add_function(model, "Squash", {"a"}, {"b"});
  add_inner(function, "Other", {"a"}, {"b"}, "mine");
  add_inner(add_function(model, "Other", {"a"}, {"b"}), "Squash", {"a"}, {"b"}, "mine");
  load_bad(model, {"'Squash' calls itself"});

  pb::ModelProto large = calling();
  for (int i = 0; i < 30; ++i) {
    pb::FunctionProto& doubled = add_function(large, i == 0 ? "Squash" : "f" + std::to_string(i), {"a"}, {"b"});
    const std::string next = "f" + std::to_string(i + 1);
    add_inner(doubled, i == 29 ? "Neg" : next, {"a"}, {"t"}, i == 29 ? "" : "mine");
    add_inner(doubled, i == 29 ? "Neg" : next, {"t"}, {"b"}, i == 29 ? "" : "mine");
  }
  load_bad(large, {"unsupported: functions grow to more than"});

  pb::ModelProto deep = calling();
  for (int i = 0; i < 100; ++i)
    add_inner(add_function(deep, i == 0 ? "Squash" : "f" + std::to_string(i), {"a"}, {"b"}), "f" + std::to_string(i + 1),
              {"a"}, {"b"}, "mine");
  load_bad(deep, {"unsupported: functions that call functions"});
}

TEST_CASE("graphs nested through functions") {
  pb::ModelProto model = if_model();
  pb::GraphProto& graph = *model.mutable_graph();
  const pb::NodeProto choose = graph.node(0);
  graph.mutable_node(0)->set_op_type("f0");
  graph.mutable_node(0)->set_domain("mine");
  graph.mutable_node(0)->clear_attribute();
  for (const char* name : {"x", "w"}) graph.mutable_node(0)->add_input(name);
  auto chain = [&](int calls, int graphs) {
    model.clear_functions();
    for (int i = 0; i < calls; ++i) {
      pb::FunctionProto& function = add_function(model, "f" + std::to_string(i), {"c", "x", "w"}, {"y"});
      *function.add_node() = choose;
      pb::GraphProto* inner = function.mutable_node(0)->mutable_attribute(0)->mutable_g();
      for (int depth = 1; depth < graphs; ++depth) {
        pb::GraphProto copy = choose.attribute(0).g();
        *inner->mutable_node(0) = choose;
        inner->mutable_node(0)->set_output(0, inner->output(0).name());
        *inner->mutable_node(0)->mutable_attribute(0)->mutable_g() = copy;
        inner = inner->mutable_node(0)->mutable_attribute(0)->mutable_g();
      }
      if (i + 1 == calls) break;
      pb::NodeProto& call = *inner->mutable_node(0);
      call.set_op_type("f" + std::to_string(i + 1));
      call.set_domain("mine");
      for (const char* name : {"c", "x", "w"}) call.add_input(name);
      call.mutable_input()->DeleteSubrange(0, call.input_size() - 3);
    }
    return model;
  };
  load_good(chain(3, 2));
  load_bad(chain(10, 8), {"unsupported: graphs in functions in graphs"});
}

TEST_CASE("calls and functions that are not well formed") {
  pb::ModelProto model = calling({"x", "x"});
  add_inner(add_function(model, "Squash", {"a"}, {"b"}), "Tanh", {"a"}, {"b"});
  load_bad(model, {"node 'call'", "has 2 operands and 1 results; the function has 1 and 1"});
  pb::ModelProto twice = calling();
  add_inner(add_function(twice, "Squash", {"a"}, {"b"}), "Tanh", {"a"}, {"b"});
  add_inner(add_function(twice, "Squash", {"a"}, {"b"}), "Exp", {"a"}, {"b"});
  load_bad(twice, {"two functions of the model are called 'Squash'"});
  pb::ModelProto same = calling();
  add_inner(add_function(same, "Squash", {"a", "a"}, {"b"}), "Tanh", {"a"}, {"b"});
  load_bad(same, {"the function has two operands 'a'"});
  pb::ModelProto open = calling();
  add_inner(add_function(open, "Squash", {"a"}, {"b"}), "Add", {"a", "x"}, {"b"});  // 'x' is not the graph's
  load_bad(open, {"'call/x'", "which nothing defines"});
  pb::ModelProto unset = calling();
  add_function(unset, "Squash", {"a"}, {"b"});
  load_bad(unset, {"'y'", "nothing defines it"});
}

TEST_CASE("operator sets of functions") {
  auto with = [](int of_model, int of_function) {
    pb::ModelProto model = calling();
    pb::FunctionProto& function = add_function(model, "Squash", {"a"}, {"b"});
    add_inner(function, "Softmax", {"a"}, {"b"});
    model.mutable_opset_import(0)->set_version(of_model);
    function.add_opset_import()->set_version(of_function);
    return model;
  };
  CHECK(load_good(with(17, 17)).opset == 17);
  CHECK(load_good(with(17, 13)).opset == 17);  // Softmax is the same since 13
  load_bad(with(12, 13), {"unsupported", "the function means operator set 13, the model 12", "'Softmax'"});
  pb::ModelProto only = with(17, 11);
  only.mutable_opset_import(0)->set_domain("mine");
  CHECK(load_good(only).opset == 11);
}
