// inspect --format=dot|html: which graph or stages, what is refused, and Graphviz's word on the dot.
#include <doctest/doctest.h>

#include <cstdlib>

#include "tests/driver/fixtures.h"

using namespace rondo::test;

namespace {

Outcome inspect(std::vector<std::string> options, const std::string& model = sample("sine.onnx")) {
  options.insert(options.begin(), {program(), "inspect", model});
  return run(options);
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

bool has_graphviz() { return std::system("command -v dot >/dev/null 2>&1") == 0; }

}  // namespace

TEST_CASE("dot of each level and between passes") {
  CHECK(has(inspect({"--format=dot", "--level=model"}).output, "LSTM lstm"));
  const std::string core = inspect({"--format=dot"}).output;
  CHECK(has(core, "scan lstm"));
  CHECK(has(core, "fused"));
  const std::string before = inspect({"--format=dot", "--after=fuse_gates"}).output;
  CHECK(has(before, "scan lstm"));
  CHECK_FALSE(has(before, "fused"));
  CHECK(has(inspect({"--format=dot", "--level=plan"}).output, "loop scan_lstm"));
  CHECK(inspect({"--format=dot", "--after=fuse_gates", "--without=fuse_gates"}).exit_code == 1);
}

TEST_CASE("Graphviz reads it") {
  if (!has_graphviz()) {
    MESSAGE("SKIP: Graphviz's dot is not installed");
    return;
  }
  Folder folder;
  for (const char* level : {"model", "core", "plan"})
    for (const char* model : {"sine.onnx", "compressor.json"}) {
      CAPTURE(level);
      REQUIRE(
          inspect({"--format=dot", std::string("--level=") + level, "-o", folder / "g.dot"}, sample(model)).exit_code ==
          0);
      const std::string command =
          "dot -Tsvg '" + (folder / "g.dot") + "' -o '" + (folder / "g.svg") + "' 2>'" + (folder / "said") + "'";
      CHECK(std::system(command.c_str()) == 0);
      CHECK(read_all(folder / "said").empty());
      CHECK(has(read_all(folder / "g.svg"), "</svg>"));
    }
}

TEST_CASE("a page has the stages that changed something") {
  const std::string page = inspect({"--format=html"}).output;
  for (const char* stage : {"model", "expand", "fuse_gates", "fuse_pointwise", "plan"})
    CHECK(has(page, std::string("\"name\":\"") + stage + "\""));
  CHECK_FALSE(has(page, "\"name\":\"merge_scans\""));
  CHECK(has(page, "\"opensAt\":0"));
  CHECK(inspect({"--format=html"}).output == page);
  CHECK(has(page, "\"symbol\":\"sine.run\""));
}

TEST_CASE("a page opens where it is asked to") {
  CHECK(has(inspect({"--format=html", "--level=core"}).output, "\"opensAt\":6"));  // fuse_pointwise is the last
  CHECK(has(inspect({"--format=html", "--level=plan"}).output, "\"opensAt\":7"));
  CHECK(has(inspect({"--format=html", "--after=fuse_gates"}).output, "\"opensAt\":3"));
  CHECK(has(inspect({"--format=html", "--after=merge_scans"}).output, "\"name\":\"merge_scans\""));
  CHECK(inspect({"--format=html", "--after=fuse_gates", "--without=fuse_gates"}).exit_code == 1);
}

TEST_CASE("a text enters at its level") {
  Folder folder;
  for (const char* level : {"model", "core", "plan"}) {
    CAPTURE(level);
    const std::string text = folder / (std::string(level) + ".rir");
    REQUIRE(inspect({std::string("--level=") + level, "-o", text}).exit_code == 0);
    const Outcome page = inspect({"--format=html"}, text);
    CHECK(page.exit_code == 0);
    CHECK(has(page.output, "\"name\":\"plan\""));
    CHECK(has(page.output, "\"level\":\"model\"") == (std::string(level) == "model"));
  }
  CHECK(has(inspect({"--format=dot", "--level=plan"}, folder / "plan.rir").output, "loop scan_lstm"));
  const Outcome above = inspect({"--format=html", "--level=core"}, folder / "plan.rir");
  CHECK(above.exit_code == 1);
  CHECK(has(above.errors, "nothing above it can be shown"));
  CHECK(inspect({"--format=html", "--level=model"}, folder / "core.rir").exit_code == 1);
}

TEST_CASE("a model that cannot be compiled is drawn as it is, and what is missing is said") {
  Folder folder;
  const std::string text = folder.write("m.rir", R"(model "m" opset 13 {
  input %x: f32[4]
  %y = unsupported "NoSuch"(%x): f32[4] @ "n"
  output %y: f32[4]
})");
  const Outcome page = inspect({"--format=html"}, text);
  CHECK(page.exit_code == 0);
  CHECK(has(page.errors, "NoSuch"));
  CHECK(has(page.output, "NoSuch"));
  CHECK_FALSE(has(page.output, "\"name\":\"plan\""));
  CHECK(has(inspect({"--format=dot", "--level=model"}, text).output, "NoSuch n"));
}

TEST_CASE("options that a picture cannot honour are refused") {
  for (const char* format : {"--format=dot", "--format=html"}) {
    CHECK(inspect({format, "--after-all"}).exit_code == 2);
    CHECK(inspect({format, "--diff=fuse_gates"}).exit_code == 2);
    CHECK(inspect({format, "--weights=full"}).exit_code == 2);
  }
  CHECK(inspect({"--format=png"}).exit_code == 2);
}
