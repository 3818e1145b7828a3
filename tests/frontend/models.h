// Small ONNX models for tests: written with the messages, saved to a folder of the test's own, read back.
#pragma once

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>

#include "frontend/frontend.h"
#include "onnx.pb.h"

namespace rondo::test {
namespace pb = onnx_pb;

constexpr int kFloat = 1, kInt64 = 7;

/// A folder that vanishes with the test.
class TempFolder {
 public:
  TempFolder() {
    static int number = 0;
    path_ = std::filesystem::temp_directory_path() /
            ("rondo_frontend_" + std::to_string(getpid()) + "_" + std::to_string(number++));
    std::filesystem::create_directories(path_);
  }
  TempFolder(const TempFolder&) = delete;
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::filesystem::path file(const std::string& name) const { return path_ / name; }
  std::filesystem::path write(const std::string& name, const std::string& bytes) const {
    std::ofstream(file(name), std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return file(name);
  }

 private:
  std::filesystem::path path_;
};

inline void set_tensor_type(pb::ValueInfoProto& value, const std::string& name, int type, std::vector<int64_t> dims) {
  value.set_name(name);
  value.mutable_type()->mutable_tensor_type()->set_elem_type(type);
  auto* shape = value.mutable_type()->mutable_tensor_type()->mutable_shape();
  for (int64_t dim : dims) shape->add_dim()->set_dim_value(dim);
}

inline pb::ValueInfoProto& add_input(pb::GraphProto& graph, const std::string& name, std::vector<int64_t> dims = {2, 3},
                                     int type = kFloat) {
  set_tensor_type(*graph.add_input(), name, type, std::move(dims));
  return *graph.mutable_input(graph.input_size() - 1);
}

inline pb::ValueInfoProto& add_output(pb::GraphProto& graph, const std::string& name,
                                      std::vector<int64_t> dims = {2, 3}, int type = kFloat) {
  set_tensor_type(*graph.add_output(), name, type, std::move(dims));
  return *graph.mutable_output(graph.output_size() - 1);
}

inline pb::NodeProto& add_node(pb::GraphProto& graph, const std::string& op, std::vector<std::string> inputs,
                               std::vector<std::string> outputs, const std::string& name = "") {
  pb::NodeProto& node = *graph.add_node();
  node.set_op_type(op);
  if (!name.empty()) node.set_name(name);
  for (auto& input : inputs) node.add_input(input);
  for (auto& output : outputs) node.add_output(output);
  return node;
}

inline pb::TensorProto floats(const std::string& name, std::vector<int64_t> dims, const std::vector<float>& values) {
  pb::TensorProto tensor;
  tensor.set_name(name);
  tensor.set_data_type(kFloat);
  for (int64_t dim : dims) tensor.add_dims(dim);
  tensor.set_raw_data(std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)));
  return tensor;
}

inline pb::TensorProto& add_initializer(pb::GraphProto& graph, const std::string& name, std::vector<int64_t> dims,
                                        const std::vector<float>& values) {
  return *graph.add_initializer() = floats(name, std::move(dims), values);
}

inline pb::AttributeProto& add_attribute(pb::NodeProto& node, const std::string& name, int type) {
  pb::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(type);
  return attribute;
}

inline pb::GraphProto& add_graph(pb::NodeProto& node, const std::string& name) {
  pb::GraphProto& graph = *add_attribute(node, name, 5).mutable_g();
  graph.set_name(name);
  return graph;
}

/// y = Tanh(x), the smallest model; tests change it.
inline pb::ModelProto tanh_model() {
  pb::ModelProto model;
  model.set_ir_version(8);
  model.add_opset_import()->set_version(17);
  model.mutable_graph()->set_name("tiny");
  add_input(*model.mutable_graph(), "x");
  add_node(*model.mutable_graph(), "Tanh", {"x"}, {"y"}, "squash");
  add_output(*model.mutable_graph(), "y");
  return model;
}

