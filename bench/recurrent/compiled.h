// A model compiled by the rondo program, and what that cost. Entry: compile_model.
#pragma once

#include <string>
#include <vector>

#include "support/result.h"

namespace rondo::benchmark {

struct RondoOptions {
  std::string program;               // the rondo program
  std::string folder;                // where models and libraries are written
  std::vector<std::string> compile;  // further options of `rondo compile`
};

struct CompiledModel {
  std::string library;
  double seconds = 0;          // of the whole command
  int64_t text_bytes = 0;      // of the .text section
  int64_t constant_bytes = 0;  // of .rodata: the packed weights
};

inline constexpr char kPrefix[] = "bench";  // of the compiled model's symbols

/// Compiles the model file to NAME.so in the folder, with these further options.
Result<CompiledModel> compile_model(const RondoOptions& options, const std::string& model, const std::string& name,
                                    const std::vector<std::string>& further);

}  // namespace rondo::benchmark
