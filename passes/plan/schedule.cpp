// Schedules: which axis runs along vector lanes, in which order the parallel axes are nested, and, with tile.h, how large
// the tile is that one kernel computes together.
//
// Cost of a vector axis = vector instructions executed, counting 1 for arithmetic, contiguous access and packed constants,
// 1/2 for a scalar that is spread over lanes, and 1.5 per lane for elements that must be picked one by one. Extents
// that only the run knows count as kAssumedExtent, and as a vector axis for 1.2 times the cost: how many lanes of the last
// vector are used is anyone's guess. Tested by plan_test.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "ir/target_facts.h"
#include "passes/plan/lowering.h"
#include "passes/plan/tile.h"

namespace rondo {
namespace {

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

/// Vectors of a tile of rows, by the weights that it reads: kernels that read the same weights pack them once.
using Panels = std::map<int, int>;

class Scheduler {
 public:
  Scheduler(Plan& plan, Kernel& kernel, const TargetFacts& target, Sums sums, Panels& panels)
      : plan_(plan), kernel_(kernel), target_(target), sums_(sums), panels_(panels) {}

  /// How many tiles the kernel's was chosen from.
  size_t run() {
    collapse(kernel_, kernel_.parallel);
    for (std::vector<Axis>& nest : kernel_.reductions) collapse(kernel_, nest);
    inside_ = nests_of_body(kernel_);
    if (target_.vector_bytes > 0)
      choose_vector_axis();
    else
      choose_scalar_axis();
    if (kernel_.reductions.empty()) return 1;
    const int row = row_axis();
    if (row < 0) return choose_tile(plan_, kernel_, row, target_, sums_);
    order_axes(row);
    const size_t tiles = choose_tile(plan_, kernel_, row, target_, sums_, vectors_of_panels());
    for (size_t i = 0; i < kernel_.body.size(); ++i)
      if (is_weight(i)) panels_.emplace(kernel_.body[i].buffer, kernel_.schedule.vectors);
    return tiles;
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
    // Short code has one loop for all elements of the axis, and none for those left over.
    while (lanes > 1 && target_.small_code && !(extent.constant() && *extent.constant() % lanes == 0)) lanes /= 2;
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
    double body = 0, reductions = 0;  // for one element, or for one vector of elements
    const double extent = std::max(1.0, estimate(axis.extent));
    const double full = std::floor(extent / lanes), rest = extent - full * lanes;
    for (size_t i = 0; i < kernel_.body.size(); ++i) {
      if (kernel_.body[i].kind == Instr::Kind::reduce) ++reductions;
      double times = 1;
      if (inside_[i] >= 0) times = estimate(kernel_.reductions[inside_[i]]);
      if (inside_[i] >= 0 && !is_parallel) times *= (full + rest) / extent;
      body += times * cost(kernel_.body[i], varies[i], inside_[i] >= 0, axis.var, lanes, is_parallel);
    }
    for (const Store& store : kernel_.stores)
      body += !is_parallel || coefficient(store.index, axis.var).is(1) ? 1 : 1.5 * lanes;
    const double parallel = estimate(kernel_.parallel);
    if (!is_parallel) return parallel * (body + 2 * std::log2(lanes) * reductions);
    const double guess = axis.extent.constant() ? 1 : 1.2;
    const double tail = rest > 0 ? std::popcount(static_cast<unsigned>(rest)) : 0;
    return guess * parallel / extent * (full + tail) * body;
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
    if (sums_ == Sums::as_suits && kernel_.reductions.size() == 1 && sums_floats_only(kernel_)) consider(kernel_.reductions[0].back(), false);
  }

  /// Without vectors: the innermost axis along which weights differ. Its "vectors" of one lane share what is spread.
  void choose_scalar_axis() {
    for (auto axis = kernel_.parallel.rbegin(); axis != kernel_.parallel.rend(); ++axis)
      for (size_t i = 0; i < kernel_.body.size(); ++i)
        if (inside_[i] >= 0 && kernel_.body[i].kind == Instr::Kind::load && packable(kernel_.body[i]) &&
            depends(kernel_.body[i].index, axis->var)) {
          kernel_.schedule.vector_axis = axis->var;
          return;
        }
  }

