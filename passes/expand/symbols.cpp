// Symbolic dimensions of a whole graph: putting expressions in place of names, everywhere they may stand.
// Entries: substitute, merge_symbols. Tested by expand_driver_test.cpp.
#include <fmt/format.h>

#include "passes/expand/expand.h"

namespace rondo {
namespace {

using Bindings = std::map<std::string, Dim>;

void substitute(std::vector<Dim>& dims, const Bindings& bindings) {
  for (Dim& dim : dims) dim = dim.substitute(bindings);
}

void substitute(std::optional<Type>& type, const Bindings& bindings) {
  if (type) substitute(type->shape, bindings);
}

void substitute(Value& value, const Bindings& bindings) {
  substitute(value.type, bindings);
  if (value.elements) substitute(*value.elements, bindings);
}

void substitute(Attributes& attributes, const Bindings& bindings) {
  const auto entries = attributes.entries();
  for (const auto& [name, value] : entries) {
    if (const Dim* dim = std::get_if<Dim>(&value)) attributes.set(name, dim->substitute(bindings));
    if (const auto* dims = std::get_if<std::vector<Dim>>(&value)) {
      std::vector<Dim> replaced = *dims;
      substitute(replaced, bindings);
      attributes.set(name, std::move(replaced));
    }
  }
}

/// Bindings whose right-hand sides mention no bound symbol.
Bindings closed(Bindings bindings) {
  for (size_t round = 0; round <= bindings.size(); ++round) {
    bool changed = false;
    for (auto& entry : bindings) {
      Dim replaced = entry.second.substitute(bindings);
      changed |= !(replaced == entry.second);
      entry.second = std::move(replaced);
    }
    if (!changed) break;
  }
  return bindings;
}

}  // namespace

void substitute(Graph& graph, const Bindings& bindings) {
  for (auto& param : graph.params) substitute(*param, bindings);
  for (auto& type : graph.declared_outputs) substitute(type, bindings);
  for (auto& equality : graph.equalities) {
    equality.a = equality.a.substitute(bindings);
    equality.b = equality.b.substitute(bindings);
  }
  for (auto& node : graph.nodes) {
    substitute(node->attributes, bindings);
    for (auto& result : node->results) {
      if (result) substitute(*result, bindings);
    }
    for (auto& region : node->regions) substitute(*region, bindings);
  }
}

Status merge_symbols(Graph& graph) {
  // Requiring an equality again after a merge may bind further symbols; each round binds at least one.
  while (!graph.bindings.empty()) {
    substitute(graph, closed(std::move(graph.bindings)));
    graph.bindings.clear();
    std::vector<Equality> before = std::move(graph.equalities);
    graph.equalities.clear();
    for (const Equality& equality : before) {
      if (graph.require_equal(equality.a, equality.b, equality.reason)) continue;
      return invalid(fmt::format("{} and {} must be equal", equality.a.to_string(), equality.b.to_string()),
                     equality.reason);
    }
  }
  return Done{};
}

}  // namespace rondo
