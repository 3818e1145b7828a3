// See source.h.
#include "support/source.h"

#include <fmt/format.h>

#include <algorithm>

namespace rondo {
namespace {

constexpr size_t kBefore = 60, kAfter = 40;  // bytes of a long line that are shown

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

size_t count_characters(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

size_t line_begin(std::string_view text, size_t at) {
  const size_t line_break = text.substr(0, at).rfind('\n');
  return line_break == std::string_view::npos ? 0 : line_break + 1;
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

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string line_and_column(std::string_view text, size_t at) {
  at = std::min(at, text.size());
  const size_t begin = line_begin(text, at);
  const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(begin), '\n');
  return fmt::format("{}:{}", line, count_characters(text.substr(begin, at - begin)) + 1);
}

size_t end_of_text(std::string_view text) { return text.find_last_not_of(" \t\r\n") + 1; }

std::string excerpt(std::string_view text, size_t at) {
  at = std::min(at, text.size());
  const size_t line_end = std::min(text.find('\n', at), text.size());
  size_t begin = std::max(line_begin(text, at), at > kBefore ? at - kBefore : 0);
  size_t end = std::min(line_end, std::max(at, begin + kBefore) + kAfter);
  while (begin < at && is_continuation(text[begin])) ++begin;
  while (end > at && end < line_end && is_continuation(text[end])) --end;
  const std::string_view before = begin > line_begin(text, at) ? "…" : "", after = end < line_end ? "…" : "";
  std::string pad(count_characters(before), ' ');
  for (char c : text.substr(begin, at - begin))
    if (!is_continuation(c)) pad += c == '\t' ? '\t' : ' ';
  return fmt::format("\n    {}{}{}\n    {}^", before, shown(text.substr(begin, end - begin)), after, pad);
}

}  // namespace rondo
