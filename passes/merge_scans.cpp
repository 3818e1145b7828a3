// merge_scans: independent scans over the same steps become one scan, so that the chains of both run side by side.
//
// A step of a small cell is a chain of dependent work that leaves most of the machine idle: the two directions of a
// bidirectional layer, or parallel layers, fill each other's gaps. That pays while the weights of both lie in the
// first cache; beyond it bandwidth decides, and each scan had better keep its own weights close.
// Tested by tests/passes/merge_scans.test and property_test.cpp.
#include <fmt/format.h>

#include <unordered_set>

#include "ir/builder.h"
#include "ir/scan.h"
#include "passes/pass.h"
#include "passes/remarks.h"
#include "support/places.h"

namespace rondo {
namespace {

/// Bytes that every step reads again: constants inside, and what comes in unchanged. Nothing if that is not known.
std::optional<int64_t> bytes_of_step(const Graph& body, size_t first_invariant) {
  int64_t total = 0;
  auto add = [&](const Type& type) {
    const std::optional<int64_t> bytes = byte_count(type);
    if (bytes) total += *bytes;
    return bytes.has_value();
  };
  for (size_t i = first_invariant; i < body.params.size(); ++i)
    if (!add(*body.params[i]->type)) return std::nullopt;
  for (const auto& node : body.nodes) {
    if (tensor_of(*node) && !add(*node->result()->type)) return std::nullopt;
    if (!node->regions.empty()) return std::nullopt;  // recurrences inside: more than one chain
  }
  return total;
}

std::optional<int64_t> bytes_of_step(const Scan& scan) {
  return bytes_of_step(scan.body(), static_cast<size_t>(1 + scan.carried() + scan.scanned()));
}

/// Nodes that read, directly or not, what `first` makes, among the positions up to `last`.
std::vector<bool> readers_of(const Graph& graph, size_t first, size_t last) {
  std::vector<bool> reads(last + 1, false);
  std::unordered_set<const Value*> made;
  auto take = [&](const Node& node) {
    for (const auto& result : node.results) made.insert(result.get());
  };
  take(*graph.nodes[first]);
  for (size_t i = first + 1; i <= last; ++i) {
    const Node& node = *graph.nodes[i];
    for (const Value* operand : node.operands) reads[i] = reads[i] || made.count(operand);
    if (reads[i]) take(node);
  }
  return reads;
}

/// Joins two scans' signatures part by part: carried of both, scanned of both, and so on.
class Joiner {
 public:
  Joiner(Node& a, Node& b) : parts_{Scan{a}, Scan{b}} {}

  /// The joined scan, appended to the graph; results of both -> its results.
  Result<std::map<const Value*, Value*>> join(Graph& graph) {
    auto body = std::make_unique<Graph>(Level::core);
    std::vector<Value*> operands;
    Value* step = body->add_param(parts_[0].step_param()->type, parts_[0].step_param()->name);
    for (const Scan& scan : parts_) inside_[scan.step_param()] = step;
    take_params(*body, operands, [](const Scan& s, auto f) { for (int i = 0; i < s.carried(); ++i) f(s.carried_init(i), s.carried_param(i)); });
    take_params(*body, operands, [](const Scan& s, auto f) { for (int i = 0; i < s.scanned(); ++i) f(s.scanned_operand(i), s.scanned_param(i)); });
    take_params(*body, operands, [](const Scan& s, auto f) { for (int i = 0; i < s.invariants(); ++i) f(s.invariant_operand(i), s.invariant_param(i)); });
    std::vector<const Value*> results;
    for (const Scan& s : parts_)
      for (int i = 0; i < s.carried(); ++i) body->outputs.push_back(s.carried_next(i)), results.push_back(s.carried_final(i));
    for (const Scan& s : parts_)
      for (int i = 0; i < s.stacked(); ++i) body->outputs.push_back(s.stacked_output(i)), results.push_back(s.stacked_result(i));
    const Attributes attributes = joined_attributes();
    for (const Scan& s : parts_) {
      for (auto& node : s.body().nodes) body->nodes.push_back(std::move(node));
      for (const Equality& known : s.body().equalities) body->equalities.push_back(known);
    }
    replace_uses(*body, inside_);
    return append(graph, std::move(body), std::move(operands), attributes, results);
  }

 private:
  template <class Each>
  void take_params(Graph& body, std::vector<Value*>& operands, Each each) {
    for (const Scan& scan : parts_)
      each(scan, [&](Value* operand, Value* param) {
        operands.push_back(operand);
        Value* value = body.add_param(param->type, param->name);
        value->elements = param->elements;
        inside_[param] = value;
      });
  }

