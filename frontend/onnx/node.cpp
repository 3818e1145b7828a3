// NodeProto -> Node; see append_node in graph.h. Tested by tests/frontend/node_test.cpp and region_test.cpp.
#include <fmt/format.h>

#include "frontend/file.h"
#include "frontend/onnx/attributes.h"
#include "frontend/onnx/graph.h"
#include "frontend/onnx/order.h"
#include "frontend/onnx/versions.h"
#include "support/error_list.h"

namespace rondo {
namespace {

/// The operator of a node, or Op::unsupported with its kind.
std::pair<Op, std::string> find_operator(const pb::NodeProto& node) {
  const bool standard = is_standard(node.domain());
  const std::string name = standard ? node.op_type() : node.domain() + "." + node.op_type();
  const std::optional<Op> op = standard ? find_op(name) : std::nullopt;
  if (!op || !is_model(*op) || *op == Op::unsupported) return {Op::unsupported, name};
  return {*op, {}};
}

/// Whether the model's operator set has the operator. One that came later has one meaning all the same.
Status check_version(const pb::NodeProto& node, const std::string& place, ModelContext& context) {
  const OperatorVersions* versions = is_standard(node.domain()) ? find_versions(node.op_type()) : nullptr;
  if (!versions) return Done{};
  if (versions->withdrawn != 0 && context.opset >= versions->withdrawn)
    return invalid(fmt::format("operator '{}' was withdrawn in operator set {}; the model imports {}", node.op_type(),
                               versions->withdrawn, context.opset),
                   place);
  if (context.opset < versions->forms[0] && context.early.insert(node.op_type()).second)
    context.warnings.push_back(warning(fmt::format("operator '{}' exists since operator set {}; the model imports {}",
                                                   node.op_type(), versions->forms[0], context.opset),
                                       place));
  return Done{};
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

/// Errors inside a subgraph say whose it is.
template <class T>
Result<T> located(Result<T> region, const std::string& attribute, const std::string& place) {
  if (region) return region;
  Diagnostics errors = std::move(region).errors();
  for (Diagnostic& error : errors)
    error.message +=
        fmt::format("{} {} of {}", error.place.starts_with("node ") ? " in" : "; in", in_quotes(attribute), place);
  return errors;
}

Status read_regions(NodeAttributes& attributes, const std::vector<std::string_view>& captured, ModelContext& context,
                    const std::string& place, std::vector<std::unique_ptr<Graph>>& regions) {
  if (attributes.graphs.empty()) return Done{};
  for (const char* reserved : {"captures", "regions"})
    if (attributes.values.has(reserved))
      return unsupported(fmt::format("an attribute called '{}' beside a subgraph", reserved), place);
  std::vector<std::string> names;
  ErrorList errors;
  for (const pb::AttributeProto* attribute : attributes.graphs) {
    Result<std::unique_ptr<Graph>> region = read_region(attribute->g(), captured, context);
    names.push_back(attribute->name());
    errors.keep(located(std::move(region), attribute->name(), place), regions.emplace_back());
  }
  RONDO_CHECK(errors.status());
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

Status append_node(const NodeUses& uses, ValuesByName& values, ModelContext& context, Graph& graph) {
  const pb::NodeProto& proto = *uses.node;
  const std::string place = node_place(proto);
  if (proto.op_type().empty()) return invalid("the node has no operator", place);
  RONDO_CHECK(check_version(proto, place, context));
  RONDO_TRY(NodeAttributes attributes, read_attributes(proto, place, context.external));
  RONDO_TRY(std::vector<Value*> operands, find_operands(uses, values, place));
  std::vector<std::unique_ptr<Graph>> regions;
  RONDO_CHECK(read_regions(attributes, uses.captured, context, place, regions));
  auto [op, kind] = find_operator(proto);
  Node* node = graph.append(op, std::move(operands), std::move(attributes.values), proto.output_size());
  node->kind = std::move(kind);
  node->name = node_name(proto);
  node->place = place;
  node->regions = std::move(regions);
  name_results(proto, *node, values);
  return Done{};
}

}  // namespace rondo
