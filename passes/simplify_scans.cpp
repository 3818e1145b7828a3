// What a scan need not carry, scan or be given: see simplify.h.
#include <algorithm>

#include "passes/query.h"
#include "passes/scan_edit.h"
#include "passes/simplify.h"

namespace rondo {

bool needs_nothing(const Value* value) {
  if (!value->producer) return false;
  return is_source(value->producer->op) || (is_op(value, Op::broadcast) && uniform_value(value));
}

Value* make_again(const Value* value, Builder& b) {
  const Node& node = *value->producer;
  if (is_source(node.op)) return b.one(node.op, {}, node.attributes);
  return b.broadcast(b.constant(*uniform_value(value)), value->type->shape);
}

namespace {

/// Collects the edits of one scan and applies them together.
class ScanSimplifier {
 public:
  ScanSimplifier(Node& node, Builder& outside, Rewriter& rewriter)
      : scan_{node}, outside_(outside), rewriter_(rewriter), parts_(scan_) {}

  void run() {
    for (int i = 0; i < scan_.carried(); ++i) uncarry(i);
    for (int i = 0; i < scan_.scanned(); ++i) unscan(i);
    for (int i = 0; i < scan_.invariants(); ++i) take_in(i);
    for (int i = 0; i < scan_.stacked(); ++i) unstack(i);
    apply();
  }

 private:
  /// x carried unchanged, or carried as the constant that it started as, is invariant.
  void uncarry(int i) {
    Value *param = scan_.carried_param(i), *next = scan_.carried_next(i), *init = scan_.carried_init(i);
    if (next != param && !equal_constants(next, init)) return;
    if (!rewriter_.replace(scan_.carried_final(i), init)) return;
    parts_.carried[i] = false;
    scan_.carried_next(i) = param;
    if (needs_nothing(init))
      prepend(param, init);
    else
      new_invariants_.push_back({param, init});
  }

  static bool equal_constants(const Value* a, const Value* b) {
    if (!(a->type == b->type)) return false;
    if (const Tensor *x = constant_of(a), *y = constant_of(b); x && y) return *x == *y;
    std::optional<Tensor> x = uniform_value(a), y = uniform_value(b);
    return x && y && *x == *y;
  }

  /// Every slice of a sequence that is one slice broadcast along time is the same.
  void unscan(int i) {
    Value *param = scan_.scanned_param(i), *operand = scan_.scanned_operand(i);
    std::optional<Tensor> uniform = uniform_value(operand);
    Value* slice = uniform ? nullptr : repeated_slice(operand);
    if (!uniform && !slice) return;
    if (slice) slice = add_invariant(scan_.node, slice), parts_.invariants.push_back(true);
    const size_t old = scan_.body().nodes.size();
    Builder b(scan_.body(), &scan_.node);
    if (uniform) slice = b.constant(*std::move(uniform));
    use_instead(param, b.broadcast(slice, param->type->shape));
    move_to_front(old);
    parts_.scanned[i] = false;
  }

  /// What is broadcast along axis 0 to give this sequence, without that axis; or null.
  Value* repeated_slice(const Value* sequence) {
    if (!is_op(sequence, Op::broadcast)) return nullptr;
    Value* source = sequence->producer->operands[0];
    if (source->type->rank() < sequence->type->rank()) return source;
    return source->type->shape[0].is(1) ? outside_.squeeze(source, {0}) : nullptr;
  }

  void take_in(int i) {
    if (!needs_nothing(scan_.invariant_operand(i))) return;
    prepend(scan_.invariant_param(i), scan_.invariant_operand(i));
    parts_.invariants[i] = false;
  }

  /// A stacked copy of a scanned sequence is that sequence.
  void unstack(int i) {
    for (int k = 0; k < scan_.scanned(); ++k)
      if (scan_.stacked_output(i) == scan_.scanned_param(k) && scan_.reverse_stacked(i) == scan_.reverse_scanned(k) &&
          rewriter_.replace(scan_.stacked_result(i), scan_.scanned_operand(k))) {
        parts_.stacked[i] = false;
        return;
      }
  }

  void prepend(Value* param, const Value* outside) {
    const size_t old = scan_.body().nodes.size();
    Builder b(scan_.body(), outside->producer);
    Value* value = make_again(outside, b);
    move_to_front(old);
    use_instead(param, value);
  }

  void move_to_front(size_t old) {
    auto& nodes = scan_.body().nodes;
    std::rotate(nodes.begin(), nodes.begin() + static_cast<std::ptrdiff_t>(old), nodes.end());
  }

  void use_instead(Value* param, Value* value) {
    if (value->producer) value->name = param->name;
    replacements_[param] = value;
  }

  void apply() {
    for (auto& [param, init] : new_invariants_) {
      replacements_[param] = add_invariant(scan_.node, init);
      parts_.invariants.push_back(true);
    }
    if (parts_.all()) return;
    replace_uses(scan_.body(), replacements_);
    for (auto& value : keep_parts(scan_.node, parts_)) rewriter_.keep(std::move(value));
    rewriter_.note_change();
  }

  Scan scan_;
  Builder& outside_;
  Rewriter& rewriter_;
  ScanParts parts_;
  std::vector<std::pair<Value*, Value*>> new_invariants_;  // body parameter, operand
  std::map<const Value*, Value*> replacements_;            // in the body; looked up only
};

}  // namespace

void simplify_scan(Node& node, Builder& outside, Rewriter& rewriter) { ScanSimplifier(node, outside, rewriter).run(); }

}  // namespace rondo
