// Whole sequences through a model that takes steps (--stream): recordings cut into steps, and what the steps give put
// together again, so that it can be compared with what the whole sequence gives. Tested by
// tests/driver/frames_test.cpp.
#pragma once

#include "driver/play.h"

namespace rondo {

/// Whether a recording of whole sequences is to be played step by step: the model has ports with a time axis, and the
/// recording does not hold steps already.
bool needs_steps(const Ports& ports, const Recording& recording);

/// A recorded stream whose steps have other numbers of frames than the model's: the same as one of whole sequences,
/// which its states go through. Any other recording as it is. An input without time axis must be the same in all steps.
Result<Recording> join_recorded_steps(const Ports& ports, const Recording& recording);

/// The recording as one of steps: sequences are cut along time, other inputs are the same in each step. Frames at the
/// end that make no whole step are left out. Of the inputs in `frozen` nothing is asked.
Result<Recording> cut_into_steps(const Ports& ports, const Recording& recording, const std::set<std::string>& frozen);

/// Outputs of steps put together along time, from the sequence's first frame on: what comes before it, a latency long,
/// is left out. Outputs without time axis are the last step's.
Played put_together(const Ports& ports, const Played& steps);

/// The first frames, as many as both what the steps gave and the whole sequence's output have. An error if there are
/// none.
struct Common {
  Tensor steps, whole;
};
Result<Common> common_frames(const Slot& output, const Tensor& steps, const Tensor& whole);

/// The same where `whole` has a row for each frame, whatever the shape of a frame.
Result<Common> common_rows(const Slot& output, const Tensor& steps, const Tensor& whole);
/// Whether the steps take every frame of the recording.
bool whole_steps(const Ports& ports, const Recording& recording);

/// Frames [start, start + count) along an axis.
Tensor take_frames(const Tensor& tensor, int axis, int64_t start, int64_t count);

}  // namespace rondo
