// Graphs within nodes of rondo's own JSON, which become regions, and what nodes and recurrences have in common.
// Tested by tests/frontend/json_own_test.cpp.
#pragma once

#include "frontend/json/own.h"

namespace rondo {

/// A graph within a node, while it is read.
struct OwnRegion {
  std::string attribute;
  std::unique_ptr<Graph> graph;
  std::unique_ptr<OwnScope> scope;
  size_t own = 0;  // parameters of its own
};
Result<OwnRegion> open_own_region(std::string attribute, OwnScope& outer, const std::string& place);
/// A parameter of its own.
Status add_own_param(OwnRegion& region, const std::string& name, const std::string& place);
/// The node's operands and attributes grow by what its regions capture; gives the regions.
Result<std::vector<std::unique_ptr<Graph>>> close_own_regions(std::vector<OwnRegion> regions, OwnScope& outer,
                                                              std::vector<Value*>& operands, Attributes& attributes);

/// A name, or a list of names; null leaves one out.
Result<std::vector<std::string>> read_own_names(const Json& json);
/// An operand: the name of a value, null for none, or a constant.
Result<Value*> read_own_operand(const Json& json, OwnScope& scope);
/// Gives a node's results their names; "" is one that nobody wants.
Status name_own_results(Node& node, const std::vector<std::string>& names, OwnScope& scope, const std::string& place);

/// A recurrence (own_scan.cpp). One with errors still defines its results.
Status read_own_scan(const Json& json, OwnScope& scope);

}  // namespace rondo
