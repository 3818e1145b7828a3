// Measured symbols: dimensions that only the run knows. A measure node gives its symbol a value; from there on, until
// its graph or region ends, types and attributes may use the symbol. Outside it does not exist.
//
// Measured symbols begin with kMeasuredPrefix, so that a dim tells by itself what must not be solved for or checked when
// a call begins. A symbol is measured once in a graph, regions included. Tested by tests/ir/measure_test.cpp.
#pragma once

#include "ir/graph.h"

namespace rondo {

inline constexpr std::string_view kMeasuredPrefix = "measured_";
inline bool is_measured(std::string_view symbol) { return symbol.starts_with(kMeasuredPrefix); }
/// Whether a dim mentions a measured symbol.
bool is_measured(const Dim& dim);
bool is_measured(const Equality& equality);

/// The symbol's highest value, given the attributes of a measure node: it stands for value - low + 1.
Dim highest_of(const Node& measure);

/// What a graph measures, in order: its own nodes alone, or those of regions too.
std::vector<const Node*> measures_of(const Graph& graph);
std::set<std::string> measured_inside(const Graph& graph);

/// Symbols that a node's results, attributes and regions mention.
void collect_symbols(const Node& node, std::set<std::string>& names);

/// At least the dim's value, and at most, for every value of the measured symbols from 1 to `highest`. The rest of the
/// dim stays symbolic, so bounds hold for all callers' dimensions.
using Highest = std::map<std::string, Dim>;
Dim upper(const Dim& dim, const Highest& highest);
Dim lower(const Dim& dim, const Highest& highest);
Shape upper(Shape shape, const Highest& highest);

/// Takes from a region what it has found out about dims: what holds outside as well. Facts about symbols that are
/// measured inside stay, to be checked where those are measured.
std::vector<Equality> release_facts(Graph& region);

}  // namespace rondo
