// Memory: scratch buffers whose lifetimes do not meet share bytes; constants and states get their offsets.
//
// A buffer lives from the first to the last step that touches it, steps numbered in order. One that a loop touches and
// that is touched outside it too lives through the whole loop. What any of several loops beside each other touches lives
// through all of them. The parts of a choice count as one after the other. Buffers of constant size are placed largest
// first at the lowest free offset; those of symbolic size follow, each in a slot that it may share with others of the same
// size.
// Tested by plan_test.cpp.
#include <algorithm>
#include <numeric>

#include "passes/plan/lowering.h"

namespace rondo {
namespace {

struct Interval {
  int first = -1, last = -1;
  bool empty() const { return first < 0; }
  bool meets(const Interval& other) const { return !empty() && first <= other.last && other.first <= last; }
  void include(int position) {
    if (empty()) first = position;
    last = std::max(last, position);
    first = std::min(first, position);
  }
  void include(const Interval& other) {
    include(other.first);
    include(other.last);
  }
};

class Lifetimes {
 public:
  explicit Lifetimes(const Plan& plan) : of(plan.buffers.size()) {
    walk(plan.steps);
    for (auto loop = loops_.begin(); loop != loops_.end(); ++loop)  // inner loops come first
      for (Interval& life : of)
        if (life.meets(*loop) && (life.first < loop->first || life.last > loop->last)) life.include(*loop);
    for (const Interval& group : groups_)
      for (Interval& life : of)
        if (life.meets(group)) life.include(group);
  }

  std::vector<Interval> of;

 private:
  void walk(const std::vector<Step>& steps) {
    int group = now_;  // where the loops began that lie beside each other
    for (const Step& step : steps) {
      if (!is_beside(step)) group = now_;
      if (const auto* kernel = std::get_if<Kernel>(&step.what)) {
        for (const Instr& instr : kernel->body)
          if (instr.kind == Instr::Kind::load) of[instr.buffer].include(now_);
        for (const Store& store : kernel->stores) of[store.buffer].include(now_);
        ++now_;
      } else {
        Interval around{now_++, 0};
        for_each_read(step, [&](int buffer) { of[buffer].include(around.first); });
        for_each_nested(step, [&](const std::vector<Step>& nested) { walk(nested); });
        around.last = now_++;
        if (std::holds_alternative<Loop>(step.what)) loops_.push_back(around);
        if (is_beside(step)) groups_.push_back({group, around.last});
      }
    }
  }

