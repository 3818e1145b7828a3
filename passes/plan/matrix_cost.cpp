// The tile on a matrix unit, and what it costs. Tested by matrix_products_test.cpp.
#include <algorithm>
#include <cmath>

#include "passes/plan/matrix_product.h"
#include "passes/plan/tile.h"

namespace rondo {
namespace {

/// Bytes of the weights' parts.
double right_bytes(const Kernel& kernel, const Product& product) {
  double bytes = 0;
  for (const Product::Factor& factor : product.factors)
    bytes += estimate(kernel.reductions[kernel.body[factor.reduce].nest]) * estimate(product.units->extent) * kParts *
             sizeof(uint16_t);
  return bytes;
}

/// Cycles of one run.
///
///   vectors: multiply-adds / (multiply_adds * lanes) / kBusy
///   matrix:  products of registers, kNear each, or kNearOne where there is one register of rows, if factors stay in
///            the first cache; else kCycles, and the bytes that fill registers / kFill. To this come kPass for the end
///            of each pass, kSplit for 16 numbers that are split, and kStart.
///
/// Both take at least as long as weights beyond kKept of the second cache are on their way. The constants are measured
/// on a Sapphire Rapids, which multiplies two full registers in 16 cycles.
class Cost {
 public:
  Cost(const Kernel& kernel, const Product& product, const MatrixTile& tile, const TargetFacts& target)
      : target_(target),
        rows_(estimate(product.rows->extent)),
        vectors_(std::ceil(estimate(product.units->extent) / kMatrixLanes)) {
    for (const Product::Factor& factor : product.factors)
      depth_ += std::ceil(estimate(kernel.reductions[kernel.body[factor.reduce].nest][0].extent) / kMatrixDepth);
    sums_ = static_cast<double>(product.factors.size());
    blocks_ = tile.together > 1 ? 1 : std::ceil(rows_ / kMatrixRows);
    products_ = static_cast<double>(tile.products().size());
    left_registers_ = tile.parts / tile.together;
    pass_ = tile.at_once();
    in_tile_ = std::ceil(static_cast<double>(tile.rows) / kMatrixRows);
  }

  double vectors() const {
    const double multiply_adds = vectors_ * depth_ * kMatrixDepth * rows_;
    return std::max(multiply_adds / target_.multiply_adds / kBusy, far(weights(sizeof(float))));
  }

  double matrix() const {
    const double right = weights(kParts * sizeof(uint16_t));
    const double once =
        depth_ * kRegister;  // bytes of one part of a register's rows, or of a vector's weights, for all sums
    const double left = vectors_ / pass_ * blocks_ * left_registers_ * once, panel = pass_ * kParts * once / sums_;
    const double products = vectors_ * depth_ * blocks_ * products_;
    double work = products * (blocks_ > 1 ? kNear : kNearOne);
    if (blocks_ * left_registers_ * once / sums_ + panel > l1()) {
      const double walks = panel > l1() / 2 ? blocks_ / in_tile_ : 1;
      work = products * kCycles + (left + right * walks) / kFill;
    }
    const double passes = vectors_ * sums_ / pass_ * blocks_ / in_tile_;
    const double split = rows_ * depth_ / sums_ * kMatrixDepth / kMatrixLanes;
    return std::max(work, far(right)) + passes * kPass + split * kSplit + kStart;
  }

 private:
  double l1() const { return static_cast<double>(target_.l1_bytes); }
  double weights(double bytes) const { return vectors_ * kMatrixLanes * depth_ * kMatrixDepth * bytes; }
  /// For weights that the second cache does not hold from run to run.
  double far(double bytes) const {
    return std::max(0.0, bytes - kKept * static_cast<double>(target_.l2_bytes)) / target_.far_bytes_per_cycle;
  }

  static constexpr double kRegister = kMatrixRows * kMatrixDepth * sizeof(uint16_t);
  static constexpr double kBusy = 0.78, kKept = 0.75;
  static constexpr double kCycles = 16, kNear = 26, kNearOne = 38, kFill = 40, kPass = 300, kSplit = 24, kStart = 500;
  const TargetFacts& target_;
  double rows_, vectors_, depth_ = 0, sums_ = 1, blocks_ = 1, products_ = 0, left_registers_ = kParts, pass_ = 4,
                          in_tile_ = 1;
};

}  // namespace

MatrixTile::MatrixTile(const Kernel& kernel, const Product& product, const TargetFacts& target) {
  const double count = estimate(product.rows->extent);
  const bool few = product.rows->extent.constant() && count <= kMatrixRows / 2;
  if (few) together = std::min(kParts, kMatrixRows / static_cast<int>(count)), rows = static_cast<int>(count);
  const double right = right_bytes(kernel, product), left = right / estimate(product.units->extent) * count;
  if (count > kMatrixRows && right > static_cast<double>(target.l2_bytes)) rows = 2 * kMatrixRows;
  rows_outside =
      left / static_cast<double>(product.factors.size()) > std::max(right, static_cast<double>(target.l2_bytes) / 2);
  parts = (kParts + together - 1) / together * together;
  const int sums = static_cast<int>(product.factors.size() / kernel.reductions.size());
  const double most = std::ceil(estimate(product.units->extent) / kMatrixLanes);
  while (sums * vectors % at_once() != 0 && vectors < std::min(4.0, most)) ++vectors;
}

std::vector<std::pair<int, int>> MatrixTile::products() const {
  if (together == 1) return {{0, 2}, {0, 1}, {0, 0}, {2, 0}, {1, 0}, {1, 1}};
  if (together == 2) return {{0, 2}, {0, 1}, {0, 0}, {2, 0}};
  return {{0, 2}, {0, 1}, {0, 0}};
}

MatrixPrice price_of(const Kernel& kernel, const Product& product, const MatrixTile& tile, const TargetFacts& target) {
  const Cost cost(kernel, product, tile, target);
  return {cost.matrix(), cost.vectors()};
}

}  // namespace rondo
