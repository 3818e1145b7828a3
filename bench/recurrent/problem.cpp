// Weights, inputs and ONNX models of the rows (see problem.h).
#include "bench/recurrent/problem.h"

#include <cmath>
#include <initializer_list>

#include "onnx.pb.h"

namespace rondo::benchmark {
namespace {

namespace pb = rondo::onnx_pb;
constexpr int kFloat = 1, kInt64 = 7;                   // TensorProto.DataType
constexpr int kIntAttribute = 2, kStringAttribute = 3;  // AttributeProto.AttributeType

void add_port(pb::ValueInfoProto& port, const std::string& name, std::initializer_list<int64_t> shape) {
  port.set_name(name);
  auto& type = *port.mutable_type()->mutable_tensor_type();
  type.set_elem_type(kFloat);
  for (int64_t dim : shape) type.mutable_shape()->add_dim()->set_dim_value(dim);
}

void add_constant(pb::GraphProto& graph, const std::string& name, std::initializer_list<int64_t> shape,
                  const std::string& bytes, int type = kFloat) {
  pb::TensorProto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(type);
  for (int64_t dim : shape) tensor.add_dims(dim);
  tensor.set_raw_data(bytes);
}

void append(std::string& bytes, const std::vector<float>& values) {
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
}

void set_attributes(pb::NodeProto& node, const Row& row) {
  auto set_int = [&](const char* name, int value) {
    pb::AttributeProto& attribute = *node.add_attribute();
    attribute.set_name(name);
    attribute.set_type(kIntAttribute);
    attribute.set_i(value);
  };
  set_int("hidden_size", row.hidden);
  if (row.cell == Cell::gru) set_int("linear_before_reset", 1);
  if (row.directions == 1) return;
  pb::AttributeProto& direction = *node.add_attribute();
  direction.set_name("direction");
  direction.set_type(kStringAttribute);
  direction.set_s("bidirectional");
}

/// The operator of one layer with its weights; reads `input`, and its first output is `output`.
pb::NodeProto& add_layer(pb::GraphProto& graph, const Problem& problem, int layer, const std::string& input,
                         const std::string& output) {
  const Row& row = problem.row;
  const int64_t gates = int64_t{gate_count(row.cell)} * row.hidden;
  std::string w, r, b;
  for (int d = 0; d < row.directions; ++d) {
    const CellWeights& cell = problem.cells[static_cast<size_t>(layer * row.directions + d)];
    append(w, cell.input), append(r, cell.recurrent), append(b, cell.bias);
  }
  const std::string suffix = std::to_string(layer);
  add_constant(graph, "w" + suffix, {row.directions, gates, row.hidden}, w);
  add_constant(graph, "r" + suffix, {row.directions, gates, row.hidden}, r);
  add_constant(graph, "b" + suffix, {row.directions, 2 * gates}, b);
  pb::NodeProto& node = *graph.add_node();
  node.set_op_type(row.cell == Cell::lstm ? "LSTM" : row.cell == Cell::gru ? "GRU" : "RNN");
  for (const std::string& name : {input, "w" + suffix, "r" + suffix, "b" + suffix}) node.add_input(name);
  node.add_output(output);
  set_attributes(node, row);
  return node;
}

void add_state(pb::GraphProto& graph, pb::NodeProto& node, const Row& row) {
  node.add_input("");  // sequence_lens
  for (const char* name : {"h", "c"}) {
    if (*name == 'c' && row.cell != Cell::lstm) continue;
    const std::string next = std::string(name) + "n";
    add_port(*graph.add_input(), name, {1, row.batch, row.hidden});
    add_port(*graph.add_output(), next, {1, row.batch, row.hidden});
    node.add_input(name);
    node.add_output(next);
  }
}

}  // namespace

std::vector<float> noise(size_t count, uint64_t seed) {
  std::vector<float> values(count);
  uint64_t random = 0x9e3779b97f4a7c15 ^ (seed * 0xd1342543de82ef95 + 1);
  for (float& value : values) {
    random ^= random << 13, random ^= random >> 7, random ^= random << 17;
    value = static_cast<float>(random >> 40) * 0x1p-23f - 1;
  }
  return values;
}

Problem make_problem(const Row& row) {
  Problem problem{.row = row, .cells = {}, .input = noise(size_t(row.steps) * row.batch * row.hidden, 1)};
  const size_t gates = size_t(gate_count(row.cell)) * row.hidden;
  const float scale = 1 / std::sqrt(static_cast<float>(row.hidden));
  auto scaled = [&](size_t count, uint64_t seed) {
    std::vector<float> values = noise(count, seed);
    for (float& value : values) value *= scale;
    return values;
  };
  for (uint64_t cell = 0; cell < uint64_t(row.layers * row.directions); ++cell)
    problem.cells.push_back({scaled(gates * row.hidden, 10 + 3 * cell), scaled(gates * row.hidden, 11 + 3 * cell),
                             scaled(2 * gates, 12 + 3 * cell)});
  return problem;
}

std::string onnx_model(const Problem& problem) {
  const Row& row = problem.row;
  pb::ModelProto model;
  model.set_ir_version(7);
  model.add_opset_import()->set_version(14);
  pb::GraphProto& graph = *model.mutable_graph();
  graph.set_name("bench");
  add_port(*graph.add_input(), "x", {row.steps, row.batch, row.hidden});
  if (row.keeps_state) {
    add_state(graph, add_layer(graph, problem, 0, "x", ""), row);
    return model.SerializeAsString();
  }
  std::string input = "x";
  for (int layer = 0; layer + 1 < row.layers; ++layer) {
    const std::string output = "y" + std::to_string(layer), squeezed = "x" + std::to_string(layer + 1);
    add_layer(graph, problem, layer, input, output);
    const int64_t axis = 1;
    add_constant(graph, "axes" + std::to_string(layer), {1}, std::string(reinterpret_cast<const char*>(&axis), 8),
                 kInt64);
    pb::NodeProto& squeeze = *graph.add_node();
    squeeze.set_op_type("Squeeze");
    squeeze.add_input(output), squeeze.add_input("axes" + std::to_string(layer));
    squeeze.add_output(squeezed);
    input = squeezed;
  }
  add_layer(graph, problem, row.layers - 1, input, "y");
  add_port(*graph.add_output(), "y", {row.steps, row.directions, row.batch, row.hidden});
  return model.SerializeAsString();
}

}  // namespace rondo::benchmark
