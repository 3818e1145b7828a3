// Memory: scratch buffers whose lifetimes do not meet share bytes; constants and states get their offsets.
//
// When a buffer is in use is ir/lifetimes.h's to say. Buffers of constant size are placed largest first at the lowest free
// offset; those of symbolic size follow, each in a slot that it may share with others of the same size. Tested by
// plan_test.cpp.
#include <algorithm>
#include <numeric>

#include "ir/lifetimes.h"
#include "passes/plan/lowering.h"

namespace rondo {
namespace {

Dim aligned_bytes(const Buffer& buffer) {
  return ceil_div(buffer.count * Dim(byte_size(buffer.dtype)), Dim(Plan::kAlignment)) * Dim(Plan::kAlignment);
}

/// Drops buffers that nothing uses; inputs, outputs and states stay.
void drop_unused(Plan& plan, const std::vector<Lifetime>& lives) {
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
        buffer.kind == Buffer::Kind::scratch || buffer.kind == Buffer::Kind::measured ||
        buffer.kind == Buffer::Kind::granted)
      continue;
    Dim& end = buffer.kind == Buffer::Kind::constant ? constant_bytes : plan.state_bytes;
    buffer.offset = end;
    end += aligned_bytes(buffer);
  }
  plan.constant_bytes = *constant_bytes.constant();
}

int64_t lowest_free_offset(int64_t size, const Lifetime& life, const std::vector<int>& placed, const Plan& plan,
                           const std::vector<Lifetime>& lives) {
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

int64_t place_constant_sizes(Plan& plan, const std::vector<Lifetime>& lives) {
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

Dim place_symbolic_sizes(Plan& plan, const std::vector<Lifetime>& lives, Dim end) {
  struct Slot {
    Dim size, offset;
    std::vector<Lifetime> lives;
  };
  std::vector<Slot> slots;
  for (size_t i = 0; i < plan.buffers.size(); ++i) {
    Buffer& buffer = plan.buffers[i];
    if (buffer.kind != Buffer::Kind::scratch || buffer.count.constant()) continue;
    const Dim size = aligned_bytes(buffer);
    auto fits = [&](const Slot& slot) {
      return slot.size == size &&
             std::none_of(slot.lives.begin(), slot.lives.end(), [&](const Lifetime& life) { return life.meets(lives[i]); });
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
  drop_unused(plan, lifetimes_of(plan).buffers);
  const std::vector<Lifetime> lives = lifetimes_of(plan).buffers;
  place_in_sequence(plan);
  plan.scratch_bytes = place_symbolic_sizes(plan, lives, Dim(place_constant_sizes(plan, lives)));
}

}  // namespace rondo
