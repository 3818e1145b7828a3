// Where diagnostics leave the program: stderr, one line each.
#pragma once

#include "support/diagnostic.h"

namespace rondo {

/// On a terminal: empties the line that is being written.
inline constexpr std::string_view kTakeLineBack = "\r\033[K";

/// While a stage runs, its line (driver/stages.h) makes way.
void report(const Diagnostics& diagnostics);

}  // namespace rondo