  Attributes joined_attributes() const {
    std::vector<int64_t> scanned, stacked;
    int64_t carried = 0, count = 0;
    for (const Scan& s : parts_) {
      carried += s.carried(), count += s.scanned();
      for (int i = 0; i < s.scanned(); ++i) scanned.push_back(s.reverse_scanned(i));
      for (int i = 0; i < s.stacked(); ++i) stacked.push_back(s.reverse_stacked(i));
    }
    return {{"trip", parts_[0].trip()}, {"carried", carried}, {"scanned", count},
            {"reverse_scanned", scanned}, {"reverse_stacked", stacked}};
  }

  Result<std::map<const Value*, Value*>> append(Graph& graph, std::unique_ptr<Graph> body, std::vector<Value*> operands,
                                                Attributes attributes, const std::vector<const Value*>& results) {
    const Node &first = parts_[0].node, &second = parts_[1].node;
    std::vector<std::unique_ptr<Graph>> regions;
    regions.push_back(std::move(body));
    Builder b(graph, &first);
    const std::vector<Value*> joined = b.node(Op::scan, std::move(operands), std::move(attributes),
                                              static_cast<int>(results.size()), std::move(regions));
    RONDO_CHECK(b.status());
    join_places(joined[0]->producer->place, second.place);
    std::map<const Value*, Value*> replacement;
    for (size_t i = 0; i < results.size(); ++i) {
      joined[i]->name = results[i]->name;
      replacement[results[i]] = joined[i];
    }
    return replacement;
  }

  Scan parts_[2];
  std::map<const Value*, Value*> inside_;
};

/// Whether the scans at two positions may be one.
bool independent(const Graph& graph, size_t first, size_t second) {
  if (graph.nodes[first]->op != Op::scan || graph.nodes[second]->op != Op::scan) return false;
  const Scan a{*graph.nodes[first]}, b{*graph.nodes[second]};
  return a.trip() == b.trip() && !a.trip().is(1) && !readers_of(graph, first, second)[second];
}

/// Whether the scans at two positions should be one.
bool pays(const Graph& graph, size_t first, size_t second, const PassContext& context) {
  const Scan a{*graph.nodes[first]}, b{*graph.nodes[second]};
  const std::optional<int64_t> left = bytes_of_step(a), right = bytes_of_step(b);
  if (!left || !right) {
    note(context, b.node, fmt::format("does not run with {}: what a step reads again is not known", display_name(a.node)));
    return false;
  }
  const bool fits = *left + *right <= context.target.l1_bytes;
  note(context, b.node, fmt::format("{} with {}: together a step reads {} bytes again, the first cache holds {}",
                                    fits ? "runs" : "does not run", display_name(a.node), *left + *right,
                                    context.target.l1_bytes));
  return fits;
}

/// What does not read the first scan moves before the joined one, the rest after it. Gives the joined scan's position.
Result<size_t> join_at(Graph& graph, size_t first, size_t second) {
  const std::vector<bool> reads = readers_of(graph, first, second);
  std::vector<std::unique_ptr<Node>> before, after, old = std::move(graph.nodes);
  graph.nodes.clear();
  for (size_t i = 0; i < old.size(); ++i) {
    if (i == first || i == second) continue;
    (i < second && !reads[i] ? before : after).push_back(std::move(old[i]));
  }
  graph.nodes = std::move(before);
  const size_t position = graph.nodes.size();
  RONDO_TRY(const auto replacement, Joiner(*old[first], *old[second]).join(graph));
  for (auto& node : after) graph.nodes.push_back(std::move(node));
  replace_uses(graph, replacement);
  return position;
}

}  // namespace

Result<bool> merge_scans(Graph& graph, const PassContext& context) {
  bool changed = false;
  for (const auto& node : graph.nodes)
    for (const auto& region : node->regions) {
      RONDO_TRY(const bool inner, merge_scans(*region, context));
      changed |= inner;
    }
  for (size_t second = 0; second < graph.nodes.size(); ++second)
    for (size_t first = 0; first < second; ++first) {
      if (!independent(graph, first, second) || !pays(graph, first, second, context)) continue;
      RONDO_TRY(second, join_at(graph, first, second));
      changed = true;
      first = static_cast<size_t>(-1);  // the joined scan with all before it
    }
  return changed;
}

}  // namespace rondo
