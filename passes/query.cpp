#include "passes/query.h"

#include <algorithm>
#include <cmath>

namespace rondo {

std::optional<Tensor> uniform_value(const Value* value) {
  while (value->producer && is_view(value->producer->op)) value = value->producer->operands[0];
  const Tensor* tensor = constant_of(value);
  if (!tensor || tensor->count() == 0) return std::nullopt;
  const size_t size = static_cast<size_t>(byte_size(tensor->dtype()));
  std::string_view bytes = tensor->bytes(), first = bytes.substr(0, size);
  for (size_t at = size; at < bytes.size(); at += size)
    if (bytes.substr(at, size) != first) return std::nullopt;
  return Tensor(tensor->dtype(), {}, std::string(first));
}

bool is_uniform(const Value* value, double number) {
  std::optional<Tensor> uniform = uniform_value(value);
  return uniform && uniform->double_at(0) == number;
}

bool all_finite(const Tensor& tensor) {
  if (!is_float(tensor.dtype())) return true;
  for (int64_t i = 0; i < tensor.count(); ++i)
    if (!std::isfinite(tensor.double_at(i))) return false;
  return true;
}

bool is_view(Op op) { return op == Op::slice || op == Op::transpose || op == Op::broadcast || op == Op::reshape; }
bool is_source(Op op) { return op == Op::constant || op == Op::weight || op == Op::dims || op == Op::iota; }
bool is_product(Op op) { return op == Op::matmul || op == Op::conv; }

Value* constant_from(const std::vector<const Value*>& sources, Tensor tensor, Builder& b) {
  for (const Value* source : sources) {
    while (source->producer && is_view(source->producer->op)) source = source->producer->operands[0];
    if (is_op(source, Op::weight)) return b.weight(std::move(tensor));
  }
  return b.constant(std::move(tensor));
}

bool same_attributes(const Node& a, const Node& b) {
  if (a.op == Op::weight && !tensor_of(a)->is_copy_of(*tensor_of(b))) return false;
  return a.attributes == b.attributes;
}

std::optional<int64_t> byte_count(const Type& type) {
  std::optional<int64_t> count = element_count(type.shape).constant();
  if (!count || *count < 0 || *count > INT64_MAX / 8) return std::nullopt;
  return *count * byte_size(type.dtype);
}

std::optional<int64_t> bytes_of_step(const Scan& scan) {
  int64_t total = 0;
  auto add = [&](const Type& type) {
    const std::optional<int64_t> bytes = byte_count(type);
    if (bytes) total += *bytes;
    return bytes.has_value();
  };
  for (int i = 0; i < scan.invariants(); ++i)
    if (!add(*scan.invariant_param(i)->type)) return std::nullopt;
  for (const auto& node : scan.body().nodes)
    if (!node->regions.empty() || (tensor_of(*node) && !add(*node->result()->type))) return std::nullopt;
  return total;
}

std::optional<Shape> plain_broadcast(const std::vector<const Shape*>& shapes) {
  size_t rank = 0;
  for (const Shape* shape : shapes) rank = std::max(rank, shape->size());
  Shape result(rank, Dim(1));
  for (const Shape* shape : shapes) {
    const size_t offset = rank - shape->size();
    for (size_t i = 0; i < shape->size(); ++i) {
      const Dim& dim = (*shape)[i];
      if (dim.is(1) || dim == result[offset + i]) continue;
      if (!result[offset + i].is(1)) return std::nullopt;
      result[offset + i] = dim;
    }
  }
  return result;
}

std::unordered_map<const Value*, int> count_uses(const Graph& graph) {
  std::unordered_map<const Value*, int> uses;
  for (const auto& node : graph.nodes)
    for (const Value* operand : node->operands) ++uses[operand];
  for (const Value* output : graph.outputs) ++uses[output];
  for (const State& state : graph.states) ++uses[state.next];
  return uses;
}

std::string display_name(const Node& node) {
  return std::string(info(node.op).word) + (node.name.empty() ? "" : " '" + node.name + "'");
}

}  // namespace rondo
