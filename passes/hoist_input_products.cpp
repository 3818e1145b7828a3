// hoist_input_products: products that a scan computes from its scanned operands and invariants alone are computed
// before it, for all steps at once: x_t[B, I] x W[I, N] for every t is X[T, B, I] x W. The scan then scans the result.
//
// Bias additions, slices and other plain work between the product and what depends on carried values go along;
// views stay in the body, where they cost nothing. Sums are regrouped for that: (h x R + x_t x W) + b becomes
// (x_t x W + b) + h x R, which changes rounding within the tolerance of floating-point sums.
// A scan of one step keeps its products: it is about to be unrolled. So does one whose steps are small: products of few
// rows with weights that take at most a third of the first cache are computed while the step waits for the one before it,
// and cost less there than a result for all steps that is written and read again. And so does one whose steps are large:
// products of many rows use each weight often enough as they are, and their result for all steps would leave the cache.
// Tested by tests/passes/hoist_input_products.test.
#include <fmt/format.h>

#include <algorithm>

#include "ir/cost.h"
#include "passes/hoist.h"
#include "passes/pass.h"
#include "passes/remarks.h"
#include "passes/scan_edit.h"

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

/// A product of at least 16 rows with a constant matrix, whose results of all steps take more than the second cache.
bool is_large(const Node& product, const Dim& trip, const PassContext& context) {
  const Tensor* matrix = product.op == Op::matmul ? tensor_of(product.operands[1]) : nullptr;
  if (!matrix || matrix->shape().size() != 2) return false;
  const Dim rows = floor_div(element_count(product.operands[0]->type->shape), Dim(matrix->shape()[0]));
  const Dim all = element_count(product.result()->type->shape) * trip * Dim(byte_size(matrix->dtype()));
  return provably_le(Dim(16), rows) && provably_le(Dim(context.target.l2_bytes), all);
}

/// Why the products had better stay in the scan; empty if they had not.
std::string reason_to_stay(const std::vector<const Node*>& products, const Scan& scan, const PassContext& context) {
  const auto all = [&](auto is) { return std::all_of(products.begin(), products.end(), is); };
  if (all([&](const Node* product) { return is_small(*product, context); }))
    return fmt::format("they are small, each of a third of the first cache's {} bytes at most", context.target.l1_bytes);
  if (all([&](const Node* product) { return is_large(*product, scan.trip(), context); }))
    return fmt::format("they have many rows, and results of all steps that exceed the second cache's {} bytes",
                       context.target.l2_bytes);
  return "";
}

void explain(const Scan& scan, const std::vector<const Node*>& products, const Dependences& dependences,
             const PassContext& context) {
  Dim cost = 0;
  for (const Node* product : products) {
    const bool once = dependences.at(product->result()).varies == Varies::not_at_all;
    cost += once ? multiply_adds(*product) : multiply_adds(*product) * scan.trip();
  }
  note(context, scan.node, fmt::format("hoisted {} product{}, {} multiply-adds", products.size(),
                                         products.size() == 1 ? "" : "s", cost.to_string()));
}

/// Replaces the frontier by new operands of the scan.
void cross(Node& node, const std::vector<Value*>& frontier, const Dependences& dependences, const Lifter& lifter) {
  std::map<const Value*, Value*> replacement;
  for (Value* value : frontier) {
    const Varies varies = dependences.at(value).varies;
    Value* outside = lifter.lifted(value);
    Value* param = varies == Varies::not_at_all ? add_invariant(node, outside)
                                                : add_scanned(node, outside, varies == Varies::backward);
    param->name = value->name;
    replacement[value] = param;
  }
  replace_uses(*node.regions[0], replacement);
  remove_dead_nodes(*node.regions[0]);
}

Status hoist(Node& node, Builder& b, Rewriter& rewriter, const PassContext& context) {
  Scan scan{node};
  if (scan.trip().constant() && *scan.trip().constant() < 2) return Done{};  // unroll_scans says more about it
  RONDO_TRY(bool regrouped, regroup_sums(scan));
  if (regrouped) rewriter.note_change();
  const Dependences dependences = find_dependences(scan);
  const std::vector<Value*> frontier = find_frontier(scan, dependences);
  if (frontier.empty()) return Done{};
  const std::vector<const Node*> products = products_of(scan, frontier);
  if (const std::string reason = reason_to_stay(products, scan, context); !reason.empty()) {
    note(context, node, fmt::format("its input products stay inside: {}", reason));
    return Done{};
  }
  Lifter lifter(scan, dependences, b);
  lifter.lift(frontier);
  RONDO_CHECK(b.status());
  explain(scan, products, dependences, context);
  cross(node, frontier, dependences, lifter);
  rewriter.note_change();
  return Done{};
}

}  // namespace

Result<bool> hoist_input_products(Graph& graph, const PassContext& context) {
  return Rewriter([&](Node& node, Builder& b, Rewriter& rewriter) -> std::vector<Value*> {
           if (node.op != Op::scan) return {};
           if (Status done = hoist(node, b, rewriter, context); !done) b.fail(done.errors()[0]);
           return {};
         })
      .run(graph);
}

}  // namespace rondo
