// Nodes that become one keep the places of all of them, so that every node of a model leads to the kernels that compute
// it.
#include "support/places.h"

#include <set>

#include "ir/text.h"
#include "tests/passes/meaning.h"

using namespace rondo;

namespace {

/// For each node of an operator, in order: the lines that it came from.
std::vector<std::set<int>> lines_of(const Graph& graph, Op op) {
  std::vector<std::set<int>> lines;
  for (const auto& node : graph.nodes) {
    if (node->op == op) {
      lines.emplace_back();
      for (const std::string& place : split_places(node->place)) lines.back().insert(std::stoi(place));
    }
    for (const auto& region : node->regions) {
      const auto inside = lines_of(*region, op);
      lines.insert(lines.end(), inside.begin(), inside.end());
    }
  }
  return lines;
}

Graph after(std::string_view pass, std::string_view text) {
  auto parsed = parse(text);
  REQUIRE(parsed);
  testing::run_pass(*parsed->graph, pass);
  return std::move(*parsed->graph);
}

using Lines = std::vector<std::set<int>>;

}  // namespace

TEST_CASE("places of merged nodes") {
  const Graph graph = after("merge_common", R"(core "g" {
  input %x: f32[4]
  %a = tanh(%x)
  %b = tanh(%x)
  %c = exp(%b)
  output %a
  output %c
})");
  CHECK(lines_of(graph, Op::tanh) == Lines{{3, 4}});
  CHECK(lines_of(graph, Op::exp) == Lines{{5}});
}

TEST_CASE("places of joined products, and of their parts") {
  const Graph graph = after("fuse_gates", R"(core "g" {
  input %x: f32[T, 2]
  %v = constant() {value = f32[2, 1] {1.0, 2.0}}
  %w = constant() {value = f32[2, 2] {1.0, 2.0, 3.0, 4.0}}
  %a = matmul(%x, %v)
  %b = matmul(%x, %w)
  output %a
  output %b
})");
  CHECK(lines_of(graph, Op::matmul) == Lines{{5, 6}});
  CHECK(lines_of(graph, Op::slice) == Lines{{5}, {6}});
}

TEST_CASE("places of fused nodes, of which a text names four") {
  const Graph graph = after("fuse_pointwise", R"(core "g" {
  input %x: f32[T]
  %a = tanh(%x)
  %b = exp(%a)
  %c = neg(%b)
  %d = sqrt(%c)
  %e = abs(%d)
  output %e
})");
  CHECK(lines_of(graph, Op::fused) == Lines{{3, 4, 5, 6, 7}});
  CHECK(shown_places(graph.nodes[0]->place) == "3:3, 4:3, 5:3, 6:3, …");
}

TEST_CASE("places of merged scans") {
  const Graph graph = after("merge_scans", R"(core "g" {
  input %x: f64[T, 2]
  %z = constant() {value = f64[2] {0.0, 0.0}}
  %h1, %y1 = scan(%z, %x) {carried = 1, scanned = 1, reverse_scanned = [0], reverse_stacked = [0], trip = T} region (%t: i64[], %h: f64[2], %x: f64[2]) {
    %n = add(%h, %x)
    yield %n, %n
  }
  %h2, %y2 = scan(%z, %x) {carried = 1, scanned = 1, reverse_scanned = [1], reverse_stacked = [1], trip = T} region (%t: i64[], %h: f64[2], %x: f64[2]) {
    %n = sub(%h, %x)
    yield %n, %n
  }
  output %y1
  output %y2
})");
  CHECK(lines_of(graph, Op::scan) == Lines{{4, 8}});
  CHECK(lines_of(graph, Op::sub) == Lines{{9}});
}

TEST_CASE("places of steps that were rolled into a scan") {
  const Graph graph = after("roll_scans", R"(core "g" {
  input %x: f64[4, 3]
  %r = constant() {value = f64[2, 2] {0.5, -0.25, 0.125, 0.75}}
  %w = constant() {value = f64[3, 2] {1.0, -0.5, 0.25, 0.5, -1.0, 0.75}}
  %s0 = slice(%x) {starts = [0, 0], sizes = [1, 3], steps = [1, 1]}
  %xw0 = matmul(%s0, %w)
  %h1 = tanh(%xw0)
  %s1 = slice(%x) {starts = [1, 0], sizes = [1, 3], steps = [1, 1]}
  %xw1 = matmul(%s1, %w)
  %hr1 = matmul(%h1, %r)
  %a1 = add(%hr1, %xw1)
  %h2 = tanh(%a1)
  %s2 = slice(%x) {starts = [2, 0], sizes = [1, 3], steps = [1, 1]}
  %xw2 = matmul(%s2, %w)
  %hr2 = matmul(%h2, %r)
  %a2 = add(%hr2, %xw2)
  %h3 = tanh(%a2)
  %s3 = slice(%x) {starts = [3, 0], sizes = [1, 3], steps = [1, 1]}
  %xw3 = matmul(%s3, %w)
  %hr3 = matmul(%h3, %r)
  %a3 = add(%hr3, %xw3)
  %h4 = tanh(%a3)
  %y = concat(%h1, %h2, %h3, %h4) {axis = 0}
  output %y
})");
  CHECK(lines_of(graph, Op::tanh) == Lines{{7, 12, 17, 22}});
}

TEST_CASE("places as text") {
  std::string places;
  for (const char* more : {"a", "b\nc", "a", "c\nd"}) join_places(places, more);
  CHECK(split_places(places) == std::vector<std::string>{"a", "b", "c", "d"});
  CHECK(shown_places(places) == "a, b, c, d");
  join_places(places, "e");
  CHECK(shown_places(places) == "a, b, c, d, …");
  CHECK(to_string(invalid("odd", "a\nb")) == "a, b: error: odd");
  CHECK(split_places("").empty());
}
