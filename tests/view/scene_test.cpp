// scene_of: what becomes a vertex, what it uses, which box it is in, its family and its text.
#include "view/scene.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/view/fixtures.h"
#include "view/family.h"

using namespace rondo;
using namespace rondo::test;
using view::Scene;
using view::scene_of;
using view::Vertex;

TEST_CASE("a graph's parameters, nodes and outputs are vertices; regions are boxes") {
  const Scene scene = scene_of(graph_of(kRecurrence));
  const int x = find(scene, "input", "x"), h = find(scene, "state", "h");
  const int scan = find(scene, "scan"), add = find(scene, "add"), yield = find(scene, "yield");
  CHECK(scene.vertices.size() == 11);
  CHECK(uses(scene, scan) == std::vector{h, x});
  CHECK(scene.vertices[scan].results.size() == 2);
  CHECK(scene.vertices[scan].results[1].type == "f32[T, 4]");
  CHECK(scene.vertices[scan].parent == -1);
  CHECK(scene.vertices[add].parent == scan);
  CHECK(scene.vertices[yield].parent == scan);
  CHECK(uses(scene, yield) == std::vector{add, add});
  CHECK(uses(scene, find(scene, "next", "h")) == std::vector{scan});
  CHECK(uses(scene, find(scene, "output", "y")) == std::vector{find(scene, "tanh")});
  CHECK(scene.vertices[find(scene, "tanh")].operands[0].result == 1);
}

TEST_CASE("parameters of regions stand for values outside") {
  const Scene scene = scene_of(graph_of(kRecurrence));
  CHECK(uses(scene, find(scene, "parameter", "t")) == std::vector{-1});
  CHECK(uses(scene, find(scene, "parameter", "before")) == std::vector{find(scene, "state", "h")});
  CHECK(uses(scene, find(scene, "parameter", "step")) == std::vector{find(scene, "input", "x")});
}

TEST_CASE("the count of a loop's steps stands for nothing outside") {
  const Scene scene = scene_of(graph_of(kLoop));
  CHECK(uses(scene, find(scene, "parameter", "t")) == std::vector{-1});
  CHECK(uses(scene, find(scene, "parameter", "before")) == std::vector{find(scene, "input", "h")});
}

TEST_CASE("attributes are facts, and large weights are statistics") {
  const Scene scene = scene_of(graph_of(kRecurrence));
  const Vertex& scan = scene.vertices[find(scene, "scan")];
  CHECK(std::find(scan.facts.begin(), scan.facts.end(), std::pair<std::string, std::string>("trip", "T")) !=
        scan.facts.end());
  Graph large;
  large.append(Op::constant, {}, {{"value", Tensor::zeros(DType::f32, {100, 100})}}, 1)->result()->type =
      Type{DType::f32, {100, 100}};
  CHECK(scene_of(large).vertices[0].facts[0].second == "f32[100, 100] <mean 0, min 0, max 0>");
}

TEST_CASE("every core operator has a family, and a model operator the family of what it is expanded to") {
  for (int i = 0; i < static_cast<int>(Op::unsupported); ++i) {
    const Op op = static_cast<Op>(i);
    CAPTURE(info(op).word);
    CHECK((view::family_of(op) == "model") == is_model(op));
  }
  CHECK(view::stronger("movement", "product") == "product");
  CHECK(view::stronger("recurrence", "function") == "recurrence");
}

TEST_CASE("text is UTF-8 without control characters") {
  CHECK(view::shown("grün") == "grün");
  CHECK(view::shown("a\nb") == "a\\nb");
  CHECK(view::shown("\xff") == "\\xff");
  CHECK(view::shown(std::string_view("\0", 1)) == "\\x00");
}

TEST_CASE("a plan's steps are vertices; a kernel uses what earlier ones wrote") {
  const Scene scene = scene_of(plan_of(kPlan));
  const int fill = find(scene, "kernel", "fill"), first = find(scene, "kernel", "first");
  const int second = find(scene, "kernel", "second"), loop = find(scene, "loop", "repeat");
  CHECK(scene.vertices[first].parent == loop);
  CHECK(uses(scene, first) == std::vector{fill});
  CHECK(uses(scene, second) == std::vector{first});
  CHECK(uses(scene, find(scene, "output", "y")) == std::vector{second});
  CHECK(scene.vertices[first].family == "product");
  CHECK(scene.vertices[fill].family == "movement");
}
