// rondo inspect --explain: in sentences, what a file says, what is assumed of it, which traps of exporters it holds,
// and why passes and stages of planning decided as they did. Tested by tests/driver/explain_test.cpp.
#pragma once

#include "driver/options.h"

namespace rondo {

/// The text. A model that cannot be compiled is explained as far as it goes, with what is in the way.
Result<std::string> explain(const ModelOptions& options);

}  // namespace rondo
