// ErrorList: the errors of parts that can be read without each other, so that a person is told all of them at once.
//
// What relies on a part that failed fails with it, but has nothing to say of its own: told_already(). So nobody reads
// errors that are gone once the first one is mended. Of many errors the first kMost are told, and how many more there
// are. Tested by tests/ir/text_errors_test.cpp and tests/frontend/json_several_test.cpp.
#pragma once

#include "support/result.h"

namespace rondo {

/// The failure of what relies on something that failed before: no errors.
inline Diagnostics told_already() { return {}; }

class ErrorList {
 public:
  static constexpr size_t kMost = 20;

  void add(const Diagnostics& errors);

  /// Whether the part went well; if not, its errors are kept.
  template <class T>
  bool keep(const Result<T>& part) {
    if (!part) add(part.errors());
    return static_cast<bool>(part);
  }
  /// The same, and a part that went well goes to its place.
  template <class T, class Place>
  bool keep(Result<T> part, Place& place) {
    if (part) place = *std::move(part);
    return keep(part);
  }

  bool failed() const { return failed_; }
  /// Whether there are more errors than are told. Whoever asks stops then, and how many there are is not known.
  bool stops();
  /// How often something was added.
  size_t added() const { return added_; }
  /// Done, or the errors of all parts that failed.
  Status status() const;

 private:
  bool failed_ = false;  // there may be no errors: they are told already
  size_t added_ = 0, untold_ = 0;
  Diagnostics errors_;
};

}  // namespace rondo
