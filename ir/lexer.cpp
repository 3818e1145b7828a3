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
bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

size_t count_characters(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

/// Bytes of the UTF-8 sequence at the start of text; 0 if there is none.
size_t utf8_length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xC2 && first <= 0xDF   ? 2
                        : first >= 0xE0 && first <= 0xEF ? 3
                        : first >= 0xF0 && first <= 0xF4 ? 4
                                                         : 0;
  if (length == 0 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i)
    if (!is_continuation(text[i])) return 0;
  const bool overlong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xF0 && byte(1) < 0x90);
  const bool outside = (first == 0xED && byte(1) > 0x9F) || (first == 0xF4 && byte(1) > 0x8F);
  return overlong || outside ? 0 : length;
}

/// A line as it may be shown on a terminal.
std::string shown(std::string_view line) {
  std::string result(line);
  const bool plain = is_utf8(line);
  for (char& c : result) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\t') || byte == 0x7F || (byte >= 0x80 && !plain)) c = '?';
  }
  return result;
}

}  // namespace

bool is_word(std::string_view text) {
  return !text.empty() && is_letter(text[0]) && std::all_of(text.begin(), text.end(), is_word_character);
}

bool is_value_name(std::string_view text) {
  return !text.empty() && is_value_start(text[0]) && std::all_of(text.begin(), text.end(), is_value_character);
}

bool is_digits(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), is_digit); }

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

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
  const std::string_view before = source_.substr(token.line_begin, token.begin - token.line_begin);
  return fmt::format("{}:{}", token.line, count_characters(before) + 1);
}

Diagnostic Lexer::error(const Token& token, std::string message) const {
  constexpr size_t kBefore = 60, kAfter = 40;  // of a long line, as much as fits a terminal
  const size_t line_end = std::min(source_.find('\n', token.line_begin), source_.size());
  size_t begin = token.begin - token.line_begin > kBefore ? token.begin - kBefore : token.line_begin;
  size_t end = std::min(line_end, token.begin + kAfter);
  while (begin < token.begin && is_continuation(source_[begin])) ++begin;
  while (end > token.begin && end < line_end && is_continuation(source_[end])) --end;
  const std::string_view before_text = source_.substr(begin, token.begin - begin);
  std::string pad;
  for (char c : before_text)
    if (!is_continuation(c)) pad += c == '\t' ? '\t' : ' ';
  const std::string line = shown(source_.substr(begin, end - begin));
  return invalid(fmt::format("{}\n    {}\n    {}^", message, line, pad), place(token));
}

}  // namespace rondo
