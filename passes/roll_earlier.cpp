// The first step of a recurrence from zeros: see find_earlier_step in roll.h.
//
// The proof is made in a graph of its own: a copy of what the recurrence starts from, and a step of the cell from
// zeros. Both are simplified as any graph is; what then is one value was equal. Tested by tests/passes/roll_scans.test.
#include <algorithm>
#include <unordered_set>

#include "passes/roll.h"

#include "ir/builder.h"

namespace rondo {
namespace {

class EarlierStep {
 public:
  EarlierStep(Recurrence& recurrence, const GraphIndex& index)
      : r_(recurrence), index_(index), b_(scratch_), earlier_(recurrence.roles.size()) {}

  bool run(const PassContext& context) {
    if (!starts_from_work()) return false;
    guess_nodes();
    choose_cone();
    if (!compute_from_zeros() || !compare(context)) return false;
    extend();
    return true;
  }

 private:
  bool starts_from_work() const {
    for (const CarriedRole& carried : r_.carried)
      if (!carried.init || !carried.init->producer || is_source(carried.init->producer->op)) return false;
    return !r_.carried.empty();
  }

  void guess(int role, Value* value, int result) {
    Node* node = value->producer;
    Node*& known = earlier_[static_cast<size_t>(role)];
    if (known || !node || value->index != result || !same_class(*node, r_.node(role))) return;
    if (index_.position(node) >= index_.position(r_.roles[static_cast<size_t>(role)].steps[0])) return;
    if (!guessed_.insert(node).second) return;
    known = node;
  }

  /// The nodes that may be the roles in the step before, from what is carried to what it is computed from, and on to
  /// what else is computed from that. compare() decides.
  void guess_nodes() {
    for (const CarriedRole& carried : r_.carried) guess(carried.role, carried.init, carried.result);
    for (size_t i = r_.roles.size(); i-- > 0;) {
      if (!earlier_[i]) continue;
      for (size_t k = 0; k < r_.feeds[i].size(); ++k)
        if (const Feed& feed = r_.feeds[i][k]; feed.kind == Feed::Kind::inner)
          guess(feed.role, earlier_[i]->operands[k], feed.result);
    }
    for (size_t i = 0; i < r_.roles.size(); ++i)
      for (size_t k = 0; k < r_.feeds[i].size() && !earlier_[i]; ++k) {
        const Feed& feed = r_.feeds[i][k];
        const Node* from = feed.kind == Feed::Kind::inner ? earlier_[static_cast<size_t>(feed.role)] : nullptr;
        if (!from) continue;
        for (const GraphIndex::Use& use : index_.uses(from->result(feed.result)))
          if (use.operand == static_cast<int>(k) && !use.node->results.empty())
            guess(static_cast<int>(i), use.node->result(), 0);
      }
  }

  /// The nodes nearest to what the recurrence starts from are copied; what is behind them is opaque.
  void choose_cone() {
    const size_t limit = 4 * r_.roles.size() + 64;
    std::vector<const Node*> queue;
    auto reach = [&](const Value* value) {
      if (value->producer && queue.size() < limit && cone_.insert(value->producer).second)
        queue.push_back(value->producer);
    };
    for (const CarriedRole& carried : r_.carried) reach(carried.init);
    for (const Node* node : earlier_)
      if (node) reach(node->result());
    for (size_t i = 0; i < queue.size(); ++i)
      for (const Value* operand : queue[i]->operands) reach(operand);
  }

  Value* copy(const Value* value) {
    if (auto it = copies_.find(value); it != copies_.end()) return it->second;
    const Node* node = value->producer;
    if (!node || !(cone_.count(node) || is_source(node->op))) {
      Value* param = scratch_.add_param(value->type, value->name);
      param->elements = value->elements;
      return copies_[value] = param;
    }
    std::vector<Value*> operands;
    for (const Value* operand : node->operands) operands.push_back(copy(operand));
    const std::vector<Value*> results = clone(*node, std::move(operands));
    for (size_t i = 0; i < results.size(); ++i) copies_[node->results[i].get()] = results[i];
    return copies_[value];
  }

  std::vector<Value*> clone(const Node& node, std::vector<Value*> operands) {
    std::vector<std::unique_ptr<Graph>> regions;
    for (const auto& region : node.regions) regions.push_back(region->clone());
    return b_.node(node.op, std::move(operands), node.attributes, static_cast<int>(node.results.size()),
                   std::move(regions));
  }

  bool compute_from_zeros() {
    for (size_t i = 0; i < r_.sequences.size(); ++i) {
      Value* value = earlier_element(static_cast<int>(i));
      if (!value) return false;
      elements_.push_back(value);
    }
    for (size_t i = 0; i < r_.roles.size(); ++i) {
      std::vector<Value*> operands;
      for (const Feed& feed : r_.feeds[i]) operands.push_back(fed(feed));
      computed_.push_back(clone(r_.node(static_cast<int>(i)), std::move(operands)));
    }
    return b_.ok();
  }

  Value* fed(const Feed& feed) {
    if (feed.kind == Feed::Kind::invariant) return copy(feed.value);
    if (feed.kind == Feed::Kind::scanned) return elements_[static_cast<size_t>(feed.at)];
    if (feed.kind == Feed::Kind::inner)
      return computed_[static_cast<size_t>(feed.role)][static_cast<size_t>(feed.result)];
    const Type& type = *r_.node(feed.role).result(feed.result)->type;
    return b_.zeros(type.dtype, type.shape);
  }

