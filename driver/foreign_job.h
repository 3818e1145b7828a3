// What the harness of runtime/harness is given to do: job.h and the data that it names, and how the memory around a
// model is laid out. Tested by tests/driver/runner_test.cpp.
#pragma once

#include "driver/play.h"
#include "ir/plan.h"

namespace rondo {

struct ForeignJob {
  std::string header, data;
  int64_t state_bytes = 0;
  std::vector<int64_t> state_offsets;                // of the plan's states
  std::vector<std::vector<int64_t>> output_shapes, state_shapes;
  std::vector<int64_t> output_bytes;
  int64_t printed_bytes = 0;  // outputs of all steps, then the state

  /// `prefix`: of the model's symbols. `data_path`: where the data will be.
  static Result<ForeignJob> make(const Plan& plan, const std::string& prefix, const Script& script,
                                 const std::string& data_path, bool external_constants);
};

/// The bytes that the harness printed; an error where its text is not whole, or it says that the model failed.
Result<std::string> read_printed(const std::string& text, int64_t expected_bytes);

/// Cuts them into outputs and states.
Played cut(const Plan& plan, const Script& script, const ForeignJob& job, const std::string& bytes);

}  // namespace rondo
