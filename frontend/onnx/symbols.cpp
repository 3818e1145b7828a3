// Names of dynamic dimensions; see symbols.h.
#include "frontend/onnx/symbols.h"

namespace rondo {
namespace {

/// Letters, digits and _, not beginning with a digit, of bounded length; "dim" if nothing is left.
std::string to_identifier(std::string_view name) {
  constexpr size_t kLongest = 64;
  std::string result;
  bool meaningful = false;
  for (char c : name.substr(0, kLongest)) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'), digit = c >= '0' && c <= '9';
    meaningful |= letter || digit;
    if (digit && result.empty()) result += '_';
    result += letter || digit ? c : '_';
  }
  return meaningful ? result : "dim";
}

}  // namespace

Dim Symbols::fresh(std::string_view wish) {
  const std::string base = to_identifier(wish);
  std::string name = base;
  for (int& suffix = last_suffix_.try_emplace(base, 1).first->second; !taken_.insert(name).second;)
    name = base + "_" + std::to_string(++suffix);
  return Dim::symbol(name);
}

Dim Symbols::named(const std::string& name) {
  auto found = named_.find(name);
  if (found == named_.end()) found = named_.emplace(name, fresh(name)).first;
  return found->second;
}

Dim Symbols::unnamed(const std::string& owner, int axis) { return fresh(owner + "_" + std::to_string(axis)); }

}  // namespace rondo
