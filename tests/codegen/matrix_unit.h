// Whether tests can use this machine's matrix unit.
#pragma once

#include <sys/syscall.h>

#include "tests/codegen/support.h"

namespace rondo::test {

constexpr int kArchPrctl = 158, kRequest = 0x1023, kTileData = 18;

/// This machine, with its unit.
inline const TargetSpec kUnit{"", "", "", false, true};

/// This machine has a unit and its system grants it; ctest counts what says otherwise as skipped.
inline bool has_unit() {
  const bool has = bool(Target::find(kUnit)) && syscall(kArchPrctl, kRequest, kTileData) == 0;
  if (!has) MESSAGE("SKIPPED: this machine has no matrix unit");
  return has;
}

}  // namespace rondo::test
