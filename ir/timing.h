// Timing: which axis of an input or output is time.
//
// In a model graph it is what the file's format says of its inputs. In a core graph or a plan it says that a call is a
// step (--stream): along this axis an input takes the next frames of its sequence, and an output gives the next of its
// own. Ports without timing belong to the call as a whole. Tested by tests/ir/timing_test.cpp.
#pragma once

#include <functional>

#include "ir/type.h"

namespace rondo {

struct Timing {
  enum class Port : uint8_t { input, output } port = Port::input;
  std::string name;
  int axis = 0;
  int64_t latency = 0;  // of a step's output: its frame t, counted over all steps, is the sequence's frame t - latency
  friend bool operator==(const Timing&, const Timing&) = default;
};

std::string_view to_string(Timing::Port port);

/// Of a port; null: it has none.
const Timing* find_timing(const std::vector<Timing>& timing, Timing::Port port, const std::string& name);

/// What is wrong with a list, one message for each breach. `type_of` gives a port's type; null: there is no such port.
std::vector<std::string> timing_errors(const std::vector<Timing>& timing,
                                       const std::function<const Type*(const Timing&)>& type_of);

}  // namespace rondo
