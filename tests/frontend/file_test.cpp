// Files as a whole: what is a model, what is not, and what a good one becomes.
#include "frontend/file.h"

#include "tests/frontend/models.h"

using namespace rondo;
using namespace rondo::test;

namespace {

std::string error_of(const std::filesystem::path& path) {
  Diagnostics warnings;
  Result<Graph> graph = read_model(path, warnings);
  REQUIRE_FALSE(graph);
  return to_string(graph.errors()[0]);
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("the smallest model") {
  Graph graph = load_good(tanh_model());
  CHECK(graph.level == Level::model);
  CHECK(graph.name == "tiny");
  CHECK(graph.opset == 17);
  REQUIRE(graph.params.size() == 1);
  CHECK(graph.params[0]->name == "x");
  CHECK(to_string(*graph.params[0]->type) == "f32[2, 3]");
  REQUIRE(graph.nodes.size() == 1);
  const Node& node = *graph.nodes[0];
  CHECK(node.op == Op::Tanh);
  CHECK(node.name == "squash");
  CHECK(node.place == "node 'squash' (Tanh)");
  CHECK(node.operands == std::vector<Value*>{graph.params[0].get()});
  CHECK(graph.outputs == std::vector<Value*>{node.result()});
  CHECK(graph.output_names == std::vector<std::string>{"y"});
  REQUIRE(graph.declared_outputs.size() == 1);
  CHECK(to_string(*graph.declared_outputs[0]) == "f32[2, 3]");
}

TEST_CASE("a graph without a name is called after its file; endings are read in either case") {
  TempFolder folder;
  pb::ModelProto model = tanh_model();
  model.mutable_graph()->clear_name();
  Diagnostics warnings;
  Result<Graph> graph = read_model(folder.write("Speech.ONNX", model.SerializeAsString()), warnings);
  REQUIRE(graph);
  CHECK(graph->name == "Speech");
}

TEST_CASE("files that are no models") {
  TempFolder folder;
  CHECK(has(error_of(folder.file("none.onnx")), "no such file"));
  CHECK(has(error_of(folder.file("none.onnx")), folder.file("none.onnx").string()));
  CHECK(has(error_of(folder.write("empty.onnx", "")), "empty"));
  CHECK(has(error_of(folder.write("text.onnx", "not a model at all")), "not an ONNX model"));
  CHECK(has(error_of(folder.write("model.xyz", "?")), "'.xyz'; accepted: .onnx (ONNX)"));
  CHECK(has(error_of(folder.write("model", "?")), "accepted: .onnx"));
  std::filesystem::create_directory(folder.file("folder.onnx"));
  CHECK(has(error_of(folder.file("folder.onnx")), "not a regular file"));
  const std::string whole = lstm_model().SerializeAsString();
  CHECK(has(error_of(folder.write("cut.onnx", whole.substr(0, whole.size() / 2))), "truncated"));
}

TEST_CASE("a file of more than 2 GB is refused before it is read") {
  TempFolder folder;
  const auto path = folder.write("large.onnx", "x");
  std::filesystem::resize_file(path, (uint64_t{1} << 31) + 1);  // sparse: takes no space
  CHECK(has(error_of(path), "the file has 2147483649 bytes, and protobuf ends at 2147483647; larger models keep"));
}

TEST_CASE("a model needs a graph, and the graph outputs") {
  pb::ModelProto model = tanh_model();
  model.clear_graph();
  load_bad(model, {"no graph"});
  refuse({"no outputs"}, [](pb::GraphProto& graph) { graph.clear_output(); });
}

TEST_CASE("operator sets") {
  auto with = [](std::vector<std::pair<std::string, int64_t>> imports) {
    pb::ModelProto model = tanh_model();
    model.clear_opset_import();
    for (auto& [domain, version] : imports) {
      model.add_opset_import()->set_version(version);
      if (!domain.empty()) model.mutable_opset_import(model.opset_import_size() - 1)->set_domain(domain);
    }
    return model;
  };
  CHECK(load_good(with({{"", 9}})).opset == 9);
  CHECK(load_good(with({{"com.other", 3}, {"ai.onnx", 11}})).opset == 11);
  CHECK(load_good(with({{"", 9}, {"ai.onnx", 9}})).opset == 9);
  CHECK(load_good(with({})).opset == 1);
  CHECK(load_good(with({{"com.other", 3}})).opset == 1);
  load_bad(with({{"", 9}, {"ai.onnx", 10}}), {"9 and 10"});
  load_bad(with({{"", 0}}), {"operator set 0; accepted: 1 to"});
  load_bad(with({{"", -4}}), {"operator set -4"});
  CHECK(load_bad(with({{"", 1000}}), {"operator set 1000"}).severity == Severity::unsupported);
}

TEST_CASE("an impossible IR version is remarked upon") {
  pb::ModelProto model = tanh_model();
  model.set_ir_version(-7);
  Loaded loaded = load(model);
  CHECK(loaded.graph);
  REQUIRE(loaded.warnings.size() == 1);
  CHECK(to_string(loaded.warnings[0]).find("IR version -7") != std::string::npos);
  CHECK(load(tanh_model()).warnings.empty());
}

TEST_CASE("names in messages are short and printable") {
  CHECK(in_quotes("x") == "'x'");
  CHECK(in_quotes("a\nb\x7f") == "'a?b?'");
  CHECK(in_quotes(std::string(5000, 'n')).size() < 120);
}

TEST_CASE("files are written whole") {
  TempFolder folder;
  REQUIRE(write_file(folder.file("a"), "one"));
  REQUIRE(write_file(folder.file("a"), "two"));
  CHECK(*read_file(folder.file("a"), 100) == "two");
  CHECK_FALSE(read_file(folder.file("a"), 2));
  CHECK_FALSE(write_file(folder.file("no/such/folder/a"), "three"));
  CHECK_FALSE(std::filesystem::exists(folder.file("a.partial")));
}
