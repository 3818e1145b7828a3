// Inputs, outputs, dynamic dimensions and initializers.
#include "tests/frontend/models.h"

using namespace rondo;
using namespace rondo::test;

namespace {

using Dims = google::protobuf::RepeatedPtrField<pb::TensorShapeProto::Dimension>;

Dims* dims(pb::ValueInfoProto& value) {
  return value.mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim();
}

/// x with the dims that `change` gives it; the type it gets.
std::string input_type(const std::function<void(Dims&)>& change, const std::string& name = "x") {
  pb::ModelProto model = tanh_model();
  model.mutable_graph()->mutable_input(0)->set_name(name);
  model.mutable_graph()->mutable_node(0)->set_input(0, name);
  change(*dims(*model.mutable_graph()->mutable_input(0)));
  return to_string(*load_good(model).params[0]->type);
}

}  // namespace

TEST_CASE("element types of inputs") {
  const std::pair<int, std::string> types[] = {{1, "f32"},  {2, "u8"},   {3, "i8"},      {4, "u16"},  {5, "i16"},
                                               {6, "i32"},  {7, "i64"},  {9, "boolean"}, {10, "f16"}, {11, "f64"},
                                               {12, "u32"}, {13, "u64"}, {16, "bf16"}};
  for (auto& [code, word] : types) {
    pb::ModelProto model = tanh_model();
    model.mutable_graph()->mutable_input(0)->mutable_type()->mutable_tensor_type()->set_elem_type(code);
    CHECK(load_good(model).params[0]->type->dtype == *dtype_from_onnx(code));
    if (word != "boolean") CHECK(to_string(load_good(model).params[0]->type->dtype) == word);
  }
  const std::pair<int, std::string> others[] = {{8, "string"}, {14, "complex64"}, {17, "float8e4m3fn"}, {22, "int4"}};
  for (auto& [code, word] : others)
    refuse({"input 'x': unsupported: elements of type " + word}, [code = code](pb::GraphProto& graph) {
      graph.mutable_input(0)->mutable_type()->mutable_tensor_type()->set_elem_type(code);
    });
  for (int code : {0, 27, 99, -1})
    refuse({"input 'x'", "number " + std::to_string(code)}, [code](pb::GraphProto& graph) {
      graph.mutable_input(0)->mutable_type()->mutable_tensor_type()->set_elem_type(code);
    });
}

TEST_CASE("inputs that are not tensors of known rank") {
  refuse({"input 'x': unsupported", "sequence"},
         [](pb::GraphProto& g) { g.mutable_input(0)->mutable_type()->mutable_sequence_type(); });
  refuse({"input 'x': unsupported", "map"},
         [](pb::GraphProto& g) { g.mutable_input(0)->mutable_type()->mutable_map_type(); });
  refuse({"input 'x': unsupported", "optional"},
         [](pb::GraphProto& g) { g.mutable_input(0)->mutable_type()->mutable_optional_type(); });
  refuse({"input 'x'", "no type"}, [](pb::GraphProto& g) { g.mutable_input(0)->clear_type(); });
  refuse({"input 'x'", "no shape"},
         [](pb::GraphProto& g) { g.mutable_input(0)->mutable_type()->mutable_tensor_type()->clear_shape(); });
}

TEST_CASE("dimensions") {
  CHECK(input_type([](Dims& d) { d[0].set_dim_param("T"); }) == "f32[T, 3]");
  CHECK(input_type([](Dims& d) { d[0].clear_dim_value(); }) == "f32[x_0, 3]");
  CHECK(input_type([](Dims& d) { d[1].set_dim_value(-1); }) == "f32[2, x_1]");
  CHECK(input_type([](Dims& d) { d[1].set_dim_param(""); }) == "f32[2, x_1]");
  CHECK(input_type([](Dims& d) { d[0].set_dim_value(0); }) == "f32[0, 3]");
  CHECK(input_type([](Dims& d) { d.Clear(); }) == "f32[]");
  CHECK(input_type([](Dims& d) { d[0].set_dim_value(INT64_MAX); }) == "f32[9223372036854775807, 3]");
  for (int64_t size : {int64_t{-2}, int64_t{-5}, INT64_MIN})
    refuse({"input 'x'", "dimension 1 is " + std::to_string(size)},
           [size](pb::GraphProto& g) { (*dims(*g.mutable_input(0)))[1].set_dim_value(size); });
  refuse({"input 'x'", "65 dimensions"}, [](pb::GraphProto& g) {
    while (dims(*g.mutable_input(0))->size() < 65) dims(*g.mutable_input(0))->Add()->set_dim_value(1);
  });
}

TEST_CASE("names of dimensions become identifiers, and different names stay different") {
  CHECK(input_type([](Dims& d) { d[0].set_dim_param("batch size"); }) == "f32[batch_size, 3]");
  CHECK(input_type([](Dims& d) { d[0].set_dim_param("2*T"); }) == "f32[_2_T, 3]");
  CHECK(input_type([](Dims& d) { d[0].set_dim_param("?"); }) == "f32[dim, 3]");
  CHECK(input_type([](Dims& d) { d[0].clear_dim_value(); }, "in/put:0") == "f32[in_put_0_0, 3]");
  CHECK(input_type([](Dims& d) { d[0].set_dim_param("a-b"), d[1].set_dim_param("a+b"); }) == "f32[a_b, a_b_2]");
  CHECK(input_type([](Dims& d) { d[0].set_dim_param("a-b"), d[1].set_dim_param("a-b"); }) == "f32[a_b, a_b]");
  // Words of the notation of dims cannot be symbols.
  CHECK(input_type([](Dims& d) { d[0].set_dim_param("min"); }) == "f32[min_2, 3]");
  // A model's own name is kept; the made-up name gives way.
  CHECK(input_type([](Dims& d) { d[0].clear_dim_value(), d[1].set_dim_param("x_0"); }) == "f32[x_0_2, x_0]");
}

