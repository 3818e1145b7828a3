// Real models: rondo beside ONNX Runtime, per call, on the data recorded beside each model. Entry: run_model.
#pragma once

#include "bench/recurrent/compiled.h"
#include "bench/recurrent/measure.h"
#include "driver/ort.h"

namespace rondo::benchmark {

struct ModelResult {
  std::string name;
  std::string problem;  // empty: all is well
  bool keeps_state = false;
  double rondo = 0, ort = 0;  // seconds per call, medians
  CompiledModel compiled;
  double ratio() const { return rondo > 0 ? ort / rondo : 0; }
};

/// The folder holds model.onnx and recorded data. Symbolic dimensions are fixed to those of the data; a recorded stream
/// keeps its state from call to call. The outputs are compared before anything is timed.
ModelResult run_model(const std::string& folder, const RondoOptions& options, const Ort& ort, const Timing& timing);

std::string models_head();
std::string models_line(const ModelResult& result);
std::string models_summary(const std::vector<ModelResult>& results);
std::string models_markdown(const std::vector<ModelResult>& results);

}  // namespace rondo::benchmark
