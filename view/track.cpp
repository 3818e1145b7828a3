#include "view/track.h"

#include <deque>
#include <unordered_map>

namespace rondo::view {
namespace {

/// What two vertices must have in common, beside place and operator.
struct Likeness {
  bool box, facts, names, types, operands;
};

// From the same in all respects down to the same operator of the same place. That a vertex has moved into another box
// tells less against it than that it computes something else.
constexpr Likeness kLevels[] = {
    {true, true, true, true, true},     {true, true, true, true, false},     {false, true, true, true, true},
    {false, true, true, true, false},   {true, true, false, true, false},    {false, true, false, true, false},
    {true, false, true, true, false},   {true, false, false, true, false},   {false, false, false, true, false},
    {true, false, false, false, false}, {false, false, false, false, false},
};

class Matcher {
 public:
  Matcher(const Scene& before, Scene& after) : before_(before), after_(after), taken_(before.vertices.size(), false) {}

  void run() {
    for (const Likeness& level : kLevels) match(level);
  }

 private:
  void match(const Likeness& level) {
    std::unordered_map<std::string, std::deque<int>> waiting;
    for (size_t i = 0; i < before_.vertices.size(); ++i)
      if (!taken_[i]) waiting[key(before_, before_.vertices[i], level)].push_back(static_cast<int>(i));
    // Boxes come before what is in them, operands before their users: their ids are found by the time they are asked
    // for.
    for (Vertex& vertex : after_.vertices) {
      if (vertex.id >= 0) continue;
      const auto found = waiting.find(key(after_, vertex, level));
      if (found == waiting.end() || found->second.empty()) continue;
      const int match = found->second.front();
      found->second.pop_front();
      taken_[match] = true;
      vertex.id = before_.vertices[match].id;
    }
  }

  static void part(std::string& key, std::string_view text) {
    key += text;
    key += '\n';  // in no scene's text
  }

  static std::string key(const Scene& scene, const Vertex& vertex, const Likeness& level) {
    std::string key;
    for (char c : vertex.word) key += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    key += '\n';
    part(key, vertex.places.empty() ? vertex.place : vertex.places.front());  // others join it as nodes are merged
    const std::string box =
        vertex.parent < 0 ? "" : std::to_string(scene.vertices[vertex.parent].id) + ":" + std::to_string(vertex.region);
    // What has no place in the model, a region's parameters for one, is known by its box.
    if (level.box || vertex.place.empty()) part(key, box);
    if (level.names) part(key, vertex.name);
    if (level.facts)
      for (const auto& [name, value] : vertex.facts) part(key, name), part(key, value);
    for (const Vertex::Output& result : vertex.results) {
      if (level.types) part(key, result.type);
      if (level.names) part(key, result.name);
    }
    if (level.operands)
      for (const Use& use : vertex.operands)
        part(key,
             use.vertex < 0 ? "" : std::to_string(scene.vertices[use.vertex].id) + "." + std::to_string(use.result));
    return key;
  }

  const Scene& before_;
  Scene& after_;
  std::vector<bool> taken_;
};

}  // namespace

void number(Scene& scene, int& next_id) {
  for (Vertex& vertex : scene.vertices)
    if (vertex.id < 0) vertex.id = next_id++;
}

void track(const Scene& before, Scene& after, int& next_id) {
  Matcher(before, after).run();
  number(after, next_id);
}

}  // namespace rondo::view
