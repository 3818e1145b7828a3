// bench_compile_time PROGRAM: how long `rondo compile` takes. Prints the seconds for a model with 16 MB of weights, and
// the ratio of an LSTM with H = 512 over T = 1000 steps to the same over T = 1, both medians of 5 runs taken in turn.
#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "onnx.pb.h"
#include "tests/process.h"

namespace fs = std::filesystem;
using rondo::test::Outcome;
using rondo::test::run;

namespace {

namespace onnx_pb = rondo::onnx_pb;

constexpr int kRuns = 5;
constexpr int kFloat = 1, kInt = 2;  // TensorProto.DataType, AttributeProto.AttributeType

void add_weights(onnx_pb::GraphProto& graph, const std::string& name, std::initializer_list<int64_t> shape) {
  onnx_pb::TensorProto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(kFloat);
  int64_t count = 1;
  for (int64_t dim : shape) tensor.add_dims(dim), count *= dim;
  std::string bytes(static_cast<size_t>(count) * sizeof(float), '\0');
  uint32_t random = 12345;
  for (int64_t i = 0; i < count; ++i) {
    random = random * 1664525 + 1013904223;
    float value = static_cast<float>(random >> 8) * 0x1p-27f - 0.0625f;
    std::memcpy(bytes.data() + i * sizeof value, &value, sizeof value);
  }
  tensor.set_raw_data(bytes);
}

void add_port(onnx_pb::ValueInfoProto& port, const std::string& name, std::initializer_list<int64_t> shape) {
  port.set_name(name);
  auto& type = *port.mutable_type()->mutable_tensor_type();
  type.set_elem_type(kFloat);
  for (int64_t dim : shape) type.mutable_shape()->add_dim()->set_dim_value(dim);
}

/// One LSTM of `hidden` units over `steps` steps of `inputs` values. Its initial state is an input: from a state of
/// zeros, one step would never use the recurrent weights, and compiling it would be less work.
std::string lstm(int64_t steps, int64_t inputs, int64_t hidden) {
  onnx_pb::ModelProto model;
  model.set_ir_version(7);
  model.add_opset_import()->set_version(14);
  onnx_pb::GraphProto& graph = *model.mutable_graph();
  add_port(*graph.add_input(), "x", {steps, 1, inputs});
  add_port(*graph.add_input(), "h", {1, 1, hidden});
  add_port(*graph.add_input(), "c", {1, 1, hidden});
  add_port(*graph.add_output(), "y", {steps, 1, 1, hidden});
  add_weights(graph, "w", {1, 4 * hidden, inputs});
  add_weights(graph, "r", {1, 4 * hidden, hidden});
  onnx_pb::NodeProto& node = *graph.add_node();
  node.set_op_type("LSTM");
  for (const char* name : {"x", "w", "r", "", "", "h", "c"}) node.add_input(name);
  node.add_output("y");
  onnx_pb::AttributeProto& size = *node.add_attribute();
  size.set_name("hidden_size");
  size.set_type(kInt);
  size.set_i(hidden);
  return model.SerializeAsString();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: bench_compile_time PROGRAM\n", stderr);
    return 2;
  }
  std::string text = (fs::temp_directory_path() / "rondo-bench.XXXXXX").string();
  const fs::path folder = mkdtemp(text.data());
  bool good = true;
  auto seconds = [&](const std::string& name) {
    auto start = std::chrono::steady_clock::now();
    Outcome outcome =
        run({argv[1], "compile", (folder / (name + ".onnx")).string(), "-o", (folder / (name + ".so")).string()});
    if (outcome.exit_code != 0) std::printf("%s: %s", name.c_str(), outcome.errors.c_str());
    good = good && outcome.exit_code == 0;
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  auto put = [&](const std::string& name, const std::string& bytes) {
    std::ofstream(folder / (name + ".onnx"), std::ios::binary) << bytes;
  };
  put("large", lstm(10, 724, 724));  // 4 * 724 * 1448 * 4 bytes
  put("one", lstm(1, 64, 512));
  put("thousand", lstm(1000, 64, 512));

  std::vector<double> large, one, thousand;
  for (int i = 0; i < kRuns; ++i) {
    large.push_back(seconds("large"));
    one.push_back(seconds("one"));
    thousand.push_back(seconds("thousand"));
  }
  fs::remove_all(folder);
  std::printf("16 MB of weights: %.2f s\n", median(large));
  std::printf("LSTM, H = 512: %.3f s for T = 1, %.3f s for T = 1000, ratio %.3f\n", median(one), median(thousand),
              median(thousand) / median(one));
  return good ? 0 : 1;
}
