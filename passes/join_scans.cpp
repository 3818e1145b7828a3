// Joining scans over the same steps: see join_scans.h.
#include "passes/join_scans.h"

#include <unordered_set>

#include "ir/builder.h"
#include "support/places.h"

namespace rondo {
namespace {

/// Joins two scans' signatures part by part: carried of both, scanned of both, and so on. Of what the second scans,
/// what the first stacks step by step is read inside.
class Joiner {
 public:
  Joiner(Node& a, Node& b) : parts_{Scan{a}, Scan{b}} {}

  /// The joined scan, appended to the graph; results of both -> its results.
  Result<std::map<const Value*, Value*>> join(Graph& graph) {
    auto body = std::make_unique<Graph>(Level::core);
    std::vector<Value*> operands;
    Value* step = body->add_param(parts_[0].step_param()->type, parts_[0].step_param()->name);
    for (const Scan& scan : parts_) inside_[scan.step_param()] = step;
    auto take = [&](Value* operand, Value* param) {
      operands.push_back(operand);
      Value* value = body->add_param(param->type, param->name);
      value->elements = param->elements;
      inside_[param] = value;
    };
    for (const Scan& s : parts_)
      for (int i = 0; i < s.carried(); ++i) take(s.carried_init(i), s.carried_param(i));
    for (const Scan& s : parts_)
      for (int i : scanned_outside(s)) take(s.scanned_operand(i), s.scanned_param(i));
    for (const Scan& s : parts_)
      for (int i = 0; i < s.invariants(); ++i) take(s.invariant_operand(i), s.invariant_param(i));
    read_inside();
    std::vector<const Value*> results;
    for (const Scan& s : parts_)
      for (int i = 0; i < s.carried(); ++i)
        body->outputs.push_back(s.carried_next(i)), results.push_back(s.carried_final(i));
    for (const Scan& s : parts_)
      for (int i = 0; i < s.stacked(); ++i)
        body->outputs.push_back(s.stacked_output(i)), results.push_back(s.stacked_result(i));
    const Attributes attributes = joined_attributes();
    for (const Scan& s : parts_) {
      for (auto& node : s.body().nodes) body->nodes.push_back(std::move(node));
      for (const Equality& known : s.body().equalities) body->equalities.push_back(known);
    }
    replace_uses(*body, inside_);
    return append(graph, std::move(body), std::move(operands), attributes, results);
  }

 private:
  /// What is scanned by the joined scan, too.
  std::vector<int> scanned_outside(const Scan& scan) const {
    std::vector<int> result;
    for (int i = 0; i < scan.scanned(); ++i)
      if (&scan.node == &parts_[0].node || stacked_for(parts_[0], scan, i) < 0) result.push_back(i);
    return result;
  }

  void read_inside() {
    for (int i = 0; i < parts_[1].scanned(); ++i) {
      const int stacked = stacked_for(parts_[0], parts_[1], i);
      if (stacked < 0) continue;
      Value* slice = parts_[0].stacked_output(stacked);
      const auto param = inside_.find(slice);  // the first may stack what it is given
      inside_[parts_[1].scanned_param(i)] = param == inside_.end() ? slice : param->second;
    }
  }

  Attributes joined_attributes() const {
    std::vector<int64_t> scanned, stacked;
    int64_t carried = 0;
    for (const Scan& s : parts_) {
      carried += s.carried();
      for (int i : scanned_outside(s)) scanned.push_back(s.reverse_scanned(i));
      for (int i = 0; i < s.stacked(); ++i) stacked.push_back(s.reverse_stacked(i));
    }
    return {{"trip", parts_[0].trip()},
            {"carried", carried},
            {"scanned", int64_t(scanned.size())},
            {"reverse_scanned", scanned},
            {"reverse_stacked", stacked}};
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

}  // namespace

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

int stacked_for(const Scan& first, const Scan& second, int i) {
  for (int j = 0; j < first.stacked(); ++j)
    if (second.scanned_operand(i) == first.stacked_result(j) && second.reverse_scanned(i) == first.reverse_stacked(j))
      return j;
  return -1;
}

Result<size_t> join_scans(Graph& graph, size_t first, size_t second) {
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

}  // namespace rondo
