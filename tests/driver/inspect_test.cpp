// inspect: the levels as text.
#include <doctest/doctest.h>

#include "ir/text.h"
#include "tests/driver/fixtures.h"

using namespace rondo::test;

namespace {

Outcome inspect(std::vector<std::string> options) {
  options.insert(options.begin(), {program(), "inspect", sample("sine.onnx")});
  return run(options);
}

}  // namespace

TEST_CASE("the levels") {
  CHECK(inspect({"--level=model"}).output.find("LSTM") != std::string::npos);
  Outcome core = inspect({});
  CHECK(core.exit_code == 0);
  CHECK(core.output.find("scan") != std::string::npos);
  CHECK(core.output.find("LSTM") == std::string::npos);
  CHECK(inspect({"--level=plan"}).exit_code == 0);
}

TEST_CASE("full weights read back, brief ones are short") {
  for (const char* level : {"--level=model", "--level=core", "--level=plan"}) {
    CAPTURE(level);
    Outcome full = inspect({level, "--weights=full"}), brief = inspect({level});
    CHECK(rondo::parse(full.output));
    CHECK(brief.output.size() < full.output.size());
  }
  Folder folder;
  REQUIRE(inspect({"-o", folder / "sine.rir"}).exit_code == 0);
  CHECK(rondo::parse(read_all(folder / "sine.rir")));
  CHECK(run({program(), "inspect", folder / "sine.rir"}).exit_code == 0);
}

TEST_CASE("stored weights, fast math and plan stages left out show in the plan") {
  const std::string plain = inspect({"--level=plan"}).output;
  CHECK(plain.find("gated_sum") != std::string::npos);
  CHECK(plain.find("f16") == std::string::npos);
  CHECK(plain.find("math fast") == std::string::npos);
  CHECK(inspect({"--level=plan", "--weights=f16"}).output.find("constant f16[") != std::string::npos);
  Outcome full = inspect({"--level=plan", "--weights=bf16", "--weights=full"});
  CHECK(full.output.find("constant bf16[") != std::string::npos);
  CHECK(rondo::parse(full.output));
  CHECK(inspect({"--level=plan", "--math=fast"}).output.find("math fast") != std::string::npos);
  Outcome without = inspect({"--level=plan", "--without=combine_activations"});
  CHECK(without.exit_code == 0);
  CHECK(without.output.find("gated_sum") == std::string::npos);
}

TEST_CASE("between the passes") {
  Outcome one = inspect({"--after=fuse_gates"});
  CHECK(one.exit_code == 0);
  CHECK(one.output.find("after fuse_gates") != std::string::npos);
  CHECK(one.output.find("after remove_dead") == std::string::npos);
  Outcome all = inspect({"--after-all"});
  CHECK(all.output.find("after expand") != std::string::npos);
  CHECK(all.output.find("after remove_dead") != std::string::npos);
  CHECK(inspect({"--after=expand", "--without=fuse_gates"}).exit_code == 0);
  CHECK(inspect({"--after=fuse_gates", "--without=fuse_gates"}).exit_code == 1);
}

TEST_CASE("states and dimensions show") {
  Outcome outcome = run(with_state({program(), "inspect", sample("sine.onnx"), "--level=model", "--dim=time=1"}));
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.output.find("state") != std::string::npos);
  CHECK(outcome.output.find("[1, 1, 1]") != std::string::npos);
}
