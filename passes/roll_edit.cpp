// A proved recurrence becomes a scan: see roll.h.
//
// What does not depend on the recurrence moves before the scan, what does comes after it; both keep their order. Where
// results of all steps are joined again, the join is the scan's stacked result. Tested by tests/passes/roll_scans.test.
#include <algorithm>
#include <unordered_set>

#include "ir/builder.h"
#include "passes/roll.h"
#include "support/places.h"

namespace rondo {
namespace {

class Roller {
 public:
  Roller(Graph& graph, const Recurrence& recurrence)
      : graph_(graph), r_(recurrence), steps_(recurrence.steps()), b_(graph, namesake(recurrence)) {
    for (size_t i = 0; i < r_.roles.size(); ++i)
      for (int t = 0; t < steps_; ++t)
        if (const Node* node = r_.roles[i].steps[static_cast<size_t>(t)]) places_[node] = {static_cast<int>(i), t};
  }

  Result<Node*> run() {
    sort_nodes();
    if (!inputs_come_first()) return nullptr;
    plan_results();
    part_nodes();
    RONDO_CHECK(build());
    return scan_;
  }

 private:
  struct Place {
    int role, step;
  };
  /// A result of a role in all steps, in order or in reverse.
  struct Stack {
    int role, result;
    bool reverse;
    Value* value = nullptr;
  };
  /// Operands of a concat that are one result in successive steps.
  struct Run {
    size_t first, count;  // operands
    int role, result, step;  // of the first
    bool reverse;
  };

  /// The scan is named after the first product that is written out.
  static const Node* namesake(const Recurrence& recurrence) {
    for (const Role& role : recurrence.roles)
      for (const Node* node : role.steps)
        if (node && (is_product(node->op) || node->op == Op::scan)) return node;
    return &recurrence.node(0);
  }

  const Place* place(const Value* value) const {
    auto it = value->producer ? places_.find(value->producer) : places_.end();
    return it == places_.end() ? nullptr : &it->second;
  }
  bool inside(const Node* node) const { return places_.count(node) != 0; }
  bool depends(const Value* value) const {
    return value && value->producer && (inside(value->producer) || after_.count(value->producer));
  }

  void sort_nodes() {
    for (const auto& node : graph_.nodes) {
      if (inside(node.get())) continue;
      if (std::any_of(node->operands.begin(), node->operands.end(), [&](const Value* v) { return depends(v); }))
        after_.insert(node.get());
    }
  }

  bool inputs_come_first() const {
    for (const auto& feeds : r_.feeds)
      for (const Feed& feed : feeds)
        if (depends(feed.value)) return false;
    for (const CarriedRole& carried : r_.carried)
      if (depends(carried.init)) return false;
    for (const StepInput& sequence : r_.sequences) {
      if (depends(sequence.source)) return false;
      if (sequence.kind == StepInput::Kind::slices) continue;
      for (const Value* value : sequence.values)
        if (depends(value)) return false;
    }
    return true;
  }

  // --- what is needed of each result

  bool is_final(const Place& place, int result) const {
    return place.step == steps_ - 1 && carried_at(place.role, result) >= 0;
  }
  int carried_at(int role, int result) const {
    for (size_t i = 0; i < r_.carried.size(); ++i)
      if (r_.carried[i].role == role && r_.carried[i].result == result) return static_cast<int>(i);
    return -1;
  }

  Stack& stack(int role, int result, bool reverse) {
    for (Stack& known : stacks_)
      if (known.role == role && known.result == result && known.reverse == reverse) return known;
    stacks_.push_back({role, result, reverse});
    return stacks_.back();
  }

  /// The stack that holds a result, in either order, or null.
  Stack* any_stack(int role, int result) {
    for (Stack& known : stacks_)
      if (known.role == role && known.result == result) return &known;
    return nullptr;
  }

