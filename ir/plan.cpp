#include "ir/plan.h"

#include <algorithm>

#include "ir/measure.h"

namespace rondo {
namespace {

constexpr std::string_view kCombines[] = {"sum", "prod", "max", "min"};

}  // namespace

bool operator==(const Loop& a, const Loop& b) {
  return a.name == b.name && a.place == b.place && a.var == b.var && a.trip == b.trip && a.steps == b.steps &&
         a.condition == b.condition && a.beside == b.beside;
}

bool operator==(const Choice& a, const Choice& b) {
  return a.name == b.name && a.place == b.place && a.condition == b.condition && a.then == b.then &&
         a.otherwise == b.otherwise;
}

bool operator==(const Measure& a, const Measure& b) {
  return a.name == b.name && a.place == b.place && a.symbol == b.symbol && a.buffer == b.buffer && a.low == b.low &&
         a.high == b.high && a.equalities == b.equalities && a.steps == b.steps;
}

const std::string& name_of(const Step& step) {
  return std::visit([](const auto& what) -> const std::string& { return what.name; }, step.what);
}

namespace {

void add_highest(const std::vector<Step>& steps, Highest& highest) {
  for (const Step& step : steps) {
    if (const auto* measure = std::get_if<Measure>(&step.what))
      highest.emplace(measure->symbol, max(upper(measure->high, highest) - Dim(measure->low) + 1, Dim(1)));
    for_each_nested(step, [&](const std::vector<Step>& nested) { add_highest(nested, highest); });
  }
}

}  // namespace

Highest highest_of(const Plan& plan) {
  Highest highest;
  add_highest(plan.steps, highest);
  return highest;
}

const IndexTerm* term_of(const Index& index, int var) {
  for (const IndexTerm& term : index.terms)
    if (term.var == var) return &term;
  return nullptr;
}

int nest_of(const Kernel& kernel, int var) {
  for (size_t nest = 0; nest < kernel.reductions.size(); ++nest)
    for (const Axis& axis : kernel.reductions[nest])
      if (axis.var == var) return static_cast<int>(nest);
  return -1;
}

int64_t tile_size(const Schedule& schedule, int var) {
  if (var == schedule.vector_axis) return int64_t{schedule.lanes} * schedule.vectors;
  return var == schedule.row_axis ? schedule.rows : 1;
}

Dim task_count(const Kernel& kernel) {
  for (const Axis& axis : kernel.parallel)
    if (axis.var == kernel.schedule.task_axis) return ceil_div(axis.extent, Dim(kernel.schedule.task_size));
  return Dim(1);
}

bool is_beside(const Step& step) {
  const auto* loop = std::get_if<Loop>(&step.what);
  return loop && loop->beside;
}

bool has_tasks(const std::vector<Step>& steps) {
  return std::any_of(steps.begin(), steps.end(), [](const Step& step) {
    const auto* kernel = std::get_if<Kernel>(&step.what);
    bool found = (kernel && kernel->schedule.task_axis >= 0) || is_beside(step);
    for_each_nested(step, [&](const std::vector<Step>& nested) { found = found || has_tasks(nested); });
    return found;
  });
}

std::string_view to_string(Combine combine) { return kCombines[static_cast<int>(combine)]; }

std::optional<Combine> find_combine(std::string_view word) {
  for (int i = 0; i < 4; ++i)
    if (kCombines[i] == word) return static_cast<Combine>(i);
  return std::nullopt;
}

}  // namespace rondo
