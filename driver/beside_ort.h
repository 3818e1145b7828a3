// bench --vs-ort: the same model, inputs and state in ONNX Runtime, called in turn with rondo's in one run.
// Tested by tests/driver/ort_test.cpp.
#pragma once

#include "driver/data.h"
#include "driver/samples.h"

namespace rondo {

struct BesideOrt {
  std::string version;
  Samples rondo, ort;
  double ratio() const { return rondo.median > 0 ? ort.median / rondo.median : 0; }  // above 1: rondo is faster
};

/// ONNX Runtime reads .onnx files alone; known before anything is compiled.
Status check_for_ort(const std::string& model);

/// Opens `library`, compares the outputs of the first calls, and measures both for `seconds` altogether. `inputs` are the
/// model's, in its order; `frozen` are those that are constants in rondo's code and still inputs of the file.
Result<BesideOrt> measure_beside_ort(const std::string& library, const ModelOptions& options, const LoadedModel& model,
                                     const Dim::Values& dims, const std::vector<Tensor>& inputs,
                                     const std::vector<NamedTensor>& frozen, double seconds);

}  // namespace rondo
