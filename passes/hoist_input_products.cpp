// hoist_input_products: products that a scan computes from its scanned operands and invariants alone are computed
// before it, for all steps at once: x_t[B, I] x W[I, N] for every t is X[T, B, I] x W. The scan then scans the result.
//
// Bias additions, slices and other plain work between the product and what depends on carried values go along;
// views stay in the body, where they cost nothing. Sums are regrouped for that: (h x R + x_t x W) + b becomes
// (x_t x W + b) + h x R, which changes rounding within the tolerance of floating-point sums.
// A scan of one step keeps its products: it is about to be unrolled. So does one whose steps are small: products of few
// rows with weights that take at most a third of the first cache are computed while the step waits for the one before it,
// and cost less there than a result for all steps that is written and read again. And so does one whose steps are large:
// products of many rows use each weight often enough as they are, and their result for all steps would leave the cache;
// the chunks that chunk_scans makes are such steps.
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
  const Hoistable found = find_hoistable(scan);
  const auto& [dependences, frontier, products] = found;
  if (frontier.empty()) return Done{};
  if (const std::string reason = reason_to_stay(found, scan, context); !reason.empty()) {
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
