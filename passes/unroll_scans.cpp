// unroll_scans: scans of a short constant length become straight-line code.
//
// By cost: a scan of one step always (it is no loop), one of a few steps if its body is small. `always` inlines
// whatever stays within kMaxTrip and kMaxNodes; `never` nothing. Inner scans come first.
// Tested by tests/passes/unroll_scans.test.
#include <fmt/format.h>

#include "passes/pass.h"
#include "passes/remarks.h"
#include "passes/rewriter.h"

#include "ir/measure.h"
#include "ir/scan.h"

namespace rondo {
namespace {

constexpr int64_t kShortTrip = 4, kSmallCode = 64, kSmallMatrix = 64 * 64;  // by cost
constexpr int64_t kMaxTrip = 256, kMaxNodes = 20'000;                       // always

int64_t work_nodes(const Graph& body) {
  int64_t count = 0;
  for (const auto& node : body.nodes) {
    if (is_source(node->op) || is_view(node->op)) continue;
    ++count;
    for (const auto& region : node->regions) count += work_nodes(*region);
  }
  return count;
}

bool has_large_product(const Graph& body) {
  for (const auto& node : body.nodes) {
    if (is_product(node->op)) {
      const std::optional<int64_t> elements = element_count(node->operands[1]->type->shape).constant();
      if (!elements || *elements > kSmallMatrix) return true;
    }
    for (const auto& region : node->regions)
      if (has_large_product(*region)) return true;
  }
  return false;
}

bool pays(const Scan& scan, const PassContext& context) {
  if (context.unroll == Unroll::never) return note(context, scan.node, "not unrolled, as was asked for"), false;
  const std::optional<int64_t> trip = scan.trip().constant();
  if (!trip) return note(context, scan.node, "not unrolled, only the run knows its steps: " + scan.trip().to_string()), false;
  if (*trip < 1) return false;
  const int64_t nodes = work_nodes(scan.body());
  if (*trip == 1) {
    note(context, scan.node, "unrolled, one step is no loop");
    return true;
  }
  const bool always = context.unroll == Unroll::always;
  if (!always && context.target.small_code) return note(context, scan.node, "not unrolled, code is to be short"), false;
  const int64_t max_trip = always ? kMaxTrip : kShortTrip, max_nodes = always ? kMaxNodes : kSmallCode;
  std::string cost = fmt::format("{} steps of {} node{}", *trip, nodes, nodes == 1 ? "" : "s");
  if (*trip > max_trip || nodes > max_nodes / *trip)
    cost += fmt::format(", more than {} steps or {} nodes in all", max_trip, max_nodes);
  else if (!always && has_large_product(scan.body()))
    cost += fmt::format(", with a matrix of more than {} elements", kSmallMatrix);
  else
    return note(context, scan.node, "unrolled, " + cost), true;
  note(context, scan.node, "not unrolled, " + cost);
  return false;
}

class Unroller {
 public:
  Unroller(Node& node, Builder& b) : scan_{node}, b_(b), trip_(*scan_.trip().constant()) {}

  std::vector<Value*> run() {
    for (int i = 0; i < scan_.carried(); ++i) carried_.push_back(scan_.carried_init(i));
    stacked_.assign(static_cast<size_t>(scan_.stacked()), std::vector<Value*>(static_cast<size_t>(trip_)));
    for (int64_t t = 0; t < trip_; ++t) step(t);
    std::vector<Value*> results = carried_;
    for (std::vector<Value*>& slices : stacked_) results.push_back(b_.concat(slices, 0));
    for (const Equality& known : scan_.body().equalities) b_.graph().require_equal(known.a, known.b, known.reason);
    return results;
  }

 private:
  int64_t position(int64_t t, bool reverse) const { return reverse ? trip_ - 1 - t : t; }

  void step(int64_t t) {
    std::map<const Value*, Value*> values;
    std::unique_ptr<Graph> body = scan_.body().clone(&values);
    std::map<const Value*, Value*> arguments;
    auto pass = [&](const Value* param, Value* argument) { arguments[values.at(param)] = argument; };
    pass(scan_.step_param(), b_.constant(Tensor::scalar(DType::i64, static_cast<double>(t))));
    for (int i = 0; i < scan_.carried(); ++i) pass(scan_.carried_param(i), carried_[i]);
    for (int i = 0; i < scan_.scanned(); ++i) {
      const Dim at = position(t, scan_.reverse_scanned(i));
      pass(scan_.scanned_param(i), b_.squeeze(b_.slice_axis(scan_.scanned_operand(i), 0, at, 1), {0}));
    }
    for (int i = 0; i < scan_.invariants(); ++i) pass(scan_.invariant_param(i), scan_.invariant_operand(i));
    replace_uses(*body, arguments);
    for (auto& node : body->nodes) b_.graph().nodes.push_back(std::move(node));
    for (int i = 0; i < scan_.carried(); ++i) carried_[i] = body->outputs[i];
    for (int i = 0; i < scan_.stacked(); ++i)
      stacked_[i][static_cast<size_t>(position(t, scan_.reverse_stacked(i)))] =
          b_.unsqueeze(body->outputs[scan_.carried() + i], {0});
  }

  Scan scan_;
  Builder& b_;
  const int64_t trip_;
  std::vector<Value*> carried_;
  std::vector<std::vector<Value*>> stacked_;  // by result, then by position in time
};

}  // namespace

Result<bool> unroll_scans(Graph& graph, const PassContext& context) {
  return Rewriter([&](Node& node, Builder& b, Rewriter&) -> std::vector<Value*> {
           if (node.op != Op::scan || !pays(Scan{node}, context)) return {};
           if (!measured_inside(*node.regions[0]).empty()) return {};  // a symbol is measured in one place
           return Unroller(node, b).run();
         })
      .run(graph);
}

}  // namespace rondo
