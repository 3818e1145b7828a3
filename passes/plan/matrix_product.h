// What matrix_products works with: a kernel's products, the tile in which the unit computes them, and what that costs.
// Internal to the stage.
#pragma once

#include "ir/matrix.h"
#include "ir/target_facts.h"

namespace rondo {

constexpr int kParts = 3;  // bfloat16 of a float32
// The unit takes what is below 2^-126 for 0. With factors of at most 2^60, that changes a product by at most 2^-66,
// beside its own rounding, which is next to nothing where some weights are at least 2^-60.
constexpr float kLargestFactor = 0x1p60f, kSmallestWeight = 0x1p-60f;

/// What a kernel multiplies.
struct Product {
  const Axis *units = nullptr, *rows = nullptr;
  struct Factor {
    int reduce, left, right;  // instructions: a sum, and the loads of its product
  };
  std::vector<Factor> factors;
};

/// The kernel's products, if it is of the kind that a matrix unit can run.
std::optional<Product> find_product(const Plan& plan, const Kernel& kernel);

/// The tile on the unit.
struct MatrixTile {
  int together = 1;    // left parts in one register
  int parts = kParts;  // left parts that are stored: a multiple of `together`
  int rows = kMatrixRows, vectors = 1;
  bool rows_outside = false;  // all weights are read for one block of rows after the other

  MatrixTile(const Kernel& kernel, const Product& product, const TargetFacts& target);
  /// Sums that are computed at once.
  int at_once() const { return together > 1 ? 4 : 2; }
  /// Products of registers for one of a sum's: (first left part, right part).
  std::vector<std::pair<int, int>> products() const;
};

/// Cycles of one run, on the unit and with vectors.
struct MatrixPrice {
  double unit = 0, vectors = 0;
};
MatrixPrice price_of(const Kernel& kernel, const Product& product, const MatrixTile& tile, const TargetFacts& target);

/// Makes names that no step has.
class StepNames {
 public:
  explicit StepNames(const Plan& plan) {
    for_each_step(plan.steps, [&](const Step& step) { taken_.insert(name_of(step)); });
  }
  std::string fresh(const std::string& stem) {
    std::string name = stem;
    for (int i = 2; !taken_.insert(name).second; ++i) name = stem + "_" + std::to_string(i);
    return name;
  }

 private:
  std::set<std::string> taken_;
};

/// The steps that take the kernel's place. `granted`: the buffer that says whether the unit is.
std::vector<Step> divide_kernel(Plan& plan, const Kernel& kernel, const Product& product, const MatrixTile& tile,
                                int granted, StepNames& names);

}  // namespace rondo
