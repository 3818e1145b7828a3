// Damaged models: the reader refuses what it must and survives the rest.
#include "tests/mutilate/mutilate.h"

#include "tests/frontend/json_models.h"
#include "tests/frontend/models.h"

using namespace rondo;
using namespace rondo::test;

namespace {

/// Reads every variant of a seed; returns how many there were.
int survive(const std::string& seed, const std::string& name = "model.onnx") {
  TempFolder folder;
  const auto variants_of = name == "model.onnx" ? mutilate : mutilate_json;
  return variants_of(seed, [&](const Variant& variant) {
    Diagnostics warnings;
    Result<Graph> graph = read_model(folder.write(name, variant.bytes), warnings);
    if (graph) {
      CHECK_MESSAGE(variant.expect != Expect::read_fails, "accepted: " << variant.name);
    } else {
      REQUIRE(!graph.errors().empty());
      CHECK_MESSAGE(variant.expect != Expect::compile_fails,
                    "refused too early: " << variant.name << ": " << to_string(graph.errors()[0]));
      for (const Diagnostic& error : graph.errors()) {
        CHECK(!error.message.empty());
        CHECK(error.severity != Severity::internal);
        CHECK(error.file == folder.file(name).string());
        if (name != "model.onnx") CHECK(error.place.find(": /") != std::string::npos);
      }
    }
  });
}

}  // namespace

TEST_CASE("damaged models of the tests' own") {
  CHECK(survive(lstm_model().SerializeAsString()) >= 200);
  CHECK(survive(if_model().SerializeAsString()) >= 150);
  CHECK(survive(tanh_model().SerializeAsString()) >= 150);
}

TEST_CASE("damaged JSON models of every dialect") {
  for (const std::string& seed : {kRtneuralJson, kAidaxJson, kGuitarmlJson, kStateDictJson, kKerasJson, kRondoJson})
    CHECK(survive(seed, "model.json") >= 300);
  CHECK(survive(kNamJson, "model.nam") >= 200);
}

TEST_CASE("the variants are the same each time") {
  const std::string seed = lstm_model().SerializeAsString();
  std::vector<std::string> first, second;
  mutilate(seed, [&](const Variant& variant) { first.push_back(variant.name + variant.bytes); });
  mutilate(seed, [&](const Variant& variant) { second.push_back(variant.name + variant.bytes); });
  CHECK(first == second);
  std::set<std::string> different(first.begin(), first.end());
  CHECK(different.size() == first.size());
}

TEST_CASE("damaged models of the corpus") {
  if (skip_without_corpus()) return;
  for (const char* name : {"real/precise_athena", "exported/lstmcell_loop_op13", "exported/if_branch_cells_op13"}) {
    std::ifstream stream(corpus() / name / "model.onnx", std::ios::binary);
    const std::string seed{std::istreambuf_iterator<char>(stream), {}};
    REQUIRE_MESSAGE(!seed.empty(), name);
    CAPTURE(name);
    CHECK(survive(seed) >= 150);
  }
}
