// Weights that are swapped: code compiled with --external-weights runs with those of any model of the same architecture,
// and computes what that model's own code computes; other blobs are refused. Each JSON dialect, and ONNX.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "driver/loaded_model.h"
#include "driver/inputs.h"
#include "frontend/file.h"
#include "frontend/frontend.h"
#include "tests/driver/fixtures.h"
#include "tests/frontend/json_models.h"

namespace rondo::test {
namespace {

using Document = nlohmann::ordered_json;
using Values = std::function<double(int)>;  // of weight number i

template <class T>
T require(Result<T> result) {
  if (!result) FAIL(to_string(result.errors()[0]));
  return *std::move(result);
}

/// Of one architecture: as they were trained, otherwise, and values that invite decisions.
const std::vector<std::pair<const char*, Values>> kOthers = {
    {"other", [](int i) { return 0.05 + 0.01 * (i * 7 % 13); }},
    {"zeros", [](int) { return 0.0; }},
    {"ones", [](int) { return 1.0; }},
};

/// Every number in a list becomes another.
void replace_numbers(Document& value, const Values& values, int& count) {
  for (auto& element : value) {
    if (value.is_array() && element.is_number()) element = values(count++);
    if (element.is_structured()) replace_numbers(element, values, count);
  }
}

/// The same in every member of this name; an empty name: in the whole document.
void replace_in(Document& value, const std::string& member, const Values& values, int& count) {
  if (member.empty()) return replace_numbers(value, values, count);
  if (value.is_object() && value.contains(member)) replace_numbers(value[member], values, count);
  for (auto& inner : value)
    if (inner.is_structured()) replace_in(inner, member, values, count);
}

std::string json_with(const std::string& text, const std::string& member, const Values& values) {
  Document document = Document::parse(text);
  int count = 0;
  replace_in(document, member, values, count);
  CHECK(count > 0);
  return document.dump();
}

/// An ONNX file whose tensors of floats have other values, in the file's own bytes.
std::string onnx_with(const std::string& path, const Values& values) {
  std::string bytes = read_all(path);
  Diagnostics warnings;
  const Graph graph = require(read_model(path, warnings));
  int count = 0, replaced = 0;
  for (const auto& node : graph.nodes) {
    const Attribute* value = node->op == Op::Constant ? node->attributes.find("value") : nullptr;
    if (!value || std::get<Tensor>(*value).dtype() != DType::f32) continue;
    const Tensor& tensor = std::get<Tensor>(*value);
    std::vector<double> others;
    for (int64_t i = 0; i < tensor.count(); ++i) others.push_back(values(count++));
    const size_t at = bytes.find(tensor.bytes());
    if (tensor.shape().empty() || at == std::string::npos) continue;
    bytes.replace(at, tensor.bytes().size(), Tensor::from_doubles(DType::f32, tensor.shape(), others).bytes());
    ++replaced;
  }
  CHECK(replaced >= 3);
  return bytes;
}

struct Compiled {
  Plan plan;
  std::string library;
  LoadedModel model;
};

Compiled compile(ModelOptions options, bool external) {
  options.name = "model";
  options.external_weights = external;
  const Target target = require(host_target({}));
  Plan plan = require(lower_to_plan(require(read_source(options)), options, target));
  const CodegenOptions codegen = codegen_options(options);
  std::string library = require(build_shared(plan, target, options, "model.so", codegen));
  LoadedModel model = require(LoadedModel::build(plan, target, options, codegen));
  return {std::move(plan), std::move(library), std::move(model)};
}

/// Two calls; of models with state, the second one goes on.
Result<std::vector<Tensor>> calls(const LoadedModel& model) {
  Dim::Values dims;
  for (const std::string& symbol : model.symbols()) dims[symbol] = 5;
  RONDO_TRY(Instance instance, model.instantiate(dims));
  RONDO_TRY(std::vector<Tensor> inputs, make_up_inputs(model, {}, dims));
  RONDO_TRY(std::vector<Tensor> outputs, instance.call(inputs));
  RONDO_TRY(std::vector<Tensor> more, instance.call(inputs));
  outputs.insert(outputs.end(), more.begin(), more.end());
  return outputs;
}

void check_close(const std::vector<Tensor>& got, const std::vector<Tensor>& want) {
  REQUIRE(got.size() == want.size());
  for (size_t i = 0; i < got.size(); ++i)
    for (int64_t k = 0; k < got[i].count(); ++k) {
      const double limit = 1e-5 + 1e-5 * std::fabs(want[i].double_at(k));
      CHECK(std::fabs(got[i].double_at(k) - want[i].double_at(k)) <= limit);
    }
}

/// `file` holds one model of an architecture, `other` another one of it.
void check_swap(const ModelOptions& file, const ModelOptions& other) {
  Compiled one = compile(file, true), two = compile(other, true);
  CHECK(fingerprint(one.plan) == fingerprint(two.plan));
  CHECK((one.library == two.library));  // as bytes
  const std::vector<Tensor> own = require(calls(two.model));
  REQUIRE(one.model.use_weights(weights_of(two.plan)));
  CHECK(require(calls(one.model)) == own);
  check_close(own, require(calls(compile(other, false).model)));
}

struct Dialect {
  const char *file, *member;
  std::string text;
};
const Dialect kDialects[] = {{"rtneural.json", "weights", kRtneuralJson}, {"aidax.json", "weights", kAidaxJson},
                             {"guitarml.json", "state_dict", kGuitarmlJson}, {"lstm.nam", "weights", kNamJson},
                             {"state_dict.json", "", kStateDictJson}, {"keras.json", "trainable_params", kKerasJson},
                             {"own.json", "W", kRondoJson}};

ModelOptions model_file(const std::string& path) {
  ModelOptions options;
  options.model = path;
  return options;
}

ModelOptions sine(const std::string& path) {
  ModelOptions options = model_file(path);
  options.dims = {{"time", 1}};
  options.states = {{"h0", "hn"}, {"c0", "cn"}};
  return options;
}

}  // namespace

TEST_CASE("weights of every JSON dialect are swapped") {
  for (const Dialect& dialect : kDialects)
    for (const auto& [name, values] : kOthers) {
      CAPTURE(dialect.file);
      CAPTURE(name);
      Folder folder;
      check_swap(model_file(folder.write(dialect.file, dialect.text)),
                 model_file(folder.write(std::string("other/") + dialect.file,
                                         json_with(dialect.text, dialect.member, values))));
    }
}

TEST_CASE("weights of an ONNX model with state are swapped") {
  for (const auto& [name, values] : kOthers) {
    CAPTURE(name);
    Folder folder;
    check_swap(sine(sample("sine.onnx")), sine(folder.write("other.onnx", onnx_with(sample("sine.onnx"), values))));
  }
}

TEST_CASE("a learned initial state is swapped with the weights of a streamed model") {
  Folder folder;
  ModelOptions one = model_file(folder.write("one.nam", kNamJson));
  ModelOptions two = model_file(folder.write("two.nam", json_with(kNamJson, "weights", kOthers[0].second)));
  one.stream = two.stream = std::vector<std::string>{};
  check_swap(one, two);
}

TEST_CASE("a blob of another architecture is refused by the call and by the reset") {
  Folder folder;
  Compiled one = compile(model_file(folder.write("a.nam", kNamJson)), true);
  const Compiled two = compile(model_file(folder.write("b.json", kAidaxJson)), true);
  CHECK(fingerprint(one.plan) != fingerprint(two.plan));
  std::string blob = weights_of(two.plan);
  blob.resize(std::max(blob.size(), weights_of(one.plan).size()));
  REQUIRE(one.model.use_weights(blob));
  const auto outputs = calls(one.model);
  REQUIRE_FALSE(outputs);
  CHECK(to_string(outputs.errors()[0]).find("another architecture") != std::string::npos);
}

TEST_CASE("compile, weights, and the loader that reads them") {
  Folder folder;
  const std::string first = folder.write("first.json", kGuitarmlJson), nam = folder.write("nam.nam", kNamJson);
  const std::string second = folder.write("second.json", json_with(kGuitarmlJson, "state_dict", kOthers[0].second));
  auto rondo = [&](std::vector<std::string> words) {
    words.insert(words.begin(), program());
    return run(words);
  };
  REQUIRE(rondo({"compile", first, "-o", folder / "first.so", "--external-weights"}).exit_code == 0);
  REQUIRE(rondo({"weights", second, "-o", folder / "second.weights"}).exit_code == 0);
  REQUIRE(rondo({"weights", first, "-o", folder / "again.weights"}).exit_code == 0);
  REQUIRE(rondo({"weights", nam, "-o", folder / "nam.weights"}).exit_code == 0);
  CHECK(read_all(folder / "again.weights") == read_all(folder / "first.weights"));
  CHECK(read_all(folder / "second.weights") != read_all(folder / "first.weights"));

  rondo_library library;
  char reason[256] = "";
  REQUIRE(rondo_open(&library, (folder / "first.so").c_str(), nullptr, reason, sizeof reason));
  const auto error = [&](const std::string& path) {
    reason[0] = 0;
    CHECK(rondo_read_weights(library.model, path.c_str(), reason, sizeof reason) == nullptr);
    return std::string(reason);
  };
  CHECK(library.model->constants == nullptr);
  void* weights = rondo_read_weights(library.model, (folder / "second.weights").c_str(), reason, sizeof reason);
  REQUIRE(weights);
  CHECK(reinterpret_cast<uintptr_t>(weights) % RONDO_ALIGNMENT == 0);
  CHECK(std::string(static_cast<char*>(weights), library.model->constant_bytes) == read_all(folder / "second.weights"));
  rondo_free_weights(weights);
  CHECK(error(folder / "absent.weights").find("cannot be opened") != std::string::npos);
  CHECK(error(folder / "first.so").find("no blob") != std::string::npos);
  CHECK(error(folder / "nam.weights").find("another architecture") != std::string::npos);
  const std::string whole = read_all(folder / "second.weights");
  CHECK(error(folder.write("short", whole.substr(0, whole.size() - 1))).find("not whole") != std::string::npos);
  CHECK(error(folder.write("long", whole + "x")).find("not whole") != std::string::npos);
  CHECK(error(folder.write("tiny", whole.substr(0, 7))).find("no blob") != std::string::npos);
  rondo_close(&library);
}

TEST_CASE("a model without weights has none to write") {
  Folder folder;
  const std::string model = folder.write("none.json", R"json({"rondo": 1, "inputs": {"x": "f32[2]"}, "nodes": ["y = Tanh(x)"],
    "outputs": ["y"]})json");
  const Outcome outcome = run({program(), "weights", model, "-o", folder / "none.weights"});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.errors.find("no weights") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(folder / "none.weights"));
}

TEST_CASE("run and verify bring the weights themselves") {
  const Outcome outcome = run(with_state({program(), "verify", sample("sine.onnx"), "--data", sample("recording"), "--external-weights"}));
  CAPTURE(outcome.errors);
  CHECK(outcome.exit_code == 0);
}

}  // namespace rondo::test
