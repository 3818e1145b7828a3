// Rules about single nodes and types. Tested by tests/ir/verify_test.cpp.
#include "ir/verify_node.h"

#include <fmt/format.h>

#include <algorithm>

namespace rondo {
namespace {

bool multiplies(const std::unique_ptr<Node>& node) { return node->op == Op::matmul || node->op == Op::conv; }
bool reduces(const std::unique_ptr<Node>& node) { return node->op == Op::reduce || node->op == Op::reduce_window; }

void check_fused(const Graph& body, std::vector<std::string>& errors) {
  const auto products = std::count_if(body.nodes.begin(), body.nodes.end(), multiplies);
  const auto reductions = std::count_if(body.nodes.begin(), body.nodes.end(), reduces);
  if (reductions > 1 || (reductions == 1 && products > 0))
    errors.emplace_back("the region has more than one reduction, or a reduction beside products");
  if (std::any_of(body.nodes.begin(), body.nodes.end(), [](const auto& node) { return !node->regions.empty(); }))
    errors.emplace_back("the region of a fused node has regions inside");
}

bool agree(const Graph& graph, const Dim& a, const Dim& b) {
  const Dim difference = graph.resolve(a) - graph.resolve(b);
  if (difference.is(0)) return true;
  for (const Equality& known : graph.equalities) {
    const Dim fact = graph.resolve(known.a) - graph.resolve(known.b);
    if (fact == difference || -fact == difference) return true;
  }
  return false;
}

}  // namespace

std::vector<std::string> node_errors(const Node& node, Level level) {
  std::vector<std::string> errors;
  if (level == Level::core && is_model(node.op))
    errors.push_back(fmt::format("{} is an operator of the model level, in a core graph", info(node.op).word));
  if ((node.op == Op::unsupported) == node.kind.empty())
    errors.emplace_back(node.kind.empty() ? "an unsupported operator must say its kind"
                                          : "only an unsupported operator has a kind");
  if (node.op == Op::fused && node.regions.size() == 1 && node.regions[0]) check_fused(*node.regions[0], errors);
  return errors;
}

bool agree(const Graph& graph, const Type& a, const Type& b) {
  if (a.dtype != b.dtype || a.shape.size() != b.shape.size()) return false;
  for (size_t i = 0; i < a.shape.size(); ++i)
    if (!(a.shape[i] == b.shape[i]) && !agree(graph, a.shape[i], b.shape[i])) return false;
  return true;
}

}  // namespace rondo
