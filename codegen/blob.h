// The blob of weights: what rondo_call.constants points to. It begins with a head that says whose weights these are
// (rondo_weights in rondo.h); the plan's constants follow as the plan places them, then the states' initial values.
// Tested by blob_test.cpp.
#pragma once

#include "codegen/codegen.h"

namespace rondo {

class Blob {
 public:
  static constexpr int64_t kHeadBytes = Plan::kAlignment;

  explicit Blob(const Plan& plan);
  /// 0: the plan has neither constants nor initial values, and there is no blob.
  int64_t bytes() const { return bytes_; }
  /// Where the initial value of a state lies; only for states that have one.
  int64_t initial_offset(size_t state) const { return initial_offsets_[state]; }

 private:
  int64_t bytes_ = 0;
  std::vector<int64_t> initial_offsets_;
};

}  // namespace rondo
