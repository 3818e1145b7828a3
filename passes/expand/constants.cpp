// Values that come from attributes or from shapes alone: constants, fills and sequences. Tested by
// expand_shape_test.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ir/infer.h"
#include "passes/expand/expand.h"

namespace rondo {

using Values = std::vector<Value*>;

Values expand_Constant(Expansion& e) {
  Builder& b = e.b;
  if (auto value = e.tensor("value")) return {b.constant(*value)};
  if (auto value = e.tensor("sparse_value")) return {b.constant(*value)};
  if (e.has_attribute("value_float")) return {b.scalar(DType::f32, e.number("value_float", 0))};
  if (e.has_attribute("value_int")) {
    const int64_t value = e.integer("value_int", 0);
    return {b.constant(Tensor::from_ints(DType::i64, {}, std::span(&value, 1)))};
  }
  if (e.has_attribute("value_floats")) {
    const std::vector<double> values = e.numbers("value_floats");
    return {b.constant(Tensor::from_doubles(DType::f32, {static_cast<int64_t>(values.size())}, values))};
  }
  if (e.has_attribute("value_ints")) return {b.constant(Tensor::vector_i64(e.integers("value_ints")))};
  return {e.unsupported("a constant of strings, or of nothing; supported are the attributes value, sparse_value, value_float, value_floats, "
                         "value_int and value_ints")};
}

Values expand_ConstantOfShape(Expansion& e) {
  const Tensor value = e.tensor("value").value_or(Tensor::scalar(DType::f32, 0));
  if (value.count() != 1) return {e.fail("attribute 'value' must have one element")};
  const std::vector<Dim> shape = e.known_elements(0, "the shape");
  for (const Dim& dim : shape) {
    if (dim.upper_bound() < 0) return {e.fail(fmt::format("the shape has a dimension {}", dim.to_string()))};
  }
  return {e.b.broadcast(e.b.constant(value.reshaped({})), shape)};
}

Values expand_Shape(Expansion& e) {
  const Shape& shape = shape_of(e.operand(0));
  const int64_t rank = static_cast<int64_t>(shape.size());
  auto position = [&](int64_t at) { return std::clamp<int64_t>(at < 0 ? at + rank : at, 0, rank); };
  const int64_t start = position(e.integer("start", 0)), end = position(e.integer("end", rank));
  if (start >= end) return {e.b.dims({})};
  return {e.b.dims({shape.begin() + start, shape.begin() + end})};
}

Values expand_Size(Expansion& e) { return {e.b.dim(element_count(shape_of(e.operand(0))))}; }

namespace {

Value* integer_range(Expansion& e, DType dtype) {
  auto one = [&](int i, const char* what) {
    std::vector<Dim> elements = e.known_elements(i, what);
    if (e.ok() && elements.size() != 1) e.fail(std::string(what) + " must be one number");
    return e.ok() ? elements[0] : Dim(1);
  };
  const Dim start = one(0, "the start"), limit = one(1, "the limit"), delta = one(2, "the step");
  if (!e.ok()) return nullptr;
  const auto step = delta.constant();
  if (!step) return e.unsupported("the step must be a constant");
  if (*step == 0) return e.fail("the step is 0");
  const Dim span = *step > 0 ? limit - start : start - limit;
  const Dim count = max(ceil_div(span, Dim(*step > 0 ? *step : -*step)), Dim(0));
  Value* index = e.b.iota({count}, 0, dtype);
  return e.b.add(e.b.mul(index, e.b.dim(delta, dtype)), e.b.dim(start, dtype));
}

Value* real_range(Expansion& e, DType dtype) {
  double numbers[3];
  for (int i = 0; i < 3; ++i) {
    auto tensor = e.known_tensor(i);
    if (!tensor || tensor->count() != 1) return e.unsupported("the start, limit and step must be constants");
    numbers[i] = tensor->double_at(0);
  }
  const auto [start, limit, step] = numbers;
  const double count = std::max(std::ceil((limit - start) / step), 0.0);
  if (!(count < 1e15)) return e.fail(fmt::format("a range of {} elements", count));
  Value* index = e.b.cast(e.b.iota({Dim(static_cast<int64_t>(count))}, 0), dtype);
  return e.b.add(e.b.mul(index, e.b.scalar(dtype, step)), e.b.scalar(dtype, start));
}

}  // namespace

Values expand_Range(Expansion& e) {
  const DType dtype = dtype_of(e.operand(0));
  return {is_float(dtype) ? real_range(e, dtype) : integer_range(e, dtype)};
}

}  // namespace rondo
