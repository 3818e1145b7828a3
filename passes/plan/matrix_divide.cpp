// A kernel for the matrix unit, with what has to be made before it. Tested by matrix_products_test.cpp.
#include <algorithm>
#include <bit>
#include <cstring>

#include "ir/measure.h"
#include "passes/plan/matrix_product.h"
#include "passes/plan/view.h"

namespace rondo {
namespace {

Instr load(DType dtype, int buffer, Index index) {
  Instr instr;
  instr.kind = Instr::Kind::load;
  instr.dtype = dtype, instr.buffer = buffer, instr.index = std::move(index);
  return instr;
}
Instr number(DType dtype, double value) {
  Instr instr;
  instr.dtype = dtype, instr.real = value;
  return instr;
}
Instr pointwise(Op op, DType dtype, std::vector<int> operands) {
  Instr instr;
  instr.kind = Instr::Kind::pointwise;
  instr.op = op, instr.dtype = dtype, instr.operands = std::move(operands);
  return instr;
}
int append(Kernel& kernel, Instr instr) {
  kernel.body.push_back(std::move(instr));
  return static_cast<int>(kernel.body.size()) - 1;
}

/// constant + the terms, which must be ascending by variable.
Index index_of(Dim constant, std::vector<IndexTerm> terms) {
  std::sort(terms.begin(), terms.end(), [](const IndexTerm& a, const IndexTerm& b) { return a.var < b.var; });
  return {std::move(constant), std::move(terms)};
}

/// One kernel on the unit.
class Divider {
 public:
  Divider(Plan& plan, const Kernel& kernel, const Product& product, const MatrixTile& tile, int granted,
          StepNames& names)
      : plan_(plan), kernel_(kernel), product_(product), tile_(tile), ready_(granted), names_(names) {}

  std::vector<Step> steps() {
    matrix_.name = names_.fresh(kernel_.name + "_matrix");
    matrix_.place = kernel_.place;
    matrix_.parallel = {*product_.units, *product_.rows};
    if (tile_.rows_outside) std::swap(matrix_.parallel[0], matrix_.parallel[1]);
    matrix_.reductions = kernel_.reductions;
    for (auto& nest : matrix_.reductions) nest[0].extent = Dim(padded(nest[0]));
    Schedule& schedule = matrix_.schedule;
    schedule.vector_axis = product_.units->var, schedule.lanes = kMatrixLanes, schedule.vectors = tile_.vectors;
    schedule.row_axis = product_.rows->var, schedule.rows = tile_.rows, schedule.matrix = tile_.together;
    for (size_t nest = 0; nest < kernel_.reductions.size(); ++nest) split_weights(static_cast<int>(nest));
    copy_body();
    Choice choice;
    choice.name = names_.fresh(kernel_.name + "_choice");
    choice.place = kernel_.place;
    choice.condition = ready_;
    choice.then.push_back({std::move(matrix_)});
    choice.otherwise.push_back({plain()});
    steps_.push_back({std::move(choice)});
    return std::move(steps_);
  }

 private:
  static int64_t padded(const Axis& k) {
    return (*k.extent.constant() + kMatrixDepth - 1) / kMatrixDepth * kMatrixDepth;
  }
  const Axis& k_of(int reduce) const { return kernel_.reductions[kernel_.body[reduce].nest][0]; }

  int add_buffer(Buffer::Kind kind, DType dtype, Dim count, const std::string& name) {
    Buffer buffer;
    buffer.kind = kind, buffer.dtype = dtype, buffer.name = name;
    buffer.count = upper(count, highest_of(plan_));
    plan_.buffers.push_back(std::move(buffer));
    return static_cast<int>(plan_.buffers.size()) - 1;
  }

  // --- right factors: [panel of units][sum][part][k / 2][unit][k % 2]

  int64_t part_size(int nest) const { return padded(kernel_.reductions[nest][0]) * kMatrixLanes; }

