// What passes ask about values: is it constant, are its elements all the same, who uses it.
// Tested by query_test.cpp.
#pragma once

#include <unordered_map>

#include "ir/builder.h"
#include "ir/scan.h"

namespace rondo {

inline bool is_op(const Value* value, Op op) { return value->producer && value->producer->op == op; }
/// The one scalar that all elements of a value equal, where that is known at compile time.
std::optional<Tensor> uniform_value(const Value* value);
/// uniform_value is this number.
bool is_uniform(const Value* value, double number);
/// All elements are finite. (True for integers.)
bool all_finite(const Tensor& tensor);

/// slice, transpose, broadcast, and every reshape: index arithmetic, no work.
bool is_view(Op op);
/// constant, weight, dims, iota: no operands.
bool is_source(Op op);
/// matmul, conv.
bool is_product(Op op);

/// A constant whose elements come from those of others: a weight, if one of them is.
Value* constant_from(const std::vector<const Value*>& sources, Tensor tensor, Builder& b);
/// A weight is like itself alone, whatever its values.
bool same_attributes(const Node& a, const Node& b);

/// Bytes, where the shape is constant.
std::optional<int64_t> byte_count(const Type& type);

/// Bytes that every step of a scan reads again: constants inside, and what comes in unchanged. Nothing if that is not known,
/// or if there are regions inside.
std::optional<int64_t> bytes_of_step(const Scan& scan);

/// NumPy's broadcast where every axis pair is provably equal or has a 1; nothing otherwise.
std::optional<Shape> plain_broadcast(const std::vector<const Shape*>& shapes);

/// How often each value of a graph (not of its regions) is used as operand, output or next state.
std::unordered_map<const Value*, int> count_uses(const Graph& graph);

/// What remarks call a node: "scan 'lstm_0'", or just its word.
std::string display_name(const Node& node);

}  // namespace rondo
