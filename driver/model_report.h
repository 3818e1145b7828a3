// compile --report: what a compiled model takes and asks for, as a whole and layer by layer, and its certificate.
// Tested by tests/driver/report_test.cpp.
#pragma once

#include "codegen/audit.h"
#include "ir/plan.h"

namespace rondo {

/// What stands at one place of the model's file: a node or a layer, or several that became one piece of code.
struct LayerReport {
  std::string place;
  std::vector<std::string> kernels;
  int64_t code_bytes = 0;   // that it shares with no other; -1: unknown
  int64_t stack_bytes = 0;  // in use while it runs, at most; -1: unknown
  std::vector<std::string> undefined;  // what it calls elsewhere
  std::vector<int64_t> classes;        // its instructions, by Audit::classes; empty: unknown
  Dim multiply_adds;                   // of one call
  Dim constant_bytes, state_bytes, scratch_bytes;  // of buffers that its kernels use; layers may share them
};

struct ModelReport {
  std::string model, target, cpu, features;
  std::vector<std::string> symbols;  // dimensions that a call decides
  Dim multiply_adds;
  int64_t constant_bytes = 0;
  Dim state_bytes, scratch_bytes;
  std::vector<LayerReport> layers;  // in the plan's order
  Audit audit;
};

/// `external_constants`: they are not in the object.
ModelReport model_report(const Plan& plan, const Target& target, Audit audit, bool external_constants);

std::string report_text(const ModelReport& report);
std::string report_json(const ModelReport& report);

}  // namespace rondo