  /// The element of a sequence that stands before its first: a slice at the same distance, or what is written there.
  Value* earlier_element(int at) {
    const StepInput& sequence = r_.sequences[static_cast<size_t>(at)];
    if (sequence.kind == StepInput::Kind::slices) return earlier_slice(sequence);
    Value* found = nullptr;
    for (size_t i = 0; i < r_.roles.size(); ++i)
      for (size_t k = 0; k < r_.feeds[i].size() && earlier_[i]; ++k)
        if (r_.feeds[i][k].kind == Feed::Kind::scanned && r_.feeds[i][k].at == at) found = earlier_[i]->operands[k];
    const bool constants = sequence.kind == StepInput::Kind::constants;
    if (!found || !(found->type == sequence.values[0]->type) || (constants && !tensor_of(found))) return nullptr;
    written_[at] = found;
    return copy(found);
  }

  Value* earlier_slice(const StepInput& sequence) {
    const Attributes& attributes = sequence.values.back()->producer->attributes;
    const size_t axis = static_cast<size_t>(sequence.axis);
    const std::vector<Dim> sizes = attributes.dims("sizes");
    std::vector<Dim> starts = sequence.first_starts;
    starts[axis] = starts[axis] - Dim(sequence.stride);
    if (starts[axis].lower_bound() < 0 ||
        !provably_le(starts[axis] + sizes[axis], sequence.source->type->shape[axis]))
      return nullptr;
    return b_.slice(copy(sequence.source), std::move(starts), sizes, attributes.integers("steps"));
  }

  void output(Value* value) {
    scratch_.output_names.push_back("y" + std::to_string(scratch_.outputs.size()));
    scratch_.outputs.push_back(value);
  }

  /// All that is carried must be equal; of the guessed nodes those remain that are.
  bool compare(const PassContext& context) {
    for (const CarriedRole& carried : r_.carried) {
      output(computed_[static_cast<size_t>(carried.role)][static_cast<size_t>(carried.result)]);
      output(copy(carried.init));
    }
    for (size_t i = 0; i < earlier_.size(); ++i)
      for (size_t k = 0; earlier_[i] && k < earlier_[i]->results.size(); ++k) {
        output(computed_[i][k]);
        output(copy(earlier_[i]->result(static_cast<int>(k))));
      }
    if (!b_.ok() || !scratch_.equalities.empty() || !scratch_.bindings.empty()) return false;
    Diagnostics unheard;
    const PassContext quiet{context.target, context.unroll, unheard};
    remove_dead_nodes(scratch_);
    for (int i = 0; i < 2; ++i)
      if (!fold_constants(scratch_, quiet) || !merge_common(scratch_, quiet)) return false;
    size_t at = 0;
    auto equal_pair = [&] { return at += 2, scratch_.outputs[at - 2] == scratch_.outputs[at - 1]; };
    for (size_t i = 0; i < r_.carried.size(); ++i)
      if (!equal_pair()) return false;
    for (Node*& node : earlier_) {
      bool all = true;
      for (size_t k = 0; node && k < node->results.size(); ++k) all &= equal_pair();
      if (!all) node = nullptr;
    }
    return true;
  }

  void extend() {
    for (size_t i = 0; i < r_.roles.size(); ++i) r_.roles[i].steps.insert(r_.roles[i].steps.begin(), earlier_[i]);
    for (size_t i = 0; i < r_.sequences.size(); ++i) {
      StepInput& sequence = r_.sequences[i];
      auto it = written_.find(static_cast<int>(i));
      sequence.values.insert(sequence.values.begin(), it == written_.end() ? nullptr : it->second);
      if (sequence.kind != StepInput::Kind::slices) continue;
      Dim& start = sequence.first_starts[static_cast<size_t>(sequence.axis)];
      start = start - Dim(sequence.stride);
    }
    start_from_zeros();
  }

  /// One carried value for each result that is carried, whatever it started from.
  void start_from_zeros() {
    std::vector<CarriedRole> carried;
    std::vector<int> becomes;
    for (const CarriedRole& old : r_.carried) {
      auto same = [&](const CarriedRole& other) { return other.role == old.role && other.result == old.result; };
      auto it = std::find_if(carried.begin(), carried.end(), same);
      becomes.push_back(static_cast<int>(it - carried.begin()));
      if (it == carried.end()) carried.push_back({old.role, old.result, nullptr});
    }
    for (auto& feeds : r_.feeds)
      for (Feed& feed : feeds)
        if (feed.kind == Feed::Kind::carried) feed.at = becomes[static_cast<size_t>(feed.at)];
    r_.carried = std::move(carried);
  }

  Recurrence& r_;
  const GraphIndex& index_;
  Graph scratch_;
  Builder b_;
  std::vector<Node*> earlier_;  // by role; null: not written out, or not as the cell has it
  std::unordered_set<const Node*> guessed_, cone_;
  std::unordered_map<const Value*, Value*> copies_;
  std::vector<Value*> elements_;               // by sequence
  std::vector<std::vector<Value*>> computed_;  // by role, by result
  std::map<int, Value*> written_;              // elements of sequences
};

}  // namespace

bool find_earlier_step(Recurrence& recurrence, const GraphIndex& index, const PassContext& context) {
  return EarlierStep(recurrence, index).run(context);
}

}  // namespace rondo
