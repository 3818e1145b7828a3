// See recovery.h.
#include "ir/recovery.h"

namespace rondo {
namespace {

/// From the statement's start to the next line, behind the error, that begins a statement or ends the body.
void skip_statement(TextReader& reader, TextReader start, const StatementReader& statement) {
  const size_t error = reader.peek().begin;
  int depth = 0, line = start.peek().line;
  for (reader = std::move(start);; reader.next()) {
    const Token& token = reader.peek();
    if (token.kind == Token::Kind::end) return;
    const bool begins =
        token.line > line && (statement.begins(reader) || (statement.unclosed && statement.unclosed(reader)));
    if (token.begin >= error && depth == 0 && (begins || token.is_mark("}"))) return;
    line = token.line;
    depth += token.is_mark("{") - token.is_mark("}");
  }
}

}  // namespace

Status read_statements(TextReader& reader, ErrorList& errors, const StatementReader& statement) {
  while (!reader.take_mark("}")) {
    const TextReader start = reader;
    if (errors.keep(statement.read())) continue;
    if (errors.full()) return told_already();
    if (statement.unclosed && statement.unclosed(start)) return Done{};
    statement.lost(start);
    skip_statement(reader, start, statement);
    if (reader.peek().kind == Token::Kind::end) return told_already();
  }
  return Done{};
}

}  // namespace rondo
