// dot: clusters, edges and what is escaped. tests/driver/picture_test.cpp has Graphviz read it.
#include "view/dot.h"

#include <fmt/format.h>

#include <algorithm>

#include "tests/view/fixtures.h"

using namespace rondo;
using namespace rondo::test;
using view::scene_of;

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("regions are clusters, operands are edges") {
  const view::Scene scene = scene_of(graph_of(kRecurrence));
  const std::string text = dot(scene, "r");
  const int scan = find(scene, "scan"), add = find(scene, "add");
  CHECK(has(text, "digraph \"r\" {"));
  CHECK(has(text, fmt::format("subgraph cluster_{}_0 {{", scan)));
  CHECK(has(text, fmt::format("n{} -> n{};", find(scene, "parameter", "before"), add)));
  CHECK(has(text, fmt::format("n{} -> n{};", scan, find(scene, "tanh"))));
  CHECK(
      has(text, fmt::format("n{} -> n{} [style=dashed", find(scene, "input", "x"), find(scene, "parameter", "step"))));
  CHECK(has(text, "label=\"scan sum\\nf32[4]\\nf32[T, 4]\""));
  CHECK(std::count(text.begin(), text.end(), '{') == std::count(text.begin(), text.end(), '}'));
}

TEST_CASE("names are escaped") {
  Graph graph(Level::core);
  graph.add_param(Type{DType::f32, {}}, "a\"; evil [label=\\\"x\\\"]");
  graph.add_param(Type{DType::f32, {}}, "\n\xff");
  const std::string text = dot(scene_of(graph), "t\"itle\\");
  CHECK(has(text, R"(digraph "t\"itle\\" {)"));
  CHECK(has(text, R"(label="input a\"; evil [label=\\\"x\\\"]\nf32[]")"));
  CHECK(has(text, R"(label="input \\n\\xff\nf32[]")"));
}

TEST_CASE("a plan has its loops as clusters") {
  const view::Scene scene = scene_of(plan_of(kPlan));
  const std::string text = dot(scene, "p");
  CHECK(has(text, fmt::format("subgraph cluster_{}_0 {{", find(scene, "loop"))));
  CHECK(dot(scene_of(plan_of(kPlan)), "p") == text);
}
