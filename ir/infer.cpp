// infer: the rules that hold for every core operator (arity, operand types, attributes, regions), and the table that
// leads to each operator's own rules. Tested by tests/ir/infer_test.cpp.
#include "ir/infer.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace rondo {
namespace {

constexpr InferFunction kInfer[] = {
#define RONDO_CORE_OP(word, min, max, results, doc) infer_##word,
#define RONDO_POINTWISE_OP(word, operands, signature, doc) infer_pointwise,
#define RONDO_MODEL_OP(word, doc) nullptr,
#include "ir/ops.def"
};

// --- Attributes: every one of an operator must be there, with its kind, and no other.

enum class AttributeKind : uint8_t { integer, text, integers, dim, dims, dtype, tensor };

struct AttributeRule {
  Op op;
  std::string_view name;
  AttributeKind kind;
};

constexpr AttributeRule kAttributes[] = {
    {Op::constant, "value", AttributeKind::tensor},
    {Op::weight, "value", AttributeKind::tensor},
    {Op::dims, "values", AttributeKind::dims},
    {Op::dims, "shape", AttributeKind::integers},
    {Op::dims, "to", AttributeKind::dtype},
    {Op::iota, "shape", AttributeKind::dims},
    {Op::iota, "axis", AttributeKind::integer},
    {Op::iota, "to", AttributeKind::dtype},
    {Op::cast, "to", AttributeKind::dtype},
    {Op::conv, "strides", AttributeKind::integers},
    {Op::conv, "dilations", AttributeKind::integers},
    {Op::conv, "groups", AttributeKind::integer},
    {Op::reduce_window, "combine", AttributeKind::text},
    {Op::reduce_window, "window", AttributeKind::integers},
    {Op::reduce_window, "strides", AttributeKind::integers},
    {Op::reduce_window, "dilations", AttributeKind::integers},
    {Op::reduce, "combine", AttributeKind::text},
    {Op::reduce, "axes", AttributeKind::integers},
    {Op::transpose, "perm", AttributeKind::integers},
    {Op::reshape, "shape", AttributeKind::dims},
    {Op::broadcast, "shape", AttributeKind::dims},
    {Op::slice, "starts", AttributeKind::dims},
    {Op::slice, "sizes", AttributeKind::dims},
    {Op::slice, "steps", AttributeKind::integers},
    {Op::concat, "axis", AttributeKind::integer},
    {Op::pad, "low", AttributeKind::dims},
    {Op::pad, "high", AttributeKind::dims},
    {Op::gather, "axis", AttributeKind::integer},
    {Op::scatter, "combine", AttributeKind::text},
    {Op::measure, "symbol", AttributeKind::text},
    {Op::measure, "low", AttributeKind::integer},
    {Op::measure, "high", AttributeKind::dim},
    {Op::loop, "trip", AttributeKind::dim},
    {Op::loop, "carried", AttributeKind::integer},
    {Op::scan, "trip", AttributeKind::dim},
    {Op::scan, "carried", AttributeKind::integer},
    {Op::scan, "scanned", AttributeKind::integer},
    {Op::scan, "reverse_scanned", AttributeKind::integers},
    {Op::scan, "reverse_stacked", AttributeKind::integers},
};

std::string_view describe(AttributeKind kind) {
  switch (kind) {
    case AttributeKind::integer: return "an integer";
    case AttributeKind::text: return "a string";
    case AttributeKind::integers: return "a list of integers";
    case AttributeKind::dim: return "a dimension";
    case AttributeKind::dims: return "a list of dimensions";
    case AttributeKind::dtype: return "an element type";
    case AttributeKind::tensor: return "a tensor";
  }
  return "";
}

bool has_kind(const Attribute& value, AttributeKind kind) {
  const auto is = [&]<class T>(std::type_identity<T>) { return std::holds_alternative<T>(value); };
  switch (kind) {
    case AttributeKind::integer: return is(std::type_identity<int64_t>{});
    case AttributeKind::text: return is(std::type_identity<std::string>{});
    case AttributeKind::integers: return is(std::type_identity<std::vector<int64_t>>{});
    case AttributeKind::dim: return is(std::type_identity<int64_t>{}) || is(std::type_identity<Dim>{});
    case AttributeKind::dims:
      return is(std::type_identity<std::vector<int64_t>>{}) || is(std::type_identity<std::vector<Dim>>{});
    case AttributeKind::dtype: return is(std::type_identity<DType>{});
    case AttributeKind::tensor: return is(std::type_identity<Tensor>{});
  }
  return false;
}

Diagnostic error(const Node& node, std::string_view message) {
  return invalid(fmt::format("{}: {}", info(node.op).word, message), node.place);
}

Status check_attributes(const Node& node) {
  std::vector<std::string_view> names;
  for (const AttributeRule& rule : kAttributes) {
    if (rule.op != node.op) continue;
    names.push_back(rule.name);
    const Attribute* value = node.attributes.find(std::string(rule.name));
    if (!value) return error(node, fmt::format("attribute '{}' is missing; it is {}", rule.name, describe(rule.kind)));
    if (!has_kind(*value, rule.kind))
      return error(node, fmt::format("attribute '{}' must be {}", rule.name, describe(rule.kind)));
  }
  for (const auto& [name, value] : node.attributes.entries())
    if (std::find(names.begin(), names.end(), name) == names.end())
      return error(node, names.empty()
                             ? fmt::format("unknown attribute '{}'; the operator has none", name)
                             : fmt::format("unknown attribute '{}'; it has {}", name, fmt::join(names, ", ")));
  return Done{};
}

// --- Arity

std::string expected_count(int min, int max) {
  if (max < 0) return fmt::format("at least {}", min);
  return min == max ? fmt::format("{}", min) : fmt::format("{} to {}", min, max);
}

Status check_arity(const Node& node) {
  const OpInfo& facts = info(node.op);
  const int operands = static_cast<int>(node.operands.size()), results = static_cast<int>(node.results.size());
  if (operands < facts.min_operands || (facts.max_operands >= 0 && operands > facts.max_operands))
    return error(node, fmt::format("takes {} operands, not {}", expected_count(facts.min_operands, facts.max_operands),
                                   operands));
  if (facts.results >= 0 && results != facts.results)
    return error(node, fmt::format("has {} results, not {}", facts.results, results));
  for (int i = 0; i < operands; ++i)
    if (!node.operands[i] || !node.operands[i]->type) return error(node, fmt::format("operand {} has no type", i));
  for (int i = 0; i < results; ++i)
    if (!node.results[i]) return error(node, fmt::format("result {} is left out", i));
  const size_t regions = node.op == Op::branch ? 2 : node.op == Op::scan || node.op == Op::loop || node.op == Op::fused ? 1 : 0;
  const bool missing = std::find(node.regions.begin(), node.regions.end(), nullptr) != node.regions.end();
  if (node.regions.size() != regions || missing)
    return error(node, fmt::format("has {} regions, not {}", regions, node.regions.size()));
  return Done{};
}

void resolve_all(const Graph& graph, std::vector<Dim>& dims) {
  for (Dim& dim : dims) dim = graph.resolve(dim);
}

}  // namespace

