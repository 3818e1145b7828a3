// See names.h. Tested by tests/driver/command_line_test.cpp.
#include "driver/names.h"

namespace rondo {

std::string identifier_from(std::string text) {
  for (char& c : text) {
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    bool digit = c >= '0' && c <= '9';
    if (!letter && !digit) c = '_';
  }
  if (text.empty()) return "model";
  if (text[0] >= '0' && text[0] <= '9') text.insert(text.begin(), 'm');
  return text;
}

}  // namespace rondo