  void split_weights(int nest) {
    std::vector<const Product::Factor*> factors;
    for (const Product::Factor& factor : product_.factors)
      if (kernel_.body[factor.reduce].nest == nest) factors.push_back(&factor);
    if (factors.empty()) return;
    const int64_t sums = std::ssize(factors), panel = sums * kParts * part_size(nest);
    const int64_t units = *product_.units->extent.constant(), panels = (units + kMatrixLanes - 1) / kMatrixLanes;
    std::string bytes(static_cast<size_t>(panels * panel) * sizeof(uint16_t), '\0');
    for (int64_t sum = 0; sum < sums; ++sum) {
      right_at_[factors[sum]->reduce] = sum * kParts * part_size(nest);
      for (int64_t first = 0; first < units; first += kMatrixLanes)
        split_panel(kernel_.body[factors[sum]->right], kernel_.reductions[nest][0], first,
                    bytes.data() +
                        (first / kMatrixLanes * panel + right_at_[factors[sum]->reduce]) * int64_t{sizeof(uint16_t)});
    }
    const int buffer = add_buffer(Buffer::Kind::constant, DType::bf16, Dim(panels * panel),
                                  plan_.buffers[kernel_.body[factors[0]->right].buffer].name + "_parts");
    plan_.buffers[buffer].value = Tensor(DType::bf16, {panels * panel}, std::move(bytes));
    for (const Product::Factor* factor : factors) rights_[factor->reduce] = {buffer, panel};
  }

  /// The parts of one weight of the units from `first` on.
  void split_panel(const Instr& weight, const Axis& k, int64_t first, char* panel) const {
    const Tensor& source = plan_.buffers[weight.buffer].value;
    const int64_t across = *coefficient(weight.index, product_.units->var).constant();
    const int64_t along = *coefficient(weight.index, k.var).constant();
    const int64_t start = *weight.index.constant.constant() + across * first;
    const int64_t units = std::min<int64_t>(kMatrixLanes, *product_.units->extent.constant() - first);
    const int64_t part_bytes = padded(k) * kMatrixLanes * int64_t{sizeof(uint16_t)};
    for (int64_t i = 0; i < *k.extent.constant(); ++i)
      for (int64_t unit = 0; unit < units; ++unit) {
        float rest = source.at<float>(start + along * i + across * unit);
        char* out = panel + (i / 2 * 2 * kMatrixLanes + unit * 2 + i % 2) * int64_t{sizeof(uint16_t)};
        for (int part = 0; part < kParts; ++part, out += part_bytes) {
          const uint16_t bits = nearest(rest);
          rest -= bfloat_to_float(bits);
          std::memcpy(out, &bits, sizeof bits);
        }
      }
  }

  /// float_to_bfloat of a finite number, fast.
  static uint16_t nearest(float value) {
    const auto bits = std::bit_cast<uint32_t>(value);
    return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
  }

  /// One part of a weight, widened.
  int right(Kernel& kernel, int reduce, int part) const {
    const auto& [buffer, panel] = rights_.at(reduce);
    const int64_t at = right_at_.at(reduce) + part * part_size(kernel_.body[reduce].nest);
    const int narrow = append(kernel, load(DType::bf16, buffer,
                                           index_of(Dim(at), {{product_.units->var, Dim(2), kMatrixLanes, Dim(panel)},
                                                              {k_of(reduce).var, Dim(1), 2, Dim(2 * kMatrixLanes)}})));
    return append(kernel, pointwise(Op::cast, DType::f32, {narrow}));
  }

  // --- left factors: [k / 32][part][row][k % 32]

  /// Elements between parts.
  Dim left_size() const {
    return tile_.together > 1 ? Dim(int64_t{tile_.rows} * kMatrixDepth)
                              : matrix_rows(matrix_, product_.rows->extent) * Dim(kMatrixDepth);
  }

  struct Left {
    int load;  // in the kernel
    int buffer;
  };

  /// The parts of what a load reads, made by a kernel before; loads of the same share them.
  int left_buffer(int reduce, int load) {
    const Instr& from = kernel_.body[load];
    for (const Left& left : lefts_)
      if (kernel_.body[left.load].buffer == from.buffer && kernel_.body[left.load].index == from.index)
        return left.buffer;
    const Axis& k = k_of(reduce);
    const Dim blocks(padded(k) / kMatrixDepth);
    const Dim slack(tile_.together > 1 ? kMatrixRows * kMatrixDepth : 0);  // registers are whole
    const int buffer = add_buffer(Buffer::Kind::scratch, DType::bf16, blocks * Dim(tile_.parts) * left_size() + slack,
                                  kernel_.name + "_parts");
    if (padded(k) != *k.extent.constant()) steps_.push_back({clear(k, buffer)});
    steps_.push_back({split(k, from, buffer)});
    steps_.push_back({check(k, from)});
    lefts_.push_back({load, buffer});
    return buffer;
  }

