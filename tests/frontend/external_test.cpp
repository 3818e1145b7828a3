// Tensor data in files beside the model, and references that must not be followed.
#include "tests/frontend/models.h"

using namespace rondo;
using namespace rondo::test;

namespace {

using Entries = std::vector<std::pair<std::string, std::string>>;

/// A model that adds the two floats which `entries` refer to.
pb::ModelProto model_with(const Entries& entries) {
  pb::ModelProto model = tanh_model();
  pb::TensorProto& tensor = add_initializer(*model.mutable_graph(), "w", {2}, {});
  tensor.clear_raw_data();
  tensor.set_data_location(1);
  for (auto& [key, value] : entries) {
    tensor.add_external_data()->set_key(key);
    tensor.mutable_external_data(tensor.external_data_size() - 1)->set_value(value);
  }
  model.mutable_graph()->mutable_node(0)->add_input("w");
  return model;
}

/// Beside the model lie weights.bin with the floats 1, 2, 3, and sub/two.bin with 4, 5.
struct Files {
  Files() {
    std::filesystem::create_directory(folder.file("sub"));
    const float weights[] = {1, 2, 3}, two[] = {4, 5};
    folder.write("weights.bin", std::string(reinterpret_cast<const char*>(weights), sizeof weights));
    folder.write("sub/two.bin", std::string(reinterpret_cast<const char*>(two), sizeof two));
  }
  Result<Graph> read(const pb::ModelProto& model) {
    Diagnostics warnings;
    return read_model(folder.write("model.onnx", model.SerializeAsString()), warnings);
  }
  std::vector<double> good(const Entries& entries) {
    Result<Graph> graph = read(model_with(entries));
    REQUIRE_MESSAGE(graph, to_string(graph ? Diagnostic{} : graph.errors()[0]));
    return node_of(*graph, "w").attributes.tensor("value").doubles();
  }
  void bad(const pb::ModelProto& model, const std::string& part) {
    Result<Graph> graph = read(model);
    REQUIRE_FALSE(graph);
    const std::string text = to_string(graph.errors()[0]);
    CHECK_MESSAGE(text.find(part) != std::string::npos, "'" << part << "' is not in: " << text);
    CHECK(text.find("initializer 'w'") != std::string::npos);
  }
  void bad(const Entries& entries, const std::string& part) { bad(model_with(entries), part); }
  TempFolder folder;
};

}  // namespace

TEST_CASE("external data: offset and length") {
  Files files;
  CHECK(files.good({{"location", "weights.bin"}, {"offset", "4"}, {"length", "8"}}) == std::vector<double>{2, 3});
  CHECK(files.good({{"location", "weights.bin"}, {"length", "8"}}) == std::vector<double>{1, 2});
  CHECK(files.good({{"location", "weights.bin"}, {"offset", "4"}}) == std::vector<double>{2, 3});
  CHECK(files.good({{"location", "sub/two.bin"}, {"checksum", "0000"}}) == std::vector<double>{4, 5});
  CHECK(files.good({{"location", "./sub/two.bin"}}) == std::vector<double>{4, 5});
}

TEST_CASE("external data: bytes that are not there, or too many") {
  Files files;
  files.bad({{"location", "weights.bin"}}, "12 bytes for a tensor of 8");
  files.bad({{"location", "weights.bin"}, {"length", "4"}}, "4 bytes for a tensor of 8");
  files.bad({{"location", "weights.bin"}, {"offset", "8"}, {"length", "8"}}, "has 12 bytes");
  files.bad({{"location", "weights.bin"}, {"offset", "13"}}, "begin at 13");
  files.bad({{"location", "weights.bin"}, {"offset", "18446744073709551615"}, {"length", "8"}}, "begin at");
  files.bad({{"location", "weights.bin"}, {"offset", "8"}, {"length", "18446744073709551615"}}, "has 12 bytes");
  files.bad({{"location", "weights.bin"}, {"offset", "-4"}}, "offset is '-4'");
  files.bad({{"location", "weights.bin"}, {"length", "8 bytes"}}, "length is '8 bytes'");
  files.bad({{"location", "weights.bin"}, {"offset", "99999999999999999999"}}, "offset is");
}

TEST_CASE("external data: places that are not the model's") {
  Files files;
  files.folder.write("outside.bin", std::string(8, '\0'));
  for (const char* location : {"/etc/hostname", "../outside.bin", "sub/../../outside.bin", "..", "", "sub/.."})
    files.bad({{"location", location}}, "accepted: a path inside the model's folder");
  files.bad({{"location", std::string("weights.bin\0.txt", 16)}}, "accepted: a path inside");
  files.bad(Entries{}, "accepted: a path inside");
  files.bad({{"location", "none.bin"}}, "no such file");
  files.bad({{"location", "sub"}}, "not a regular file");
  files.bad({{"location", "weights.bin"}, {"colour", "red"}}, "key 'colour'");
}

TEST_CASE("external data: one form only, and no multiplication of a small file") {
  Files files;
  pb::ModelProto both = model_with({{"location", "sub/two.bin"}});
  both.mutable_graph()->mutable_initializer(0)->set_raw_data(std::string(8, '\0'));
  files.bad(both, "both external and in raw_data");

  pb::ModelProto many = model_with({{"location", "sub/two.bin"}});
  pb::GraphProto& graph = *many.mutable_graph();
  for (int i = 0; i < 3; ++i) {
    *graph.add_initializer() = pb::TensorProto(graph.initializer(0));
    graph.mutable_initializer(i + 1)->set_name("w" + std::to_string(i));
    graph.mutable_node(0)->add_input("w" + std::to_string(i));
  }
  CHECK(files.read(many));
  *graph.add_initializer() = pb::TensorProto(graph.initializer(0));
  graph.mutable_initializer(4)->set_name("w3");
  graph.mutable_node(0)->add_input("w3");
  Result<Graph> refused = files.read(many);
  REQUIRE_FALSE(refused);
  CHECK(to_string(refused.errors()[0]).find("more than 4 times") != std::string::npos);
}
