// divide_work: kernels that are worth it become tasks, which a caller's threads may share. The last choice about loops;
// it changes no result.
//
// Cost of an element = its multiply-adds, and 8 for every function such as tanh. A kernel is divided if it costs
// kWorth or more: then it takes about ten times as long as waking and awaiting a thread that spins (0.5 us). A symbolic
// extent counts as 1 there, since a call may come with 1; kernels that only symbolic extents make large are divided
// along one of these, into tasks of kSymbolicTask: how many there are, and so whether any, the call's dimensions tell.
// Copies are left alone: memory, not the processor, decides how long they take.
//
// The same blocks are made for any number of threads, up to kTasks of them, so that a few threads get equal shares.
// Along which axis: if possible one along which the weights vary, because then each thread keeps to its own weights,
// step after step, in its own cache. Plans with state are left alone: a stream's step stays on its caller's thread.
//
// Loops whose steps are small, as those of a bidirectional layer's two directions, are not worth a meeting of threads in
// every step. Where two of them are independent, they are put beside each other, and each runs on one thread from
// beginning to end; kBesideStep is what a step may cost at most. Tested by tests/passes/tasks_test.cpp.
#include <fmt/format.h>

#include <algorithm>

#include "ir/independent.h"
#include "passes/plan/lowering.h"

namespace rondo {
namespace {

constexpr double kWorth = 100e3;
constexpr double kSymbolicTask = 64e3;
constexpr double kSmallestTask = 12e3;
constexpr int64_t kTasks = 8;
constexpr double kFunctionCost = 8;
constexpr double kBesideStep = 1e6;
constexpr double kEven = 2;  // times the cost of one loop that another may have beside it
constexpr double kOtherCost = 0.5;

double number(const Dim& extent) { return static_cast<double>(extent.constant().value_or(1)); }

double product(const std::vector<Axis>& axes) {
  double result = 1;
  for (const Axis& axis : axes) result *= number(axis.extent);
  return result;
}

bool varies(const Index& index, int var) {
  return std::any_of(index.terms.begin(), index.terms.end(), [&](const IndexTerm& term) { return term.var == var; });
}

double cost_of(const Instr& instr) {
  return info(instr.op).signature == Signature::floating ? kFunctionCost : kOtherCost;
}

/// What the reduction nest does is done for each of its elements; so is a function inside it.
double element_cost(const Kernel& kernel) {
  double cost = 1;
  for (const Instr& instr : kernel.body) {
    if (instr.kind == Instr::Kind::reduce) cost += product(kernel.reductions[instr.nest]);
    if (instr.kind == Instr::Kind::pointwise) cost += cost_of(instr);
  }
  return cost;
}

class Division {
 public:
  Division(const Plan& plan, Kernel& kernel) : plan_(plan), kernel_(kernel) {}

  /// Gives the reason.
  std::string choose() {
    if (only_copies()) return "";
    const double element = element_cost(kernel_), all = element * product(kernel_.parallel);
    if (all >= kWorth && divide_known(all)) return fmt::format("its cost of {:.0f} is worth threads", all);
    for (const Axis& axis : kernel_.parallel)
      if (!axis.extent.constant() && all_stores_vary(axis.var)) {
        divide_symbolic(axis, all);
        return fmt::format("the call's dimensions tell how much it is, at {:.0f} for each of size 1", all);
      }
    return all < kWorth ? fmt::format("its cost of {:.0f} is below {:.0f}", all, kWorth) : "no axis gives equal shares";
  }

 private:
  bool only_copies() const {
    return std::all_of(kernel_.body.begin(), kernel_.body.end(), [](const Instr& instr) {
      return instr.kind != Instr::Kind::reduce && instr.kind != Instr::Kind::pointwise;
    });
  }

  bool all_stores_vary(int var) const {
    return std::all_of(kernel_.stores.begin(), kernel_.stores.end(),
                       [&](const Store& store) { return varies(store.index, var); });
  }

  bool weights_vary(int var) const {
    return std::any_of(kernel_.body.begin(), kernel_.body.end(), [&](const Instr& instr) {
      if (instr.kind != Instr::Kind::load || !varies(instr.index, var)) return false;
      return plan_.buffers[instr.buffer].kind == Buffer::Kind::constant &&
             std::any_of(instr.index.terms.begin(), instr.index.terms.end(),
                         [&](const IndexTerm& term) { return nest_of(kernel_, term.var) >= 0; });
    });
  }

  void divide(const Axis& axis, int64_t size) {
    kernel_.schedule.task_axis = axis.var;
    kernel_.schedule.task_size = size;
  }

  /// Blocks of one axis, and the larger of two threads' shares.
  struct Blocks {
    const Axis* axis = nullptr;
    int64_t size = 0;
    double share = 1;
  };

  /// The axis that gives two threads the most equal shares. Weights that stay where they are outweigh a tenth.
  bool divide_known(double all) {
    const int64_t most = std::min(kTasks, std::max<int64_t>(2, static_cast<int64_t>(all / kSmallestTask)));
    Blocks best;
    double best_price = 1;
    for (const Axis& axis : kernel_.parallel) {
      if (!axis.extent.constant() || !all_stores_vary(axis.var)) continue;
      const Blocks blocks = even_blocks(axis, most);
      const double price = blocks.share - (weights_vary(axis.var) ? 0.1 : 0);
      if (blocks.share < 1 && price < best_price) best = blocks, best_price = price;
    }
    if (best.axis) divide(*best.axis, best.size);
    return best.axis;
  }

