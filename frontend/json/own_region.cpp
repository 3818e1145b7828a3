// See own_region.h. A graph within a node becomes a region as ONNX's readers make it: its own inputs first, then what
// it takes from outside, the same for all regions of the node.
#include "frontend/json/own_region.h"

#include <fmt/format.h>

#include <algorithm>

#include "frontend/file.h"

namespace rondo {

Result<OwnRegion> open_own_region(std::string attribute, OwnScope& outer, const std::string& place) {
  if (outer.depth() >= kDeepestOwn)
    return unsupported(fmt::format("graphs nested more than {} deep", kDeepestOwn), place);
  OwnRegion region;
  region.attribute = std::move(attribute);
  region.graph = std::make_unique<Graph>(Level::model);
  region.graph->opset = outer.graph.opset;
  region.scope = std::make_unique<OwnScope>(*region.graph, &outer);
  return region;
}

Status add_own_param(OwnRegion& region, const std::string& name, const std::string& place) {
  RONDO_CHECK(region.scope->define(name, region.graph->add_param(std::nullopt, name), place));
  ++region.own;
  return Done{};
}

Result<std::vector<std::unique_ptr<Graph>>> close_own_regions(std::vector<OwnRegion> regions, OwnScope& outer,
                                                              std::vector<Value*>& operands, Attributes& attributes) {
  std::sort(regions.begin(), regions.end(),
            [](const OwnRegion& a, const OwnRegion& b) { return a.attribute < b.attribute; });
  std::vector<std::string> captured, names;
  for (const OwnRegion& region : regions)
    for (const std::string& name : region.scope->captured())
      if (std::find(captured.begin(), captured.end(), name) == captured.end()) captured.push_back(name);
  while (!operands.empty() && !operands.back()) operands.pop_back();
  for (const std::string& name : captured) operands.push_back(outer.find(name));
  std::vector<std::unique_ptr<Graph>> graphs;
  for (OwnRegion& region : regions) {
    region.scope->order_captures(region.own, captured);
    graphs.push_back(std::move(region.graph));
    names.push_back(region.attribute);
  }
  attributes.set("captures", static_cast<int64_t>(captured.size()));
  attributes.set("regions", std::move(names));
  return graphs;
}

Result<std::vector<std::string>> read_own_names(const Json& json) {
  if (json.is(JsonKind::text)) {
    RONDO_TRY(std::string name, json.text());
    return std::vector<std::string>{std::move(name)};
  }
  RONDO_CHECK(json.require(JsonKind::list, "a name, or a list of names"));
  std::vector<std::string> names;
  for (size_t i = 0; i < json.size(); ++i) {
    if (json.item(i).is(JsonKind::null)) {
      names.emplace_back();
      continue;
    }
    RONDO_TRY(std::string name, json.item(i).text());
    names.push_back(std::move(name));
  }
  return names;
}

Result<Value*> read_own_operand(const Json& json, OwnScope& scope) {
  if (json.is(JsonKind::null)) return static_cast<Value*>(nullptr);
  if (json.is(JsonKind::text)) {
    RONDO_TRY(const std::string name, json.text());
    return scope.require(name, json.place());
  }
  RONDO_TRY(Tensor tensor, read_own_tensor(json));
  return scope.constant(std::move(tensor), json.place());
}

Status name_own_results(Node& node, const std::vector<std::string>& names, OwnScope& scope, const std::string& place) {
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty())
      node.results[i].reset();
    else
      RONDO_CHECK(scope.define(names[i], node.result(static_cast<int>(i)), place));
  }
  return Done{};
}

}  // namespace rondo
