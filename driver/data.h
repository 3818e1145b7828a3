// Recorded data: what goes into a model and what should come out. One reader per kind of folder; recorded_data finds
// the kind. Tested by tests/driver/data_test.cpp.
#pragma once

#include "driver/loaded_model.h"

namespace rondo {

struct NamedTensor {
  std::string name;
  Tensor value;
};

/// A state pair of a recorded stream: `output` feeds `input`, from `initial` at the first step to `final` after the
/// last.
struct RecordedState {
  std::string input, output;
  Tensor initial, final;
};

struct Recording {
  std::string path;
  std::optional<int64_t> steps;  // set: a stream, whose inputs and outputs have a leading axis of steps
  std::vector<NamedTensor> inputs, outputs;
  std::vector<RecordedState> states;
  bool flat_outputs = false;  // outputs are compared in row-major order, whatever their shape
};

/// The model's inputs and outputs in its own order, before any state takes one away.
struct Interface {
  std::vector<Slot> inputs;
  std::vector<std::string> outputs;
};

/// The recordings in a folder, or in the folders right inside it (sorted by name). None at all is an error.
Result<std::vector<Recording>> recorded_data(const std::string& folder, const Interface& interface);

// The kinds. Each is an error where the folder is not of that kind.
Result<Recording> read_tensor_protos(const std::string& folder, const Interface& interface);  // input_K.pb, output_K.pb
Result<Recording> read_arrays(const std::string& folder,
                              const Interface& interface);                          // inputs/NAME.npy, outputs/NAME.npy
Result<Recording> read_csv(const std::string& folder, const Interface& interface);  // x.csv, y.csv
Result<Recording> read_stream(const std::string& folder, const Interface& interface);  // stream.json

/// A tensor by its file's ending: .npy, or .pb, ONNX's TensorProto.
bool is_tensor_file(const std::string& path);
Result<Tensor> read_tensor_file(const std::string& path);

/// Step `step` of a tensor with a leading axis of steps.
Tensor slice_step(const Tensor& tensor, int64_t step);
/// The opposite of slice_step; all steps have one type.
Tensor stack_steps(const std::vector<Tensor>& steps);

}  // namespace rondo
