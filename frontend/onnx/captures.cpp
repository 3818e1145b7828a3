// What subgraphs take from outside; see captures.h.
//
// Recursion is as deep as subgraphs are nested, which protobuf's own limit of 100 nested messages bounds, and the
// reader of functions.
#include "frontend/onnx/captures.h"

#include <unordered_set>

namespace rondo {
namespace {

using Names = std::unordered_set<std::string_view>;

/// Names in order of first appearance, without those in `known`.
class Collector {
 public:
  explicit Collector(Names known) : seen_(std::move(known)) {}
  void add(std::string_view name) {
    if (!name.empty() && seen_.insert(name).second) names_.push_back(name);
  }
  std::vector<std::string_view> take() { return std::move(names_); }

 private:
  Names seen_;
  std::vector<std::string_view> names_;
};

Names defined_names(const pb::GraphProto& graph) {
  Names names;
  for (const auto& input : graph.input()) names.insert(input.name());
  for (const auto& initializer : graph.initializer()) names.insert(initializer.name());
  for (const auto& sparse : graph.sparse_initializer()) names.insert(sparse.values().name());
  for (const auto& node : graph.node()) names.insert(node.output().begin(), node.output().end());
  return names;
}

std::vector<std::string_view> captured_by(const pb::NodeProto& node);

/// The names a graph uses and does not define.
std::vector<std::string_view> free_names(const pb::GraphProto& graph) {
  Collector free(defined_names(graph));
  for (const auto& node : graph.node()) {
    for (const auto& input : node.input()) free.add(input);
    for (std::string_view name : captured_by(node)) free.add(name);
  }
  for (const auto& output : graph.output()) free.add(output.name());
  return free.take();
}

std::vector<std::string_view> captured_by(const pb::NodeProto& node) {
  Collector captured({});
  for (const auto& attribute : node.attribute())
    if (attribute.has_g())
      for (std::string_view name : free_names(attribute.g())) captured.add(name);
  return captured.take();
}

}  // namespace

std::vector<NodeUses> find_uses(const pb::GraphProto& graph) {
  std::vector<NodeUses> uses;
  for (const auto& node : graph.node()) uses.push_back({&node, captured_by(node)});
  return uses;
}

}  // namespace rondo
