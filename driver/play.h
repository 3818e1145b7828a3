// Playing a recording: what a model computes from recorded inputs and states. Tested by tests/driver/verify_test.cpp.
#pragma once

#include "driver/data.h"

namespace rondo {

struct Played {
  std::vector<NamedTensor> outputs;  // streams: with a leading axis of steps
  std::vector<NamedTensor> states;   // after the last call
};

/// What a player knows of a model.
struct Ports {
  std::vector<Slot> inputs, outputs, states;
  std::vector<std::string> symbols;
};
Ports ports_of(const LoadedModel& model);

/// A recording as calls of one model.
struct Script {
  Dim::Values dims;
  std::vector<NamedTensor> initial;        // of states that the recording knows
  std::vector<std::vector<Tensor>> steps;  // inputs of each call, in the model's order
  bool stream = false;                     // outputs get a leading axis of steps
};

/// An input that is missing, unknown or of another type is an error that names it. Inputs in `frozen` are skipped.
Result<Script> make_script(const Ports& ports, const Recording& recording, const std::set<std::string>& frozen);

/// Finds the dimensions from the data, sets the states that the recording knows, and calls the model once, or once for
/// each step. An input that is missing, unknown or of another type is an error that names it. Inputs in `frozen` are
/// skipped.
/// Recordings of whole sequences go through a model that takes steps frame by frame, and come out whole.
Result<Played> play(const LoadedModel& model, const Recording& recording, const std::set<std::string>& frozen);

}  // namespace rondo
