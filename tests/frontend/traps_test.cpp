// Each trap in a model that has it, and in one that has it not.
#include "frontend/traps.h"

#include "tests/frontend/models.h"

using namespace rondo;
using namespace rondo::test;

namespace {

struct Recurrent {
  std::string op = "LSTM", producer;
  std::vector<std::string> inputs{"x", "W", "R", "B"}, outputs{"", "h"};
  std::vector<float> input_bias, recurrent_bias;  // one number for each, repeated
  int64_t time = 0;                               // 0: symbolic
  bool linear_before_reset = false;
  bool keeps_h = false;  // as an output
};

constexpr int64_t kInputs = 2, kCells = 3;

std::vector<float> ramp(int64_t count, float start = -0.5f) {
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i) values.push_back(start + static_cast<float>(i) / static_cast<float>(count));
  return values;
}

pb::ModelProto model_of(const Recurrent& r) {
  const int64_t gates = r.op == "LSTM" ? 4 : r.op == "GRU" ? 3 : 1;
  pb::ModelProto model;
  model.set_ir_version(8);
  if (!r.producer.empty()) model.set_producer_name(r.producer);
  model.add_opset_import()->set_version(14);
  pb::GraphProto& graph = *model.mutable_graph();
  pb::ValueInfoProto& x = add_input(graph, "x", {r.time, 1, kInputs});
  if (r.time == 0) x.mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim(0)->set_dim_param("time");
  add_initializer(graph, "W", {1, gates * kCells, kInputs}, ramp(gates * kCells * kInputs));
  add_initializer(graph, "R", {1, gates * kCells, kCells}, ramp(gates * kCells * kCells, 0.25f));
  std::vector<float> bias = r.input_bias;
  bias.resize(static_cast<size_t>(gates * kCells));
  bias.insert(bias.end(), r.recurrent_bias.begin(), r.recurrent_bias.end());
  bias.resize(static_cast<size_t>(2 * gates * kCells));
  add_initializer(graph, "B", {1, 2 * gates * kCells}, bias);
  add_initializer(graph, "zeros", {1, 1, kCells}, {0, 0, 0});
  add_initializer(graph, "ones", {1, 1, kCells}, {1, 1, 1});
  for (const std::string& input : r.inputs)
    if (input == "h0" || input == "c0") add_input(graph, input, {1, 1, kCells});
  pb::NodeProto& node = add_node(graph, r.op, r.inputs, r.outputs, "cell");
  add_attribute(node, "hidden_size", 2).set_i(kCells);
  if (r.linear_before_reset) add_attribute(node, "linear_before_reset", 2).set_i(1);
  add_node(graph, "Tanh", {r.outputs[0].empty() ? "h" : r.outputs[0]}, {"y"});
  add_output(graph, "y", {1, 1, kCells});
  if (r.keeps_h) add_output(graph, "h", {1, 1, kCells});
  return model;
}

std::string traps_of(const pb::ModelProto& model) {
  TempFolder folder;
  Diagnostics warnings;
  FileFacts facts;
  const auto graph = read_model(folder.write("model.onnx", model.SerializeAsString()), warnings, facts);
  REQUIRE_MESSAGE(graph, (graph ? "" : to_string(graph.errors()[0])));
  std::string text;
  for (const Diagnostic& trap : find_traps(*graph, facts)) text += to_string(trap) + "\n";
  return text;
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a file says who wrote it, in which format, and how long it is") {
  TempFolder folder;
  Diagnostics warnings;
  FileFacts facts;
  pb::ModelProto model = tanh_model();
  model.set_producer_name("pytorch");
  model.set_producer_version("1.13.1");
  const std::string bytes = model.SerializeAsString();
  REQUIRE(read_model(folder.write("model.onnx", bytes), warnings, facts));
  CHECK(facts.format == "an ONNX model, IR version 8");
  CHECK(facts.producer == "'pytorch 1.13.1'");
  CHECK(facts.bytes == bytes.size());
  REQUIRE(read_model(folder.write("silent.onnx", tanh_model().SerializeAsString()), warnings, facts));
  CHECK(facts.producer.empty());
}

TEST_CASE("a model with nothing to say about has no traps") { CHECK(traps_of(model_of({})) == ""); }

TEST_CASE("GRU with the reset gate before the product, where PyTorch would have it behind") {
  const std::string found = traps_of(model_of({.op = "GRU", .producer = "pytorch"}));
  CHECK(has(found, "node 'cell' (GRU): remark: linear_before_reset is 0, and PyTorch wrote the file"));
  CHECK(has(traps_of(model_of({.op = "GRU", .input_bias = {1}, .recurrent_bias = {2}})),
            "linear_before_reset is 0, and it has a bias of the recurrence"));
  CHECK_FALSE(
      has(traps_of(model_of({.op = "GRU", .producer = "pytorch", .linear_before_reset = true})), "before_reset"));
  CHECK_FALSE(has(traps_of(model_of({.op = "GRU", .producer = "tf2onnx", .input_bias = {1}})), "before_reset"));
  CHECK_FALSE(has(traps_of(model_of({.op = "LSTM", .producer = "pytorch"})), "before_reset"));
}

