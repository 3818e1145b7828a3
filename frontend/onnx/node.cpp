// NodeProto -> Node; see append_node in graph.h. Tested by tests/frontend/node_test.cpp and region_test.cpp.
#include <fmt/format.h>

#include "frontend/file.h"
#include "frontend/onnx/attributes.h"
#include "frontend/onnx/graph.h"
#include "frontend/onnx/order.h"

namespace rondo {
namespace {

bool is_standard(const std::string& domain) { return domain.empty() || domain == "ai.onnx"; }

/// The operator of a node, or Op::unsupported with its kind.
std::pair<Op, std::string> find_operator(const pb::NodeProto& node, const ModelContext& context) {
  const std::string name = is_standard(node.domain()) ? node.op_type() : node.domain() + "." + node.op_type();
  if (context.functions.count(function_key(node.domain(), node.op_type(), node.overload())))
    return {Op::unsupported, "function " + name};
  const std::optional<Op> op = is_standard(node.domain()) ? find_op(name) : std::nullopt;
  if (!op || !is_model(*op) || *op == Op::unsupported) return {Op::unsupported, name};
  return {*op, {}};
}

Value* find_value(const ValuesByName& values, std::string_view name) {
  auto found = values.find(name);
  return found == values.end() ? nullptr : found->second;
}

/// The node's own operands without trailing empty ones, then the captured values.
Result<std::vector<Value*>> find_operands(const NodeUses& uses, const ValuesByName& values, const std::string& place) {
  std::vector<Value*> operands;
  for (const std::string& name : uses.node->input()) {
    operands.push_back(name.empty() ? nullptr : find_value(values, name));
    if (!name.empty() && !operands.back()) return invalid(in_quotes(name) + " is not defined", place);
  }
  while (!operands.empty() && !operands.back()) operands.pop_back();
  for (std::string_view name : uses.captured) {
    operands.push_back(find_value(values, name));
    if (!operands.back()) return invalid(in_quotes(name) + " is not defined", place);
  }
  return operands;
}

Status read_regions(NodeAttributes& attributes, const std::vector<std::string_view>& captured, ModelContext& context,
                    const std::string& place, std::vector<std::unique_ptr<Graph>>& regions) {
  if (attributes.graphs.empty()) return Done{};
  for (const char* reserved : {"captures", "regions"})
    if (attributes.values.has(reserved))
      return unsupported(fmt::format("an attribute called '{}' beside a subgraph", reserved), place);
  std::vector<std::string> names;
  for (const pb::AttributeProto* attribute : attributes.graphs) {
    RONDO_TRY(std::unique_ptr<Graph> region, read_region(attribute->g(), captured, context));
    regions.push_back(std::move(region));
    names.push_back(attribute->name());
  }
  attributes.values.set("captures", static_cast<int64_t>(captured.size()));
  attributes.values.set("regions", std::move(names));
  return Done{};
}

void name_results(const pb::NodeProto& proto, Node& node, ValuesByName& values) {
  for (int i = 0; i < proto.output_size(); ++i) {
    std::unique_ptr<Value>& result = node.results[static_cast<size_t>(i)];
    if (proto.output(i).empty()) {
      result.reset();
      continue;
    }
    result->name = proto.output(i);
    values[proto.output(i)] = result.get();
  }
}

}  // namespace

std::string function_key(const std::string& domain, const std::string& name, const std::string& overload) {
  return (is_standard(domain) ? "" : domain) + '\n' + name + '\n' + overload;
}

Status append_node(const NodeUses& uses, ValuesByName& values, ModelContext& context, Graph& graph) {
  const pb::NodeProto& proto = *uses.node;
  const std::string place = node_place(proto);
  if (proto.op_type().empty()) return invalid("the node has no operator", place);
  RONDO_TRY(NodeAttributes attributes, read_attributes(proto, place, context.external));
  RONDO_TRY(std::vector<Value*> operands, find_operands(uses, values, place));
  std::vector<std::unique_ptr<Graph>> regions;
  RONDO_CHECK(read_regions(attributes, uses.captured, context, place, regions));
  auto [op, kind] = find_operator(proto, context);
  Node* node = graph.append(op, std::move(operands), std::move(attributes.values), proto.output_size());
  node->kind = std::move(kind);
  node->name = node_name(proto);
  node->place = place;
  node->regions = std::move(regions);
  name_results(proto, *node, values);
  return Done{};
}

}  // namespace rondo
