// The words of all operators of a level, for hints. Tested by tests/ir/text_errors_test.cpp.
#pragma once

#include <string>
#include <vector>

#include "ir/graph.h"

namespace rondo {

std::vector<std::string> operator_words(Level level);

}  // namespace rondo
