// The file of --save-tuning and --tuning: JSON, with the target it was measured for. Tested by
// tests/driver/tune_test.cpp.
#pragma once

#include "codegen/codegen.h"
#include "passes/tuning.h"

namespace rondo {

std::string tuning_text(const Tuning& tuning, const Target& target);

/// An error if the file is not of this form, or not for this target.
Result<Tuning> parse_tuning(const std::string& text, const Target& target);
Result<Tuning> read_tuning(const std::string& path, const Target& target);

}  // namespace rondo