TEST_CASE("a frozen time axis") {
  CHECK(has(traps_of(model_of({.time = 10})), "node 'cell' (LSTM): remark: the time axis is fixed at 10 steps"));
  CHECK(has(traps_of(model_of({.time = 1})), "the time axis is fixed at 1 step,"));
  CHECK_FALSE(has(traps_of(model_of({})), "time axis"));
}

TEST_CASE("two biases, and one that is there twice") {
  CHECK(has(traps_of(model_of({.input_bias = {1, 2}, .recurrent_bias = {1, 2}})), "the exporter has doubled it"));
  CHECK(has(traps_of(model_of({.input_bias = {1, 2}, .recurrent_bias = {3}})), "it has two biases"));
  CHECK_FALSE(has(traps_of(model_of({.input_bias = {1, 2}})), "bias"));
  CHECK_FALSE(has(traps_of(model_of({.recurrent_bias = {1, 2}})), "bias"));
}

TEST_CASE("an initial state that no call can set") {
  const std::vector<std::string> with_zeros{"x", "W", "R", "B", "", "zeros", "zeros"};
  CHECK(has(traps_of(model_of({.inputs = with_zeros})), "its initial hidden state is a constant of zeros"));
  CHECK(has(traps_of(model_of({.inputs = with_zeros})), "its initial cell state is a constant of zeros"));
  CHECK_FALSE(has(traps_of(model_of({.inputs = {"x", "W", "R", "B", "", "ones", "ones"}})), "initial"));
  CHECK_FALSE(has(traps_of(model_of({.inputs = {"x", "W", "R", "B", "", "h0", "c0"}})), "initial"));
}

TEST_CASE("a last state that leaves and never comes back") {
  CHECK(
      has(traps_of(model_of({.keeps_h = true})), "its last hidden state leaves the model, and nothing brings it back"));
  CHECK_FALSE(has(traps_of(model_of({})), "leaves the model"));
  CHECK_FALSE(
      has(traps_of(model_of({.inputs = {"x", "W", "R", "B", "", "h0", "c0"}, .keeps_h = true})), "nothing brings"));
}

TEST_CASE("state in and state out that are not connected, and an input that nothing uses") {
  Recurrent streaming{.inputs = {"x", "W", "R", "B", "", "h0", "c0"}, .keeps_h = true};
  CHECK(has(traps_of(model_of(streaming)), "--state=h0=h would make a stream of it"));
  streaming.keeps_h = false;
  CHECK_FALSE(has(traps_of(model_of(streaming)), "--state"));
  pb::ModelProto model = model_of({});
  CHECK_FALSE(has(traps_of(model), "nothing uses it"));
  add_input(*model.mutable_graph(), "sr", {});
  CHECK(has(traps_of(model), "input 'sr': remark: nothing uses it"));
}

TEST_CASE("weights that are there twice, and weights that are used twice") {
  pb::ModelProto model = model_of({});
  pb::GraphProto& graph = *model.mutable_graph();
  add_initializer(graph, "first", {4, 5}, ramp(20));
  add_initializer(graph, "second", {4, 5}, ramp(20, 3));
  add_node(graph, "Add", {"first", "second"}, {"sum"});
  CHECK(traps_of(model) == "");
  pb::ModelProto tied = model;
  add_node(*tied.mutable_graph(), "Mul", {"first", "sum"}, {"product"});
  CHECK(has(traps_of(tied), "constant 'first': remark: 2 nodes use it: tied weights"));
  pb::ModelProto cut = model;  // gate by gate
  add_node(*cut.mutable_graph(), "Concat", {"first", "first"}, {"reordered"});
  add_attribute(*cut.mutable_graph()->mutable_node(cut.graph().node_size() - 1), "axis", 2).set_i(0);
  CHECK(traps_of(cut) == "");
  *graph.mutable_initializer(graph.initializer_size() - 1) = floats("second", {4, 5}, ramp(20));
  CHECK(has(traps_of(model),
            "constants 'first', 'second': remark: 2 constants of the same 80 bytes: duplicated weights"));
}

TEST_CASE("inside a subgraph, captured weights are seen") {
  pb::ModelProto model = model_of({.op = "GRU", .producer = "pytorch"});
  pb::GraphProto& graph = *model.mutable_graph();
  add_input(graph, "go", {}, 9);
  const pb::NodeProto cell = graph.node(0);
  graph.mutable_node()->DeleteSubrange(0, 1);
  pb::NodeProto node;
  node.set_op_type("If");
  node.add_input("go");
  node.add_output("h");
  for (const char* branch : {"then_branch", "else_branch"}) {
    pb::GraphProto& region = add_graph(node, branch);
    *region.add_node() = cell;
    add_output(region, "h", {1, 1, kCells});
  }
  *graph.add_node() = node;
  graph.mutable_initializer(2)->set_raw_data(floats("B", {1, 18}, std::vector<float>(18, 0.5f)).raw_data());
  const std::string found = traps_of(model);
  CHECK(has(found, "node 'cell' (GRU): remark: linear_before_reset is 0"));
  CHECK(has(found, "the exporter has doubled it"));
}