  void need(const Value* value) {
    const Place* at = place(value);
    if (at && !is_final(*at, value->index) && !any_stack(at->role, value->index)) stack(at->role, value->index, false);
  }

  void plan_results() {
    for (const auto& node : graph_.nodes) {
      if (!after_.count(node.get()) || node->op != Op::concat) continue;
      std::vector<Run> runs = find_runs(*node);
      for (const Run& run : runs) stack(run.role, run.result, run.reverse);
      if (!runs.empty()) runs_[node.get()] = std::move(runs);
    }
    for (const auto& node : graph_.nodes)
      if (after_.count(node.get())) need_operands(*node);
    for (const Value* output : graph_.outputs) need(output);
    for (const State& state : graph_.states) need(state.next);
  }

  /// All but those in runs.
  void need_operands(const Node& node) {
    auto it = runs_.find(&node);
    const std::vector<Run> runs = it == runs_.end() ? std::vector<Run>() : it->second;
    size_t next = 0;
    for (size_t i = 0; i < node.operands.size(); ++i) {
      while (next < runs.size() && i >= runs[next].first + runs[next].count) ++next;
      if (next == runs.size() || i < runs[next].first) need(node.operands[i]);
    }
  }

  std::vector<Run> find_runs(const Node& concat) const {
    std::vector<Run> runs;
    for (size_t i = 0; i < concat.operands.size();) {
      const size_t count = run_length(concat, i);
      if (count > 1) {
        const Place& first = *place(concat.operands[i]);
        const bool reverse = place(concat.operands[i + 1])->step < first.step;
        runs.push_back({i, count, first.role, concat.operands[i]->index, first.step, reverse});
      }
      i += count;
    }
    return runs;
  }

  size_t run_length(const Node& concat, size_t first) const {
    const Place* start = place(concat.operands[first]);
    int by = 0;
    size_t count = 1;
    for (const Place* last = start; start && first + count < concat.operands.size(); ++count) {
      const Value* value = concat.operands[first + count];
      const Place* here = place(value);
      if (!here || here->role != start->role || value->index != concat.operands[first]->index) break;
      const int distance = here->step - last->step;
      if (by == 0 ? std::abs(distance) != 1 : distance != by) break;
      by = distance;
      last = here;
    }
    return count;
  }

  // --- the new graph

  void part_nodes() {
    std::vector<std::unique_ptr<Node>> before;
    for (auto& node : graph_.nodes)
      (inside(node.get()) ? gone_ : after_.count(node.get()) ? late_ : before).push_back(std::move(node));
    graph_.nodes = std::move(before);
  }

  Status build() {
    make_scan();
    for (auto& node : late_) {
      auto runs = runs_.find(node.get());
      if (runs != runs_.end()) join(*node, runs->second);
      for (Value*& operand : node->operands) operand = outside(operand);
    }
    for (Value*& output : graph_.outputs) output = outside(output);
    for (State& state : graph_.states) state.next = outside(state.next);
    RONDO_CHECK(b_.status());
    for (auto& node : late_) graph_.nodes.push_back(std::move(node));
    return Done{};
  }

  void make_scan() {
    std::vector<Value*> carried, scanned, invariants;
    for (const CarriedRole& each : r_.carried) carried.push_back(initial(each));
    for (const StepInput& sequence : r_.sequences) scanned.push_back(sequence_value(sequence));
    for (const auto& feeds : r_.feeds)
      for (const Feed& feed : feeds)
        if (feed.kind == Feed::Kind::invariant && invariant_at_.emplace(feed.value, invariants.size()).second)
          invariants.push_back(feed.value);
    results_ = b_.scan(steps_, carried, scanned, invariants, false, static_cast<int>(stacks_.size()),
                       [&](Builder& inner, const Builder::ScanBody& parts) { return body(inner, parts); });
    if (!b_.ok()) return;
    std::vector<int64_t> reverse_scanned, reverse_stacked;
    for (const StepInput& sequence : r_.sequences) reverse_scanned.push_back(sequence.stride < 0);
    for (const Stack& each : stacks_) reverse_stacked.push_back(each.reverse);
    scan_ = graph_.nodes.back().get();
    Attributes& attributes = scan_->attributes;
    attributes.set("reverse_scanned", std::move(reverse_scanned));
    attributes.set("reverse_stacked", std::move(reverse_stacked));
    for (size_t i = 0; i < stacks_.size(); ++i) stacks_[i].value = results_[r_.carried.size() + i];
  }