Status infer(Node& node, Graph& graph) {
  if (!is_core(node.op)) return error(node, "is not a core operator");
  RONDO_CHECK(check_arity(node));
  RONDO_CHECK(check_attributes(node));
  RONDO_TRY(std::vector<Type> types, kInfer[static_cast<size_t>(node.op)](InferContext{node, graph}));
  for (size_t i = 0; i < types.size(); ++i) {
    resolve_all(graph, types[i].shape);
    node.results[i]->type = std::move(types[i]);
    node.results[i]->elements.reset();
  }
  if (node.results.size() != 1) return Done{};
  Value& result = *node.results[0];
  result.elements = derive_elements(node);
  if (result.elements) resolve_all(graph, *result.elements);
  return Done{};
}

namespace {

/// Two distinct symbols, or a symbol and a constant above 1, are required to be equal. (ONNX would also let one of them
/// turn out as 1 when the model runs; rondo decides shapes at compile time.)
std::optional<Dim> broadcast_dim(const Dim& a, const Dim& b, Graph& graph, const std::string& reason) {
  if (a == b || b.is(1)) return a;
  if (a.is(1)) return b;
  if (!graph.require_equal(a, b, reason)) return std::nullopt;
  return b.constant() ? b : graph.resolve(a);
}

}  // namespace

Result<Shape> broadcast_shapes(const Shape& a, const Shape& b, Graph& graph, const std::string& place) {
  const Shape &longer = a.size() < b.size() ? b : a, &shorter = a.size() < b.size() ? a : b;
  const size_t lead = longer.size() - shorter.size();
  Shape shape = longer;
  for (size_t axis = lead; axis < longer.size(); ++axis) {
    const Dim x = graph.resolve(longer[axis]), y = graph.resolve(shorter[axis - lead]);
    const std::string reason = fmt::format("{}{}dimension {} of its operands", place, place.empty() ? "" : ": ", axis);
    const std::optional<Dim> dim = broadcast_dim(x, y, graph, reason);
    if (!dim)
      return invalid(fmt::format("shapes {} and {} do not broadcast: {} and {} are neither equal nor 1", to_string(a),
                                 to_string(b), x.to_string(), y.to_string()),
                     place);
    shape[axis] = *dim;
  }
  return shape;
}

}  // namespace rondo
