// Every model of the corpus whose operators are supported: imported, expanded, and evaluated by the reference evaluator
// against recorded outputs. Skips loudly where the corpus is absent.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "frontend/frontend.h"
#include "tests/passes/expand_model.h"

namespace rondo::testing {
namespace {

namespace fs = std::filesystem;

fs::path corpus() {
  if (const char* path = std::getenv("RONDO_CORPUS")) return path;
#ifdef RONDO_CORPUS
  return RONDO_CORPUS;
#else
  return {};
#endif
}

enum class Verdict { passed, failed, unsupported };

struct Outcome {
  Verdict verdict;
  std::string reason;
};

std::vector<Tensor> read_tensors(const fs::path& folder, const char* stem) {
  std::vector<Tensor> tensors;
  for (int i = 0;; ++i) {
    const fs::path path = folder / (std::string(stem) + "_" + std::to_string(i) + ".pb");
    if (!fs::exists(path)) return tensors;
    auto tensor = read_tensor_proto(path);
    if (!tensor) return tensors;
    tensors.push_back(*tensor);
  }
}

struct Tolerance {
  double absolute, relative;
};

Tolerance tolerance(DType dtype) {
  if (dtype == DType::f64) return {1e-12, 1e-10};
  if (dtype == DType::f32) return {1e-5, 1e-4};
  if (dtype == DType::f16 || dtype == DType::bf16) return {1e-2, 1e-2};
  return {0, 0};
}

/// How far the recorded values of a model are from those in double precision, where the corpus says so: the evaluator
/// computes in double precision.
double rounding_of(const fs::path& folder) {
  std::ifstream file(folder / "VERIFY.json");
  const std::string text{std::istreambuf_iterator<char>(file), {}}, key = "\"d_numpy\":";
  const size_t at = text.find(key);
  return at == std::string::npos ? 0 : std::strtod(text.c_str() + at + key.size(), nullptr);
}

/// `quantised`: the evaluator does not round to single precision, so halves may fall to another byte than recorded.
std::string difference(const Tensor& got, const Tensor& want, bool quantised, double rounding) {
  if (got.type() != want.type()) return "type " + to_string(got.type()) + ", recorded " + to_string(want.type());
  Tolerance limit = tolerance(want.dtype());
  if (want.dtype() == DType::f32) limit.absolute = std::max(limit.absolute, rounding);
  if (quantised && is_integer(want.dtype()) && byte_size(want.dtype()) == 1) limit.absolute = 1;
  for (int64_t i = 0; i < want.count(); ++i) {
    const double a = got.double_at(i), b = want.double_at(i);
    if (a == b || (std::isnan(a) && std::isnan(b))) continue;
    if (std::abs(a - b) <= limit.absolute + limit.relative * std::abs(b)) continue;
    return "element " + std::to_string(i) + " is " + std::to_string(a) + ", recorded " + std::to_string(b);
  }
  return {};
}

bool rounds(const Graph& core) {
  return std::any_of(core.nodes.begin(), core.nodes.end(), [](const auto& node) { return node->op == Op::round; });
}

/// Small integer inputs say shapes and axes, which have to be known when compiling: they become constants.
void freeze_small_inputs(Graph& model, std::vector<Tensor>& arguments) {
  std::vector<std::unique_ptr<Value>> kept;
  std::vector<std::unique_ptr<Node>> constants;
  std::vector<Tensor> left;
  std::map<const Value*, Value*> replacement;
  for (size_t i = 0; i < model.params.size(); ++i) {
    const Tensor& tensor = arguments[i];
    if (tensor.count() <= 16 && tensor.shape().size() <= 1) {
      Node* node = model.append(Op::Constant, {}, {{"value", tensor}}, 1);
      replacement[model.params[i].get()] = node->result();
      constants.push_back(std::move(model.nodes.back()));
      model.nodes.pop_back();
      model.params[i]->name += " (frozen)";
      kept.push_back(std::move(model.params[i]));
    } else {
      left.push_back(tensor);
    }
  }
  std::erase(model.params, nullptr);
  replace_uses(model, replacement);
  std::move(model.nodes.begin(), model.nodes.end(), std::back_inserter(constants));
  model.nodes = std::move(constants);
  arguments = std::move(left);
}

Outcome compare(const Graph& core, const std::vector<Tensor>& arguments, const std::vector<Tensor>& recorded,
                double rounding) {
  if (Status verified = verify(core); !verified) return {Verdict::failed, all_messages(verified.errors())};
  std::vector<Array> arrays;
  for (const Tensor& tensor : arguments) arrays.push_back(Array::from(tensor));
  auto results = evaluate(core, std::move(arrays));
  if (!results) return {Verdict::failed, all_messages(results.errors())};
  if (results->size() != recorded.size()) return {Verdict::failed, "number of outputs"};
  for (size_t i = 0; i < recorded.size(); ++i) {
    std::string text = difference((*results)[i].to_tensor(), recorded[i], rounds(core), rounding);
    if (!text.empty()) return {Verdict::failed, "output " + std::to_string(i) + ": " + text};
  }
  return {Verdict::passed, {}};
}

/// Only what lies outside rondo's operators may be left out: every other error is a failure.
bool is_outside(const Diagnostics& errors) {
  auto is = [](const Diagnostic& error) {
    return error.severity == Severity::unsupported && contains(error.message, "is not among the operators");
  };
  return std::any_of(errors.begin(), errors.end(), is);
}

fs::path model_file(const fs::path& folder) {
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".onnx") return entry.path();
  }
  return {};
}

