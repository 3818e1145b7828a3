// See where.h.
#include "frontend/where.h"

#include <fmt/format.h>

#include <algorithm>

namespace rondo {
namespace {

/// Initializers are nodes of the graph as well; in the file they are none.
bool is_in_file(const Node& node) { return node.place.starts_with("node "); }

/// "node 2 of 5 in 'then_branch' of node 'If_0' (If), node 7 of 9"; empty if the node is not in the graph.
std::string where(const Graph& graph, const std::string& place) {
  const auto count =
      std::count_if(graph.nodes.begin(), graph.nodes.end(), [](const auto& node) { return is_in_file(*node); });
  int64_t number = 0;
  for (const auto& node : graph.nodes) {
    if (!is_in_file(*node)) continue;
    ++number;
    const std::string here = fmt::format("node {} of {}", number, count);
    if (node->place == place) return here;
    const Attribute* names = node->attributes.find("regions");
    for (size_t i = 0; i < node->regions.size(); ++i) {
      const std::string inside = where(*node->regions[i], place);
      if (inside.empty()) continue;
      const auto* words = names ? std::get_if<std::vector<std::string>>(names) : nullptr;
      const std::string region = words && i < words->size() ? (*words)[i] : fmt::format("region {}", i);
      return fmt::format("{} in '{}' of {}, {}", inside, region, node->place, here);
    }
  }
  return "";
}

}  // namespace

void tell_where(const Graph& model, Diagnostics& errors) {
  for (Diagnostic& error : errors)
    if (const std::string text = where(model, error.place); !text.empty()) error.message += "; " + text;
}

}  // namespace rondo
