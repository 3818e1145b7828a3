// track: vertices keep their ids from stage to stage, whatever a pass does to the graph around them.
#include "view/track.h"

#include <set>

#include "tests/view/fixtures.h"

using namespace rondo;
using namespace rondo::test;
using view::Scene;
using view::scene_of;

namespace {

struct Stages {
  Scene before, after;
};

Stages track(const std::string& before, const std::string& after) {
  Stages stages{scene_of(graph_of(before)), scene_of(graph_of(after))};
  int next = 0;
  view::number(stages.before, next);
  view::track(stages.before, stages.after, next);
  std::set<int> ids;
  for (const view::Vertex& vertex : stages.after.vertices) CHECK(ids.insert(vertex.id).second);
  return stages;
}

int id(const Scene& scene, const std::string& word, const std::string& name = "") {
  return scene.vertices.at(find(scene, word, name)).id;
}

// Places come from where the text stands: the lines of both stages are the same where the nodes are to be.
constexpr char kBefore[] = R"(core "g" {
  input %x: f32[4]
  %a = add(%x, %x): f32[4] @ "a"
  %b = mul(%a, %a): f32[4] @ "b"
  %c = tanh(%b): f32[4] @ "c"
  output %c
})";

}  // namespace

TEST_CASE("the same graph has the same ids") {
  const Stages stages = track(kRecurrence, kRecurrence);
  for (size_t i = 0; i < stages.before.vertices.size(); ++i)
    CHECK(stages.before.vertices[i].id == stages.after.vertices[i].id);
}

TEST_CASE("what is new has an id of its own, and what stays keeps its own") {
  const Stages stages = track(kBefore, R"(core "g" {
  input %x: f32[4]
  %a = add(%x, %x): f32[4] @ "a"

  %c = tanh(%a): f32[4] @ "c"
  %d = exp(%c): f32[4] @ "d"
  output %d
})");
  for (const char* word : {"input", "add", "tanh"}) CHECK(id(stages.before, word) == id(stages.after, word));
  CHECK(id(stages.after, "exp") >= static_cast<int>(stages.before.vertices.size()));
  const int gone = id(stages.before, "mul");
  for (const view::Vertex& vertex : stages.after.vertices) CHECK(vertex.id != gone);
}

TEST_CASE("what moves into a box is the same vertex") {
  Graph before = graph_of(kBefore), after(Level::core);
  after.name = "g";
  Value* x = after.add_param(before.params[0]->type, "x");
  Node* fused = after.append(Op::fused, {x}, {}, 1);
  fused->result()->type = x->type;
  fused->place = "somewhere else";
  auto body = std::make_unique<Graph>();
  Value* inner = body->add_param(x->type, "x");
  Value* last = inner;
  for (const auto& node : before.nodes) {
    Node* copy = body->append(node->op, std::vector<Value*>(node->operands.size(), last), {}, 1);
    copy->place = node->place;
    copy->name = node->name;
    copy->result()->type = x->type;
    copy->result()->name = node->result()->name;
    last = copy->result();
  }
  body->outputs = {last};
  fused->regions.push_back(std::move(body));
  after.outputs = {fused->result()};
  after.output_names = {"c"};
  Scene old = scene_of(before), fresh = scene_of(after);
  int next = 0;
  view::number(old, next);
  view::track(old, fresh, next);
  for (const char* word : {"add", "mul", "tanh"}) {
    CHECK(id(old, word) == id(fresh, word));
    CHECK(fresh.vertices[find(fresh, word)].parent == find(fresh, "fused"));
  }
  CHECK(id(fresh, "fused") >= static_cast<int>(old.vertices.size()));
  CHECK(id(fresh, "parameter") >= static_cast<int>(old.vertices.size()));
}

TEST_CASE("of several alike, each continues the one that uses the same") {
  const auto graph = [](bool swapped) {
    Graph g(Level::core);
    Value* x = g.add_param(Type{DType::f32, {4}}, "x");
    Value* y = g.add_param(Type{DType::f32, {4}}, "y");
    for (Value* operand : swapped ? std::vector{y, x} : std::vector{x, y}) {
      Node* node = g.append(Op::tanh, {operand}, {}, 1);
      node->place = "node 'lstm' (LSTM)";
      node->result()->type = operand->type;
    }
    return scene_of(g);
  };
  Scene before = graph(false), after = graph(true);
  int next = 0;
  view::number(before, next);
  view::track(before, after, next);
  CHECK(before.vertices[2].id == after.vertices[3].id);
  CHECK(before.vertices[3].id == after.vertices[2].id);
}
