#include "ir/matrix.h"

#include <fmt/format.h>

#include <algorithm>

namespace rondo {
namespace {

bool is_plain(const Index& index, int var, int64_t coefficient) {
  const IndexTerm* term = term_of(index, var);
  return term && term->panel == 0 && term->coefficient.is(coefficient);
}

bool is_panelled(const Index& index, int var, int64_t panel, int64_t coefficient) {
  const IndexTerm* term = term_of(index, var);
  return term && term->panel == panel && term->coefficient.is(coefficient);
}

constexpr int kMostVisited = 64;  // parts of a sum's expression
constexpr int64_t kMostRegisters = 128;  // of sums of a tile, which lie in local memory

class Reader {
 public:
  Reader(const Plan& plan, const Kernel& kernel) : plan_(plan), kernel_(kernel), schedule_(kernel.schedule) {}

  Result<std::vector<MatrixSum>> read() {
    RONDO_CHECK(axes());
    std::vector<MatrixSum> sums;
    for (size_t i = 0; i < kernel_.body.size(); ++i) {
      if (kernel_.body[i].kind != Instr::Kind::reduce) continue;
      RONDO_TRY(MatrixSum sum, this->sum(static_cast<int>(i)));
      sums.push_back(std::move(sum));
    }
    const int64_t blocks = (schedule_.rows + kMatrixRows - 1) / kMatrixRows;
    if (std::ssize(sums) * schedule_.vectors * blocks > kMostRegisters)
      return error(fmt::format("the sums of a tile fill more than {} registers", kMostRegisters));
    return sums;
  }

 private:
  Diagnostic error(std::string_view message) const {
    return invalid(fmt::format("the matrix unit cannot run it: {}", message), fmt::format("kernel '{}'", kernel_.name));
  }

  Status axes() const {
    const auto& parallel = kernel_.parallel;
    const auto is = [](const Axis& axis, int var) { return axis.var == var; };
    const bool rows_inside = parallel.size() == 2 && is(parallel[1], schedule_.row_axis);
    if (parallel.size() != 2 || !is(parallel[rows_inside ? 0 : 1], schedule_.vector_axis) ||
        !is(parallel[rows_inside ? 1 : 0], schedule_.row_axis))
      return error("its parallel axes must be the vector axis and the row axis");
    const Axis &units = parallel[rows_inside ? 0 : 1], &rows_axis = parallel[rows_inside ? 1 : 0];
    if (schedule_.lanes != kMatrixLanes || schedule_.unroll != 1 || schedule_.flat || schedule_.prefetch != 0)
      return error(fmt::format("it needs lanes={} and neither unroll, flat nor prefetch", kMatrixLanes));
    if (!units.extent.constant()) return error("the vector axis must have a constant extent");
    if (schedule_.matrix > 1) {
      const auto rows = rows_axis.extent.constant();
      if (!rows || *rows < 1 || *rows > kMatrixRows / schedule_.matrix || schedule_.rows != *rows)
        return error(fmt::format("{} left factors in a register need all rows in a tile, at most {}", schedule_.matrix,
                                 kMatrixRows / schedule_.matrix));
    } else if (schedule_.rows != kMatrixRows && schedule_.rows != 2 * kMatrixRows) {
      return error(fmt::format("it needs {} or {} rows", kMatrixRows, 2 * kMatrixRows));
    }
    for (const auto& nest : kernel_.reductions)
      if (nest.size() != 1 || nest[0].extent.constant().value_or(1) % kMatrixDepth != 0)
        return error(fmt::format("a reduction must have one axis, whose extent is a multiple of {}", kMatrixDepth));
    return Done{};
  }

  Result<MatrixSum> sum(int reduce) {
    const Instr& instr = kernel_.body[reduce];
    if (instr.combine != Combine::sum || instr.dtype != DType::f32) return error("a reduction must be a sum of f32");
    k_ = kernel_.reductions[instr.nest][0].var;
    std::vector<MatrixProduct> products;
    visited_ = 0;
    RONDO_CHECK(collect(instr.operands[0], products));
    MatrixSum sum{reduce, {}};
    if (schedule_.matrix == 1) return sum.products = std::move(products), sum;
    RONDO_CHECK(join(products, sum.products));
    return sum;
  }

  /// The products of an expression that adds them.
  Status collect(int index, std::vector<MatrixProduct>& products) {
    const Instr& instr = kernel_.body[index];
    if (++visited_ > kMostVisited) return error(fmt::format("a sum has more than {} products", kMostVisited / 2));
    if (instr.kind == Instr::Kind::pointwise && instr.op == Op::add) {
      RONDO_CHECK(collect(instr.operands[0], products));
      return collect(instr.operands[1], products);
    }
    if (instr.kind != Instr::Kind::pointwise || instr.op != Op::mul)
      return error(fmt::format("%{} is neither a product nor a sum of them", index));
    RONDO_TRY(const int left, factor(instr.operands[0]));
    RONDO_TRY(const int right, factor(instr.operands[1]));
    RONDO_CHECK(check_left(left));
    RONDO_CHECK(check_right(right));
    products.push_back({left, right});
    return Done{};
  }

