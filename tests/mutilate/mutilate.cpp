// Applies every mutation at its first sites; see mutilate.h.
#include "tests/mutilate/mutilate.h"

#include <array>

#include "tests/mutilate/mutations.h"

namespace rondo {
namespace {

constexpr int kSites = 3;  // of one mutation in one model

void collect_uses(const pb::GraphProto& graph, std::unordered_set<std::string>& names);

void collect_uses(const pb::NodeProto& node, std::unordered_set<std::string>& names) {
  names.insert(node.input().begin(), node.input().end());
  for (const auto& attribute : node.attribute())
    if (attribute.has_g()) collect_uses(attribute.g(), names);
}

void collect_uses(const pb::GraphProto& graph, std::unordered_set<std::string>& names) {
  for (const auto& node : graph.node()) collect_uses(node, names);
  for (const auto& output : graph.output()) names.insert(output.name());
}

bool defines_one_of(const pb::NodeProto& node, const std::unordered_set<std::string>& names) {
  for (const std::string& output : node.output())
    if (names.count(output)) return true;
  return false;
}

}  // namespace

std::string_view to_string(Expect expect) {
  switch (expect) {
    case Expect::read_fails: return "must-fail-read";
    case Expect::compile_fails: return "must-fail-compile";
    case Expect::may_pass: return "may-pass";
  }
  return "may-pass";
}

std::unordered_set<std::string> used_names(const pb::GraphProto& graph) {
  std::unordered_set<std::string> names;
  collect_uses(graph, names);
  names.erase("");
  return names;
}

std::vector<pb::NodeProto*> live_nodes(pb::GraphProto& graph) {
  std::unordered_set<std::string> needed;
  for (const auto& output : graph.output()) needed.insert(output.name());
  std::vector<bool> live(static_cast<size_t>(graph.node_size()));
  for (bool changed = true; changed;) {
    changed = false;
    for (int i = graph.node_size() - 1; i >= 0; --i) {
      if (live[static_cast<size_t>(i)] || !defines_one_of(graph.node(i), needed)) continue;
      live[static_cast<size_t>(i)] = changed = true;
      collect_uses(graph.node(i), needed);
      needed.erase("");
    }
  }
  std::vector<pb::NodeProto*> nodes;
  for (int i = 0; i < graph.node_size(); ++i)
    if (live[static_cast<size_t>(i)]) nodes.push_back(graph.mutable_node(i));
  return nodes;
}

int mutilate(std::string_view seed, const std::function<void(const Variant&)>& take) {
  int count = mutilate_bytes(seed, take);
  pb::ModelProto original;
  if (!original.ParseFromArray(seed.data(), static_cast<int>(seed.size()))) return count;
  for (auto table : std::array{structure_mutations(), initializer_mutations(), node_mutations()})
    for (const Mutation& mutation : table)
      for (int site = 0; site < kSites; ++site) {
        pb::ModelProto model = original;
        if (!mutation.apply(model, site)) break;
        take({std::string(mutation.name) + "-" + std::to_string(site), mutation.expect, model.SerializeAsString()});
        ++count;
      }
  return count;
}

}  // namespace rondo
