// Kernels for the matrix unit of all forms that ir/matrix.h allows, made at random, with integers that sums keep exact:
// numbers of sums and products, left factors beside each other, what sums begin with, where they go, tiles, loops and
// tasks.
#include <fmt/format.h>

#include "ir/matrix.h"
#include "runtime/include/rondo_pool.h"
#include "tests/codegen/matrix_unit.h"

namespace rondo::test {
namespace {

using Floats = std::vector<float>;
using Matrix = std::vector<Floats>;  // [row][column]

constexpr int kUnitVar = 0, kRowVar = 1, kDepthVar = 2, kLoopVar = 9;

class Maker {
 public:
  explicit Maker(unsigned seed) : random_(seed) {
    matrix_ = from(0, 1) ? 1 : from(2, 4);
    most_rows_ = matrix_ > 1 ? from(1, kMatrixRows / matrix_) : from(1, 70);
    symbolic_ = matrix_ == 1 && from(0, 2) == 0;
    if (symbolic_) most_rows_ = 70;
    units_ = from(0, 1) ? from(1, 100) : 16 * from(1, 6);
    padded_units_ = (units_ + 15) / 16 * 16;
    trips_ = from(0, 2) == 0 ? 3 : 0;
    Schedule& schedule = k_.kernel.schedule;
    schedule.vector_axis = kUnitVar, schedule.lanes = kMatrixLanes, schedule.vectors = from(1, 4),
    schedule.matrix = matrix_;
    schedule.row_axis = kRowVar, schedule.rows = matrix_ > 1 ? most_rows_ : 16 * from(1, 2);
    if (trips_ > 0 && from(0, 1)) schedule.alternate = kLoopVar;
    if (const int axis = from(0, 3); axis < 2) {
      schedule.task_axis = axis;
      schedule.task_size = from(1, 3) * (axis == kUnitVar ? 16 * schedule.vectors : schedule.rows);
    }
    if (symbolic_) p_.plan.symbols = {"N"};
    k_.kernel.parallel = {{kUnitVar, units_}, {kRowVar, rows()}};
    if (from(0, 1)) std::swap(k_.kernel.parallel[0], k_.kernel.parallel[1]);
    begin_ = p_.input("c", {DType::f32, {rows(), units_}});
    c_ = matrix_of(most_rows_, units_);
    for (int nest = 0, nests = from(1, 2); nest < nests; ++nest) add_nest(nest);
    finish();
  }

  const Plan& plan() const { return p_.plan; }

  std::string name() const {
    const Schedule& s = k_.kernel.schedule;
    return fmt::format("{} rows{}, {} units, matrix={} vectors={} rows={}, {} sums in {} nests, tasks i{}/{}, {} trips",
                       most_rows_, symbolic_ ? " at most" : "", units_, s.matrix, s.vectors, s.rows, sums_.size(),
                       k_.kernel.reductions.size(), s.task_axis, s.task_size, trips_);
  }

  std::vector<int> counts() const {
    return symbolic_ ? std::vector<int>{1, 16, 31, 32, 33, 70} : std::vector<int>{most_rows_};
  }

  void check(const Compiled& compiled, int rows, const rondo_parallel* parallel) const {
    const int64_t n = rows;
    Floats c, y(static_cast<size_t>(std::max(1, trips_) * std::ssize(sums_) * rows * units_) + 1, -7);
    for (int i = 0; i < rows; ++i) c.insert(c.end(), c_[i].begin(), c_[i].end());
    std::vector<std::vector<uint16_t>> lefts;
    std::vector<const void*> inputs = {c.data()};
    for (const Left& left : lefts_) lefts.push_back(packed(left, rows));
    for (const auto& left : lefts) inputs.push_back(left.data());
    void* output = y.data();
    rondo_call call = {inputs.data(), &output, &n, nullptr, nullptr, nullptr, parallel};
    REQUIRE(compiled.model->call(&call) == RONDO_OK);
    int wrong = 0;
    size_t at = 0;
    for (int trip = 0; trip < std::max(1, trips_); ++trip)
      for (const Sum& sum : sums_)
        for (int i = 0; i < rows; ++i)
          for (int j = 0; j < units_; ++j, ++at)
            wrong += y[sum.across ? at - i * units_ - j + j * rows + i : at] != value(sum, i, j, trip);
    CHECK(wrong == 0);
    CHECK(y.back() == -7);
  }

 private:
  struct Left {
    int buffer, depth, parts;
    std::vector<Matrix> values;  // [part][row][k]
  };
  struct Right {
    int64_t offset;
    Matrix values;  // [k][unit]
  };
  enum class Begin { none, rows, lanes, number, computed };
  struct Sum {
    int reduce, nest;
    std::vector<std::pair<int, int>> products;  // (part, right)
    Begin begin;
    bool clipped = false, across = false;
  };

