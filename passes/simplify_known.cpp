// Folding by evaluation: see simplify.h.
#include "ir/reference.h"
#include "passes/query.h"
#include "passes/simplify.h"

namespace rondo {
namespace {

// A result of more elements than this must not be larger than what it is made from.
constexpr int64_t kFreeElements = 1024;
// Multiply-adds that the reference evaluator may be asked for in one node.
constexpr int64_t kMaxWork = 100'000'000;

std::optional<Tensor> evaluate_known(const Node& node);

/// The elements of a constant, or of a small broadcast of one. (Broadcasts stay as they are: they cost no memory.)
std::optional<Tensor> known_tensor(const Value* value) {
  if (const Tensor* tensor = tensor_of(value)) return *tensor;
  if (!is_op(value, Op::broadcast)) return std::nullopt;
  std::optional<int64_t> count = element_count(value->type->shape).constant();
  if (!count || *count > kFreeElements) return std::nullopt;
  return evaluate_known(*value->producer);
}

bool affordable(const Node& node, int64_t operand_bytes) {
  const Type& type = *node.result()->type;
  if (!constant_shape(type.shape)) return false;
  std::optional<int64_t> bytes = byte_count(type);
  if (!bytes) return false;
  const int64_t count = *bytes / byte_size(type.dtype);
  if (count > kFreeElements && *bytes > operand_bytes) return false;
  if (!is_product(node.op)) return true;
  const int64_t terms = operand_bytes / byte_size(type.dtype) + 1;  // a bound on what one element sums
  return count == 0 || terms <= kMaxWork / count;
}

/// A constant's elements in another order, or some of them: without a detour over numbers, as there may be many.
std::optional<Tensor> moved_tensor(const Node& node, const std::vector<Tensor>& tensors) {
  if (node.op != Op::transpose && node.op != Op::slice) return std::nullopt;
  const Tensor& tensor = tensors[0];
  std::vector<int64_t> own(tensor.shape().size(), 1), strides = own;
  for (size_t axis = own.size(); axis-- > 1;) own[axis - 1] = own[axis] * tensor.shape()[axis];
  const std::vector<int64_t> shape = *constant_shape(node.result()->type->shape);
  int64_t start = 0;
  if (node.op == Op::transpose) {
    const std::vector<int64_t> perm = node.attributes.integers("perm");
    for (size_t axis = 0; axis < perm.size(); ++axis) strides[axis] = own[perm[axis]];
    return tensor.strided(shape, start, strides);
  }
  const std::vector<int64_t> steps = node.attributes.integers("steps");
  const auto starts = constant_shape(node.attributes.dims("starts"));
  if (!starts) return std::nullopt;
  for (size_t axis = 0; axis < steps.size(); ++axis) {
    const int64_t first = (*starts)[axis], last = first + (shape[axis] - 1) * steps[axis], extent = tensor.shape()[axis];
    if (shape[axis] < 1 || std::min(first, last) < 0 || std::max(first, last) >= extent) return std::nullopt;
    start += first * own[axis], strides[axis] = steps[axis] * own[axis];
  }
  return tensor.strided(shape, start, strides);
}

std::optional<Tensor> evaluate_known(const Node& node) {
  std::vector<Tensor> tensors;
  int64_t operand_bytes = 0;
  for (const Value* operand : node.operands) {
    std::optional<Tensor> tensor = known_tensor(operand);
    if (!tensor) return std::nullopt;
    operand_bytes += static_cast<int64_t>(tensor->bytes().size());
    tensors.push_back(*std::move(tensor));
  }
  if (!affordable(node, operand_bytes)) return std::nullopt;
  if (node.op == Op::reshape) return tensors[0].reshaped(*constant_shape(node.result()->type->shape));
  if (auto moved = moved_tensor(node, tensors)) return moved;
  std::vector<Array> arrays;
  for (const Tensor& tensor : tensors) arrays.push_back(Array::from(tensor));
  std::vector<const Array*> operands;
  for (const Array& array : arrays) operands.push_back(&array);
  Result<std::vector<Array>> values = evaluate(node, operands, {});
  if (!values || values->size() != 1) return std::nullopt;
  Tensor tensor = (*values)[0].to_tensor();
  if (!(tensor.type() == *node.result()->type)) return std::nullopt;
  return tensor;
}

/// A broadcast of one element, or a view of one: smaller than the elements it stands for.
bool repeats_one_element(const Node& node) {
  if (!is_view(node.op) || !uniform_value(node.operands[0])) return false;
  return node.op == Op::broadcast || !constant_of(node.operands[0]);
}

}  // namespace

Value* fold_evaluated(const Node& node, Builder& b) {
  if (node.operands.empty()) return nullptr;
  if (repeats_one_element(node)) return nullptr;
  std::optional<Tensor> tensor = evaluate_known(node);
  if (!tensor) return nullptr;
  return constant_from({node.operands.begin(), node.operands.end()}, *std::move(tensor), b);
}

Value* fold_elements(const Node& node, Builder& b) {
  const Value* result = node.result();
  if (!result->elements || node.op == Op::constant || node.op == Op::iota || repeats_one_element(node)) return nullptr;
  const std::optional<std::vector<int64_t>> shape = constant_shape(result->type->shape);
  if (!shape) return nullptr;
  const DType dtype = result->type->dtype;
  if (std::optional<std::vector<int64_t>> numbers = constant_shape(*result->elements)) {
    if (!is_float(dtype)) return b.constant(Tensor::from_ints(dtype, *shape, *numbers));
    const std::vector<double> reals(numbers->begin(), numbers->end());
    return b.constant(Tensor::from_doubles(dtype, *shape, reals));
  }
  if (node.op == Op::dims || (node.op == Op::cast && is_op(node.operands[0], Op::dims))) return nullptr;
  const DType counted = is_integer(dtype) ? dtype : DType::i64;
  return b.cast(b.one(Op::dims, {}, {{"values", *result->elements}, {"shape", *shape}, {"to", counted}}), dtype);
}

}  // namespace rondo
