// compile --tune: schedules chosen by measuring on this machine. Tested by tests/driver/tune_test.cpp.
#pragma once

#include "driver/compile.h"
#include "passes/tuning.h"

namespace rondo {

/// The plan with the fastest schedules found within the options' time; `text` becomes the file that finds it again.
/// The target must be this machine. Prints what was gained.
Result<Plan> tune(Parsed source, const CompileOptions& options, const Target& target, std::string& text);

}  // namespace rondo