  std::vector<Interval> loops_, groups_;
  int now_ = 0;
};

Dim aligned_bytes(const Buffer& buffer) {
  return ceil_div(buffer.count * Dim(byte_size(buffer.dtype)), Dim(Plan::kAlignment)) * Dim(Plan::kAlignment);
}

/// Drops buffers that nothing uses; inputs, outputs and states stay.
void drop_unused(Plan& plan, const std::vector<Interval>& lives) {
  std::vector<int> renumbered(plan.buffers.size(), -1);
  std::vector<Buffer> kept;
  for (size_t i = 0; i < plan.buffers.size(); ++i) {
    const Buffer::Kind kind = plan.buffers[i].kind;
    if ((kind == Buffer::Kind::scratch || kind == Buffer::Kind::constant) && lives[i].empty()) continue;
    renumbered[i] = static_cast<int>(kept.size());
    kept.push_back(std::move(plan.buffers[i]));
  }
  plan.buffers = std::move(kept);
  for_each_kernel(plan.steps, [&](Kernel& kernel) {
    for (Instr& instr : kernel.body)
      if (instr.kind == Instr::Kind::load) instr.buffer = renumbered[instr.buffer];
    for (Store& store : kernel.stores) store.buffer = renumbered[store.buffer];
    if (kernel.schedule.turn >= 0) kernel.schedule.turn = renumbered[kernel.schedule.turn];
  });
  for_each_step(plan.steps, [&](Step& step) { for_each_read(step, [&](int& buffer) { buffer = renumbered[buffer]; }); });
  for (auto* ports : {&plan.inputs, &plan.outputs})
    for (Port& port : *ports) port.buffer = renumbered[port.buffer];
  for (StateSlot& state : plan.states) state.buffer = renumbered[state.buffer];
}

void place_in_sequence(Plan& plan) {
  Dim constant_bytes(0);
  plan.state_bytes = Dim(0);
  for (Buffer& buffer : plan.buffers) {
    if (buffer.kind == Buffer::Kind::input || buffer.kind == Buffer::Kind::output ||
        buffer.kind == Buffer::Kind::scratch || buffer.kind == Buffer::Kind::measured)
      continue;
    Dim& end = buffer.kind == Buffer::Kind::constant ? constant_bytes : plan.state_bytes;
    buffer.offset = end;
    end += aligned_bytes(buffer);
  }
  plan.constant_bytes = *constant_bytes.constant();
}

int64_t lowest_free_offset(int64_t size, const Interval& life, const std::vector<int>& placed, const Plan& plan,
                           const std::vector<Interval>& lives) {
  std::vector<std::pair<int64_t, int64_t>> taken;
  for (int other : placed) {
    if (!lives[other].meets(life)) continue;
    const int64_t start = *plan.buffers[other].offset.constant();
    taken.emplace_back(start, start + *aligned_bytes(plan.buffers[other]).constant());
  }
  std::sort(taken.begin(), taken.end());
  int64_t offset = 0;
  for (const auto& [start, end] : taken) {
    if (start >= offset + size) break;
    offset = std::max(offset, end);
  }
  return offset;
}

int64_t place_constant_sizes(Plan& plan, const std::vector<Interval>& lives) {
  std::vector<int> order;
  for (size_t i = 0; i < plan.buffers.size(); ++i)
    if (plan.buffers[i].kind == Buffer::Kind::scratch && plan.buffers[i].count.constant()) order.push_back(static_cast<int>(i));
  auto size = [&](int i) { return *aligned_bytes(plan.buffers[i]).constant(); };
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return size(a) > size(b); });
  std::vector<int> placed;
  int64_t end = 0;
  for (int i : order) {
    const int64_t offset = lowest_free_offset(size(i), lives[i], placed, plan, lives);
    plan.buffers[i].offset = Dim(offset);
    placed.push_back(i);
    end = std::max(end, offset + size(i));
  }
  return end;
}

Dim place_symbolic_sizes(Plan& plan, const std::vector<Interval>& lives, Dim end) {
  struct Slot {
    Dim size, offset;
    std::vector<Interval> lives;
  };
  std::vector<Slot> slots;
  for (size_t i = 0; i < plan.buffers.size(); ++i) {
    Buffer& buffer = plan.buffers[i];
    if (buffer.kind != Buffer::Kind::scratch || buffer.count.constant()) continue;
    const Dim size = aligned_bytes(buffer);
    auto fits = [&](const Slot& slot) {
      return slot.size == size &&
             std::none_of(slot.lives.begin(), slot.lives.end(), [&](const Interval& life) { return life.meets(lives[i]); });
    };
    auto slot = std::find_if(slots.begin(), slots.end(), fits);
    if (slot == slots.end()) {
      slots.push_back({size, end, {}});
      slot = std::prev(slots.end());
      end += size;
    }
    slot->lives.push_back(lives[i]);
    buffer.offset = slot->offset;
  }
  return end;
}

}  // namespace

void plan_memory(Plan& plan) {
  drop_unused(plan, Lifetimes(plan).of);
  const std::vector<Interval> lives = Lifetimes(plan).of;
  place_in_sequence(plan);
  plan.scratch_bytes = place_symbolic_sizes(plan, lives, Dim(place_constant_sizes(plan, lives)));
}

}  // namespace rondo
