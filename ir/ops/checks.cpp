// The rules that inference functions share. Tested by tests/ir/infer_test.cpp.
#include "ir/ops/checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "support/places.h"

namespace rondo {

std::string requirement(const InferContext& context, const std::string& what) {
  const std::string_view word = info(context.node.op).word;
  return context.node.place.empty() ? fmt::format("{}: {}", word, what)
                                    : fmt::format("{}: {}: {}", shown_places(context.node.place), word, what);
}

Diagnostic broken_rule(const InferContext& context, std::string_view message) {
  return invalid(fmt::format("{}: {}", info(context.node.op).word, message), context.node.place);
}

Shape resolved(const Graph& graph, Shape shape) {
  for (Dim& dim : shape) dim = graph.resolve(dim);
  return shape;
}

Shape operand_shape(const InferContext& context, int operand) {
  return resolved(context.graph, context.operand(operand).shape);
}

Status require_equal(const InferContext& context, const Dim& a, const Dim& b, const std::string& what) {
  if (context.graph.require_equal(a, b, requirement(context, what))) return Done{};
  return broken_rule(context, fmt::format("{} must be equal, not {} and {}", what, a.to_string(), b.to_string()));
}

Status require_le(const InferContext& context, const Dim& a, const Dim& b, const std::string& what) {
  const Dim small = context.graph.resolve(a), large = context.graph.resolve(b);
  if (provably_le(small, large)) return Done{};
  const std::string rule = fmt::format("{}: {} <= {}", what, a.to_string(), b.to_string());
  if (provably_le(large + 1, small)) return broken_rule(context, rule + " does not hold");
  // Recorded as it stands: no symbol is to be solved for in an inequality.
  Equality record{min(small, large), small, requirement(context, rule)};
  auto& known = context.graph.equalities;
  const auto same = [&](const Equality& other) { return other.a == record.a && other.b == record.b; };
  if (std::none_of(known.begin(), known.end(), same)) known.push_back(std::move(record));
  return Done{};
}

Status require_sizes(const InferContext& context, const Shape& shape, const std::string& what) {
  for (const Dim& dim : shape) RONDO_CHECK(require_le(context, 0, dim, what));
  return Done{};
}

Status require_same_type(const InferContext& context, const Type& a, const Type& b, const std::string& what) {
  if (a.dtype != b.dtype || a.rank() != b.rank())
    return broken_rule(context,
                       fmt::format("{} must have the same type, not {} and {}", what, to_string(a), to_string(b)));
  for (int axis = 0; axis < a.rank(); ++axis)
    RONDO_CHECK(require_equal(context, a.shape[axis], b.shape[axis], fmt::format("{}: sizes of axis {}", what, axis)));
  return Done{};
}

Status require_axis(const InferContext& context, int64_t axis, int rank) {
  if (axis >= 0 && axis < rank) return Done{};
  return broken_rule(context, fmt::format("axis {} is outside [0, {})", axis, rank));
}

Status require_length(const InferContext& context, std::string_view attribute, size_t length, size_t wanted) {
  if (length == wanted) return Done{};
  return broken_rule(context, fmt::format("'{}' must have {} entries, not {}", attribute, wanted, length));
}

Status require_positive(const InferContext& context, std::string_view attribute) {
  const std::vector<int64_t> entries = context.attributes().integers(std::string(attribute));
  if (std::all_of(entries.begin(), entries.end(), [](int64_t entry) { return entry >= 1; })) return Done{};
  return broken_rule(
      context, fmt::format("'{}' must have entries of at least 1, not [{}]", attribute, fmt::join(entries, ", ")));
}

Status require_word(const InferContext& context, std::string_view attribute,
                    std::initializer_list<std::string_view> words) {
  const std::string& word = context.attributes().text(std::string(attribute));
  if (std::find(words.begin(), words.end(), word) != words.end()) return Done{};
  return broken_rule(context, fmt::format("'{}' must be one of {}, not '{}'", attribute, fmt::join(words, ", "), word));
}

Status require_same_number(const InferContext& context) {
  const DType dtype = context.operand(0).dtype;
  for (size_t i = 0; i < context.node.operands.size(); ++i) {
    const DType other = context.operand(static_cast<int>(i)).dtype;
    if (other != dtype)
      return broken_rule(
          context, fmt::format("operands must have the same type, not {} and {}", to_string(dtype), to_string(other)));
  }
  if (dtype == DType::boolean) return broken_rule(context, "operands must be numbers, not bool");
  return Done{};
}

}  // namespace rondo
