// Scene: a graph or a plan as something to draw: vertices, what they use, and the boxes they are in. dot.cpp and
// story.cpp write scenes down. All text in a scene is valid UTF-8 without control characters, whatever the model's
// names hold. Tested by tests/view/scene_test.cpp.
#pragma once

#include "ir/plan.h"

namespace rondo::view {

struct Use {
  int vertex = -1;  // position in the scene; -1: an optional operand left out
  int result = 0;
};

struct Vertex {
  std::string word;  // the operator; "input", "state", "parameter", "output", "next", "yield"; "kernel", "loop"...
  std::string_view family;  // what it is coloured by; see family.h
  std::string name, place;
  std::vector<std::string> places;  // all that it came from; its place names only the first few
  int parent = -1;  // the vertex in whose box it is
  int region = 0;   // which of the parent's boxes
  int id = -1;      // the same from stage to stage; see track.h
  /// Of a parameter: the value outside that it stands for, where there is one.
  std::vector<Use> operands;
  struct Output {
    std::string name, type;
  };
  std::vector<Output> results;
  std::vector<std::pair<std::string, std::string>> facts;  // attributes and the like
};

/// Boxes before what is in them; in a box, parameters first, then the order of execution, then what it hands out.
struct Scene {
  std::vector<Vertex> vertices;
};

Scene scene_of(const Graph& graph);
/// Kernels use the buffers that inputs, states and earlier kernels wrote. `kernels` (may be null) receives the vertices
/// of kernels and other steps, in the plan's order.
Scene scene_of(const Plan& plan, std::vector<std::pair<const Step*, int>>* steps = nullptr);

/// As it is if it is UTF-8 without control characters, else with escapes.
std::string shown(std::string_view text);
std::string shown(const Dim& dim);

}  // namespace rondo::view
