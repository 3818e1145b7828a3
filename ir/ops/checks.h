// What inference functions share: the rules about dims, axes and lists, and how their breach is said.
// Requirements that can be neither proved nor refuted are recorded in the graph as equalities, to be checked at entry.
// Tested by tests/ir/infer_test.cpp.
#pragma once

#include "ir/infer.h"

namespace rondo {

/// "matmul: MESSAGE" at the node's place.
Diagnostic broken_rule(const InferContext& context, std::string_view message);

/// What a recorded equality says of its reason: "PLACE: matmul: WHAT".
std::string requirement(const InferContext& context, const std::string& what);

/// The shape under the symbols bound so far.
Shape resolved(const Graph& graph, Shape shape);
Shape operand_shape(const InferContext& context, int operand);

/// `what` names the two sizes in an error and in the recorded equality: "the inner sizes".
Status require_equal(const InferContext& context, const Dim& a, const Dim& b, const std::string& what);
/// a <= b; recorded, where undecided, as min(a, b) = a.
Status require_le(const InferContext& context, const Dim& a, const Dim& b, const std::string& what);
/// No size is negative.
Status require_sizes(const InferContext& context, const Shape& shape, const std::string& what);
/// Same dtype, same rank, equal dims.
Status require_same_type(const InferContext& context, const Type& a, const Type& b, const std::string& what);

Status require_axis(const InferContext& context, int64_t axis, int rank);
Status require_length(const InferContext& context, std::string_view attribute, size_t length, size_t wanted);
/// Every entry of a list attribute is at least 1.
Status require_positive(const InferContext& context, std::string_view attribute);
/// An attribute is one of a few words.
Status require_word(const InferContext& context, std::string_view attribute,
                    std::initializer_list<std::string_view> words);
/// window_count of ir/ops/index.h, over dims: floor((size - ((window - 1) * dilation + 1)) / stride) + 1.
inline Dim window_count(const Dim& size, const Dim& window, int64_t stride, int64_t dilation) {
  return floor_div(size - ((window - 1) * dilation + 1), stride) + 1;
}

/// All operands have one dtype, which is not boolean.
Status require_same_number(const InferContext& context);

}  // namespace rondo