  std::vector<Value*> body(Builder& inner, const Builder::ScanBody& parts) {
    std::vector<std::vector<Value*>> made;
    for (size_t i = 0; i < r_.roles.size(); ++i) {
      const Node& node = r_.node(static_cast<int>(i));
      std::vector<Value*> operands;
      for (const Feed& feed : r_.feeds[i]) operands.push_back(fed(feed, parts, made));
      std::vector<std::unique_ptr<Graph>> regions;
      for (const auto& region : node.regions) regions.push_back(region->clone());
      Builder b(inner.graph(), &node);
      made.push_back(b.node(node.op, std::move(operands), node.attributes, static_cast<int>(node.results.size()),
                            std::move(regions)));
      if (!b.ok()) inner.fail(b.status().errors()[0]);
      for (const Node* step : r_.roles[i].steps)
        if (step && b.ok() && !made.back().empty()) join_places(made.back()[0]->producer->place, step->place);
      for (size_t k = 0; k < made.back().size() && inner.ok(); ++k) made.back()[k]->name = node.results[k]->name;
    }
    std::vector<Value*> outputs;
    auto value = [&](int role, int result) { return made[static_cast<size_t>(role)][static_cast<size_t>(result)]; };
    for (const CarriedRole& each : r_.carried) outputs.push_back(value(each.role, each.result));
    for (const Stack& each : stacks_) outputs.push_back(value(each.role, each.result));
    return outputs;
  }

  Value* fed(const Feed& feed, const Builder::ScanBody& parts, const std::vector<std::vector<Value*>>& made) const {
    const size_t at = static_cast<size_t>(feed.at);
    if (feed.kind == Feed::Kind::invariant) return parts.invariants[invariant_at_.at(feed.value)];
    if (feed.kind == Feed::Kind::scanned) return parts.scanned[at];
    if (feed.kind == Feed::Kind::carried) return parts.carried[at];
    return made[static_cast<size_t>(feed.role)][static_cast<size_t>(feed.result)];
  }

  Value* initial(const CarriedRole& carried) {
    const Type& type = *r_.node(carried.role).result(carried.result)->type;
    return carried.init ? b_.broadcast(carried.init, type.shape) : b_.zeros(type.dtype, type.shape);
  }

  Value* sequence_value(const StepInput& sequence) {
    if (sequence.kind == StepInput::Kind::slices) return slices_value(sequence);
    if (sequence.kind == StepInput::Kind::constants) return constants_value(sequence);
    std::vector<Value*> parts;
    for (Value* value : sequence.values) parts.push_back(b_.unsqueeze(value, {0}));
    return b_.concat(std::move(parts), 0);
  }

  Value* constants_value(const StepInput& sequence) {
    std::string bytes;
    for (const Value* value : sequence.values) bytes += tensor_of(value)->bytes();
    const Tensor& first = *tensor_of(sequence.values[0]);
    std::vector<int64_t> shape = first.shape();
    shape.insert(shape.begin(), steps_);
    return constant_from({sequence.values.begin(), sequence.values.end()},
                         Tensor(first.dtype(), std::move(shape), std::move(bytes)), b_);
  }

