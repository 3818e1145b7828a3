#include "ir/measure.h"

#include <algorithm>

namespace rondo {

bool is_measured(const Dim& dim) {
  if (dim.constant()) return false;
  std::set<std::string> names;
  dim.collect_symbols(names);
  return std::any_of(names.begin(), names.end(), [](const std::string& name) { return is_measured(name); });
}

bool is_measured(const Equality& equality) { return is_measured(equality.a) || is_measured(equality.b); }

Dim highest_of(const Node& measure) {
  return max(measure.attributes.dim("high") - Dim(measure.attributes.integer("low")) + 1, Dim(1));
}

std::vector<const Node*> measures_of(const Graph& graph) {
  std::vector<const Node*> measures;
  for (const auto& node : graph.nodes)
    if (node->op == Op::measure) measures.push_back(node.get());
  return measures;
}

namespace {

void collect_measured(const Graph& graph, std::set<std::string>& names) {
  for (const auto& node : graph.nodes) {
    if (node->op == Op::measure)
      if (const auto* symbol = node->attributes.find("symbol"); symbol && std::get_if<std::string>(symbol))
        names.insert(std::get<std::string>(*symbol));
    for (const auto& region : node->regions)
      if (region) collect_measured(*region, names);
  }
}

void collect_symbols(const Value& value, std::set<std::string>& names) {
  if (!value.type) return;
  for (const Dim& dim : value.type->shape) dim.collect_symbols(names);
}

}  // namespace

std::set<std::string> measured_inside(const Graph& graph) {
  std::set<std::string> names;
  collect_measured(graph, names);
  return names;
}

void collect_symbols(const Node& node, std::set<std::string>& names) {
  for (const auto& [name, value] : node.attributes.entries()) {
    if (const Dim* dim = std::get_if<Dim>(&value)) dim->collect_symbols(names);
    if (const auto* dims = std::get_if<std::vector<Dim>>(&value))
      for (const Dim& dim : *dims) dim.collect_symbols(names);
  }
  for (const auto& result : node.results)
    if (result) collect_symbols(*result, names);
  for (const auto& region : node.regions) {
    for (const auto& param : region->params) collect_symbols(*param, names);
    for (const auto& inner : region->nodes) collect_symbols(*inner, names);
    for (const Equality& equality : region->equalities) {
      equality.a.collect_symbols(names);
      equality.b.collect_symbols(names);
    }
  }
}

// --- bounds

namespace {

struct Interval {
  Dim low, high;
};

Interval interval_of(const Dim& dim, const Highest& highest);

Interval interval_of(const Dim::Atom& atom, const Highest& highest) {
  if (atom.kind == Dim::Atom::Kind::symbol) {
    const auto found = highest.find(atom.name);
    if (found != highest.end()) return {Dim(1), found->second};
    return {Dim::symbol(atom.name), Dim::symbol(atom.name)};
  }
  const Interval a = interval_of(*atom.a, highest), b = interval_of(*atom.b, highest);
  if (atom.kind == Dim::Atom::Kind::min) return {min(a.low, b.low), min(a.high, b.high)};
  if (atom.kind == Dim::Atom::Kind::max) return {max(a.low, b.low), max(a.high, b.high)};
  if (b.low == b.high) return {floor_div(a.low, b.low), floor_div(a.high, b.low)};
  // A quotient by a positive divisor lies between those by its bounds.
  const auto of = [&](const Dim& divisor) { return Interval{floor_div(a.low, divisor), floor_div(a.high, divisor)}; };
  const Interval x = of(max(b.low, Dim(1))), y = of(max(b.high, Dim(1)));
  return {min(x.low, y.low), max(x.high, y.high)};
}

Interval product(const Interval& a, const Interval& b) {
  if (a.low.lower_bound() >= 0 && b.low.lower_bound() >= 0) return {a.low * b.low, a.high * b.high};
  const Dim corners[] = {a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high};
  Interval all{corners[0], corners[0]};
  for (const Dim& corner : corners) all = {min(all.low, corner), max(all.high, corner)};
  return all;
}

Interval interval_of(const Dim& dim, const Highest& highest) {
  if (dim.constant()) return {dim, dim};
  Interval sum{Dim(dim.constant_part()), Dim(dim.constant_part())};
  for (const Dim::Term& term : dim.terms()) {
    Interval value{Dim(1), Dim(1)};
    for (const auto& factor : term.factors) {
      const Interval next = interval_of(*factor, highest);
      value = value.low.is(1) && value.high.is(1) ? next : product(value, next);
    }
    const Dim scale(term.coefficient);
    sum.low += scale * (term.coefficient < 0 ? value.high : value.low);
    sum.high += scale * (term.coefficient < 0 ? value.low : value.high);
  }
  return sum;
}

}  // namespace

Dim upper(const Dim& dim, const Highest& highest) {
  return highest.empty() || !is_measured(dim) ? dim : interval_of(dim, highest).high;
}

Dim lower(const Dim& dim, const Highest& highest) {
  return highest.empty() || !is_measured(dim) ? dim : interval_of(dim, highest).low;
}

Shape upper(Shape shape, const Highest& highest) {
  for (Dim& dim : shape) dim = upper(dim, highest);
  return shape;
}

// --- facts

std::vector<Equality> release_facts(Graph& region) {
  std::vector<Equality> released, kept;
  for (const auto& [name, dim] : region.bindings)
    released.push_back({Dim::symbol(name), dim, "dimensions in the region"});
  const std::set<std::string> inside = measured_inside(region);
  for (Equality& equality : region.equalities) {
    std::set<std::string> names;
    equality.a.collect_symbols(names);
    equality.b.collect_symbols(names);
    const bool stays = std::any_of(names.begin(), names.end(), [&](const auto& name) { return inside.count(name) != 0; });
    (stays ? kept : released).push_back(std::move(equality));
  }
  region.bindings.clear();
  region.equalities = std::move(kept);
  return released;
}

}  // namespace rondo
