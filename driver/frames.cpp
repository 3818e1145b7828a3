// See frames.h.
#include "driver/frames.h"

#include <fmt/format.h>

#include <algorithm>

namespace rondo {
namespace {

bool timed(const Slot& slot) { return slot.time_axis >= 0; }

const Tensor* find(const std::vector<NamedTensor>& tensors, const std::string& name) {
  for (const NamedTensor& tensor : tensors)
    if (tensor.name == name) return &tensor.value;
  return nullptr;
}

int64_t frames_of(const Slot& slot) { return *slot.type.shape[static_cast<size_t>(slot.time_axis)].constant(); }

/// Elements before, along and after an axis, the last in bytes.
struct Extents {
  size_t outer = 1, along = 1, inner = 1;
  Extents(const Tensor& tensor, int axis) {
    const auto& shape = tensor.shape();
    for (int i = 0; i < axis; ++i) outer *= static_cast<size_t>(shape[static_cast<size_t>(i)]);
    along = static_cast<size_t>(shape[static_cast<size_t>(axis)]);
    inner = static_cast<size_t>(byte_size(tensor.dtype()));
    for (size_t i = static_cast<size_t>(axis) + 1; i < shape.size(); ++i) inner *= static_cast<size_t>(shape[i]);
  }
};

Tensor join(const std::vector<Tensor>& parts, int axis) {
  const Extents one(parts[0], axis);
  std::string bytes;
  for (size_t outer = 0; outer < one.outer; ++outer)
    for (const Tensor& part : parts) bytes += part.bytes().substr(outer * one.along * one.inner, one.along * one.inner);
  std::vector<int64_t> shape = parts[0].shape();
  shape[static_cast<size_t>(axis)] *= static_cast<int64_t>(parts.size());
  return Tensor(parts[0].dtype(), std::move(shape), std::move(bytes));
}

Result<int64_t> count_steps(const Slot& slot, const Tensor& sequence) {
  const auto mismatch = [&](const std::string& why) {
    return invalid(
        fmt::format("holds {}, of which a step takes {}: {}", to_string(sequence.type()), to_string(slot.type), why),
        "'" + slot.name + "'");
  };
  if (sequence.shape().size() != slot.type.shape.size()) return mismatch("it has another rank");
  const int64_t frames = sequence.shape()[static_cast<size_t>(slot.time_axis)];
  if (frames < frames_of(slot))
    return mismatch(fmt::format("it must have at least {} along axis {}", frames_of(slot), slot.time_axis));
  return frames / frames_of(slot);
}

std::vector<Tensor> steps_of(const Tensor& recorded) {
  std::vector<Tensor> steps;
  for (int64_t step = 0; step < recorded.shape()[0]; ++step) steps.push_back(slice_step(recorded, step));
  return steps;
}

bool has_other_frames(const Slot& slot, const Tensor& recorded) {
  const size_t axis = static_cast<size_t>(slot.time_axis) + 1;
  return timed(slot) && axis < recorded.shape().size() && recorded.shape()[axis] != frames_of(slot);
}

Tensor from_first(const Slot& slot, const Tensor& joined) {
  const int64_t frames = joined.shape()[static_cast<size_t>(slot.time_axis)], late = std::min(frames, slot.latency);
  return take_frames(joined, slot.time_axis, late, frames - late);
}

}  // namespace

Tensor take_frames(const Tensor& tensor, int axis, int64_t start, int64_t count) {
  const Extents all(tensor, axis);
  std::string bytes;
  for (size_t outer = 0; outer < all.outer; ++outer)
    bytes += tensor.bytes().substr((outer * all.along + static_cast<size_t>(start)) * all.inner,
                                   static_cast<size_t>(count) * all.inner);
  std::vector<int64_t> shape = tensor.shape();
  shape[static_cast<size_t>(axis)] = count;
  return Tensor(tensor.dtype(), std::move(shape), std::move(bytes));
}

bool needs_steps(const Ports& ports, const Recording& recording) {
  return !recording.steps && std::any_of(ports.inputs.begin(), ports.inputs.end(), timed);
}

Result<Recording> join_recorded_steps(const Ports& ports, const Recording& recording) {
  const auto other = [&](const Slot& slot) {
    const Tensor* recorded = find(recording.inputs, slot.name);
    return recorded && has_other_frames(slot, *recorded);
  };
  if (!recording.steps || std::none_of(ports.inputs.begin(), ports.inputs.end(), other)) return recording;
  Recording whole = recording;
  whole.steps.reset();
  const auto join_all = [&](const std::vector<Slot>& slots, NamedTensor& tensor) {
    const auto slot = std::find_if(slots.begin(), slots.end(), [&](const Slot& s) { return s.name == tensor.name; });
    const std::vector<Tensor> steps = steps_of(tensor.value);
    const bool same = std::all_of(steps.begin(), steps.end(), [&](const Tensor& step) { return step == steps[0]; });
    const bool joined = slot != slots.end() && timed(*slot);
    tensor.value = joined ? join(steps, slot->time_axis) : steps.back();
    return joined || same;
  };
  for (NamedTensor& input : whole.inputs)
    if (!join_all(ports.inputs, input))
      return invalid("is not the same in all recorded steps, and has no time axis to be divided along",
                     "'" + input.name + "'");
  for (NamedTensor& output : whole.outputs) join_all(ports.outputs, output);
  return whole;
}

Result<Recording> cut_into_steps(const Ports& ports, const Recording& recording, const std::set<std::string>& frozen) {
  Recording cut = recording;
  for (const Slot& slot : ports.inputs) {
    const Tensor* sequence = timed(slot) && !frozen.count(slot.name) ? find(recording.inputs, slot.name) : nullptr;
    if (!sequence) continue;
    RONDO_TRY(const int64_t steps, count_steps(slot, *sequence));
    cut.steps = std::min(steps, cut.steps.value_or(steps));
  }
  if (!cut.steps) return invalid("the data hold no sequence to cut into steps");
  for (NamedTensor& input : cut.inputs) {
    const auto slot =
        std::find_if(ports.inputs.begin(), ports.inputs.end(), [&](const Slot& s) { return s.name == input.name; });
    std::vector<Tensor> parts;
    for (int64_t step = 0; step < *cut.steps; ++step)
      parts.push_back(slot == ports.inputs.end() || !timed(*slot)
                          ? input.value
                          : take_frames(input.value, slot->time_axis, step * frames_of(*slot), frames_of(*slot)));
    input.value = stack_steps(parts);
  }
  return cut;
}

Played put_together(const Ports& ports, const Played& steps) {
  Played whole;
  whole.states = steps.states;
  for (size_t i = 0; i < steps.outputs.size(); ++i) {
    const Tensor& all = steps.outputs[i].value;
    std::vector<Tensor> parts;
    for (int64_t step = 0; step < all.shape()[0]; ++step) parts.push_back(slice_step(all, step));
    const Slot& slot = ports.outputs[i];
    whole.outputs.push_back({slot.name, timed(slot) ? from_first(slot, join(parts, slot.time_axis)) : parts.back()});
  }
  return whole;
}

Result<Common> common_frames(const Slot& output, const Tensor& steps, const Tensor& whole) {
  const int axis = output.time_axis;
  if (whole.shape().size() != steps.shape().size())
    return invalid(fmt::format("is {}, where the steps give {}", to_string(whole.type()), to_string(steps.type())),
                   "output '" + output.name + "'");
  const size_t time = static_cast<size_t>(axis);
  const int64_t count = std::min(steps.shape()[time], whole.shape()[time]);
  if (count < 1)
    return invalid(
        fmt::format("has no frame to compare: it comes {} frames late, and the sequence is too short", output.latency),
        "output '" + output.name + "'");
  return Common{take_frames(steps, axis, 0, count), take_frames(whole, axis, 0, count)};
}

Result<Common> common_rows(const Slot& output, const Tensor& steps, const Tensor& whole) {
  const Extents extents(steps, output.time_axis);
  const int64_t outer = static_cast<int64_t>(extents.outer), frames = static_cast<int64_t>(extents.along);
  const std::vector<int64_t>& shape = whole.shape();
  if (shape.size() < 2 || whole.count() != outer * shape[shape.size() - 2] * shape.back())
    return invalid(fmt::format("has time as axis {}, where rows are frames", output.time_axis),
                   "output '" + output.name + "'");
  Slot rows = output;
  rows.time_axis = 1;
  const int64_t size = outer * frames == 0 ? 0 : steps.count() / (outer * frames);
  return common_frames(rows, steps.reshaped({outer, frames, size}),
                       whole.reshaped({outer, shape[shape.size() - 2], shape.back()}));
}

bool whole_steps(const Ports& ports, const Recording& recording) {
  return std::all_of(ports.inputs.begin(), ports.inputs.end(), [&](const Slot& slot) {
    const Tensor* sequence = timed(slot) ? find(recording.inputs, slot.name) : nullptr;
    return !sequence || sequence->shape()[static_cast<size_t>(slot.time_axis)] % frames_of(slot) == 0;
  });
}

}  // namespace rondo
