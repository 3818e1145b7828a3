// A story as JSON: strings once, in a table; vertices as short arrays; each stage as what differs from the one before.
#include "view/story.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "view/family.h"
#include "view/plan_json.h"
#include "view/track.h"

namespace rondo::view {

using Json = nlohmann::json;

/// What a model operator does is what it is expanded to: its family is the strongest at its place in the next stage.
static void take_families(Scene& model, const Scene& core) {
  std::unordered_map<std::string_view, std::string_view> families;
  for (const Vertex& vertex : core.vertices)
    for (const std::string& place : vertex.places) {
      auto [found, fresh] = families.emplace(place, vertex.family);
      if (!fresh) found->second = stronger(found->second, vertex.family);
    }
  for (Vertex& vertex : model.vertices) {
    if (vertex.family != kFamilies[0]) continue;
    if (const auto found = families.find(vertex.place); found != families.end()) vertex.family = found->second;
  }
}

void Story::add(std::string name, const Graph& graph, std::vector<std::string> notes) {
  add({std::move(name), graph.level == Level::model ? "model" : "core", scene_of(graph), std::move(notes)});
}

void Story::add(Plan plan, MachineCode code) {
  plan_ = std::move(plan);
  code_ = std::move(code);
  add({"plan", "plan", scene_of(*plan_, &steps_), {}});
}

void Story::add(Stage stage) {
  if (stages_.empty())
    number(stage.scene, next_id_);
  else
    track(stages_.back().scene, stage.scene, next_id_);
  if (stages_.size() == 1 && stages_[0].level == "model") take_families(stages_[0].scene, stage.scene);
  stages_.push_back(std::move(stage));
}

class StoryWriter {
 public:
  explicit StoryWriter(const Story& story) : story_(story) {}

  Json write() {
    Json stages = Json::array();
    for (const Stage& stage : story_.stages_) stages.push_back(this->stage(stage));
    Json result = {{"rondo", story_.rondo},          {"title", shown(story_.title)}, {"file", shown(story_.file)},
                   {"target", shown(story_.target)}, {"opensAt", story_.opens_at},   {"stages", std::move(stages)}};
    if (story_.plan_) {
      std::unordered_map<const Step*, int> ids;
      for (const auto& [step, vertex] : story_.steps_) ids[step] = story_.stages_.back().scene.vertices[vertex].id;
      result["plan"] = plan_json(*story_.plan_, ids, story_.code_);
    }
    result["docs"] = std::move(docs_);
    result["strings"] = std::move(strings_);
    return result;
  }

 private:
  Json stage(const Stage& stage) {
    std::map<int, Json> now;
    Json set = Json::array(), gone = Json::array();
    for (const Vertex& vertex : stage.scene.vertices) {
      Json row = this->row(vertex, stage.scene);
      const auto known = last_.find(vertex.id);
      if (known == last_.end() || known->second != row) set.push_back(row);
      now.emplace(vertex.id, std::move(row));
    }
    for (const auto& [id, row] : last_)
      if (!now.count(id)) gone.push_back(id);
    last_ = std::move(now);
    return {{"name", shown(stage.name)},
            {"level", stage.level},
            {"notes", stage.notes},
            {"set", std::move(set)},
            {"gone", std::move(gone)}};
  }

  Json row(const Vertex& vertex, const Scene& scene) {
    Json operands = Json::array(), results = Json::array(), facts = Json::array();
    for (const Use& use : vertex.operands) {
      operands.push_back(use.vertex < 0 ? -1 : scene.vertices[use.vertex].id);
      operands.push_back(use.result);
    }
    for (const Vertex::Output& result : vertex.results) {
      results.push_back(text(result.name));
      results.push_back(text(result.type));
    }
    for (const auto& [name, value] : vertex.facts) {
      facts.push_back(text(name));
      facts.push_back(text(value));
    }
    document(vertex.word);
    Json places = Json::array();
    for (const std::string& place : vertex.places) places.push_back(text(place));
    return {vertex.id,           vertex.parent < 0 ? -1 : scene.vertices[vertex.parent].id,
            vertex.region,       text(vertex.word),
            text(vertex.family), text(vertex.name),
            text(vertex.place),  std::move(operands),
            std::move(results),  std::move(facts),
            std::move(places)};
  }

  int text(std::string_view text) {
    const auto [found, fresh] = numbers_.emplace(text, static_cast<int>(numbers_.size()));
    if (fresh) strings_.push_back(found->first);
    return found->second;
  }

  void document(const std::string& word) {
    if (const auto op = find_op(word)) docs_[word] = info(*op).doc;
  }

  const Story& story_;
  Json strings_ = Json::array(), docs_ = Json::object();
  std::unordered_map<std::string, int> numbers_;
  std::map<int, Json> last_;  // the rows of the stage before, by id
};

std::string Story::json() const { return StoryWriter(*this).write().dump(); }

}  // namespace rondo::view
