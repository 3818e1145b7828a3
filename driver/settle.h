// What a model must know when it is compiled (axes, shapes, sizes of parts), taken from data where it is an input.
// Tested by tests/driver/settle_test.cpp.
#pragma once

#include <functional>

#include "driver/data.h"

namespace rondo {

/// Inputs whose contents, and dimensions whose sizes, were taken from data.
struct Settled {
  std::vector<NamedTensor> inputs;  // in the order in which they were found to be needed
  std::map<std::string, int64_t> dims;
  bool empty() const { return inputs.empty() && dims.empty(); }
};

/// What the user or the data give for one build of a model.
struct Given {
  std::vector<NamedTensor> inputs;  // values of one call
  std::set<std::string> states;     // inputs that stay inputs: state, which no constant can be
};

/// Freezes what `settled` says in a graph; a plan, where it comes too late, is left alone.
Status settle(Parsed& source, const Settled& settled);

/// Adds to `settled` what would settle the errors and is given; false if that is nothing new.
bool take_wanted(const Parsed& source, const Diagnostics& errors, const Given& given, Settled& settled);

/// Whether what is given has the settled values.
bool holds(const Parsed& source, const Settled& settled, const Given& given);

/// A remark for each: "input 'axes' is taken as a constant: i64[1] 1"; `file`: where the values are from.
void report_settled(const Settled& settled, const std::string& file);

/// What a recording gives when these pairs are states. Of a stream, what stays the same over all steps.
Given given_by(const Recording& recording, const std::vector<NamePair>& states);

/// The frozen inputs.
std::set<std::string> names_of(const Settled& settled);

Parsed copy(const Parsed& source);

/// Calls `build` with a copy of the source in which `settled` is frozen; as long as it fails for want of what is given,
/// adds that to `settled` and calls it again.
template <class T>
Result<T> build_settled(const Parsed& source, const Given& given, Settled& settled,
                        const std::function<Result<T>(Parsed)>& build) {
  while (true) {
    Parsed copied = copy(source);
    RONDO_CHECK(settle(copied, settled));
    Result<T> built = build(std::move(copied));
    if (built || !take_wanted(source, built.errors(), given, settled)) return built;
  }
}

}  // namespace rondo