TEST_CASE("one name is one symbol over all inputs and outputs") {
  pb::ModelProto model = tanh_model();
  pb::GraphProto& graph = *model.mutable_graph();
  (*dims(*graph.mutable_input(0)))[0].set_dim_param("T");
  (*dims(add_input(graph, "z")))[1].set_dim_param("T");
  (*dims(*graph.mutable_output(0)))[0].set_dim_param("T");
  Graph read = load_good(model);
  CHECK(read.params[0]->type->shape[0] == read.params[1]->type->shape[1]);
  CHECK(*read.declared_outputs[0] == *read.params[0]->type);
}

TEST_CASE("initializers are constants, also where they are declared as inputs; unused ones are left out") {
  pb::ModelProto model = tanh_model();
  pb::GraphProto& graph = *model.mutable_graph();
  add_initializer(graph, "w", {2, 3}, {1, 2, 3, 4, 5, 6});
  add_initializer(graph, "unused", {1}, {7}).set_data_type(8);  // not even looked at
  add_input(graph, "w");
  graph.mutable_node(0)->set_op_type("Add");
  graph.mutable_node(0)->add_input("w");
  Graph read = load_good(model);
  CHECK(read.params.size() == 1);
  REQUIRE(read.nodes.size() == 2);
  const Node& constant = node_of(read, "w");
  CHECK(constant.op == Op::Constant);
  CHECK(constant.place == "initializer 'w'");
  CHECK(constant.attributes.tensor("value").doubles() == std::vector<double>{1, 2, 3, 4, 5, 6});
  CHECK(node_of(read, "squash").operands[1] == constant.result());
}

TEST_CASE("an initializer's type must be the one its input declares; another shape is remarked upon") {
  pb::ModelProto model = tanh_model();
  model.set_ir_version(3);
  pb::GraphProto& graph = *model.mutable_graph();
  graph.mutable_node(0)->add_input("w");
  add_initializer(graph, "w", {3}, {1, 2, 3});
  pb::ValueInfoProto& input = add_input(graph, "w", {3});
  CHECK(load(model).warnings.empty());
  set_tensor_type(input, "w", kFloat, {1});  // adds an axis
  CHECK(load(model).warnings.size() == 1);
  set_tensor_type(input, "w", 11, {});
  load_bad(model, {"initializer 'w'", "f32", "11"});
}

TEST_CASE("an output may be an input, an initializer, or the same value twice under two names") {
  pb::ModelProto model = tanh_model();
  pb::GraphProto& graph = *model.mutable_graph();
  add_initializer(graph, "w", {1}, {5});
  add_output(graph, "x");
  add_output(graph, "w", {1});
  Graph read = load_good(model);
  REQUIRE(read.outputs.size() == 3);
  CHECK(read.outputs[1] == read.params[0].get());
  CHECK(read.outputs[2] == node_of(read, "w").result());
}

TEST_CASE("names that clash or are missing") {
  refuse({"input 'x'", "two inputs"}, [](pb::GraphProto& g) { add_input(g, "x"); });
  refuse({"initializer 'w'", "two initializers"}, [](pb::GraphProto& g) {
    add_initializer(g, "w", {1}, {1});
    add_initializer(g, "w", {1}, {1});
  });
  refuse({"output 'y'", "two outputs"}, [](pb::GraphProto& g) { add_output(g, "y"); });
  refuse({"output 'z'", "nothing defines"}, [](pb::GraphProto& g) { add_output(g, "z"); });
  refuse({"node 'squash' (Tanh)", "'x'", "an input"}, [](pb::GraphProto& g) { g.mutable_node(0)->set_output(0, "x"); });
  refuse({"node 'squash' (Tanh)", "'y'", "an initializer"},
         [](pb::GraphProto& g) { add_initializer(g, "y", {1}, {1}); });
  refuse({"node 'again' (Tanh)", "'y'", "another result"},
         [](pb::GraphProto& g) { add_node(g, "Tanh", {"x"}, {"y"}, "again"); });
  refuse({"an input of the graph has no name"}, [](pb::GraphProto& g) { add_input(g, ""); });
  refuse({"an initializer has no name"}, [](pb::GraphProto& g) { add_initializer(g, "", {1}, {1}); });
}

TEST_CASE("declared outputs that cannot be types are left empty") {
  pb::ModelProto model = tanh_model();
  model.mutable_graph()->mutable_output(0)->clear_type();
  Graph read = load_good(model);
  REQUIRE(read.declared_outputs.size() == 1);
  CHECK_FALSE(read.declared_outputs[0]);
}

TEST_CASE("inputs with a default value are constants, which is said where it is not the file's age that asks for them") {
  pb::ModelProto model = tanh_model();
  pb::GraphProto& graph = *model.mutable_graph();
  add_input(graph, "w", {1});
  add_initializer(graph, "w", {1}, {5});
  graph.mutable_node(0)->set_op_type("Add");
  graph.mutable_node(0)->add_input("w");
  Loaded loaded = load(model);
  REQUIRE(loaded.graph);
  CHECK(loaded.graph->inputs().size() == 1);
  REQUIRE(loaded.warnings.size() == 1);
  CHECK(loaded.warnings[0].severity == Severity::remark);
  CHECK(loaded.warnings[0].message == "inputs with an initializer are constants of this value: 'w'");
  model.set_ir_version(3);
  CHECK(load(model).warnings.empty());
}
