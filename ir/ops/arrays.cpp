// Arrays: construction under a size limit, conversion from and to tensors, integer widths.
// Tested by tests/ir/reference_test.cpp.
#include "ir/ops/arrays.h"

#include <fmt/format.h>

#include <new>

namespace rondo {

Array Array::zeros(DType dtype, std::vector<int64_t> shape) {
  Array array;
  array.dtype = dtype;
  const size_t count = static_cast<size_t>(product(shape, 0, shape.size()));
  array.shape = std::move(shape);
  if (is_float(dtype)) {
    array.reals.resize(count);
  } else {
    array.ints.resize(count);
  }
  return array;
}

Array Array::from(const Tensor& tensor) {
  Array array;
  array.dtype = tensor.dtype();
  array.shape = tensor.shape();
  if (is_float(array.dtype)) {
    array.reals = tensor.doubles();
  } else {
    array.ints = tensor.ints();
  }
  return array;
}

Tensor Array::to_tensor() const {
  return is_float(dtype) ? Tensor::from_doubles(dtype, shape, reals) : Tensor::from_ints(dtype, shape, ints);
}

Result<int64_t> checked_count(const Extents& shape) {
  int64_t count = 1;
  bool empty = false;
  for (int64_t extent : shape) {
    if (extent < 0) return invalid(fmt::format("an array of shape [{}] has a negative size", fmt::join(shape, ", ")));
    empty = empty || extent == 0;
  }
  if (empty) return 0;
  for (int64_t extent : shape) {
    if (extent > kMaxArrayElements / count)
      return unsupported(
          fmt::format("an array of shape [{}] has more than 2^31 elements, the reference evaluator's limit",
                      fmt::join(shape, ", ")));
    count *= extent;
  }
  return count;
}

Result<Array> make_array(DType dtype, Extents shape) {
  RONDO_TRY([[maybe_unused]] const int64_t count, checked_count(shape));
  try {
    return Array::zeros(dtype, std::move(shape));
  } catch (const std::bad_alloc&) {
    return unsupported(fmt::format("no memory for an array of {} elements", count));
  }
}

Result<std::vector<int64_t>> EvaluateContext::shape(const Shape& dims) const {
  Extents numbers;
  for (const Dim& dim : dims) {
    RONDO_TRY(const int64_t number, dim.evaluate(symbols));
    numbers.push_back(number);
  }
  return numbers;
}

int64_t wrap(DType dtype, int64_t value) {
  switch (dtype) {
    case DType::i8: return static_cast<int8_t>(value);
    case DType::i16: return static_cast<int16_t>(value);
    case DType::i32: return static_cast<int32_t>(value);
    case DType::u8: return static_cast<uint8_t>(value);
    case DType::u16: return static_cast<uint16_t>(value);
    case DType::u32: return static_cast<uint32_t>(value);
    case DType::boolean: return value != 0;
    default: return value;
  }
}

void wrap_all(Array& array) {
  if (byte_size(array.dtype) == 8) return;
  for (int64_t& value : array.ints) value = wrap(array.dtype, value);
}

IntegerRange integer_range(DType dtype) {
  const int bits = 8 * byte_size(dtype);
  if (dtype == DType::boolean) return {0, 1};
  if (kind(dtype) == DTypeKind::signed_int) {
    const int64_t greatest = static_cast<int64_t>(~uint64_t{0} >> (65 - bits));
    return {-greatest - 1, greatest};
  }
  return {0, static_cast<int64_t>(~uint64_t{0} >> (64 - bits))};
}

Diagnostic evaluation_error(const EvaluateContext& context, std::string_view message) {
  return invalid(fmt::format("{}: {}", info(context.node.op).word, message), context.node.place);
}

Result<Extents> broadcast_extents(const EvaluateContext& context, const std::vector<const Extents*>& shapes) {
  Extents result;
  for (const Extents* shape : shapes) {
    if (shape->size() > result.size()) result.insert(result.begin(), shape->size() - result.size(), 1);
    for (size_t i = 1; i <= shape->size(); ++i) {
      int64_t& extent = result[result.size() - i];
      const int64_t own = (*shape)[shape->size() - i];
      if (extent != own && extent != 1 && own != 1)
        return evaluation_error(context, fmt::format("sizes {} and {} do not broadcast", extent, own));
      if (extent == 1) extent = own;
    }
  }
  return result;
}

}  // namespace rondo