/// An LSTM of 2 inputs and 3 cells with all weights in initializers, and a dense layer behind it.
inline pb::ModelProto lstm_model() {
  constexpr int64_t kInputs = 2, kCells = 3;
  auto ramp = [](int64_t count) {
    std::vector<float> values;
    for (int64_t i = 0; i < count; ++i) values.push_back(static_cast<float>(i % 7 - 3) / 8);
    return values;
  };
  pb::ModelProto model;
  model.set_ir_version(8);
  model.add_opset_import()->set_version(14);
  pb::GraphProto& graph = *model.mutable_graph();
  graph.set_name("lstm");
  add_input(graph, "x", {5, 1, kInputs});
  add_initializer(graph, "W", {1, 4 * kCells, kInputs}, ramp(4 * kCells * kInputs));
  add_initializer(graph, "R", {1, 4 * kCells, kCells}, ramp(4 * kCells * kCells));
  add_initializer(graph, "B", {1, 8 * kCells}, ramp(8 * kCells));
  add_initializer(graph, "D", {kCells, 2}, ramp(kCells * 2));
  pb::NodeProto& lstm = add_node(graph, "LSTM", {"x", "W", "R", "B"}, {"", "h"}, "cell");
  add_attribute(lstm, "hidden_size", 2).set_i(kCells);
  add_node(graph, "MatMul", {"h", "D"}, {"y"}, "dense");
  add_output(graph, "y", {1, 1, 2});
  return model;
}

/// y = c ? Tanh(x) : Add(x, w), with x and w captured.
inline pb::ModelProto if_model() {
  pb::ModelProto model;
  model.add_opset_import()->set_version(13);
  pb::GraphProto& graph = *model.mutable_graph();
  graph.set_name("choice");
  add_input(graph, "c", {}, 9);
  add_input(graph, "x");
  add_initializer(graph, "w", {3}, {1, 2, 3});
  pb::NodeProto& node = add_node(graph, "If", {"c"}, {"y"}, "choose");
  pb::GraphProto& then_branch = add_graph(node, "then_branch");
  add_node(then_branch, "Tanh", {"x"}, {"t"});
  add_output(then_branch, "t");
  pb::GraphProto& else_branch = add_graph(node, "else_branch");
  add_node(else_branch, "Add", {"x", "w"}, {"e"});
  add_output(else_branch, "e");
  add_output(graph, "y");
  return model;
}

struct Loaded {
  Result<Graph> graph;
  Diagnostics warnings;
};

inline Loaded load(const pb::ModelProto& model) {
  TempFolder folder;
  Loaded loaded{internal_error("not read"), {}};
  loaded.graph = read_model(folder.write("model.onnx", model.SerializeAsString()), loaded.warnings);
  return loaded;
}

inline Graph load_good(const pb::ModelProto& model) {
  Loaded loaded = load(model);
  REQUIRE_MESSAGE(loaded.graph, to_string(loaded.graph ? Diagnostic{} : loaded.graph.errors()[0]));
  return *std::move(loaded.graph);
}

/// The first error; its text contains all of `parts`.
inline Diagnostic load_bad(const pb::ModelProto& model, std::vector<std::string> parts) {
  Loaded loaded = load(model);
  REQUIRE_FALSE(loaded.graph);
  const Diagnostic error = loaded.graph.errors()[0];
  const std::string text = to_string(error);
  for (const std::string& part : parts)
    CHECK_MESSAGE(text.find(part) != std::string::npos, "'" << part << "' is not in: " << text);
  return error;
}

/// tanh_model with one change, which must be refused with such an error.
inline void refuse(std::vector<std::string> parts, const std::function<void(pb::GraphProto&)>& change) {
  pb::ModelProto model = tanh_model();
  change(*model.mutable_graph());
  load_bad(model, std::move(parts));
}

/// The node of this name; the test fails if there is none.
inline const Node& node_of(const Graph& graph, const std::string& name) {
  for (const auto& node : graph.nodes)
    if (node->name == name) return *node;
  FAIL("no node called " << name);
  std::abort();
}

/// Where models made by others lie: the environment's RONDO_CORPUS, or where the build expects them.
inline std::filesystem::path corpus() {
  const char* path = std::getenv("RONDO_CORPUS");
  return path ? path : RONDO_CORPUS;
}
inline bool skip_without_corpus() {
  if (std::filesystem::is_directory(corpus())) return false;
  std::cerr << "SKIP: no corpus of models at " << corpus() << "; set RONDO_CORPUS\n";
  return true;
}

}  // namespace rondo::test
