// The time axes of ports: their text, and what the verifiers demand of them.
#include "ir/text.h"
#include "ir/verify.h"
#include "tests/ir/evaluate.h"

namespace rondo::test {
namespace {

std::string graph_with(const std::string& timing) {
  return "core \"m\" {\n  input %x: f32[1, 4]\n  %0 = neg(%x): f32[1, 4]\n  output %0 as \"y\"\n" + timing + "}\n";
}

std::string first_error(const std::string& timing) {
  Result<Parsed> parsed = parse(graph_with(timing));
  if (!parsed) return to_string(parsed.errors()[0]);
  Status valid = verify(*parsed->graph);
  return valid ? "" : to_string(valid.errors()[0]);
}

}  // namespace

TEST_CASE("time axes print and read back") {
  const std::string text = graph_with("  time input \"x\" axis 1\n  time output \"y\" axis 0 latency 3\n");
  Result<Parsed> parsed = parse(text);
  REQUIRE(parsed);
  CHECK(print(*parsed->graph) == text);
  CHECK(verify(*parsed->graph));
  const Timing* y = find_timing(parsed->graph->timing, Timing::Port::output, "y");
  REQUIRE(y);
  CHECK(y->axis == 0);
  CHECK(y->latency == 3);
  CHECK_FALSE(find_timing(parsed->graph->timing, Timing::Port::input, "y"));
  CHECK(equal(*parsed->graph, *parsed->graph->clone()));
  std::unique_ptr<Graph> other = parsed->graph->clone();
  other->timing[1].latency = 4;
  CHECK_FALSE(equal(*parsed->graph, *other));
}

TEST_CASE("time axes that mean nothing are refused") {
  CHECK(first_error("  time input \"z\" axis 0\n").find("there is no such port") != std::string::npos);
  CHECK(first_error("  time input \"x\" axis 2\n").find("f32[1, 4] has no axis 2") != std::string::npos);
  CHECK(first_error("  time output \"y\" axis 0 latency -1\n").find("a latency of -1 is negative") !=
        std::string::npos);
  CHECK(first_error("  time output \"y\" axis 0\n  time output \"y\" axis 1\n").find("it stands there twice") !=
        std::string::npos);
  CHECK(first_error("  time \"y\" axis 0\n").find("expected") != std::string::npos);
}

TEST_CASE("a plan's steps have a known number of frames") {
  const auto errors = [](const std::string& frames) {
    Result<Parsed> parsed = parse(
        "plan \"m\" {\n  symbols T\n  time input \"x\" axis 0\n  memory constants 0, state 0, scratch 0\n"
        "  buffer x = input f32[" +
        frames + "] slot 0\n  input \"x\": f32[" + frames + "] in x\n}\n");
    REQUIRE(parsed);
    CHECK(print(*parsed->plan).find("  time input \"x\" axis 0\n") != std::string::npos);
    Status valid = verify(*parsed->plan);
    return valid ? "" : to_string(valid.errors()[0]);
  };
  CHECK(errors("2") == "");
  CHECK(errors("T").find("a known number of them") != std::string::npos);
}

}  // namespace rondo::test
