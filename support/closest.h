// What a mistyped word was perhaps meant to be. Tested by tests/ir/text_errors_test.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rondo {

/// "; did you mean 'tanh'?" for the candidate that is closest to the word, if one is close; else nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace rondo
