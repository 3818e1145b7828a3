// See streams.h.
#include "driver/streams.h"

namespace rondo {
namespace {

/// The tensor `count` times, along a new axis that stands after the first `outer` ones.
Tensor repeated(const Tensor& tensor, size_t outer, int64_t count) {
  std::vector<int64_t> shape = tensor.shape();
  int64_t blocks = 1;
  for (size_t i = 0; i < outer; ++i) blocks *= shape[i];
  shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(outer), count);
  const size_t block = blocks == 0 ? 0 : tensor.bytes().size() / static_cast<size_t>(blocks);
  std::string bytes;
  for (int64_t i = 0; i < blocks; ++i)
    for (int64_t stream = 0; stream < count; ++stream) bytes += tensor.bytes().substr(static_cast<size_t>(i) * block, block);
  return Tensor(tensor.dtype(), std::move(shape), std::move(bytes));
}

}  // namespace

Recording in_all_streams(Recording recording, int64_t count) {
  const size_t outer = recording.steps ? 1 : 0;
  for (auto* tensors : {&recording.inputs, &recording.outputs})
    for (NamedTensor& tensor : *tensors) tensor.value = repeated(tensor.value, outer, count);
  for (RecordedState& state : recording.states) {
    state.initial = repeated(state.initial, 0, count);
    state.final = repeated(state.final, 0, count);
  }
  return recording;
}

}  // namespace rondo
