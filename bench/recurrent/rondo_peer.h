// rondo as a peer: `rondo compile` makes a shared library of the row's model, and the runtime's loader opens it.
// Entries: compile_row, open_compiled.
#pragma once

#include "bench/recurrent/compiled.h"
#include "bench/recurrent/peer.h"

namespace rondo::benchmark {

Result<CompiledModel> compile_row(const RondoOptions& options, const Problem& problem);
/// With several threads, calls share their work with a pool of so many; it is made on the cores of the caller.
PeerResult open_compiled(const CompiledModel& compiled, const Problem& problem, int threads);

}  // namespace rondo::benchmark
