// scene_of(Plan): a vertex for each port, state and step; loops and choices are boxes. Tested by
// tests/view/scene_test.cpp.
#include <fmt/format.h>

#include <algorithm>

#include "view/family.h"
#include "view/scene.h"

namespace rondo::view {
namespace {

class PlanScene {
 public:
  PlanScene(const Plan& plan, std::vector<std::pair<const Step*, int>>* numbers)
      : plan_(plan), numbers_(numbers), writers_(plan.buffers.size()) {}

  Scene make() {
    for (const Port& port : plan_.inputs) source("input", port.name, port.type, port.buffer);
    for (const StateSlot& state : plan_.states) source("state", state.name, state.type, state.buffer);
    steps(plan_.steps, -1, 0);
    for (const StateSlot& state : plan_.states) sink("next", state.name, state.buffer);
    for (const Port& port : plan_.outputs) sink("output", port.name, port.buffer);
    return std::move(scene_);
  }

 private:
  /// Who wrote a buffer last: several, if nothing read it in between.
  struct Writers {
    std::vector<Use> uses;
    bool was_read = false;
  };

  int add(std::string_view word, std::string_view family, std::string_view name, int parent, int region) {
    Vertex& vertex = scene_.vertices.emplace_back();
    vertex.word = word;
    vertex.family = family;
    vertex.name = shown(name);
    vertex.parent = parent;
    vertex.region = region;
    return static_cast<int>(scene_.vertices.size()) - 1;
  }

  void source(std::string_view word, std::string_view name, const Type& type, int buffer) {
    const int vertex = add(word, "interface", name, -1, 0);
    scene_.vertices.back().results.push_back({shown(name), shown(to_string(type))});
    writers_[buffer].uses = {{vertex, 0}};
  }

  void sink(std::string_view word, std::string_view name, int buffer) {
    add(word, "interface", name, -1, 0);
    scene_.vertices.back().operands = writers_[buffer].uses;
  }

  void steps(const std::vector<Step>& steps, int parent, int region) {
    for (const Step& step : steps) {
      const int vertex = std::visit([&](const auto& what) { return this->step(what, parent, region); }, step.what);
      if (numbers_) numbers_->emplace_back(&step, vertex);
      scene_.vertices[vertex].place = std::visit([](const auto& what) { return shown(what.place); }, step.what);
      for_each_read(step, [&](int buffer) { read(vertex, buffer); });
      int which = 0;
      for_each_nested(step, [&](const std::vector<Step>& nested) { this->steps(nested, vertex, which++); });
    }
  }

  int step(const Kernel& kernel, int parent, int region) {
    const int vertex = add("kernel", family_of(kernel), kernel.name, parent, region);
    std::vector<int> seen;
    const auto once = [&](int buffer) {
      if (std::find(seen.begin(), seen.end(), buffer) != seen.end()) return false;
      seen.push_back(buffer);
      return true;
    };
    for (const Instr& instr : kernel.body)
      if (instr.kind == Instr::Kind::load && once(instr.buffer)) read(vertex, instr.buffer);
    seen.clear();
    for (const Store& store : kernel.stores)
      if (once(store.buffer)) write(vertex, store.buffer);
    facts(scene_.vertices[vertex], kernel);
    return vertex;
  }

  int step(const Loop& loop, int parent, int region) {
    const int vertex = add("loop", "recurrence", loop.name, parent, region);
    scene_.vertices[vertex].facts.emplace_back("trip", shown(loop.trip));
    if (loop.beside) scene_.vertices[vertex].facts.emplace_back("beside", "the loop before it, for two threads");
    return vertex;
  }
  int step(const Choice& choice, int parent, int region) {
    return add("choice", "choice", choice.name, parent, region);
  }
  int step(const Measure& measure, int parent, int region) {
    const int vertex = add("measure", "choice", measure.name, parent, region);
    scene_.vertices[vertex].facts.emplace_back("symbol", shown(measure.symbol));
    scene_.vertices[vertex].facts.emplace_back("high", shown(measure.high));
    return vertex;
  }

  void read(int vertex, int buffer) {
    Writers& writers = writers_[buffer];
    writers.was_read = true;
    std::vector<Use>& operands = scene_.vertices[vertex].operands;
    operands.insert(operands.end(), writers.uses.begin(), writers.uses.end());
  }

  void write(int vertex, int buffer) {
    const Buffer& written = plan_.buffers[buffer];
    std::vector<Vertex::Output>& results = scene_.vertices[vertex].results;
    results.push_back({shown(written.name), shown(to_string(Type{written.dtype, {written.count}}))});
    Writers& writers = writers_[buffer];
    if (writers.was_read) writers = {};
    writers.uses.push_back({vertex, static_cast<int>(results.size()) - 1});
  }

  /// A kernel that sums products is one, whatever else it does.
  static std::string_view family_of(const Kernel& kernel) {
    std::string_view family = kFamilies[0];
    for (const Instr& instr : kernel.body) {
      if (instr.kind == Instr::Kind::pointwise) family = stronger(family, view::family_of(instr.op));
      if (instr.kind != Instr::Kind::reduce) continue;
      const Instr& term = kernel.body[instr.operands[0]];
      const bool product = term.kind == Instr::Kind::pointwise && term.op == Op::mul;
      family = stronger(family, product && instr.combine == Combine::sum ? "product" : "reduction");
    }
    return family == kFamilies[0] ? "movement" : family;
  }

  static std::string axes(const std::vector<Axis>& axes) {
    std::string text;
    for (const Axis& axis : axes)
      text += fmt::format("{}i{} < {}", text.empty() ? "" : ", ", axis.var, shown(axis.extent));
    return text;
  }

  static void facts(Vertex& vertex, const Kernel& kernel) {
    const Schedule& schedule = kernel.schedule;
    if (!kernel.parallel.empty()) vertex.facts.emplace_back("parallel", axes(kernel.parallel));
    for (const auto& nest : kernel.reductions) vertex.facts.emplace_back("reduction", axes(nest));
    if (schedule.vector_axis >= 0)
      vertex.facts.emplace_back(
          "vectors", fmt::format("i{}: {} of {} lanes", schedule.vector_axis, schedule.vectors, schedule.lanes));
    if (schedule.row_axis >= 0)
      vertex.facts.emplace_back("rows", fmt::format("i{}: {}", schedule.row_axis, schedule.rows));
    if (schedule.unroll > 1) vertex.facts.emplace_back("unroll", fmt::format("{}", schedule.unroll));
    if (schedule.matrix > 0) vertex.facts.emplace_back("matrix unit", fmt::format("{} left factor{} in a register", schedule.matrix, schedule.matrix > 1 ? "s" : ""));
    if (schedule.task_axis >= 0)
      vertex.facts.emplace_back("tasks", fmt::format("{} of {} along i{}", shown(task_count(kernel)),
                                                     schedule.task_size, schedule.task_axis));
  }

  const Plan& plan_;
  std::vector<std::pair<const Step*, int>>* numbers_;
  std::vector<Writers> writers_;
  Scene scene_;
};

}  // namespace

Scene scene_of(const Plan& plan, std::vector<std::pair<const Step*, int>>* steps) {
  return PlanScene(plan, steps).make();
}

}  // namespace rondo::view
