// Regions are clusters. A node with regions stands at the head of its cluster, where its operands and results meet it.
#include "view/dot.h"

#include <fmt/format.h>

#include "view/family.h"

namespace rondo::view {
namespace {

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

/// Light fills on which black text reads well, in the order of kFamilies.
constexpr std::string_view kFills[] = {"#e8e8e8", "#f5f5f5", "#dcebfa", "#e4e4f7", "#d9f0de", "#fdf0cf",
                                       "#fbdcc9", "#f3e2f7", "#f7dfe9", "#f9d0d0", "#ffffff"};
static_assert(std::size(kFills) == std::size(kFamilies));

std::string_view fill_of(std::string_view family) {
  for (size_t i = 0; i < std::size(kFamilies); ++i)
    if (kFamilies[i] == family) return kFills[i];
  return kFills[0];
}

class DotWriter {
 public:
  DotWriter(const Scene& scene, std::string_view title) : scene_(scene), children_(scene.vertices.size()) {
    for (size_t i = 0; i < scene.vertices.size(); ++i) {
      const Vertex& vertex = scene.vertices[i];
      (vertex.parent < 0 ? roots_ : children_[vertex.parent]).push_back(static_cast<int>(i));
    }
    out_ = fmt::format(
        "digraph {} {{\n  rankdir=TB; node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\"];\n"
        "  edge [fontname=\"Helvetica\", fontsize=9];\n",
        quoted(title));
  }

  std::string write() {
    for (int root : roots_) vertex(root);
    for (size_t i = 0; i < scene_.vertices.size(); ++i) edges(static_cast<int>(i));
    return std::move(out_) + "}\n";
  }

 private:
  template <class... Arguments>
  void line(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    out_.append(2 * static_cast<size_t>(depth_), ' ');
    out_ += fmt::format(format, std::forward<Arguments>(arguments)...) + '\n';
  }

  void vertex(int index) {
    const std::vector<int>& inside = children_[index];
    if (!inside.empty()) open(fmt::format("cluster_{}", index), scene_.vertices[index].word);
    node(index);
    int region = -1;
    for (int child : inside) {
      if (scene_.vertices[child].region != region) {
        if (region >= 0) close();
        region = scene_.vertices[child].region;
        open(fmt::format("cluster_{}_{}", index, region), "");
      }
      vertex(child);
    }
    if (!inside.empty()) close(), close();
  }

  void open(const std::string& name, std::string_view label) {
    line("subgraph {} {{", name);
    ++depth_;
    line("label={}; style=rounded; color=gray; fontname=\"Helvetica\";", quoted(label));
  }
  void close() {
    --depth_;
    line("}}");
  }

  void node(int index) {
    const Vertex& vertex = scene_.vertices[index];
    std::string label = quoted(vertex.word + (vertex.name.empty() ? "" : " " + vertex.name));
    label.pop_back();  // a line break of the label's own is added behind what is escaped
    for (const Vertex::Output& result : vertex.results) {
      const std::string type = quoted(result.type);
      label += "\\n" + type.substr(1, type.size() - 2);
    }
    line("n{} [label={}\", fillcolor=\"{}\"];", index, label, fill_of(vertex.family));
  }

  void edges(int index) {
    const Vertex& vertex = scene_.vertices[index];
    const bool stands_for = vertex.word == "parameter";
    for (const Use& use : vertex.operands)
      if (use.vertex >= 0) line("n{} -> n{}{};", use.vertex, index, stands_for ? " [style=dashed, color=gray]" : "");
  }

  const Scene& scene_;
  std::vector<std::vector<int>> children_;
  std::vector<int> roots_;
  std::string out_;
  int depth_ = 1;
};

}  // namespace

std::string dot(const Scene& scene, std::string_view title) { return DotWriter(scene, shown(title)).write(); }

}  // namespace rondo::view