  /// As many blocks as `most`, or down to half of that if then the shares are more equal.
  Blocks even_blocks(const Axis& axis, int64_t most) const {
    const int64_t tile = tile_size(kernel_.schedule, axis.var);
    const int64_t tiles = (*axis.extent.constant() + tile - 1) / tile;
    Blocks best{&axis};
    for (int64_t count = most; count >= std::max<int64_t>(2, most / 2); --count) {
      const int64_t each = (tiles + count - 1) / count, blocks = (tiles + each - 1) / each;
      const double share = static_cast<double>(blocks / 2 * each) / static_cast<double>(tiles);
      const double larger = std::max(share, 1 - share);
      if (larger < best.share) best = {&axis, each * tile, larger};
    }
    return best;
  }

  void divide_symbolic(const Axis& axis, double cost_of_one) {
    const double tile = static_cast<double>(tile_size(kernel_.schedule, axis.var));
    const double tiles = std::max(1.0, std::min(1e9, kSymbolicTask / (cost_of_one * tile) + 0.5));
    divide(axis, static_cast<int64_t>(tiles) * static_cast<int64_t>(tile));
  }

  const Plan& plan_;
  Kernel& kernel_;
};

/// Puts independent loops beside each other.
class Besides {
 public:
  Besides(Plan& plan, const StageContext& context) : plan_(plan), context_(context) {}

  void run() {
    std::vector<Step>& steps = plan_.steps;
    for (size_t i = 0; i < steps.size(); ++i) {
      if (!is_small_loop(steps[i])) continue;
      size_t next = i + 1;
      while (next < steps.size() && !is_small_loop(steps[next]) && independent(plan_, steps[i], steps[next])) ++next;
      if (next == steps.size() || !fit(steps[i], steps[next])) continue;
      std::rotate(steps.begin() + static_cast<std::ptrdiff_t>(i), steps.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                  steps.begin() + static_cast<std::ptrdiff_t>(next));
      Loop& loop = std::get<Loop>(steps[next].what);
      loop.beside = true;
      context_.remarks.push_back(remark(fmt::format("loop '{}': beside '{}', for two threads: a step's cost of {:.0f} is too "
                                                    "little to divide", loop.name, name_of(steps[next - 1]), step_cost(loop)),
                                        loop.place));
      i = next;
    }
  }

 private:
  /// Of one of two that are chosen from, the dearer.
  static double cost_of_all(const std::vector<Step>& steps) {
    double cost = 0;
    for (const Step& step : steps) {
      if (const auto* kernel = std::get_if<Kernel>(&step.what)) cost += element_cost(*kernel) * product(kernel->parallel);
      double inside = 0;
      const bool chosen = std::holds_alternative<Choice>(step.what);
      for_each_nested(step, [&](const std::vector<Step>& nested) { inside = chosen ? std::max(inside, cost_of_all(nested)) : inside + cost_of_all(nested); });
      cost += inside;
    }
    return cost;
  }
  static double step_cost(const Loop& loop) { return cost_of_all(loop.steps); }
  static double cost(const Loop& loop) { return number(loop.trip) * step_cost(loop); }

  static bool is_small_loop(const Step& step) {
    const auto* loop = std::get_if<Loop>(&step.what);
    return loop && loop->condition < 0 && step_cost(*loop) <= kBesideStep && cost(*loop) >= kWorth;
  }

  bool fit(const Step& a, const Step& b) const {
    if (!is_small_loop(b)) return false;
    const double first = cost(std::get<Loop>(a.what)), second = cost(std::get<Loop>(b.what));
    return std::max(first, second) <= kEven * std::min(first, second) && independent(plan_, a, b);
  }

  Plan& plan_;
  const StageContext& context_;
};

void divide_kernels(std::vector<Step>& steps, const Plan& plan, const StageContext& context) {
  const auto divide = [&](Kernel& kernel) {
    const std::string reason = Division(plan, kernel).choose();
    if (reason.empty()) return;
    const Schedule& s = kernel.schedule;
    note(context, kernel, s.task_axis < 0 ? "one task, " + reason
                                          : fmt::format("tasks of {} element{} of i{}, {}", s.task_size, s.task_size == 1 ? "" : "s",
                                                        s.task_axis, reason));
  };
  for (size_t i = 0; i < steps.size(); ++i) {
    const bool together = is_beside(steps[i]) || (i + 1 < steps.size() && is_beside(steps[i + 1]));
    if (together) continue;
    if (auto* kernel = std::get_if<Kernel>(&steps[i].what)) divide(*kernel);
    for_each_nested(steps[i], [&](std::vector<Step>& nested) { divide_kernels(nested, plan, context); });
  }
}

}  // namespace

void divide_work(Plan& plan, const StageContext& context) {
  if (!plan.states.empty()) return;
  Besides(plan, context).run();
  divide_kernels(plan.steps, plan, context);
}

}  // namespace rondo
