// See recovery.h.
#include "ir/recovery.h"

namespace rondo {
namespace {

size_t column(const Token& token) { return token.begin - token.line_begin; }

/// From the statement's start to the next line, behind the error, that begins a statement or ends the body. Braces tell
/// what is inside the statement; where one is missing, so does the indentation.
void skip_statement(TextReader& reader, TextReader start, const StatementReader& statement) {
  const size_t error = reader.peek().begin, indentation = column(start.peek());
  int depth = 0, line = start.peek().line;
  for (reader = std::move(start);; reader.next()) {
    const Token& token = reader.peek();
    if (token.kind == Token::Kind::end) return;
    const bool begins =
        token.line > line && (statement.begins(reader) || (statement.unclosed && statement.unclosed(reader)));
    const bool is_inside = depth > 0 && !(begins && column(token) == indentation);
    if (token.begin >= error && !is_inside && (begins || token.is_mark("}"))) return;
    line = token.line;
    depth += token.is_mark("{") - token.is_mark("}");
  }
}

}  // namespace

Status read_statements(TextReader& reader, ErrorList& errors, const StatementReader& statement) {
  while (!reader.take_mark("}")) {
    const TextReader start = reader;
    if (errors.keep(statement.read())) continue;
    if (errors.stops()) return told_already();
    if (statement.unclosed && statement.unclosed(start)) return Done{};
    statement.lost(start);
    skip_statement(reader, start, statement);
    if (reader.peek().kind == Token::Kind::end) return told_already();
  }
  return Done{};
}

}  // namespace rondo
