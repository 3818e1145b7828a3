// The order in which nodes can run; see order.h. Kahn's algorithm, with the earliest node in the file first.
#include "frontend/onnx/order.h"

#include <fmt/format.h>

#include <queue>
#include <unordered_map>

#include "frontend/file.h"
#include "support/error_list.h"

namespace rondo {
namespace {

struct Edges {
  std::vector<std::vector<int>> users;  // of each node's results; as many times as they are used
  std::vector<std::vector<int>> needs;
};

Diagnostic undefined(const NodeUses& user, std::string_view name, int input) {
  const std::string role = input < 0 ? "its subgraphs use" : fmt::format("input {} is", input);
  return invalid(fmt::format("{} {}, which nothing defines", role, in_quotes(name)), node_place(*user.node));
}

Result<Edges> connect(const std::vector<NodeUses>& nodes, const std::function<bool(std::string_view)>& available) {
  std::unordered_map<std::string_view, int> producer;
  for (size_t i = 0; i < nodes.size(); ++i)
    for (const std::string& output : nodes[i].node->output()) producer.emplace(output, static_cast<int>(i));
  Edges edges{std::vector<std::vector<int>>(nodes.size()), std::vector<std::vector<int>>(nodes.size())};
  ErrorList errors;
  auto use = [&](size_t user, std::string_view name, int input) {
    if (name.empty() || errors.stops() || available(name)) return;
    auto found = producer.find(name);
    if (found == producer.end()) {
      errors.add({undefined(nodes[user], name, input)});
      return;
    }
    edges.users[static_cast<size_t>(found->second)].push_back(static_cast<int>(user));
    edges.needs[user].push_back(found->second);
  };
  for (size_t i = 0; i < nodes.size(); ++i) {
    int input = 0;
    for (const std::string& name : nodes[i].node->input()) use(i, name, input++);
    for (std::string_view name : nodes[i].captured) use(i, name, -1);
  }
  RONDO_CHECK(errors.status());
  return edges;
}

/// Some node that needs itself: every node left over needs another one left over, so going back must repeat.
int node_on_cycle(const Edges& edges, const std::vector<int>& missing) {
  size_t node = 0;
  while (missing[node] == 0) ++node;
  for (std::vector<bool> visited(missing.size()); !visited[node];) {
    visited[node] = true;
    for (int need : edges.needs[node])
      if (missing[static_cast<size_t>(need)] > 0) {
        node = static_cast<size_t>(need);
        break;
      }
  }
  return static_cast<int>(node);
}

}  // namespace

std::string node_name(const pb::NodeProto& node) {
  if (!node.name().empty()) return node.name();
  for (const std::string& output : node.output())
    if (!output.empty()) return output;
  return {};
}

std::string node_place(const pb::NodeProto& node) {
  const std::string type = is_standard(node.domain()) ? node.op_type() : node.domain() + "." + node.op_type();
  const std::string shown = in_quotes(type);
  return fmt::format("node {} ({})", in_quotes(node_name(node)), shown.substr(1, shown.size() - 2));
}

Result<std::vector<int>> execution_order(const std::vector<NodeUses>& nodes,
                                         const std::function<bool(std::string_view)>& available) {
  RONDO_TRY(const Edges edges, connect(nodes, available));
  std::vector<int> missing(nodes.size()), order;
  std::priority_queue<int, std::vector<int>, std::greater<>> ready;
  for (size_t i = 0; i < nodes.size(); ++i) {
    missing[i] = static_cast<int>(edges.needs[i].size());
    if (missing[i] == 0) ready.push(static_cast<int>(i));
  }
  while (!ready.empty()) {
    const int node = ready.top();
    ready.pop();
    order.push_back(node);
    for (int user : edges.users[static_cast<size_t>(node)])
      if (--missing[static_cast<size_t>(user)] == 0) ready.push(user);
  }
  if (order.size() == nodes.size()) return order;
  const NodeUses& culprit = nodes[static_cast<size_t>(node_on_cycle(edges, missing))];
  return invalid("the node needs its own result: the graph has a cycle", node_place(*culprit.node));
}

}  // namespace rondo
