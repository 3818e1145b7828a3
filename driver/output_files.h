// What a model computed from a recording, as .npy files. Tested by tests/driver/runner_test.cpp.
#pragma once

#include "driver/play.h"

namespace rondo {

/// FOLDER/NUMBER.NAME.npy for each output and state; the folder is made if it is missing.
Status write_played(const std::string& folder, int64_t number, const Played& played);

}  // namespace rondo