  Index left_place(const Axis& k, int part) const {
    return index_of(Dim(part) * left_size(), {{product_.rows->var, Dim(kMatrixDepth), 0, Dim(0)},
                                              {k.var, Dim(1), kMatrixDepth, Dim(tile_.parts) * left_size()}});
  }

  /// Zeros in the last block, some of which no k fills.
  Kernel clear(const Axis& k, int buffer) {
    Kernel kernel;
    kernel.name = names_.fresh(kernel_.name + "_clear"), kernel.place = kernel_.place;
    kernel.parallel = {{k.var, Dim(tile_.parts) * left_size()}};
    kernel.schedule.vector_axis = k.var, kernel.schedule.lanes = kMatrixLanes;
    append(kernel, number(DType::bf16, 0));
    const Dim last = Dim(padded(k) / kMatrixDepth - 1) * Dim(tile_.parts) * left_size();
    kernel.stores = {{0, buffer, index_of(last, {{k.var, Dim(1), 0, Dim(0)}})}};
    return kernel;
  }

  Kernel split(const Axis& k, const Instr& from, int buffer) {
    Kernel kernel;
    kernel.name = names_.fresh(kernel_.name + "_parts"), kernel.place = kernel_.place;
    kernel.parallel = {*product_.rows, k};
    kernel.schedule.vector_axis = k.var, kernel.schedule.lanes = kMatrixLanes;
    int rest = append(kernel, load(DType::f32, from.buffer, from.index));
    for (int part = 0; part < tile_.parts; ++part) {
      const int wide = part < kParts ? append(kernel, pointwise(Op::bfloat_part, DType::f32, {rest}))
                                     : append(kernel, number(DType::f32, 0));
      const int narrow = append(kernel, pointwise(Op::cast, DType::bf16, {wide}));
      kernel.stores.push_back({narrow, buffer, left_place(k, part)});
      if (part + 1 < kParts) rest = append(kernel, pointwise(Op::sub, DType::f32, {rest, wide}));
    }
    return kernel;
  }

  /// Whether all that a load reads is in range, and what was ready before.
  Kernel check(const Axis& k, const Instr& from) {
    Kernel kernel;
    kernel.name = names_.fresh(kernel_.name + "_fits"), kernel.place = kernel_.place;
    kernel.reductions = {{*product_.rows, k}};
    kernel.schedule.vector_axis = k.var, kernel.schedule.lanes = kMatrixLanes, kernel.schedule.unroll = 4;
    const int value = append(kernel, load(DType::f32, from.buffer, from.index));
    const int size = append(kernel, pointwise(Op::abs, DType::f32, {value}));
    const int largest = append(kernel, number(DType::f32, kLargestFactor));
    const int fits = append(kernel, pointwise(Op::less_equal, DType::boolean, {size, largest}));
    const int zero = append(kernel, number(DType::f32, 0)), one = append(kernel, number(DType::f32, 1));
    const int beyond = append(kernel, pointwise(Op::select, DType::f32, {fits, zero, one}));
    Instr most;
    most.kind = Instr::Kind::reduce;
    most.dtype = DType::f32, most.combine = Combine::max, most.operands = {beyond};
    const int any = append(kernel, std::move(most));
    const int all = append(kernel, pointwise(Op::less, DType::boolean, {any, one}));
    const int before = append(kernel, load(DType::boolean, ready_, index_of(Dim(0), {})));
    const int ready = append(kernel, pointwise(Op::logical_and, DType::boolean, {all, before}));
    ready_ = add_buffer(Buffer::Kind::scratch, DType::boolean, Dim(1), kernel_.name + "_fits");
    kernel.stores = {{ready, ready_, index_of(Dim(0), {})}};
    return kernel;
  }

  // --- the kernel itself

