// Reads ONNX files: read_onnx (a model) and read_tensor_proto (a tensor). The only place that parses protobuf.
//
// Of a model, what does not change its results at inference is left unread: documentation, metadata, training,
// value_info, annotations of devices and quantisation. Tested by tests/frontend/file_test.cpp and corpus_test.cpp.
#include <fmt/format.h>

#include "frontend/file.h"
#include "frontend/frontend.h"
#include "frontend/onnx/functions.h"
#include "frontend/onnx/graph.h"
#include "frontend/onnx/order.h"
#include "frontend/onnx/tensor.h"
#include "frontend/onnx/versions.h"

namespace rondo {

Result<Graph> read_onnx(const std::filesystem::path& path, Diagnostics& warnings, FileFacts& facts);

namespace {

constexpr uint64_t kLargestFile = 0x7fffffff;  // protobuf's own limit
constexpr int64_t kNewestIr = 13;

template <class Message>
Status parse_file(const std::filesystem::path& path, std::string_view what, Message& message) {
  RONDO_TRY(const uint64_t size, regular_file_size(path));
  if (size > kLargestFile)
    return unsupported(fmt::format(
        "the file has {} bytes, and protobuf ends at {}; larger models keep their tensors in files beside it", size,
        kLargestFile));
  RONDO_TRY(const std::string bytes, read_file(path, kLargestFile));
  if (bytes.empty()) return invalid("the file is empty");
  if (!message.ParseFromString(bytes))
    return invalid(fmt::format("this is not {}, or it is truncated: its protobuf encoding is broken", what));
  return Done{};
}

using Imports = google::protobuf::RepeatedPtrField<pb::OperatorSetIdProto>;

/// Notes the version of ONNX's own operators that is imported; two different ones are an error.
Status note_opset(const Imports& imports, std::optional<int64_t>& version) {
  for (const auto& import : imports) {
    if (!is_standard(import.domain())) continue;
    if (version && *version != import.version())
      return invalid(fmt::format("the model imports two operator sets, {} and {}", *version, import.version()));
    version = import.version();
  }
  return Done{};
}

/// The version of ONNX's own operators; that of the functions where only they use them; 1 where a file of the first
/// days does not say.
Result<int> find_opset(const pb::ModelProto& model) {
  std::optional<int64_t> version;
  RONDO_CHECK(note_opset(model.opset_import(), version));
  if (!version)
    for (const auto& function : model.functions()) RONDO_CHECK(note_opset(function.opset_import(), version));
  if (version.value_or(1) < 1)
    return invalid(fmt::format("operator set {}; accepted: 1 to {}", *version, kNewestOpset));
  if (version.value_or(1) > kNewestOpset)
    return unsupported(fmt::format("operator set {}; supported: 1 to {}", *version, kNewestOpset));
  return static_cast<int>(version.value_or(1));
}

Result<Graph> read_model_proto(pb::ModelProto& model, const std::filesystem::path& path, Diagnostics& warnings) {
  if (!model.has_graph()) return invalid("this is not an ONNX model: it has no graph");
  ModelContext context(path.parent_path(), warnings);
  if (model.has_ir_version() && (model.ir_version() < 1 || model.ir_version() > kNewestIr))
    warnings.push_back(warning(fmt::format("ONNX IR version {}; known: 1 to {}", model.ir_version(), kNewestIr)));
  context.ir_version = model.ir_version();
  RONDO_TRY(context.opset, find_opset(model));
  RONDO_CHECK(inline_functions(model, context.opset));
  RONDO_TRY(Graph graph, read_main_graph(model.graph(), context));
  if (graph.name.empty()) graph.name = path.stem().string();
  return graph;
}

Result<FileFacts> facts_of(const pb::ModelProto& model, const std::filesystem::path& path) {
  FileFacts facts;
  facts.format = fmt::format("an ONNX model, IR version {}", model.ir_version());
  std::string producer = model.producer_name();
  if (!producer.empty() && !model.producer_version().empty()) producer += " " + model.producer_version();
  if (!producer.empty()) facts.producer = in_quotes(producer);
  RONDO_TRY(facts.bytes, regular_file_size(path));
  return facts;
}

Result<Tensor> read_tensor_file(const std::filesystem::path& path) {
  pb::TensorProto proto;
  RONDO_CHECK(parse_file(path, "an ONNX tensor", proto));
  ExternalData external(path.parent_path());
  return read_tensor(proto, {}, external);
}

}  // namespace

Result<Graph> read_onnx(const std::filesystem::path& path, Diagnostics& warnings, FileFacts& facts) {
  pb::ModelProto model;
  RONDO_CHECK(parse_file(path, "an ONNX model", model));
  RONDO_TRY(facts, facts_of(model, path));
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
