// Identifiers made from a model's names. Used alike by symbols and by generated headers.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace rondo {

/// A C identifier: letters, digits and underscores of `name`, anything else an underscore.
std::string identifier(std::string_view name, std::string_view if_empty);

/// Identifiers that are no keyword of C or C++ and all different.
class UniqueNames {
 public:
  explicit UniqueNames(std::set<std::string> taken = {}) : taken_(std::move(taken)) {}
  std::string add(std::string_view name, std::string_view if_empty);

 private:
  std::set<std::string> taken_;
};

}  // namespace rondo
