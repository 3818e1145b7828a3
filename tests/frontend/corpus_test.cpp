// Models that others made: all are read, or refused with a reason.
#include <algorithm>

#include "frontend/npy.h"
#include "tests/frontend/models.h"

using namespace rondo;
using namespace rondo::test;

namespace {

std::vector<std::filesystem::path> files(const std::filesystem::path& folder, const std::string& ending) {
  std::vector<std::filesystem::path> result;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.path().extension() == ending) result.push_back(entry.path());
  std::sort(result.begin(), result.end());
  return result;
}

/// An error has a file and says something; only unsupported kinds of values are a reason in a valid model.
void check_reason(const Diagnostics& errors, const std::filesystem::path& path) {
  REQUIRE(!errors.empty());
  for (const Diagnostic& error : errors) {
    CHECK(error.file == path.string());
    CHECK(!error.message.empty());
    CHECK_MESSAGE(error.severity == Severity::unsupported, to_string(error));
  }
}

bool contains(const Graph& graph, Op op) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(), [&](const auto& node) { return node->op == op; });
}

}  // namespace

TEST_CASE("corpus: real and exported models are all read") {
  if (skip_without_corpus()) return;
  for (const char* folder : {"real", "exported"}) {
    const auto models = files(corpus() / folder, ".onnx");
    CHECK(models.size() >= 30);
    for (const auto& path : models) {
      Diagnostics warnings;
      Result<Graph> graph = read_model(path, warnings);
      CHECK_MESSAGE(graph, to_string(graph ? Diagnostic{} : graph.errors()[0]));
      if (!graph) continue;
      CHECK(!graph->nodes.empty());
      CHECK(graph->output_names.size() == graph->outputs.size());
      CHECK(graph->declared_outputs.size() == graph->outputs.size());
    }
  }
}

TEST_CASE("corpus: operators' own tests are read, or use types rondo does not have") {
  if (skip_without_corpus()) return;
  int read = 0;
  const auto models = files(corpus() / "onnx-node", ".onnx");
  for (const auto& path : models) {
    Diagnostics warnings;
    Result<Graph> graph = read_model(path, warnings);
    if (graph)
      ++read;
    else
      check_reason(graph.errors(), path);
  }
  CHECK(models.size() > 1000);
  CHECK(read > static_cast<int>(models.size()) * 95 / 100);
}

TEST_CASE("corpus: facts of some models") {
  if (skip_without_corpus()) return;
  Diagnostics warnings;
  Result<Graph> lstm = read_model(corpus() / "exported/lstm_op9/model.onnx", warnings);
  REQUIRE(lstm);
  CHECK(lstm->opset == 9);
  CHECK(contains(*lstm, Op::LSTM));
  Result<Graph> external = read_model(corpus() / "real/weather_lstm_dynamo/model.onnx", warnings);
  REQUIRE(external);
  CHECK(contains(*external, Op::LSTM));
  Result<Graph> loop = read_model(corpus() / "exported/lstmcell_loop_op13/model.onnx", warnings);
  REQUIRE(loop);
  CHECK(
      std::any_of(loop->nodes.begin(), loop->nodes.end(), [](const auto& node) { return node->regions.size() == 1; }));
}

TEST_CASE("corpus: test data as tensors and as NumPy files") {
  if (skip_without_corpus()) return;
  int read = 0;
  const auto tensors = files(corpus(), ".pb");
  for (const auto& path : tensors) {
    Result<Tensor> tensor = read_tensor_proto(path);
    if (tensor)
      ++read;
    else
      CHECK(tensor.errors()[0].file == path.string());
  }
  CHECK(tensors.size() > 4000);
  CHECK(read > static_cast<int>(tensors.size()) * 95 / 100);
  for (const auto& path : files(corpus(), ".npy")) {
    Result<Tensor> tensor = read_npy(path);
    CHECK_MESSAGE(tensor, to_string(tensor ? Diagnostic{} : tensor.errors()[0]));
  }
}
