// See ort_run.h.
#include "driver/ort_run.h"

#include <cstring>

namespace rondo {

Result<OrtView> OrtRun::keep(const std::string& name, const Tensor& value) {
  RONDO_TRY(GuardedMemory memory, GuardedMemory::allocate(static_cast<int64_t>(value.bytes().size())));
  memory_.push_back(std::move(memory));
  const OrtView view{name, memory_.back().data(), value.bytes().size(), value.shape(), onnx_code(value.dtype())};
  if (view.bytes > 0) std::memcpy(view.data, value.bytes().data(), view.bytes);
  return view;
}

Result<OrtRun> OrtRun::make(const Ort& ort, const std::string& path, int threads,
                            const std::vector<NamedTensor>& inputs, const std::vector<RecordedState>& states,
                            const std::vector<NamedTensor>& outputs) {
  RONDO_TRY(OrtModel loaded, OrtModel::load_file(ort, path, threads));
  OrtRun run(std::move(loaded));
  run.swaps_ = !states.empty();
  Ports ports[2];
  for (const NamedTensor& input : inputs) {
    RONDO_TRY(OrtView view, run.keep(input.name, input.value));
    for (Ports& each : ports) each.inputs.push_back(view);
    run.inputs_.push_back(view);
  }
  for (const RecordedState& state : states)
    for (int turn : {0, 1}) {  // each turn reads one copy and writes the other
      RONDO_TRY(OrtView view, run.keep(state.input, state.initial));
      ports[turn].inputs.push_back(view);
      view.name = state.output;
      ports[1 - turn].outputs.push_back(view);
    }
  for (const NamedTensor& output : outputs) {
    RONDO_TRY(OrtView view, run.keep(output.name, output.value));
    for (Ports& each : ports) each.outputs.push_back(view);
    run.outputs_.emplace_back(view, output.value.dtype());
  }
  for (int turn = 0; turn <= static_cast<int>(run.swaps_); ++turn)
    RONDO_CHECK(run.model_.bind(ports[turn].inputs, ports[turn].outputs));
  return run;
}

void OrtRun::set_input(const std::string& name, const Tensor& value) {
  for (const OrtView& input : inputs_)
    if (input.name == name) std::memcpy(input.data, value.bytes().data(), input.bytes);
}

Status OrtRun::call() {
  RONDO_CHECK(model_.run(turn_));
  turn_ ^= static_cast<int>(swaps_);
  return Done{};
}

std::vector<NamedTensor> OrtRun::outputs() const {
  std::vector<NamedTensor> all;
  for (const auto& [view, dtype] : outputs_)
    all.push_back({view.name, Tensor(dtype, view.shape, std::string(static_cast<const char*>(view.data), view.bytes))});
  return all;
}

}  // namespace rondo
