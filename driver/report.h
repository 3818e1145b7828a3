// Where diagnostics leave the program: stderr, one line each.
#pragma once

#include "support/diagnostic.h"

namespace rondo {

void report(const Diagnostics& diagnostics);

}  // namespace rondo