  /// What the reductions read along the lanes: weights, which all rows share.
  bool any_weight_varies(int var) const {
    for (size_t i = 0; i < kernel_.body.size(); ++i)
      if (is_weight(i) && depends(kernel_.body[i].index, var)) return true;
    return false;
  }
  bool is_weight(size_t i) const {
    const Instr& instr = kernel_.body[i];
    return instr.kind == Instr::Kind::load && inside_[i] >= 0 && depends(instr.index, kernel_.schedule.vector_axis);
  }

  /// As another kernel has chosen for this one's weights; 0: none has, or not for all of them the same.
  int vectors_of_panels() const {
    std::set<int> found;
    for (size_t i = 0; i < kernel_.body.size(); ++i) {
      if (!is_weight(i)) continue;
      const auto panel = panels_.find(kernel_.body[i].buffer);
      found.insert(panel == panels_.end() ? 0 : panel->second);
    }
    return found.size() == 1 ? *found.begin() : 0;
  }

  /// A second parallel axis along which a weight does not change, or -1.
  int row_axis() const {
    const int vector_axis = kernel_.schedule.vector_axis;
    if (vector_axis < 0 || nest_of(kernel_, vector_axis) >= 0) return -1;
    for (auto axis = kernel_.parallel.rbegin(); axis != kernel_.parallel.rend(); ++axis) {
      if (axis->var == vector_axis || axis->extent.is(1)) continue;
      for (size_t i = 0; i < kernel_.body.size(); ++i)
        if (is_weight(i) && !depends(kernel_.body[i].index, axis->var)) return axis->var;
    }
    return -1;
  }

  /// Weights that do not stay in the first cache are walked once: a panel of them serves all rows before the next one.
  void order_axes(int row) {
    double bytes = 0;
    for (size_t i = 0; i < kernel_.body.size(); ++i)
      if (is_weight(i)) bytes += footprint(kernel_, kernel_.body[i]);
    if (bytes < 0.5 * static_cast<double>(target_.l1_bytes)) return;
    auto rank = [&](const Axis& axis) {
      if (axis.var == row) return 3;
      if (axis.var == kernel_.schedule.vector_axis) return 1;
      return any_weight_varies(axis.var) ? 0 : 2;
    };
    std::stable_sort(kernel_.parallel.begin(), kernel_.parallel.end(),
                     [&](const Axis& a, const Axis& b) { return rank(a) < rank(b); });
  }

  Plan& plan_;
  Kernel& kernel_;
  const TargetFacts& target_;
  Sums sums_;
  Panels& panels_;
  std::vector<int> inside_;  // by instruction: the nest that computes it, or -1
};

/// What the tile of a kernel with reductions is, and among how many it is the cheapest.
void tell(const Kernel& kernel, size_t tiles, const StageContext& context) {
  const Schedule& s = kernel.schedule;
  std::string text = fmt::format("computes {} element{} at a time", s.lanes * s.vectors * s.rows,
                                 s.lanes * s.vectors * s.rows == 1 ? "" : "s");
  if (s.lanes > 1) text += fmt::format(" ({} of {} lanes along i{}", s.vectors, s.lanes, s.vector_axis);
  if (s.lanes > 1) text += s.rows > 1 ? fmt::format(", {} rows along i{})", s.rows, s.row_axis) : ")";
  text += s.unroll > 1 ? fmt::format(", each sum in {} parts", s.unroll) : ", each sum in one chain";
  text += tiles > 1 ? fmt::format(": the cheapest of {} tiles that fit the {} registers", tiles,
                                  context.target.vector_registers)
                    : ": it has no other tile";
  note(context, kernel, text);
}

void schedule_all(Plan& plan, const StageContext& context, Sums sums) {
  Panels panels;
  for_each_kernel(plan.steps, [&](Kernel& kernel) {
    const size_t tiles = Scheduler(plan, kernel, context.target, sums, panels).run();
    if (!kernel.reductions.empty()) tell(kernel, tiles, context);
  });
}

}  // namespace

void choose_schedules(Plan& plan, const StageContext& context) { schedule_all(plan, context, Sums::same_everywhere); }

void split_sums(Plan& plan, const StageContext& context) { schedule_all(plan, context, Sums::as_suits); }

}  // namespace rondo