Outcome check_set(const fs::path& file, const fs::path& data) {
  Outcome outcome{Verdict::failed, {}};
  for (const bool frozen : {false, true}) {
    Diagnostics warnings;
    auto model = read_model(file, warnings);
    if (!model)
      return {is_outside(model.errors()) ? Verdict::unsupported : Verdict::failed, all_messages(model.errors())};
    std::vector<Tensor> arguments = read_tensors(data, "input"), recorded = read_tensors(data, "output");
    if (arguments.size() != model->params.size()) return {Verdict::failed, "number of inputs"};
    if (frozen) freeze_small_inputs(*model, arguments);
    auto core = expand(*model, warnings);
    if (core) return compare(*core, arguments, recorded, rounding_of(file.parent_path()));
    outcome = {is_outside(core.errors()) ? Verdict::unsupported : Verdict::failed, all_messages(core.errors())};
    auto wants = [](const Diagnostic& error) { return !error.wanted_inputs.empty() || !error.wanted_dims.empty(); };
    if (std::none_of(core.errors().begin(), core.errors().end(), wants)) break;
  }
  return outcome;
}

Outcome check_case(const fs::path& folder) {
  Outcome outcome{Verdict::failed, "no data"};
  for (int i = 0; fs::exists(folder / ("test_data_set_" + std::to_string(i))); ++i) {
    outcome = check_set(model_file(folder), folder / ("test_data_set_" + std::to_string(i)));
    if (outcome.verdict != Verdict::passed) return outcome;
  }
  return outcome;
}

struct Counts {
  int passed = 0, failed = 0, unsupported = 0;
};

/// All cases of a suite; with RONDO_VERBOSE set, says why each unsupported case is so.
Counts check_suite(const fs::path& suite) {
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(suite)) {
    if (entry.is_directory()) folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  Counts counts;
  for (const fs::path& folder : folders) {
    const Outcome outcome = check_case(folder);
    counts.passed += outcome.verdict == Verdict::passed;
    counts.failed += outcome.verdict == Verdict::failed;
    counts.unsupported += outcome.verdict == Verdict::unsupported;
    if (outcome.verdict == Verdict::failed) MESSAGE(folder.filename().string() << ": " << outcome.reason);
    if (outcome.verdict == Verdict::unsupported && std::getenv("RONDO_VERBOSE")) {
      std::printf("unsupported %s: %s", folder.filename().c_str(), outcome.reason.c_str());
    }
  }
  std::printf("expand corpus %s: %d pass, %d fail, %d unsupported\n", suite.filename().c_str(), counts.passed,
              counts.failed, counts.unsupported);
  return counts;
}

/// Whether there is a corpus; says so if there is none.
bool has_corpus() {
  if (!corpus().empty() && fs::exists(corpus())) return true;
  std::printf("SKIP: no corpus at '%s'; set RONDO_CORPUS\n", corpus().c_str());
  return false;
}

TEST_CASE("corpus: recorded outputs of one-operator models") {
  if (!has_corpus()) return;
  const Counts grid = check_suite(corpus() / "onnx-node" / "grid");
  CHECK(grid.failed == 0);
  CHECK(grid.unsupported == 0);
  CHECK(grid.passed >= 93);
  for (const char* suite : {"thirdparty", "latest", "older", "pytorch", "simple"}) {
    CAPTURE(suite);
    const Counts counts = check_suite(corpus() / "onnx-node" / suite);
    CHECK(counts.failed == 0);
    CHECK(counts.passed > 0);
  }
}

TEST_CASE("corpus: recorded outputs of whole models") {
  if (!has_corpus()) return;
  for (const char* suite : {"exported", "real"}) {
    CAPTURE(suite);
    const Counts counts = check_suite(corpus() / suite);
    CHECK(counts.failed == 0);
    CHECK(counts.passed > 0);
  }
}

}  // namespace
}  // namespace rondo::testing
