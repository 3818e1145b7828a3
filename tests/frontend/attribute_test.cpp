// Attributes of every kind, with and without the `type` field.
#include "tests/frontend/models.h"

using namespace rondo;
using namespace rondo::test;

namespace {

/// The attributes of tanh_model's node after `change`.
Attributes attributes_of(const std::function<void(pb::NodeProto&)>& change) {
  pb::ModelProto model = tanh_model();
  change(*model.mutable_graph()->mutable_node(0));
  return load_good(model).nodes[0]->attributes;
}

void refuse_attribute(const std::string& part, const std::function<void(pb::AttributeProto&)>& change) {
  refuse({"node 'squash' (Tanh): attribute 'a'", part}, [&](pb::GraphProto& graph) {
    pb::AttributeProto& attribute = *graph.mutable_node(0)->add_attribute();
    attribute.set_name("a");
    change(attribute);
  });
}

void fill(pb::NodeProto& node, bool with_types) {
  auto add = [&](const char* name, int type) -> pb::AttributeProto& {
    pb::AttributeProto& attribute = *node.add_attribute();
    attribute.set_name(name);
    if (with_types) attribute.set_type(type);
    return attribute;
  };
  add("f", 1).set_f(0.5f);
  add("i", 2).set_i(-7);
  add("s", 3).set_s("forward");
  *add("t", 4).mutable_t() = floats("", {2}, {1, 2});
  add("fs", 6).add_floats(0.25f);
  pb::AttributeProto& ints = add("is", 7);
  ints.add_ints(3);
  ints.add_ints(-4);
  add("ss", 8).add_strings("Tanh");
}

}  // namespace

TEST_CASE("every kind of value, declared or deduced") {
  for (bool with_types : {true, false}) {
    Attributes read = attributes_of([&](pb::NodeProto& node) { fill(node, with_types); });
    CHECK(read.entries().size() == 7);
    CHECK(read.number("f") == 0.5);
    CHECK(read.integer("i") == -7);
    CHECK(read.text("s") == "forward");
    CHECK(read.tensor("t").doubles() == std::vector<double>{1, 2});
    CHECK(std::get<std::vector<double>>(*read.find("fs")) == std::vector<double>{0.25});
    CHECK(read.integers("is") == std::vector<int64_t>{3, -4});
    CHECK(std::get<std::vector<std::string>>(*read.find("ss")) == std::vector<std::string>{"Tanh"});
  }
}

TEST_CASE("a declared type without a value is zero or empty") {
  Attributes read = attributes_of([](pb::NodeProto& node) {
    add_attribute(node, "f", 1);
    add_attribute(node, "i", 2);
    add_attribute(node, "s", 3);
    add_attribute(node, "is", 7);
  });
  CHECK(read.number("f") == 0);
  CHECK(read.integer("i") == 0);
  CHECK(read.text("s") == "");
  CHECK(read.integers("is").empty());
}

TEST_CASE("values that contradict the declared type, or each other") {
  refuse_attribute("declared INT and has a FLOAT value", [](auto& a) { a.set_type(2), a.set_f(1); });
  refuse_attribute("declared INTS and has a INT value", [](auto& a) { a.set_type(7), a.set_i(1); });
  refuse_attribute("both a FLOAT and a INT", [](auto& a) { a.set_f(1), a.set_i(1); });
  refuse_attribute("both a FLOAT and a INT", [](auto& a) { a.set_type(2), a.set_f(1), a.set_i(1); });
  refuse_attribute("neither a type nor a value", [](auto&) {});
  refuse_attribute("declared TENSOR and has no value", [](auto& a) { a.set_type(4); });
  refuse_attribute("declared GRAPH and has no value", [](auto& a) { a.set_type(5); });
  refuse_attribute("number 99", [](auto& a) { a.set_type(99), a.set_i(1); });
  refuse_attribute("number -1", [](auto& a) { a.set_type(-1), a.set_i(1); });
}

TEST_CASE("values rondo has no form for") {
  refuse_attribute("unsupported: a value of type TENSORS", [](auto& a) { a.add_tensors(); });
  refuse_attribute("unsupported: a value of type GRAPHS", [](auto& a) { a.add_graphs(); });
  refuse_attribute("unsupported: a value of type SPARSE_TENSORS", [](auto& a) { a.add_sparse_tensors(); });
  refuse_attribute("unsupported: a value of type TYPE_PROTO", [](auto& a) { a.mutable_tp(); });
  refuse_attribute("unsupported: a value of type TYPE_PROTOS", [](auto& a) { a.set_type(14); });
  refuse_attribute("unsupported: elements of type string", [](auto& a) { a.mutable_t()->set_data_type(8); });
  refuse_attribute("function", [](auto& a) { a.set_type(2), a.set_ref_attr_name("outer"); });
}

TEST_CASE("attributes have one name each") {
  refuse({"node 'squash' (Tanh)", "attribute 'a' is given twice"}, [](pb::GraphProto& graph) {
    add_attribute(*graph.mutable_node(0), "a", 2).set_i(1);
    add_attribute(*graph.mutable_node(0), "a", 2).set_i(1);
  });
  refuse({"node 'squash' (Tanh)", "without name"},
         [](pb::GraphProto& graph) { add_attribute(*graph.mutable_node(0), "", 2).set_i(1); });
}

TEST_CASE("a tensor in an attribute is checked like any other") {
  refuse_attribute("ask for 8", [](auto& a) { *a.mutable_t() = floats("", {2}, {1}); });
}