  /// The body, with the sums of parts in the place of the products.
  void copy_body() {
    std::vector<int> place(kernel_.body.size(), -1);
    std::vector<bool> inside(kernel_.body.size(), false);
    for (const Product::Factor& factor : product_.factors)
      for (int i : {factor.left, factor.right, kernel_.body[factor.reduce].operands[0]}) inside[i] = true;
    for (size_t i = 0; i < kernel_.body.size(); ++i) {
      if (inside[i]) continue;
      Instr instr = kernel_.body[i];
      if (instr.kind == Instr::Kind::reduce)
        instr.operands[0] = sum_of_parts(static_cast<int>(i));
      else if (!instr.operands.empty())
        instr.operands[0] = place[instr.operands[0]];
      for (size_t operand = 1; operand < instr.operands.size(); ++operand)
        instr.operands[operand] = place[instr.operands[operand]];
      for (Instr::Indirect& part : instr.indirect) part.instr = place[part.instr];
      place[i] = append(matrix_, std::move(instr));
    }
    matrix_.stores = kernel_.stores;
    for (Store& store : matrix_.stores) {
      store.instr = place[store.instr];
      for (Instr::Indirect& part : store.indirect) part.instr = place[part.instr];
    }
  }

  /// The kernel as it was, but for its weights, which are the sums of their parts: that is exact.
  Kernel plain() const {
    Kernel kernel = kernel_;
    kernel.body.clear();
    std::vector<int> place;
    for (size_t i = 0; i < kernel_.body.size(); ++i) {
      const auto factor = std::find_if(product_.factors.begin(), product_.factors.end(),
                                       [&](const Product::Factor& each) { return each.right == static_cast<int>(i); });
      if (factor != product_.factors.end()) {
        int weight = right(kernel, factor->reduce, 0);
        for (int part = 1; part < kParts; ++part)
          weight = append(kernel, pointwise(Op::add, DType::f32, {weight, right(kernel, factor->reduce, part)}));
        place.push_back(weight);
        continue;
      }
      Instr instr = kernel_.body[i];
      for (int& operand : instr.operands) operand = place[operand];
      for (Instr::Indirect& part : instr.indirect) part.instr = place[part.instr];
      place.push_back(append(kernel, std::move(instr)));
    }
    for (Store& store : kernel.stores) {
      store.instr = place[store.instr];
      for (Instr::Indirect& part : store.indirect) part.instr = place[part.instr];
    }
    return kernel;
  }

  int sum_of_parts(int reduce) {
    const auto factor = std::find_if(product_.factors.begin(), product_.factors.end(),
                                     [&](const Product::Factor& each) { return each.reduce == reduce; });
    const int buffer = left_buffer(reduce, factor->left);
    std::map<int, int> lefts, rights;  // by part: widened
    const auto left = [&](int part) {
      const auto [found, fresh] = lefts.emplace(part, 0);
      if (fresh) found->second = widened_left(k_of(reduce), buffer, part);
      return found->second;
    };
    const auto right = [&](int part) {
      const auto [found, fresh] = rights.emplace(part, 0);
      if (fresh) found->second = this->right(matrix_, reduce, part);
      return found->second;
    };
    int sum = -1;
    for (const auto& [first, part] : tile_.products())
      for (int beside = 0; beside < tile_.together; ++beside) {
        const int a = left(first + beside), b = right(part);
        const int product = append(matrix_, pointwise(Op::mul, DType::f32, {a, b}));
        sum = sum < 0 ? product : append(matrix_, pointwise(Op::add, DType::f32, {sum, product}));
      }
    return sum;
  }

  int widened_left(const Axis& k, int buffer, int part) {
    const auto [found, fresh] = widened_.emplace(std::pair(buffer, part), 0);
    if (fresh) {
      const int narrow = append(matrix_, load(DType::bf16, buffer, left_place(k, part)));
      found->second = append(matrix_, pointwise(Op::cast, DType::f32, {narrow}));
    }
    return found->second;
  }

  Plan& plan_;
  const Kernel& kernel_;
  const Product& product_;
  const MatrixTile& tile_;
  int ready_;  // the buffer that says whether the unit may run what was looked at
  StepNames& names_;
  Kernel matrix_;
  std::vector<Step> steps_;
  std::map<int, int64_t> right_at_;                // by reduce
  std::map<int, std::pair<int, int64_t>> rights_;  // by reduce: the buffer, and elements between panels
  std::vector<Left> lefts_;
  std::map<std::pair<int, int>, int> widened_;  // by buffer and part
};

}  // namespace

std::vector<Step> divide_kernel(Plan& plan, const Kernel& kernel, const Product& product, const MatrixTile& tile,
                                int granted, StepNames& names) {
  return Divider(plan, kernel, product, tile, granted, names).steps();
}

}  // namespace rondo
