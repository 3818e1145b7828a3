// A model in ONNX Runtime with memory for all that goes in and comes out, so that a call is the run alone.
// Tested by tests/driver/ort_test.cpp.
#pragma once

#include "driver/data.h"
#include "driver/ort.h"

namespace rondo {

class OrtRun {
 public:
  /// `outputs`: names, with tensors of their types and shapes. A state's output of one call is its input of the next.
  static Result<OrtRun> make(const Ort& ort, const std::string& path, int threads,
                             const std::vector<NamedTensor>& inputs, const std::vector<RecordedState>& states,
                             const std::vector<NamedTensor>& outputs);

  /// Of the type and shape that it was made with.
  void set_input(const std::string& name, const Tensor& value);
  Status call();
  /// What the last call gave.
  std::vector<NamedTensor> outputs() const;

 private:
  struct Ports {
    std::vector<OrtView> inputs, outputs;
  };
  explicit OrtRun(OrtModel model) : model_(std::move(model)) {}
  Result<OrtView> keep(const std::string& name, const Tensor& value);

  std::vector<GuardedMemory> memory_;
  std::vector<OrtView> inputs_;
  std::vector<std::pair<OrtView, DType>> outputs_;
  OrtModel model_;
  int turn_ = 0;        // two bindings, whose states swap
  bool swaps_ = false;
};

}  // namespace rondo
