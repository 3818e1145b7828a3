// Names of dynamic dimensions: what a model calls them, as identifiers that never collide.
// Tested by tests/frontend/interface_test.cpp.
#pragma once

#include "ir/dim.h"

namespace rondo {

class Symbols {
 public:
  /// The dimension a model calls `name`: the same symbol for the same name, different ones for different names.
  Dim named(const std::string& name);
  /// A dimension without a name: axis `axis` of `owner`. Each call is a new symbol.
  Dim unnamed(const std::string& owner, int axis);

 private:
  Dim fresh(std::string_view wish);

  std::map<std::string, Dim> named_;
  std::set<std::string> taken_ = {"ceil", "floor", "max", "min"};  // words of the text form of dims
  std::map<std::string, int> last_suffix_;                         // keeps many collisions linear
};

}  // namespace rondo
