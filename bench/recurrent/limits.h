// The machine's limits for one core, as slices of work that are timed like a peer's call.
#pragma once

#include "bench/recurrent/aligned.h"

namespace rondo::benchmark {

/// Fused multiply-adds in registers alone, in as many independent chains as hide their latency.
void work_at_peak();
/// Floating-point operations of one work_at_peak.
double peak_flops();

/// Reads all of the memory once, as operands of fused multiply-adds: how a matrix-vector product reads weights.
void read_all_once(const Floats& memory);

/// Bytes of the second-level cache of a core.
int64_t second_level_cache();

}  // namespace rondo::benchmark
