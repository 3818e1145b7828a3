// Splits the text form into words. Tested by tests/ir/text_test.cpp.
#include "ir/lexer.h"

#include <fmt/format.h>

#include <algorithm>

namespace rondo {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word_character(char c) { return is_letter(c) || is_digit(c); }
bool is_value_start(char c) { return is_letter(c) || c == '/' || c == '.' || c == '$'; }
bool is_value_character(char c) { return is_value_start(c) || is_digit(c) || c == '-'; }

}  // namespace

bool is_word(std::string_view text) {
  return !text.empty() && is_letter(text[0]) && std::all_of(text.begin(), text.end(), is_word_character);
}

bool is_value_name(std::string_view text) {
  return !text.empty() && is_value_start(text[0]) && std::all_of(text.begin(), text.end(), is_value_character);
}

bool is_digits(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), is_digit); }

Token Lexer::next() {
  const Token token = token_;
  advance();
  return token;
}

void Lexer::skip_space() {
  for (; position_ < source_.size(); ++position_) {
    const char c = source_[position_];
    if (c == '\n') {
      ++line_;
      line_begin_ = position_ + 1;
    } else if (c == '#') {
      while (position_ + 1 < source_.size() && source_[position_ + 1] != '\n') ++position_;
    } else if (c != ' ' && c != '\t' && c != '\r') {
      return;
    }
  }
}

void Lexer::take(Token::Kind kind, size_t length) {
  token_.kind = kind;
  token_.text = source_.substr(position_, length);
  position_ += length;
}

void Lexer::take_bad(std::string_view why) {
  token_.kind = Token::Kind::bad;
  token_.text = why;
  position_ = source_.size();
}

/// A quotation whose opening mark stands `open` bytes ahead.
void Lexer::take_quoted(Token::Kind kind, size_t open) {
  const size_t begin = position_ + open + 1;
  const char quote = source_[begin - 1];
  const char stops[] = {quote, '\\', '\n'};
  size_t end = begin;
  for (;; ++end) {
    end = source_.find_first_of(std::string_view(stops, 3), end);
    if (end == std::string_view::npos || source_[end] == '\n')
      return take_bad(quote == '"' ? "the quotation is not closed with '\"' on its line"
                                   : "the name is not closed with '`' on its line");
    if (source_[end] == quote) break;
    if (++end >= source_.size() || source_[end] == '\n') --end;  // the character after a backslash
  }
  token_.kind = kind;
  token_.quoted = true;
  token_.text = source_.substr(begin, end - begin);
  position_ = end + 1;
}

void Lexer::advance() {
  skip_space();
  token_ = {Token::Kind::end, {}, false, position_, line_, line_begin_};
  if (position_ >= source_.size()) return;
  const char c = source_[position_];
  size_t length = 1;
  if (is_letter(c)) {
    while (is_word_character(at(length))) ++length;
    take(Token::Kind::word, length);
  } else if (is_digit(c)) {
    const bool hex = c == '0' && at(1) == 'x';
    const auto exponent_sign = [&](char sign, char before) {
      return !hex && (sign == '+' || sign == '-') && (before == 'e' || before == 'E');
    };
    while (is_word_character(at(length)) || at(length) == '.' || exponent_sign(at(length), at(length - 1))) ++length;
    take(Token::Kind::number, length);
  } else if (c == '%' && at(1) == '"') {
    take_quoted(Token::Kind::value, 1);
  } else if (c == '%' && is_value_character(at(1)) && at(1) != '-') {
    ++position_;
    while (is_value_character(at(length))) ++length;
    take(Token::Kind::value, length);
  } else if (c == '"') {
    take_quoted(Token::Kind::text, 0);
  } else if (c == '`') {
    take_quoted(Token::Kind::symbol, 0);
  } else if (c == '=' && at(1) == '=') {
    take(Token::Kind::mark, 2);
  } else if (std::string_view("()[]{}<>,:=+-*/%@?").find(c) != std::string_view::npos) {
    take(Token::Kind::mark, 1);
  } else {
    take_bad("this character has no meaning here");
  }
}

std::string Lexer::place(const Token& token) const {
  const std::string_view line = source_.substr(token.line_begin);  // whose number is known
  const std::string here = line_and_column(line, token.begin - token.line_begin);
  return fmt::format("{}{}", token.line, here.substr(here.find(':')));
}

Diagnostic Lexer::error(const Token& token, std::string message) const {
  if (token.kind != Token::Kind::end) return invalid(message + excerpt(source_, token.begin), place(token));
  const size_t end = end_of_text(source_);
  return invalid(message + excerpt(source_, end), line_and_column(source_, end));
}

}  // namespace rondo
