// See report.h.
#include "driver/report.h"

#include <unistd.h>

#include <cstdio>

namespace rondo {

void report(const Diagnostics& diagnostics) {
  if (!diagnostics.empty() && isatty(STDERR_FILENO)) std::fputs(std::string(kTakeLineBack).c_str(), stderr);
  for (const Diagnostic& diagnostic : diagnostics) std::fprintf(stderr, "%s\n", to_string(diagnostic).c_str());
}

}  // namespace rondo
