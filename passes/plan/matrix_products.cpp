// matrix_products: products of several rows with constant matrices on a matrix unit, which multiplies bfloat16 and adds
// in float32, as exactly as in float32.
//
// A float32 is the sum of three bfloat16: x = x1 + x2 + x3, each the rest's nearest. Of the nine products of x = x1 +
// x2 + x3 and w = w1 + w2 + w3, those that matter in float32 are x1 w1, x1 w2, x1 w3, x2 w1, x2 w2 and x3 w1; what is
// left out is below 2^-24 of |x w|. (Henry, Tang and Heinecke, "Leveraging the bfloat16 Artificial Intelligence
// Datatype For Higher-Precision Computations", 2019.) Weights are split here, what they are multiplied with in a kernel
// of its own before. Of 8 rows and fewer, two or three parts lie beside each other in one register: the unit takes as
// long for 1 row as for 16.
//
// Infinities, NaN and the largest numbers have no such parts. So the kernel stays as it was, too, with weights added up
// from their parts, and runs where there are such numbers, or where the system does not let the process use the unit:
//
//   KERNEL_parts    x1, x2, x3 of what is multiplied
//   KERNEL_fits     whether all of it is in range, and the unit granted
//   choice          KERNEL_matrix, or KERNEL
//
// A kernel is divided so where it then takes fewer cycles, by the estimate in matrix_cost.cpp. Tested by
// matrix_products_test.cpp.
#include <fmt/format.h>

#include "passes/plan/lowering.h"
#include "passes/plan/matrix_product.h"

namespace rondo {
namespace {

constexpr double kGain = 0.95;  // of the cycles with vectors, at most
constexpr int64_t kMostSums = 12;  // of a kernel: they lie in local memory

class MatrixProducts {
 public:
  MatrixProducts(Plan& plan, const StageContext& context) : plan_(plan), context_(context), names_(plan) {}

  void visit(std::vector<Step>& steps) {
    std::vector<Step> result;
    for (Step& step : steps) {
      for_each_nested(step, [&](std::vector<Step>& nested) { visit(nested); });
      const auto* kernel = std::get_if<Kernel>(&step.what);
      std::vector<Step> divided = kernel ? divide(*kernel) : std::vector<Step>();
      if (divided.empty()) divided.push_back(std::move(step));
      std::move(divided.begin(), divided.end(), std::back_inserter(result));
    }
    steps = std::move(result);
  }

 private:
  std::vector<Step> divide(const Kernel& kernel) {
    const auto product = find_product(plan_, kernel);
    if (!product) return {};
    const MatrixTile tile(kernel, *product, context_.target);
    const MatrixPrice price = price_of(kernel, *product, tile, context_.target);
    const bool pays = price.unit < kGain * price.vectors && std::ssize(product->factors) <= kMostSums;
    note(context_, kernel,
         fmt::format("{} the matrix unit: about {:.0f} cycles there, {:.0f} with vectors",
                     pays ? "runs on" : "does not run on", price.unit, price.vectors));
    return pays ? divide_kernel(plan_, kernel, *product, tile, granted(), names_) : std::vector<Step>();
  }

  int granted() {
    if (granted_ < 0) {
      granted_ = static_cast<int>(plan_.buffers.size());
      plan_.buffers.push_back({Buffer::Kind::granted, DType::boolean, Dim(1), "granted", 0, Dim(0), {}});
    }
    return granted_;
  }

  Plan& plan_;
  const StageContext& context_;
  StepNames names_;
  int granted_ = -1;
};

}  // namespace

void matrix_products(Plan& plan, const StageContext& context) { MatrixProducts(plan, context).visit(plan.steps); }

}  // namespace rondo
