// Identifiers for symbols and headers. Tested by header_test.cpp.
#include "codegen/names.h"

#include <iterator>
#include <sstream>

namespace rondo {
namespace {

constexpr char kKeywords[] =
    "alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t char32_t "
    "class compl concept const consteval constexpr constinit const_cast continue co_await co_return co_yield "
    "decltype default delete do double dynamic_cast else enum explicit export extern false float for friend "
    "goto if inline int linux long mutable namespace new noexcept not not_eq nullptr NULL operator or or_eq "
    "private protected public register reinterpret_cast requires restrict return short signed sizeof static "
    "static_assert static_cast struct switch template this thread_local throw true try typedef typeid "
    "typename typeof typeof_unqual union unix unsigned using virtual void volatile wchar_t while xor xor_eq";

const std::set<std::string>& keywords() {
  static const std::set<std::string> words = [] {
    std::istringstream stream(kKeywords);
    return std::set<std::string>(std::istream_iterator<std::string>(stream), {});
  }();
  return words;
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::string identifier(std::string_view name, std::string_view if_empty) {
  std::string text;
  for (char c : name) text += is_letter(c) || is_digit(c) ? c : '_';
  // A leading underscore is the implementation's, a leading digit no identifier.
  size_t first = text.find_first_not_of('_');
  if (first == std::string::npos) return std::string(if_empty);
  text.erase(0, first);
  return is_digit(text[0]) ? std::string(if_empty) + "_" + text : text;
}

std::string UniqueNames::add(std::string_view name, std::string_view if_empty) {
  std::string base = identifier(name, if_empty);
  if (keywords().count(base)) base += '_';
  std::string text = base;
  for (int i = 2; !taken_.insert(text).second; ++i) text = base + "_" + std::to_string(i);
  return text;
}

}  // namespace rondo
