// The command line as a function: reads the arguments, runs one command, prints diagnostics to stderr.
#pragma once

namespace rondo {

/// Exit code: 0 done, 1 the work failed, 2 wrong usage.
int run_command_line(int argc, const char* const* argv);

}  // namespace rondo
