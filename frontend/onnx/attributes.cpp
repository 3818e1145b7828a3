// AttributeProto -> Attribute; see attributes.h. Each kind of attribute is a row of kKinds.
#include "frontend/onnx/attributes.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "frontend/file.h"
#include "frontend/onnx/sparse.h"
#include "frontend/onnx/tensor.h"

namespace rondo {
namespace {

using Proto = pb::AttributeProto;
using Converted = Result<Attribute>;

/// A kind of attribute: AttributeProto.AttributeType's number and name, whether its field is there, and the value.
/// Without `convert` it is a graph, or something rondo has no form for.
struct Kind {
  int type;
  std::string_view name;
  bool may_be_absent;  // an empty list or, written by a proto3 library, a zero
  bool (*present)(const Proto&);
  Converted (*convert)(const Proto&, const std::string& place, ExternalData&);
};

constexpr int kGraph = 5;

constexpr Kind kKinds[] = {
    {1, "FLOAT", true, [](const Proto& a) { return a.has_f(); },
     [](const Proto& a, const std::string&, ExternalData&) -> Converted { return Attribute(double{a.f()}); }},
    {2, "INT", true, [](const Proto& a) { return a.has_i(); },
     [](const Proto& a, const std::string&, ExternalData&) -> Converted { return Attribute(int64_t{a.i()}); }},
    {3, "STRING", true, [](const Proto& a) { return a.has_s(); },
     [](const Proto& a, const std::string&, ExternalData&) -> Converted { return Attribute(a.s()); }},
    {4, "TENSOR", false, [](const Proto& a) { return a.has_t(); },
     [](const Proto& a, const std::string& place, ExternalData& external) -> Converted {
       RONDO_TRY(Tensor tensor, read_tensor(a.t(), place, external));
       return Attribute(std::move(tensor));
     }},
    {kGraph, "GRAPH", false, [](const Proto& a) { return a.has_g(); }, nullptr},
    {6, "FLOATS", true, [](const Proto& a) { return a.floats_size() > 0; },
     [](const Proto& a, const std::string&, ExternalData&) -> Converted {
       return Attribute(std::vector<double>(a.floats().begin(), a.floats().end()));
     }},
    {7, "INTS", true, [](const Proto& a) { return a.ints_size() > 0; },
     [](const Proto& a, const std::string&, ExternalData&) -> Converted {
       return Attribute(std::vector<int64_t>(a.ints().begin(), a.ints().end()));
     }},
    {8, "STRINGS", true, [](const Proto& a) { return a.strings_size() > 0; },
     [](const Proto& a, const std::string&, ExternalData&) -> Converted {
       return Attribute(std::vector<std::string>(a.strings().begin(), a.strings().end()));
     }},
    {9, "TENSORS", true, [](const Proto& a) { return a.tensors_size() > 0; }, nullptr},
    {10, "GRAPHS", true, [](const Proto& a) { return a.graphs_size() > 0; }, nullptr},
    {11, "SPARSE_TENSOR", false, [](const Proto& a) { return a.has_sparse_tensor(); },
     [](const Proto& a, const std::string& place, ExternalData& external) -> Converted {
       RONDO_TRY(Tensor tensor, read_sparse(a.sparse_tensor(), place, external));
       return Attribute(std::move(tensor));
     }},
    {12, "SPARSE_TENSORS", true, [](const Proto& a) { return a.sparse_tensors_size() > 0; }, nullptr},
    {13, "TYPE_PROTO", false, [](const Proto& a) { return a.has_tp(); }, nullptr},
    {14, "TYPE_PROTOS", true, [](const Proto& a) { return a.type_protos_size() > 0; }, nullptr}};

/// The kind by the `type` field or, in files that lack it, by the one field that is there.
Result<const Kind*> find_kind(const Proto& attribute, const std::string& place) {
  const Kind *declared = nullptr, *filled = nullptr;
  for (const Kind& kind : kKinds) {
    if (kind.type == attribute.type()) declared = &kind;
    if (!kind.present(attribute)) continue;
    if (filled) return invalid(fmt::format("it has both a {} and a {} value", filled->name, kind.name), place);
    filled = &kind;
  }
  if (attribute.type() == 0)
    return filled ? Result<const Kind*>(filled) : invalid("it has neither a type nor a value", place);
  if (!declared) return invalid(fmt::format("no attribute type has ONNX's number {}", attribute.type()), place);
  if (filled ? filled != declared : !declared->may_be_absent)
    return invalid(fmt::format("it is declared {} and has {} value", declared->name,
                               filled ? fmt::format("a {}", filled->name) : "no"),
                   place);
  return declared;
}

Status read_attribute(const Proto& attribute, const std::string& node_place, ExternalData& external,
                      NodeAttributes& result) {
  const std::string place = fmt::format("{}: attribute {}", node_place, in_quotes(attribute.name()));
  if (attribute.name().empty()) return invalid("an attribute without name", node_place);
  if (!attribute.ref_attr_name().empty())
    return invalid("it refers to a function's attribute, and is not in a function", place);
  RONDO_TRY(const Kind* kind, find_kind(attribute, place));
  if (kind->type == kGraph) {
    result.graphs.push_back(&attribute);
    return Done{};
  }
  if (!kind->convert)
    return unsupported(
        fmt::format("a value of type {}; supported: numbers, strings, lists of them, a tensor, a graph", kind->name),
        place);
  RONDO_TRY(Attribute value, kind->convert(attribute, place, external));
  result.values.set(attribute.name(), std::move(value));
  return Done{};
}

}  // namespace

Result<NodeAttributes> read_attributes(const pb::NodeProto& node, const std::string& place, ExternalData& external) {
  NodeAttributes result;
  std::set<std::string_view> names;
  for (const Proto& attribute : node.attribute()) {
    if (!names.insert(attribute.name()).second)
      return invalid(fmt::format("attribute {} is given twice", in_quotes(attribute.name())), place);
    RONDO_CHECK(read_attribute(attribute, place, external, result));
  }
  std::sort(result.graphs.begin(), result.graphs.end(), [](auto* a, auto* b) { return a->name() < b->name(); });
  return result;
}

}  // namespace rondo
