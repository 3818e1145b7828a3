// Playing a recording: what a model computes from recorded inputs and states. Tested by tests/driver/play_test.cpp.
#pragma once

#include "driver/data.h"

namespace rondo {

struct Played {
  std::vector<NamedTensor> outputs;  // streams: with a leading axis of steps
  std::vector<NamedTensor> states;   // after the last call
};

/// Finds the dimensions from the data, sets the states that the recording knows, and calls the model once, or once for
/// each step. An input that is missing, unknown or of another type is an error that names it. Inputs in `frozen` are
/// skipped.
Result<Played> play(const LoadedModel& model, const Recording& recording, const std::set<std::string>& frozen);

}  // namespace rondo