  /// The load of bfloat16 that a cast widens.
  Result<int> factor(int index) const {
    const Instr& cast = kernel_.body[index];
    if (cast.kind == Instr::Kind::pointwise && cast.op == Op::cast && cast.dtype == DType::f32) {
      const Instr& load = kernel_.body[cast.operands[0]];
      if (load.kind == Instr::Kind::load && load.dtype == DType::bf16 && load.indirect.empty()) return cast.operands[0];
    }
    return error(fmt::format("%{} is no bf16 that is loaded and cast to f32", index));
  }

  Status check_left(int load) const {
    const Index& index = kernel_.body[load].index;
    if (is_plain(index, schedule_.row_axis, kMatrixDepth) && is_panelled(index, k_, kMatrixDepth, 1) &&
        !term_of(index, schedule_.vector_axis))
      return Done{};
    return error(fmt::format("%{} is no left factor; its place must be [i{}*32 + (i{} / 32)*N + (i{} % 32) + ..]", load,
                             schedule_.row_axis, k_, k_));
  }

  Status check_right(int load) const {
    const Index& index = kernel_.body[load].index;
    const IndexTerm* k = term_of(index, k_);
    if (is_panelled(index, schedule_.vector_axis, kMatrixLanes, 2) && is_panelled(index, k_, 2, 1) &&
        k->panel_stride.is(2 * kMatrixLanes) && !term_of(index, schedule_.row_axis) &&
        plan_.buffers[kernel_.body[load].buffer].kind == Buffer::Kind::constant)
      return Done{};
    return error(
        fmt::format("%{} is no right factor; it must be a constant at [(i{} / 16)*N + (i{} % 16)*2 + (i{} / 2)*32 + "
                    "(i{} % 2) + ..]",
                    load, schedule_.vector_axis, schedule_.vector_axis, k_, k_));
  }

  /// Products whose left factors share a register become one.
  Status join(const std::vector<MatrixProduct>& products, std::vector<MatrixProduct>& joined) const {
    std::map<int64_t, int> lefts;  // by number
    for (const MatrixProduct& product : products) lefts.emplace(number(product.left, products), product.left);
    if (lefts.begin()->first < 0) return error("its left factors do not lie one after the other");
    std::map<std::pair<int64_t, int>, std::set<int64_t>> met;  // by register and right factor: which of the left ones
    for (const MatrixProduct& product : products) {
      const int64_t left = number(product.left, products), place = left / schedule_.matrix;
      const auto first = lefts.find(place * schedule_.matrix);
      if (first == lefts.end()) return error("a register's first left factor is missing");
      auto& numbers = met[{place, product.right}];
      if (!numbers.insert(left).second)
        return error(fmt::format("%{} is multiplied with %{} twice", product.right, product.left));
      if (numbers.size() == 1) joined.push_back({first->second, product.right});
    }
    for (const auto& [what, numbers] : met)
      if (std::ssize(numbers) != schedule_.matrix)
        return error(fmt::format("%{} is multiplied with {} of the {} left factors in a register", what.second,
                                 numbers.size(), schedule_.matrix));
    return Done{};
  }

  /// How many times `rows * 32` elements a left factor lies behind the first; -1 if it lies elsewhere.
  int64_t number(int left, const std::vector<MatrixProduct>& products) const {
    const int64_t distance = schedule_.rows * int64_t{kMatrixDepth};
    int64_t most = 0;
    for (const MatrixProduct& other : products) {
      const Index &a = kernel_.body[left].index, &b = kernel_.body[other.left].index;
      const auto difference = (a.constant - b.constant).constant();
      if (kernel_.body[left].buffer != kernel_.body[other.left].buffer || a.terms != b.terms || !difference ||
          *difference % distance != 0)
        return -1;
      most = std::max(most, *difference / distance);
    }
    return most;
  }

  const Plan& plan_;
  const Kernel& kernel_;
  const Schedule& schedule_;
  int visited_ = 0;  // parts of the sum's expression
  int k_ = 0;        // the axis of the sum that is being read
};

}  // namespace

Result<std::vector<MatrixSum>> matrix_sums(const Plan& plan, const Kernel& kernel) {
  return Reader(plan, kernel).read();
}

Dim matrix_rows(const Kernel& kernel, const Dim& rows) {
  const Dim whole(kMatrixRows);
  return kernel.schedule.matrix > 1 ? whole : ceil_div(rows, whole) * whole;
}

}  // namespace rondo