  int from(int low, int high) { return low + static_cast<int>(random_() % static_cast<unsigned>(high - low + 1)); }
  Dim rows() const { return symbolic_ ? Dim::symbol("N") : Dim(most_rows_); }
  static Dim whole(const Dim& rows) { return ceil_div(rows, Dim(kMatrixRows)) * Dim(kMatrixRows); }

  Matrix matrix_of(int64_t rows, int64_t columns) {
    Matrix matrix(static_cast<size_t>(rows), Floats(static_cast<size_t>(columns)));
    for (Floats& row : matrix)
      for (float& v : row) v = static_cast<float>(from(-4, 4));
    return matrix;
  }

  /// Elements between left parts.
  Dim part_size() const { return Dim(kMatrixDepth) * (matrix_ > 1 ? rows() : whole(rows())); }

  void add_nest(int nest) {
    const int depth = kMatrixDepth * from(1, 3), parts = matrix_ * from(1, 2), var = kDepthVar + nest;
    k_.kernel.reductions.push_back({{var, depth}});
    const Dim count =
        Dim(depth / kMatrixDepth) * Dim(parts) * part_size() + Dim(matrix_ > 1 ? kMatrixRows * kMatrixDepth : 0);
    Left left{p_.input("a" + std::to_string(nest), {DType::bf16, {count}}), depth, parts, {}};
    for (int part = 0; part < parts; ++part) left.values.push_back(matrix_of(most_rows_, depth));
    lefts_.push_back(std::move(left));
    const int first = static_cast<int>(rights_.size());
    for (int right = 0, rights = from(1, 3); right < rights; ++right) {
      rights_.push_back({right_elements_, matrix_of(depth, units_)});
      right_elements_ += depth * padded_units_;
    }
    for (int sum = 0, sums = from(1, 3); sum < sums; ++sum) add_sum(nest, first);
  }

  void add_sum(int nest, int first_right) {
    const Left& left = lefts_[nest];
    Sum sum{0, nest, {}, Begin(from(0, 4)), from(0, 1) == 1, from(0, 3) == 0};
    for (int group = 0; group < left.parts; group += matrix_)
      for (int right = first_right; right < int(rights_.size()); ++right) {
        if (!sum.products.empty() && from(0, 1)) continue;
        for (int part = group; part < group + matrix_; ++part) sum.products.emplace_back(part, right);
      }
    if (sum.products.size() > 32) sum.products.resize(32 / matrix_ * matrix_);
    std::vector<int> terms;
    for (const auto& [part, right] : sum.products) terms.push_back(product(nest, part, right));
    while (terms.size() > 1) {  // in any order
      const int at = from(0, int(terms.size()) - 2);
      terms[at] = k_.apply(Op::add, DType::f32, {terms[at], terms[at + 1]});
      terms.erase(terms.begin() + at + 1);
    }
    const int beginning = this->beginning(sum.begin);
    sum.reduce = k_.reduce(DType::f32, terms[0]);
    k_.kernel.body[sum.reduce].nest = nest;
    if (beginning >= 0) k_.kernel.body[sum.reduce].operands.push_back(beginning);
    sums_.push_back(std::move(sum));
  }

  int product(int nest, int part, int right) {
    const int depth = lefts_[nest].depth, var = kDepthVar + nest;
    const Index left_at = with_panel(at({{kRowVar, kMatrixDepth}}, Dim(part) * part_size()), var, kMatrixDepth,
                                     Dim(lefts_[nest].parts) * part_size());
    Index right_at = with_panel(at({}, rights_[right].offset), kUnitVar, kMatrixLanes, depth * kMatrixLanes, 2);
    right_at = with_panel(right_at, var, 2, 2 * kMatrixLanes);
    return k_.apply(Op::mul, DType::f32,
                    {widened({nest, part}, lefts_[nest].buffer, left_at), widened({-1, right}, kWeights, right_at)});
  }

  /// Each factor is loaded once.
  int widened(std::pair<int, int> factor, int buffer, const Index& index) {
    const auto [found, fresh] = widened_.emplace(factor, 0);
    if (fresh) found->second = k_.apply(Op::cast, DType::f32, {k_.load(DType::bf16, buffer, index)});
    return found->second;
  }

  int beginning(Begin begin) {
    switch (begin) {
      case Begin::none: return -1;
      case Begin::rows: return k_.load(DType::f32, begin_, at({{kUnitVar, 1}, {kRowVar, units_}}));
      case Begin::lanes: return k_.load(DType::f32, begin_, at({{kRowVar, units_}}));  // the same in all lanes
      case Begin::number: return k_.real(DType::f32, 3);
      case Begin::computed: {
        const int c = k_.load(DType::f32, begin_, at({{kUnitVar, 1}, {kRowVar, units_}}));
        return k_.apply(Op::mul, DType::f32, {c, c});
      }
    }
    return -1;
  }

