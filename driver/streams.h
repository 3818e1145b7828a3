// Recordings of one stream for models that move several on. Tested by tests/driver/streams_test.cpp.
#pragma once

#include "driver/data.h"

namespace rondo {

/// The recording as if each of `count` streams had been given the same: inputs, outputs and states get the axis of streams.
Recording in_all_streams(Recording recording, int64_t count);

}  // namespace rondo
