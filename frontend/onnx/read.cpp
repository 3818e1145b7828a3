// Reads ONNX files: read_onnx (a model) and read_tensor_proto (a tensor). The only place that parses protobuf.
//
// Of a model, what does not change its results at inference is left unread: documentation, metadata, training,
// value_info, annotations of devices and quantisation. Tested by tests/frontend/file_test.cpp and corpus_test.cpp.
#include <fmt/format.h>

#include "frontend/file.h"
#include "frontend/frontend.h"
#include "frontend/onnx/graph.h"
#include "frontend/onnx/tensor.h"

namespace rondo {

Result<Graph> read_onnx(const std::filesystem::path& path, Diagnostics& warnings);

namespace {

constexpr uint64_t kLargestFile = 0x7fffffff;  // protobuf's own limit
constexpr int64_t kNewestOpset = 28;
constexpr int64_t kNewestIr = 13;

template <class Message>
Status parse_file(const std::filesystem::path& path, std::string_view what, Message& message) {
  RONDO_TRY(const std::string bytes, read_file(path, kLargestFile));
  if (bytes.empty()) return invalid("the file is empty");
  if (!message.ParseFromString(bytes))
    return invalid(fmt::format("this is not {}, or it is truncated: its protobuf encoding is broken", what));
  return Done{};
}

/// The version of ONNX's own operators; 1 where a file of the first days does not say.
Result<int> find_opset(const pb::ModelProto& model) {
  std::optional<int64_t> version;
  for (const auto& import : model.opset_import()) {
    if (!import.domain().empty() && import.domain() != "ai.onnx") continue;
    if (version && *version != import.version())
      return invalid(fmt::format("the model imports two operator sets, {} and {}", *version, import.version()));
    version = import.version();
  }
  if (version.value_or(1) < 1)
    return invalid(fmt::format("operator set {}; accepted: 1 to {}", *version, kNewestOpset));
  if (version.value_or(1) > kNewestOpset)
    return unsupported(fmt::format("operator set {}; supported: 1 to {}", *version, kNewestOpset));
  return static_cast<int>(version.value_or(1));
}

Result<Graph> read_model_proto(const pb::ModelProto& model, const std::filesystem::path& path, Diagnostics& warnings) {
  if (!model.has_graph()) return invalid("this is not an ONNX model: it has no graph");
  ModelContext context(path.parent_path(), warnings);
  if (model.has_ir_version() && (model.ir_version() < 1 || model.ir_version() > kNewestIr))
    warnings.push_back(warning(fmt::format("ONNX IR version {}; known: 1 to {}", model.ir_version(), kNewestIr)));
  RONDO_TRY(context.opset, find_opset(model));
  for (const auto& function : model.functions())
    context.functions.insert(function_key(function.domain(), function.name(), function.overload()));
  RONDO_TRY(Graph graph, read_main_graph(model.graph(), context));
  if (graph.name.empty()) graph.name = path.stem().string();
  return graph;
}

Result<Tensor> read_tensor_file(const std::filesystem::path& path) {
  pb::TensorProto proto;
  RONDO_CHECK(parse_file(path, "an ONNX tensor", proto));
  ExternalData external(path.parent_path());
  return read_tensor(proto, {}, external);
}

}  // namespace

Result<Graph> read_onnx(const std::filesystem::path& path, Diagnostics& warnings) {
  pb::ModelProto model;
  RONDO_CHECK(parse_file(path, "an ONNX model", model));
  return read_model_proto(model, path, warnings);
}

Result<Tensor> read_tensor_proto(const std::filesystem::path& path) {
  Result<Tensor> tensor = read_tensor_file(path);
  if (tensor) return tensor;
  Diagnostics errors = std::move(tensor).errors();
  set_file(errors, path.string());
  return errors;
}

}  // namespace rondo
