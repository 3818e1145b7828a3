// Graphs and plans as text, and how vertices are found in their scenes.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "ir/text.h"
#include "view/scene.h"

namespace rondo::test {

/// A recurrence with a state, and a function of what it stacks.
inline constexpr char kRecurrence[] = R"(core "r" {
  input %x: f32[T, 4]
  state %h: f32[4]
  %last, %all = scan(%h, %x) {carried = 1, reverse_scanned = [0], reverse_stacked = [0], scanned = 1, trip = T}: f32[4], f32[T, 4] @ "sum"
    region (%t: i64[], %before: f32[4], %step: f32[4]) {
      %now = add(%before, %step): f32[4] @ "sum"
      yield %now, %now
    }
  %y = tanh(%all): f32[T, 4] @ "squash"
  next %h = %last
  output %y
})";

inline constexpr char kLoop[] = R"(core "l" {
  input %go: bool[]
  input %h: f32[4]
  %r = loop(%go, %h, %go) {carried = 1, trip = 3}: f32[4]
    region (%t: i64[], %before: f32[4], %still: bool[]) {
      %now = add(%before, %before): f32[4]
      yield %still, %now
    }
  output %r
})";

inline constexpr char kPlan[] = R"plan(plan "p" {
  symbols T
  memory constants 64, state 0, scratch 128
  buffer x = input f32[8] slot 0
  buffer y = output f32[8] slot 0
  buffer w = constant f32[8] at 0 value f32[8] {1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0}
  buffer a = scratch f32[8] at 0
  buffer b = scratch f32[1] at 64
  input "x": f32[8] in x
  output "y": f32[8] in y
  kernel fill @ "node 'one' (Identity)" {
    parallel i0 < 8
    %0 = load x[i0]: f32
    store a[i0] = %0
  }
  loop repeat: i1 < T {
    kernel first @ "node 'two' (MatMul)" {
      reduction i2 < 8
      %0 = load a[i2]: f32
      %1 = load w[i2]: f32
      %2 = mul %0, %1: f32
      %3 = reduce sum %2: f32
      store b[0] = %3
    }
  }
  kernel second @ "node 'three' (Expand)" {
    parallel i3 < 8
    %0 = load b[0]: f32
    store y[i3] = %0
  }
})plan";

inline Parsed parsed(const std::string& text) {
  Result<Parsed> result = parse(text);
  if (!result) FAIL(to_string(result.errors()[0]));
  return std::move(*result);
}
inline Graph graph_of(const std::string& text) { return std::move(*parsed(text).graph); }
inline Plan plan_of(const std::string& text) { return std::move(*parsed(text).plan); }

/// The first vertex of this word (and name); -1: none.
inline int find(const view::Scene& scene, const std::string& word, const std::string& name = "") {
  for (size_t i = 0; i < scene.vertices.size(); ++i)
    if (scene.vertices[i].word == word && (name.empty() || scene.vertices[i].name == name)) return static_cast<int>(i);
  return -1;
}

inline std::vector<int> uses(const view::Scene& scene, int vertex) {
  std::vector<int> result;
  for (const view::Use& use : scene.vertices.at(vertex).operands) result.push_back(use.vertex);
  return result;
}

}  // namespace rondo::test
