// Lexer: the words of the text form, one at a time, each with its place.
//
// Any bytes are accepted: what is no word becomes a token of kind `bad` that says why. A lexer is a few pointers, so
// that copying one is how a parser looks ahead. Tested by tests/ir/text*_test.cpp.
#pragma once

#include <string>
#include <string_view>

#include "support/diagnostic.h"
#include "support/source.h"

namespace rondo {

struct Token {
  enum class Kind {
    end,
    word,    // lstm_0, f32, _
    value,   // %x, %3, %"odd name"; text is without the % and the quotes
    text,    // "…"; text is what stands between the quotes, escapes included
    symbol,  // `…`: a dimension's name that is no word
    number,  // 12, 1.5, 1e-05, 0x7ff8; signs stand apart
    mark,    // ( ) [ ] { } < > , : = == + - * / % @ ?
    bad,     // text says what is wrong
  };
  Kind kind = Kind::end;
  std::string_view text;
  bool quoted = false;  // value: as %"…"
  size_t begin = 0;     // place in the source, in bytes
  int line = 1;
  size_t line_begin = 0;

  bool is_word(std::string_view word) const { return kind == Kind::word && text == word; }
  bool is_mark(std::string_view mark) const { return kind == Kind::mark && text == mark; }
};

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) { advance(); }

  const Token& peek() const { return token_; }
  Token next();

  /// "12:3": line and column, both from 1; columns count characters, not bytes.
  std::string place(const Token& token) const;
  /// The message, the token's line and a caret under its first character.
  Diagnostic error(const Token& token, std::string message) const;

 private:
  void advance();
  void skip_space();
  void take(Token::Kind kind, size_t length);
  void take_quoted(Token::Kind kind, size_t open);
  void take_bad(std::string_view why);
  char at(size_t offset) const { return position_ + offset < source_.size() ? source_[position_ + offset] : '\0'; }

  std::string_view source_;
  size_t position_ = 0;
  int line_ = 1;
  size_t line_begin_ = 0;
  Token token_;
};

/// A word of the text form: a letter or _, then letters, digits and _.
bool is_word(std::string_view text);
/// What may follow % without quotes: also / . $ and, inside, -. Digits alone are for values without a name.
bool is_value_name(std::string_view text);
bool is_digits(std::string_view text);

}  // namespace rondo
