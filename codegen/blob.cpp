// See blob.h.
#include "codegen/blob.h"

#include <cstring>

#include "ir/text.h"
#include "runtime/include/rondo.h"

namespace rondo {
namespace {

int64_t aligned(int64_t bytes) { return (bytes + Plan::kAlignment - 1) / Plan::kAlignment * Plan::kAlignment; }

void write(std::string& blob, int64_t at, std::string_view bytes) {
  blob.replace(static_cast<size_t>(at), bytes.size(), bytes);
}

void clear_names(Plan& plan) {
  plan.name.clear();
  for (Buffer& buffer : plan.buffers) buffer.name.clear();
  for (auto* ports : {&plan.inputs, &plan.outputs})
    for (Port& port : *ports) port.name.clear();
  for (StateSlot& state : plan.states) state.name.clear();
  for_each_step(plan.steps, [](Step& step) {
    std::visit([](auto& what) { what.name.clear(), what.place.clear(); }, step.what);
  });
}

/// A plan as text without names and without the values that a blob holds.
std::string architecture_of(Plan plan) {
  clear_names(plan);
  for (Buffer& buffer : plan.buffers) buffer.value = Tensor();
  for (StateSlot& state : plan.states)
    if (state.initial) state.initial = Tensor::zeros(state.initial->dtype(), state.initial->shape());
  return print(plan);
}

}  // namespace

Blob::Blob(const Plan& plan) {
  int64_t end = aligned(kHeadBytes + plan.constant_bytes);
  for (const StateSlot& state : plan.states) {
    initial_offsets_.push_back(end);
    if (state.initial) end = aligned(end + static_cast<int64_t>(state.initial->bytes().size()));
  }
  if (end > kHeadBytes) bytes_ = end;
}

uint64_t fingerprint(const Plan& plan) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);  // FNV-1a
  for (unsigned char byte : architecture_of(plan)) hash = (hash ^ byte) * UINT64_C(0x100000001b3);
  return hash;
}

int64_t weight_bytes(const Plan& plan) { return Blob(plan).bytes(); }

std::string weights_of(const Plan& plan) {
  const Blob layout(plan);
  std::string blob(static_cast<size_t>(layout.bytes()), '\0');
  if (blob.empty()) return blob;
  const rondo_weights head = {RONDO_WEIGHTS_MAGIC, fingerprint(plan), layout.bytes()};
  std::memcpy(blob.data(), &head, sizeof head);
  for (const Buffer& buffer : plan.buffers)
    if (buffer.kind == Buffer::Kind::constant)
      write(blob, Blob::kHeadBytes + *buffer.offset.constant(), buffer.value.bytes());
  for (size_t i = 0; i < plan.states.size(); ++i)
    if (plan.states[i].initial) write(blob, layout.initial_offset(i), plan.states[i].initial->bytes());
  return blob;
}

}  // namespace rondo