  /// [.., steps * size, ..] -> [.., steps, size, ..] -> [steps, .., size, ..].
  Value* slices_value(const StepInput& sequence) {
    const Attributes& attributes = sequence.values.back()->producer->attributes;
    const size_t axis = static_cast<size_t>(sequence.axis);
    std::vector<Dim> starts = sequence.first_starts, sizes = attributes.dims("sizes");
    std::vector<int64_t> each_step = attributes.integers("steps");
    Shape split = sizes;
    split.insert(split.begin() + sequence.axis, Dim(steps_));
    if (sequence.stride < 0) starts[axis] += Dim(steps_ - 1) * Dim(sequence.stride);
    if (sizes[axis].is(1)) each_step[axis] = std::abs(sequence.stride);
    sizes[axis] *= Dim(steps_);
    Value* whole = b_.slice(sequence.source, std::move(starts), std::move(sizes), std::move(each_step));
    std::vector<int64_t> perm{sequence.axis};
    for (int64_t i = 0; i < static_cast<int64_t>(split.size()); ++i)
      if (i != sequence.axis) perm.push_back(i);
    return b_.transpose(b_.reshape(whole, std::move(split)), std::move(perm));
  }

  // --- what the rest of the graph gets

  /// What a use outside of the recurrence becomes.
  Value* outside(Value* value) {
    const Place* at = place(value);
    if (!at) return value;
    Value*& known = outside_[value];
    if (known) return known;
    const Stack* stack = any_stack(at->role, value->index);
    if (!stack) return known = results_[static_cast<size_t>(carried_at(at->role, value->index))];
    const int step = stack->reverse ? steps_ - 1 - at->step : at->step;
    return known = b_.squeeze(b_.slice_axis(stack->value, 0, step, 1), {0});
  }

  void join(Node& concat, const std::vector<Run>& runs) {
    std::vector<Value*> operands;
    size_t next = 0;
    for (const Run& run : runs) {
      operands.insert(operands.end(), concat.operands.begin() + static_cast<std::ptrdiff_t>(next),
                      concat.operands.begin() + static_cast<std::ptrdiff_t>(run.first));
      operands.push_back(joined(run, static_cast<int>(concat.attributes.integer("axis"))));
      next = run.first + run.count;
    }
    operands.insert(operands.end(), concat.operands.begin() + static_cast<std::ptrdiff_t>(next), concat.operands.end());
    concat.operands = std::move(operands);
  }

  /// [count, .., size, ..] -> [.., count, size, ..] -> [.., count * size, ..].
  Value* joined(const Run& run, int axis) {
    Value* whole = stack(run.role, run.result, run.reverse).value;
    if (!b_.ok()) return whole;
    const int first = run.reverse ? steps_ - 1 - run.step : run.step;
    Value* part = b_.slice_axis(whole, 0, first, static_cast<int64_t>(run.count));
    std::vector<int64_t> perm;
    for (int64_t i = 1; i < part->type->rank(); ++i) {
      if (i == axis + 1) perm.push_back(0);
      perm.push_back(i);
    }
    part = b_.transpose(part, std::move(perm));
    Shape shape = part->type->shape;
    shape[static_cast<size_t>(axis)] *= shape[static_cast<size_t>(axis) + 1];
    shape.erase(shape.begin() + axis + 1);
    return b_.reshape(part, std::move(shape));
  }

  Graph& graph_;
  const Recurrence& r_;
  const int steps_;
  Builder b_;
  std::unordered_map<const Node*, Place> places_;  // looked up only
  std::unordered_set<const Node*> after_;          // nodes that depend on the recurrence
  std::vector<Stack> stacks_;
  std::unordered_map<const Node*, std::vector<Run>> runs_;
  std::unordered_map<const Value*, size_t> invariant_at_;
  std::unordered_map<const Value*, Value*> outside_;
  Node* scan_ = nullptr;
  std::vector<Value*> results_;
  std::vector<std::unique_ptr<Node>> late_, gone_;
};

}  // namespace

Result<Node*> roll(Graph& graph, const Recurrence& recurrence) { return Roller(graph, recurrence).run(); }

}  // namespace rondo
