// Other programs: found in PATH, run to their end, what they print kept. Tested by tests/driver/runner_test.cpp.
#pragma once

#include <string>
#include <vector>

#include "support/result.h"

namespace rondo {

struct Finished {
  int code = 0;         // its exit code; 128 and more: ended by signal code - 128
  std::string printed;  // to standard output and standard error, as it came
};

/// Runs a program, found in PATH, with nothing on its standard input. `most`: printing more bytes is an error.
Result<Finished> run_program(const std::vector<std::string>& words, int64_t most);

/// The first of these programs that is in PATH; empty if none is.
std::string find_program(const std::vector<std::string>& names);

}  // namespace rondo
