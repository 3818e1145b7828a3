// See report.h.
#include "driver/report.h"

#include <cstdio>

namespace rondo {

void report(const Diagnostics& diagnostics) {
  for (const Diagnostic& diagnostic : diagnostics) std::fprintf(stderr, "%s\n", to_string(diagnostic).c_str());
}

}  // namespace rondo
