// Schedules: which axis runs along vector lanes, and how large the tile is that one kernel computes together.
//
// Cost of a choice = vector instructions executed, counting 1 for arithmetic, contiguous access and packed constants,
// 1/2 for a scalar that is spread over lanes, and 1.5 per lane for elements that must be picked one by one. Extents
// that only the run knows count as kAssumedExtent. Tested by plan_test.cpp.
#include <algorithm>
#include <cmath>

#include "ir/target_facts.h"
#include "passes/plan/lowering.h"

namespace rondo {
namespace {

constexpr double kAssumedExtent = 32;
constexpr int kChains = 8;  // independent accumulations that hide the latency of a multiply-add

double estimate(const Dim& extent) { return extent.constant() ? static_cast<double>(*extent.constant()) : kAssumedExtent; }

double estimate(const std::vector<Axis>& axes) {
  double product = 1;
  for (const Axis& axis : axes) product *= estimate(axis.extent);
  return product;
}

template <class Function>
void for_each_index(Kernel& kernel, Function f) {
  for (Instr& instr : kernel.body)
    if (instr.kind == Instr::Kind::load || instr.kind == Instr::Kind::index) f(instr.index);
  for (Store& store : kernel.stores) f(store.index);
}

/// Merges neighbouring axes that every index walks as one.
void collapse(Kernel& kernel, std::vector<Axis>& axes) {
  for (size_t i = axes.size(); i-- > 1;) {
    const Axis outer = axes[i - 1], inner = axes[i];
    bool even = true;
    for_each_index(kernel, [&](const Index& index) {
      even = even && coefficient(index, outer.var) == coefficient(index, inner.var) * inner.extent;
    });
    if (!even) continue;
    for_each_index(kernel, [&](Index& index) {
      std::erase_if(index.terms, [&](const IndexTerm& term) { return term.var == outer.var; });
    });
    axes[i - 1] = {inner.var, outer.extent * inner.extent};
    axes.erase(axes.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

bool depends(const Index& index, int var) { return !coefficient(index, var).is(0); }

/// Whether each instruction is computed inside the reduction loops.
std::vector<bool> reduction_level(const Kernel& kernel) {
  std::vector<bool> inside(kernel.body.size(), false);
  for (size_t i = 0; i < kernel.body.size(); ++i) {
    const Instr& instr = kernel.body[i];
    if (instr.kind == Instr::Kind::reduce) continue;
    for (const Axis& axis : kernel.reduction) inside[i] = inside[i] || depends(instr.index, axis.var);
    for (int operand : instr.operands) inside[i] = inside[i] || inside[operand];
    for (const auto& part : instr.indirect) inside[i] = inside[i] || inside[part.instr];
  }
  return inside;
}

/// Whether each instruction differs along an axis.
std::vector<bool> varies_along(const Kernel& kernel, int var) {
  std::vector<bool> varies(kernel.body.size(), false);
  for (size_t i = 0; i < kernel.body.size(); ++i) {
    const Instr& instr = kernel.body[i];
    varies[i] = depends(instr.index, var);
    for (int operand : instr.operands) varies[i] = varies[i] || varies[operand];
    for (const auto& part : instr.indirect) varies[i] = varies[i] || varies[part.instr];
  }
  return varies;
}

class Scheduler {
 public:
  Scheduler(Plan& plan, Kernel& kernel, const TargetFacts& target) : plan_(plan), kernel_(kernel), target_(target) {}

  void run() {
    collapse(kernel_, kernel_.parallel);
    collapse(kernel_, kernel_.reduction);
    inside_ = reduction_level(kernel_);
    if (target_.vector_bytes > 0) choose_vector_axis();
    choose_tile();
  }

 private:
  int max_lanes() const {
    int bytes = 0, integer_bytes = 1;
    auto note = [&](DType dtype) {
      int& widest = is_float(dtype) ? bytes : integer_bytes;
      widest = std::max(widest, byte_size(dtype));
    };
    for (const Instr& instr : kernel_.body)
      if (instr.kind != Instr::Kind::index) note(instr.dtype);
    if (bytes == 2) bytes = 4;  // computed in single precision
    return std::max(1, target_.vector_bytes / (bytes ? bytes : integer_bytes));
  }

  int lanes_for(const Dim& extent) const {
    int lanes = max_lanes();
    while (lanes > 1 && extent.constant() && *extent.constant() < lanes) lanes /= 2;
    return lanes;
  }

  bool packable(const Instr& instr) const {
    return plan_.buffers[instr.buffer].kind == Buffer::Kind::constant && instr.indirect.empty();
  }

  /// Cost of one vector of an instruction, if `var` runs along the lanes.
  double cost(const Instr& instr, bool varies, bool inside, int var, int lanes, bool var_is_parallel) const {
    if (!varies) return instr.kind == Instr::Kind::load ? 0.5 : 0.25;
    if (instr.kind != Instr::Kind::load) return 1;
    if (instr.indirect.empty() && coefficient(instr.index, var).is(1)) return 1;
    if (var_is_parallel && inside && packable(instr)) return 1;
    return 1.5 * lanes;
  }

  double cost(const Axis& axis, int lanes, bool is_parallel) const {
    const std::vector<bool> varies = varies_along(kernel_, axis.var);
    double inner = 0, outer = 0, reductions = 0;
    for (size_t i = 0; i < kernel_.body.size(); ++i) {
      if (kernel_.body[i].kind == Instr::Kind::reduce) ++reductions;
      (inside_[i] ? inner : outer) += cost(kernel_.body[i], varies[i], inside_[i], axis.var, lanes, is_parallel);
    }
    for (const Store& store : kernel_.stores)
      outer += !is_parallel || coefficient(store.index, axis.var).is(1) ? 1 : 1.5 * lanes;
    const double extent = std::max(1.0, estimate(axis.extent));
    const double full = std::floor(extent / lanes), rest = extent - full * lanes;
    const double parallel = estimate(kernel_.parallel), reduction = estimate(kernel_.reduction);
    if (is_parallel) {
      const double tail = rest > 0 ? std::popcount(static_cast<unsigned>(rest)) : 0;
      return parallel / extent * (full + tail) * (reduction * inner + outer);
    }
    return parallel * (reduction / extent * (full + rest) * inner + outer + 2 * std::log2(lanes) * reductions);
  }

  void choose_vector_axis() {
    Schedule& schedule = kernel_.schedule;
    double best = cost(Axis{-1, Dim(1)}, 1, true);
    auto consider = [&](const Axis& axis, bool is_parallel) {
      const int lanes = lanes_for(axis.extent);
      if (lanes < 2) return;
      const double price = cost(axis, lanes, is_parallel);
      if (price >= best) return;
      best = price;
      schedule.vector_axis = axis.var;
      schedule.lanes = lanes;
    };
    for (auto axis = kernel_.parallel.rbegin(); axis != kernel_.parallel.rend(); ++axis) consider(*axis, true);
    if (!kernel_.reduction.empty() && sums_floats_only()) consider(kernel_.reduction.back(), false);
  }

  bool sums_floats_only() const {
    for (const Instr& instr : kernel_.body)
      if (instr.kind == Instr::Kind::reduce && !is_float(instr.dtype)) return false;
    return true;
  }

  const Axis* parallel_axis(int var) const {
    for (const Axis& axis : kernel_.parallel)
      if (axis.var == var) return &axis;
    return nullptr;
  }

  // Accumulators = reductions * rows * vectors must leave registers for operands; more rows share each weight.
  void choose_tile() {
    Schedule& schedule = kernel_.schedule;
    int reductions = 0;
    for (const Instr& instr : kernel_.body) reductions += instr.kind == Instr::Kind::reduce;
    if (reductions == 0) return;
    const Axis* along = parallel_axis(schedule.vector_axis);
    const int budget = std::max(2, target_.vector_registers * 3 / 4);
    const int most_vectors = along ? static_cast<int>(std::ceil(estimate(along->extent) / schedule.lanes)) : 1;
    const Axis* row = along ? row_axis() : nullptr;
    int rows = row ? std::min<int>(8, static_cast<int>(estimate(row->extent))) : 1;
    int vectors = std::min({most_vectors, 4, std::max(1, (row ? kChains / 2 : kChains) / reductions)});
    while (vectors > 1 && rows * vectors * reductions > budget && rows <= 4) --vectors;
    while (rows > 1 && rows * vectors * reductions > budget) --rows;
    schedule.vectors = std::max(1, vectors);
    if (rows > 1) schedule.row_axis = row->var, schedule.rows = rows;
    const double steps = kernel_.reduction.empty() ? 1 : estimate(kernel_.reduction.back().extent);
    const int chains = reductions * schedule.vectors * schedule.rows;
    const bool along_reduction = schedule.vector_axis >= 0 && !along;
    const double iterations = along_reduction ? steps / schedule.lanes : steps;
    while (chains * schedule.unroll < kChains && schedule.unroll < 4 && iterations >= 4 * schedule.unroll && sums_floats_only())
      schedule.unroll *= 2;
  }

  /// A second parallel axis along which a vector operand of the reduction does not change.
  const Axis* row_axis() const {
    const int vector_axis = kernel_.schedule.vector_axis;
    for (auto axis = kernel_.parallel.rbegin(); axis != kernel_.parallel.rend(); ++axis) {
      if (axis->var == vector_axis || axis->extent.is(1)) continue;
      for (size_t i = 0; i < kernel_.body.size(); ++i) {
        const Instr& instr = kernel_.body[i];
        if (instr.kind == Instr::Kind::load && inside_[i] && depends(instr.index, vector_axis) && !depends(instr.index, axis->var))
          return &*axis;
      }
    }
    return nullptr;
  }

  Plan& plan_;
  Kernel& kernel_;
  const TargetFacts& target_;
  std::vector<bool> inside_;
};

}  // namespace

void choose_schedules(Plan& plan, const TargetFacts& target) {
  for_each_kernel(plan.steps, [&](Kernel& kernel) { Scheduler(plan, kernel, target).run(); });
}

}  // namespace rondo
