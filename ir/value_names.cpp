// See value_names.h.
#include "ir/value_names.h"

#include <fmt/format.h>

#include "ir/lexer.h"
#include "ir/print_parts.h"

namespace rondo {

ValueNames::ValueNames(const Graph& graph) {
  for (const auto& param : graph.params) add(param.get());
  for (const auto& node : graph.nodes)
    for (const auto& result : node->results) add(result.get());
}

const ValueNames::Entry& ValueNames::of(const Value* value) const {
  static const Entry unknown{"%\"(not of this graph)\"", ""};
  auto found = entries_.find(value);
  return found == entries_.end() ? unknown : found->second;
}

void ValueNames::add(const Value* value) {
  if (!value) return;
  if (value->name.empty()) {
    entries_[value] = {fmt::format("%{}", count_++), ""};
    return;
  }
  std::string name = unique(value->name);
  std::string text = "%";
  if (is_value_name(name))
    text += name;
  else
    print_text(text, name);
  entries_[value] = {std::move(text), std::move(name)};
}

std::string ValueNames::unique(const std::string& name) {
  if (used_.insert(name).second) return name;
  for (int& suffix = suffixes_[name];;)
    if (std::string next = fmt::format("{}_{}", name, ++suffix); used_.insert(next).second) return next;
}

}  // namespace rondo
