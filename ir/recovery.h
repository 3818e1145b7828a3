// Several errors of one text at once: after an error, reading goes on with the next line that begins a statement.
// Entry: read_statements. Tested by tests/ir/text_errors_test.cpp.
#pragma once

#include <functional>

#include "ir/parse_parts.h"
#include "support/error_list.h"

namespace rondo {

/// The statements of a body, between its braces.
struct StatementReader {
  std::function<Status()> read;                   // one statement
  std::function<bool(const TextReader&)> begins;  // whether a statement may begin here
  /// A statement that began here has errors: what it defines stands for itself no more.
  std::function<void(TextReader)> lost;
  /// Whether the body's '}' is missing before what stands here; none: it never is.
  std::function<bool(const TextReader&)> unclosed = {};
};

/// Reads statements up to and with '}', which the opening brace stands before. Their errors go to the list; it fails
/// only where reading cannot go on, without errors of its own.
Status read_statements(TextReader& reader, ErrorList& errors, const StatementReader& statement);

/// Counts how deep bodies are nested, while it lives.
class Nesting {
 public:
  explicit Nesting(int& depth) : depth_(++depth) {}
  ~Nesting() { --depth_; }
  Nesting(const Nesting&) = delete;

 private:
  int& depth_;
};

}  // namespace rondo
