// Story: what the compiler did to one model, stage by stage, and the page on which it is looked at. The page is one
// file that needs no other. Same story, same bytes. Tested by tests/view/story_test.cpp and page_test.cpp.
#pragma once

#include <map>

#include "view/scene.h"

namespace rondo::view {

struct Stage {
  std::string name;   // "model", a pass, "plan"
  std::string level;  // "model", "core", "plan"
  Scene scene;
  std::vector<std::string> notes;  // what the pass said
};

/// What the plan became: bytes of functions by name; and of the code that only one kernel needs, in the order of
/// costs_of (ir/cost.h), or nothing where that is not known.
struct MachineCode {
  std::map<std::string, int64_t> functions;
  std::vector<int64_t> kernels;
};

class Story {
 public:
  std::string title, file, target;
  std::string rondo;    // the version
  size_t opens_at = 0;  // a stage

  void add(std::string name, const Graph& graph, std::vector<std::string> notes = {});
  /// The last stage.
  void add(Plan plan, MachineCode code);

  const std::vector<Stage>& stages() const { return stages_; }
  /// What the page's script reads; view/page/story.js says how it is made up.
  std::string json() const;
  std::string page() const;

 private:
  friend class StoryWriter;
  void add(Stage stage);

  std::vector<Stage> stages_;
  int next_id_ = 0;
  std::optional<Plan> plan_;
  std::vector<std::pair<const Step*, int>> steps_;  // of plan_, with their vertices
  MachineCode code_;
};

}  // namespace rondo::view
