// Story: stages as differences, the plan's costs, memory and code, and what untrusted names may not do to the page.
#include "view/story.h"

#include <nlohmann/json.hpp>

#include "tests/view/fixtures.h"

using namespace rondo;
using namespace rondo::test;
using nlohmann::json;

namespace {

view::Story story_of(const std::vector<std::string>& graphs) {
  view::Story story;
  story.title = "t";
  for (const std::string& text : graphs) story.add("stage", graph_of(text));
  return story;
}

/// The vertices of each stage, rebuilt from the differences: id -> row.
std::vector<std::map<int, json>> rebuild(const json& story) {
  std::vector<std::map<int, json>> stages;
  std::map<int, json> rows;
  for (const json& stage : story["stages"]) {
    for (int id : stage["gone"]) CHECK(rows.erase(id) == 1);
    for (const json& row : stage["set"]) rows[row[0]] = row;
    stages.push_back(rows);
  }
  return stages;
}

constexpr char kOne[] = R"(core "g" {
  input %x: f32[4]
  %a = add(%x, %x): f32[4] @ "a"
  %b = tanh(%a): f32[4] @ "b"
  output %b
})";
constexpr char kTwo[] = R"(core "g" {
  input %x: f32[4]

  %b = tanh(%x): f32[4] @ "b"
  output %b
})";

}  // namespace

TEST_CASE("a stage says what differs from the one before") {
  const json story = json::parse(story_of({kOne, kOne, kTwo}).json());
  const json& stages = story["stages"];
  CHECK(stages[0]["set"].size() == 4);
  CHECK(stages[1]["set"].empty());
  CHECK(stages[1]["gone"].empty());
  CHECK(stages[2]["set"].size() == 1);  // tanh has another operand
  CHECK(stages[2]["gone"].size() == 1);
  const auto rebuilt = rebuild(story);
  CHECK(rebuilt[0] == rebuilt[1]);
  CHECK(rebuilt[2].size() == 3);
}

TEST_CASE("rows name words, types and operands") {
  const json story = json::parse(story_of({kOne}).json());
  const json& row = story["stages"][0]["set"][1];
  const auto text = [&](const json& index) { return story["strings"][index.get<size_t>()].get<std::string>(); };
  CHECK(row[1] == -1);
  CHECK(text(row[3]) == "add");
  CHECK(text(row[4]) == "arithmetic");
  CHECK(text(row[5]) == "a");
  CHECK(text(row[6]) == "3:3");
  CHECK(row[7] == json({story["stages"][0]["set"][0][0], 0, story["stages"][0]["set"][0][0], 0}));
  CHECK(text(row[8][1]) == "f32[4]");
  CHECK(story["docs"]["add"] == "a + b; integers wrap");
}

TEST_CASE("a model operator is of the family of what it is expanded to") {
  Graph model(Level::model), core(Level::core);
  for (auto& [graph, op] : {std::pair{&model, Op::LSTM}, std::pair{&core, Op::scan}})
    graph->append(op, {}, {}, 0)->place = "here";
  core.append(Op::tanh, {}, {}, 0)->place = "here";
  view::Story story;
  story.add("model", model);
  CHECK(story.stages()[0].scene.vertices[0].family == "model");
  story.add("expand", core);
  CHECK(story.stages()[0].scene.vertices[0].family == "recurrence");
}

TEST_CASE("the plan's costs, memory over time and code") {
  view::Story story;
  story.add(plan_of(kPlan), {{{"p.run", 100}, {"p.repeat", 40}, {"p.first.part", 7}}, {30, 20}});
  const json plan = json::parse(story.json())["plan"];
  CHECK(plan["symbols"] == json({"T"}));
  CHECK(plan["scratch"] == "128");
  CHECK(plan["constants"] == 64);
  CHECK(plan["moments"].size() == 3);
  const json& first = plan["kernels"][1];
  CHECK(first["runs"] == "T");
  CHECK(first["multiplyAdds"] == "8");
  CHECK(first["constantBytes"] == "32");
  CHECK(first["reads"] == json({2, 3}));
  CHECK(first["writes"] == json({4}));
  CHECK(first["code"] ==
        json::parse(R"([{"symbol": "p.repeat", "bytes": 40}, {"symbol": "p.first.part", "bytes": 7}])"));
  CHECK(plan["kernels"][0]["code"] == json::parse(R"([{"symbol": "p.run", "bytes": 100}])"));
  CHECK(plan["buffers"][3]["life"] == json({0, 1}));
  CHECK(plan["buffers"][4]["life"] == json({1, 2}));
  CHECK(plan["buffers"][4]["offset"] == "64");
  CHECK(plan["buffers"][3]["bytes"] == "32");
}

TEST_CASE("buffers of every kind have the word that the plan's text has") {
  const std::string text = R"(plan "p" { symbols T measured `$1` to T memory constants 64, state 128, scratch 64
    buffer x = input f32[1] slot 0 buffer y = output f32[1] slot 0 buffer s = state f32[1] slot 0 at 0 buffer t = turn i32[1] at 64
    buffer w = constant f32[1] at 0 value f32[1] {1.0} buffer a = scratch f32[1] at 0 buffer m = measured i64[1]
    buffer g = granted bool[1] input "x": f32[1] in x output "y": f32[1] in y state "s": f32[1] in s })";
  const Plan made = plan_of(text);
  view::Story story;
  story.add(made, {});
  const json buffers = json::parse(story.json())["plan"]["buffers"];
  REQUIRE(buffers.size() == 8);
  for (const json& buffer : buffers) {
    const std::string name = buffer["name"], kind = buffer["kind"];
    CHECK(text.find("buffer " + name + " = " + kind + " ") != std::string::npos);
  }
}

TEST_CASE("the same story gives the same bytes") {
  CHECK(story_of({kOne, kTwo}).page() == story_of({kOne, kTwo}).page());
}

TEST_CASE("names cannot leave their place in the page") {
  Graph graph(Level::core);
  graph.add_param(Type{DType::f32, {}}, "</script><script>alert(1)</script><!-- \xff\xe2\x80\xa8");
  view::Story story;
  story.title = "</title><b>&\"";
  story.file = "</script>.onnx";
  story.add("<img src=x>", graph, {"a note </script>"});
  const std::string page = story.page();
  const auto count = [&](std::string_view part) {
    size_t found = 0;
    for (size_t at = page.find(part); at != page.npos; at = page.find(part, at + 1)) ++found;
    return found;
  };
  CHECK(count("</script>") == 2);  // the page's own
  CHECK(count("</title>") == 1);
  CHECK(count("<img") == 0);
  CHECK(page.find("&lt;/title&gt;&lt;b&gt;&amp;&quot;") != page.npos);
  const size_t begin = page.find("application/json\">") + 18;
  const json read = json::parse(page.substr(begin, page.find("</script>", begin) - begin));
  CHECK(read["file"] == "</script>.onnx");
  CHECK(read["title"] == "</title><b>&\"");
}

TEST_CASE("the page needs nothing from elsewhere") {
  const std::string page = story_of({kOne}).page();
  for (const char* part :
       {"http:", "https:", "src=", "@import", "url(", "/* story */", "/* scripts */", "/* styles */"}) {
    CAPTURE(part);
    CHECK(page.find(part) == page.npos);
  }
  CHECK(page.find("default-src 'none'") != page.npos);
}
