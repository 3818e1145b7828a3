// A compiled model on another processor: its object, linked with the harness of runtime/harness and a recording into a
// program, which an emulator or a command of the user's runs. Tested by tests/driver/runner_test.cpp.
#pragma once

#include "driver/emulator.h"
#include "driver/play.h"

namespace rondo {

class ForeignModel {
 public:
  /// The whole path for a source. `runner`: "qemu", or a command to which the program's path is appended.
  static Result<ForeignModel> build(Parsed source, const ModelOptions& options, const std::string& runner);

  const Ports& ports() const { return ports_; }
  Result<Played> play(const Script& script) const;

 private:
  ForeignModel(Plan plan, Target target) : plan_(std::move(plan)), target_(std::move(target)) {}

  Plan plan_;
  Target target_;
  CodegenOptions codegen_;
  Ports ports_;
  std::string object_, runner_;
  Emulator emulator_;
  std::vector<std::string> parts_;  // the harness's objects that are the same for all recordings
};

}  // namespace rondo
