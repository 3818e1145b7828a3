// Which kernels a matrix unit can run. Tested by matrix_products_test.cpp.
#include <algorithm>
#include <bit>

#include "passes/plan/matrix_product.h"
#include "passes/plan/tile.h"
#include "passes/plan/view.h"

namespace rondo {
namespace {

class Finder {
 public:
  Finder(const Plan& plan, const Kernel& kernel) : plan_(plan), kernel_(kernel) {}

  std::optional<Product> find() const {
    if (kernel_.parallel.size() != 2 || kernel_.reductions.empty()) return std::nullopt;
    for (const auto& nest : kernel_.reductions)
      if (nest.size() != 1 || nest[0].extent.constant().value_or(0) < kMatrixDepth / 2) return std::nullopt;
    for (int units : {0, 1}) {
      auto product = with(Product{&kernel_.parallel[units], &kernel_.parallel[1 - units], {}});
      if (product) return product;
    }
    return std::nullopt;
  }

 private:
  std::optional<Product> with(Product product) const {
    if (!product.units->extent.constant() || product.rows->extent.constant().value_or(1) < 1) return std::nullopt;
    for (size_t i = 0; i < kernel_.body.size(); ++i) {
      const Instr& instr = kernel_.body[i];
      if (instr.kind != Instr::Kind::reduce) continue;
      const auto factor = this->factor(static_cast<int>(i), product);
      if (!factor) return std::nullopt;
      product.factors.push_back(*factor);
    }
    return product;
  }

  std::optional<Product::Factor> factor(int reduce, const Product& product) const {
    const Instr& sum = kernel_.body[reduce];
    const Instr& mul = kernel_.body[sum.operands[0]];
    if (sum.combine != Combine::sum || sum.dtype != DType::f32) return std::nullopt;
    if (mul.kind != Instr::Kind::pointwise || mul.op != Op::mul) return std::nullopt;
    const int k = kernel_.reductions[sum.nest][0].var;
    for (int side : {0, 1}) {
      const int left = mul.operands[side], right = mul.operands[1 - side];
      if (is_left(kernel_.body[left], product, k) && is_right(kernel_.body[right], product, k))
        return Product::Factor{reduce, left, right};
    }
    return std::nullopt;
  }

  static bool is_load(const Instr& instr) {
    return instr.kind == Instr::Kind::load && instr.dtype == DType::f32 && instr.indirect.empty() &&
           std::all_of(instr.index.terms.begin(), instr.index.terms.end(),
                       [](const IndexTerm& term) { return term.panel == 0; });
  }
  static bool is_left(const Instr& load, const Product& product, int k) {
    return is_load(load) && coefficient(load.index, k).is(1) && depends(load.index, product.rows->var) &&
           !depends(load.index, product.units->var);
  }
  bool is_right(const Instr& load, const Product& product, int k) const {
    if (!is_load(load) || load.index.terms.size() != 2 || !load.index.constant.constant()) return false;
    if (!coefficient(load.index, k).constant() || !coefficient(load.index, product.units->var).constant()) return false;
    return depends(load.index, k) && depends(load.index, product.units->var) &&
           plan_.buffers[load.buffer].kind == Buffer::Kind::constant && in_range(plan_.buffers[load.buffer].value);
  }
  static bool in_range(const Tensor& weights) {
    uint32_t most = 0;  // of the absolute values' bits, which are in the same order as they are; NaN is above infinity
    for (int64_t i = 0; i < weights.count(); ++i) most = std::max(most, weights.at<uint32_t>(i) & 0x7fffffff);
    return most <= std::bit_cast<uint32_t>(kLargestFactor) && most >= std::bit_cast<uint32_t>(kSmallestWeight);
  }

  const Plan& plan_;
  const Kernel& kernel_;
};

}  // namespace

std::optional<Product> find_product(const Plan& plan, const Kernel& kernel) { return Finder(plan, kernel).find(); }

}  // namespace rondo
