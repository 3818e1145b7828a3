// derive_elements: shape arithmetic on dimension expressions, so that Shape -> Gather -> Mul -> Concat -> Reshape
// resolves while a model is read. One function per operator (ir/ops/elements_*.cpp); operators without one know
// nothing.
//
// Elements are kept for integers, booleans (0 and 1) and floats that hold integers, since exporters compute sizes in
// floats too. Arithmetic is exact: a symbol is taken to fit its type (32 bits or more, or a float that counts so far),
// and a constant that does not fit its type is not known. Tested by tests/ir/elements_test.cpp.
#include "ir/ops/elements.h"

#include <limits>

namespace rondo {
namespace {

using DeriveFunction = MaybeElements (*)(const Node&);

DeriveFunction find_derive(Op op) {
  static constexpr std::pair<Op, DeriveFunction> kTable[] = {
#define RONDO_DERIVED_OP(word) {Op::word, derive_##word},
      RONDO_DERIVED_OPS(RONDO_DERIVED_OP)
#undef RONDO_DERIVED_OP
  };
  for (const auto& [row, function] : kTable)
    if (row == op) return function;
  return nullptr;
}

struct Range {
  int64_t least, greatest;
  bool symbols;  // elements that are not constant are taken to fit
};

Range range_of(DType dtype) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  const auto counting = [](int bits, bool symbols) {
    return Range{-(int64_t{1} << bits), int64_t{1} << bits, symbols};
  };
  switch (dtype) {
    case DType::f16: return counting(11, false);
    case DType::bf16: return counting(8, false);
    case DType::f32: return counting(24, true);
    case DType::f64: return counting(53, true);
    case DType::boolean: return {0, 1, false};
    case DType::i64: return {-kMax - 1, kMax, true};
    case DType::u64: return {0, kMax, true};
    default: break;
  }
  const int bits = 8 * byte_size(dtype);
  if (kind(dtype) == DTypeKind::unsigned_int) return {0, (int64_t{1} << bits) - 1, bits == 32};
  return {-(int64_t{1} << (bits - 1)), (int64_t{1} << (bits - 1)) - 1, bits == 32};
}

bool fits(DType dtype, const Dim& element) {
  const Range range = range_of(dtype);
  if (range.symbols && !element.constant()) return range.least < 0 || element.lower_bound() >= 0;
  return element.lower_bound() >= range.least && element.upper_bound() <= range.greatest;
}

bool is_small(const Type& type) {
  const auto shape = constant_shape(type.shape);
  if (!shape) return false;
  int64_t count = 1;
  for (int64_t extent : *shape) {
    if (extent < 0 || extent > kMaxKnownElements) return false;
    count *= extent;
    if (count > kMaxKnownElements) return false;
  }
  return true;
}

}  // namespace

std::optional<std::vector<Dim>> derive_elements(const Node& node) {
  const DeriveFunction derive = find_derive(node.op);
  if (!derive || !is_small(*node.result()->type)) return std::nullopt;
  MaybeElements elements = derive(node);
  if (!elements) return std::nullopt;
  for (const Dim& element : *elements)
    if (!fits(node.result()->type->dtype, element)) return std::nullopt;
  return elements;
}

}  // namespace rondo
