// What is known when a model is compiled: constants, their parts, and shapes. Tested by tests/passes/stream_test.cpp.
#include "passes/query.h"
#include "passes/stream/streamer.h"

namespace rondo {

Tensor slice_tensor(const Tensor& tensor, int axis, int64_t start, int64_t size) {
  std::vector<int64_t> shape = tensor.shape();
  int64_t outer = 1, inner = byte_size(tensor.dtype());
  for (int i = 0; i < axis; ++i) outer *= shape[i];
  for (size_t i = static_cast<size_t>(axis) + 1; i < shape.size(); ++i) inner *= shape[i];
  const int64_t row = shape[axis] * inner;
  std::string bytes;
  for (int64_t i = 0; i < outer; ++i) bytes += tensor.bytes().substr(i * row + start * inner, size * inner);
  shape[axis] = size;
  return Tensor(tensor.dtype(), std::move(shape), std::move(bytes));
}

Tensor join_tensors(const Tensor& a, const Tensor& b, int axis) {
  std::vector<int64_t> shape = a.shape();
  shape[static_cast<size_t>(axis)] += b.shape()[static_cast<size_t>(axis)];
  int64_t outer = 1;
  for (int i = 0; i < axis; ++i) outer *= shape[static_cast<size_t>(i)];
  const size_t rows_a = a.bytes().size() / static_cast<size_t>(outer),
               rows_b = b.bytes().size() / static_cast<size_t>(outer);
  std::string bytes;
  for (size_t i = 0; i < static_cast<size_t>(outer); ++i) {
    bytes += a.bytes().substr(i * rows_a, rows_a);
    bytes += b.bytes().substr(i * rows_b, rows_b);
  }
  return Tensor(a.dtype(), std::move(shape), std::move(bytes));
}

std::optional<Dim> quotient(const Dim& a, const Dim& b) {
  if (b.is(1)) return a;
  if (a == b) return Dim(1);
  if (b.is(0)) return std::nullopt;
  const Dim result = floor_div(a, b);
  if (result * b == a) return result;
  return std::nullopt;
}

Dim product(const Shape& shape, int from, int to) {
  Dim result = 1;
  for (int i = from; i < to; ++i) result *= shape[static_cast<size_t>(i)];
  return result;
}

namespace {

/// The one number that all elements are, where sums over an axis of unknown size are zeros: exporters make zeros so.
std::optional<Tensor> uniform_of(const Value* value) {
  while (value->producer && is_view(value->producer->op)) value = value->producer->operands[0];
  if (!is_op(value, Op::reduce)) return uniform_value(value);
  const std::string& combine = value->producer->attributes.text("combine");
  const std::optional<Tensor> part = uniform_of(value->producer->operands[0]);
  const bool kept = part && (combine == "max" || combine == "min" || (combine == "sum" && part->double_at(0) == 0));
  return kept ? part : std::nullopt;
}

}  // namespace

std::optional<Tensor> constant_value(const Value* value) {
  if (const Tensor* tensor = tensor_of(value)) return *tensor;
  if (std::optional<Tensor> uniform = uniform_of(value))
    return uniform->reshaped(std::vector<int64_t>(value->type->shape.size(), 1));
  if (!is_op(value, Op::broadcast)) return std::nullopt;
  std::optional<Tensor> from = constant_value(value->producer->operands[0]);
  if (!from) return std::nullopt;
  std::vector<int64_t> shape(value->type->shape.size() - from->shape().size(), 1);
  shape.insert(shape.end(), from->shape().begin(), from->shape().end());
  return from->reshaped(std::move(shape));
}

}  // namespace rondo