  float value(const Sum& sum, int i, int j, int trip) const {
    const float c = c_[i][j];
    float total = sum.begin == Begin::none     ? 0
                  : sum.begin == Begin::rows   ? c
                  : sum.begin == Begin::lanes  ? c_[i][0]
                  : sum.begin == Begin::number ? 3
                                               : c * c;
    for (const auto& [part, right] : sum.products)
      for (int k = 0; k < lefts_[sum.nest].depth; ++k)
        total += lefts_[sum.nest].values[part][i][k] * rights_[right].values[k][j];
    return sum.clipped ? std::max(total, 0.0F) + static_cast<float>(trip) : total;
  }

  /// The stores, and the constant, whose buffer the loads have named already.
  void finish() {
    const Dim size = rows() * Dim(units_);
    const int y = p_.output("y", {DType::f32, {std::max(1, trips_), int64_t(sums_.size()), rows(), units_}});
    for (size_t s = 0; s < sums_.size(); ++s) {
      Terms terms = sums_[s].across ? Terms{{kUnitVar, rows()}, {kRowVar, 1}} : Terms{{kUnitVar, 1}, {kRowVar, units_}};
      if (trips_ > 0) terms.emplace_back(kLoopVar, Dim(std::ssize(sums_)) * size);
      int stored = sums_[s].reduce;
      if (sums_[s].clipped) {
        stored = k_.apply(Op::maximum, DType::f32, {stored, k_.real(DType::f32, 0)});
        if (trips_ > 0)
          stored = k_.apply(Op::add, DType::f32,
                            {stored, k_.apply(Op::cast, DType::f32, {k_.index(DType::i32, at({{kLoopVar, 1}}))})});
      }
      k_.store(stored, y, at(terms, Dim(int64_t(s)) * size));
    }
    std::vector<uint16_t> bits(static_cast<size_t>(right_elements_), float_to_bfloat(0));
    for (const Right& right : rights_)
      for (size_t k = 0; k < right.values.size(); ++k)
        for (int j = 0; j < units_; ++j)
          bits[static_cast<size_t>(right.offset) + j / 16 * right.values.size() * 16 + k / 2 * 32 + j % 16 * 2 +
               k % 2] = float_to_bfloat(right.values[k][j]);
    const int weights = p_.constant(tensor_of(DType::bf16, bits));
    for (Instr& instr : k_.kernel.body)
      if (instr.kind == Instr::Kind::load && instr.buffer == kWeights) instr.buffer = weights;
    k_.kernel.name = "dot";
    if (trips_ > 0)
      p_.plan.steps.push_back({Loop{"again", "", kLoopVar, Dim(trips_), {{k_.kernel}}}});
    else
      p_.plan.steps.push_back({k_.kernel});
  }

  /// [k / 32][part][row][k % 32]; NaN where no row is.
  std::vector<uint16_t> packed(const Left& left, int rows) const {
    const int rows_of_part = matrix_ > 1 ? rows : (rows + 15) / 16 * 16;
    std::vector<uint16_t> bits(
        static_cast<size_t>(left.depth * left.parts * rows_of_part + (matrix_ > 1 ? kMatrixRows * kMatrixDepth : 0)),
        0x7fc0);
    for (int part = 0; part < left.parts; ++part)
      for (int i = 0; i < rows; ++i)
        for (int k = 0; k < left.depth; ++k)
          bits[static_cast<size_t>(((k / 32 * left.parts + part) * rows_of_part + i) * 32 + k % 32)] =
              float_to_bfloat(left.values[part][i][k]);
    return bits;
  }

  static constexpr int kWeights = 1000;  // stands for the constant's buffer
  std::mt19937 random_;
  int matrix_, most_rows_, units_, trips_;
  int64_t padded_units_, right_elements_ = 0;
  bool symbolic_;
  PlanBuilder p_;
  KernelBuilder k_;
  int begin_ = 0;
  Matrix c_;
  std::vector<Left> lefts_;
  std::vector<Right> rights_;
  std::vector<Sum> sums_;
  std::map<std::pair<int, int>, int> widened_;  // by nest and part, or -1 and the right factor
};

}  // namespace

TEST_SUITE("matrix_unit") {
  TEST_CASE("kernels of all forms compute their sums exactly, alone and with threads") {
    if (!has_unit()) return;
    std::unique_ptr<rondo_pool, void (*)(rondo_pool*)> pool(rondo_pool_create(2), rondo_pool_destroy);
    REQUIRE(pool);
    for (unsigned seed = 0; seed < 60; ++seed) {
      const Maker made(seed);
      CAPTURE(seed);
      CAPTURE(made.name());
      const Compiled compiled(made.plan(), kUnit);
      for (int rows : made.counts()) {
        CAPTURE(rows);
        made.check(compiled, rows, nullptr);
        made.check(compiled, rows, rondo_pool_parallel(pool.get()));
      }
    }
  }

}  // TEST_SUITE

}  // namespace rondo::test
