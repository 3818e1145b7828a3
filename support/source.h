// Places in a text, as a person finds them: line, column, and the line itself with a mark. Any bytes are accepted.
// Tested by tests/ir/text_errors_test.cpp and tests/frontend/json_bad_test.cpp.
#pragma once

#include <string>
#include <string_view>

namespace rondo {

bool is_utf8(std::string_view text);

/// "12:3": line and column of a byte, both from 1; columns count characters, not bytes.
std::string line_and_column(std::string_view text, size_t at);

/// Behind the last character that is no space: where a person sees the end.
size_t end_of_text(std::string_view text);

/// The byte's line, or of a long one as much as fits a terminal, and below it a caret; each after a line break.
std::string excerpt(std::string_view text, size_t at);

}  // namespace rondo
