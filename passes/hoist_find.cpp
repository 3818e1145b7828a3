// What of a scan could be computed before it, and whether it had better be: see hoist.h.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "ir/cost.h"
#include "passes/hoist.h"

namespace rondo {
namespace {

/// Slices and the like stay in the body: what crosses into the scan is what they are views of.
Value* behind_views(Value* value, const Dependences& dependences) {
  while (value->producer && is_view(value->producer->op) && dependences.at(value->producer->operands[0]).hoists())
    value = value->producer->operands[0];
  return value;
}

/// The values that carry products from outside into the work that stays, in the order of their use.
std::vector<Value*> find_frontier(const Scan& scan, const Dependences& dependences) {
  std::vector<Value*> frontier;
  std::unordered_map<const Value*, bool> seen;
  auto use = [&](Value* value) {
    if (!dependences.at(value).hoists()) return;
    value = behind_views(value, dependences);
    if (!seen[value]) frontier.push_back(value);
    seen[value] = true;
  };
  for (const auto& node : scan.body().nodes)
    if (!node->results.empty() && !dependences.at(node->result()).hoists())
      for (Value* operand : node->operands) use(operand);
  for (Value* output : scan.body().outputs) use(output);
  return frontier;
}

/// The products that a frontier is computed from.
std::vector<const Node*> products_of(const Scan& scan, const std::vector<Value*>& frontier) {
  std::unordered_map<const Value*, bool> needed;
  for (const Value* value : frontier) needed[value] = true;
  std::vector<const Node*> products;
  for (size_t i = scan.body().nodes.size(); i-- > 0;) {
    const Node& node = *scan.body().nodes[i];
    if (node.results.size() != 1 || !needed[node.result()]) continue;
    for (const Value* operand : node.operands) needed[operand] = true;
    if (is_product(node.op)) products.push_back(&node);
  }
  return products;
}

/// A product of at most two rows with a small constant matrix.
bool is_small(const Node& product, const PassContext& context) {
  const Tensor* matrix = product.op == Op::matmul ? tensor_of(product.operands[1]) : nullptr;
  if (!matrix || matrix->shape().size() != 2) return false;
  const Dim rows = element_count(product.operands[0]->type->shape);
  return provably_le(rows, Dim(2 * matrix->shape()[0])) &&
         static_cast<int64_t>(matrix->bytes().size()) <= context.target.l1_bytes / 3;
}

/// Whether a product has so many rows that each weight is used often enough.
bool has_many_rows(const Node& product) { return provably_le(Dim(kManyRows), rows_of(product)); }

/// Whether a product's results of all steps take more than the second cache.
bool exceeds_cache(const Node& product, const Dim& trip, const PassContext& context) {
  const Type& result = *product.result()->type;
  return provably_le(Dim(context.target.l2_bytes), element_count(result.shape) * trip * Dim(byte_size(result.dtype)));
}

/// Whether what the products are for are scans in this one's body, and nothing else.
bool feed_scans(const Hoistable& hoistable, const Scan& scan) {
  std::unordered_set<const Value*> carriers(hoistable.frontier.begin(), hoistable.frontier.end());
  bool any = false;
  for (const auto& node : scan.body().nodes) {
    const bool reads = std::any_of(node->operands.begin(), node->operands.end(),
                                   [&](const Value* operand) { return carriers.count(operand) != 0; });
    if (!reads) continue;
    if (is_view(node->op)) {
      carriers.insert(node->result());
    } else if (node->op == Op::scan) {
      any = true;
    } else if (!hoistable.dependences.at(node->result()).hoists()) {
      return false;
    }
  }
  return any;
}

}  // namespace

Dim rows_of(const Node& product) {
  const Tensor* matrix = product.op == Op::matmul ? tensor_of(product.operands[1]) : nullptr;
  if (!matrix || matrix->shape().size() != 2) return 1;
  return floor_div(element_count(product.operands[0]->type->shape), Dim(matrix->shape()[0]));
}

Hoistable find_hoistable(const Scan& scan) {
  Hoistable found{find_dependences(scan), {}, {}};
  found.frontier = find_frontier(scan, found.dependences);
  found.products = products_of(scan, found.frontier);
  return found;
}

std::string reason_to_stay(const Hoistable& hoistable, const Scan& scan, const PassContext& context) {
  const auto all = [&](auto is) { return std::all_of(hoistable.products.begin(), hoistable.products.end(), is); };
  if (all([&](const Node* product) { return is_small(*product, context); }))
    return fmt::format("they are small, each of a third of the first cache's {} bytes at most",
                       context.target.l1_bytes);
  if (!all([](const Node* product) { return has_many_rows(*product); })) return "";
  if (feed_scans(hoistable, scan))
    return "they are of many steps of the scan that they feed, whose results stay in the cache";
  if (all([&](const Node* product) { return exceeds_cache(*product, scan.trip(), context); }))
    return fmt::format("they have many rows, and results of all steps that exceed the second cache's {} bytes",
                       context.target.l2_bytes);
  return "";
}

}  // namespace rondo
