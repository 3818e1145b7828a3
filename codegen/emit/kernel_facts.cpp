// What each instruction of a kernel depends on. Tested by kernel_test.cpp.
#include <fmt/format.h>

#include <algorithm>

#include "codegen/emit/kernel.h"

namespace rondo::emit {
namespace {

bool among(const std::vector<Axis>& axes, int var) {
  return std::any_of(axes.begin(), axes.end(), [&](const Axis& axis) { return axis.var == var; });
}

std::vector<int> inputs_of(const Instr& instr) {
  std::vector<int> inputs = instr.operands;
  for (const Instr::Indirect& indirect : instr.indirect) inputs.push_back(indirect.instr);
  return inputs;
}

Status check(const Kernel& kernel) {
  const Schedule& s = kernel.schedule;
  auto error = [&](std::string message) { return internal_error(fmt::format("kernel {}: {}", kernel.name, message)); };
  if (s.lanes < 1 || s.vectors < 1 || s.rows < 1 || s.unroll < 1 || s.lanes > 1024 || s.rows > 256 ||
      int64_t(s.vectors) * s.unroll > 1024)
    return error("lanes, vectors, rows and unroll of its schedule must be at least 1, and reasonable");
  bool vector_known = among(kernel.parallel, s.vector_axis) || among(kernel.reduction, s.vector_axis);
  if (s.vector_axis >= 0 ? !vector_known : s.lanes != 1 || s.vectors != 1)
    return error("lanes and vectors need a vector axis among its axes");
  if (s.row_axis >= 0 ? !among(kernel.parallel, s.row_axis) || s.row_axis == s.vector_axis : s.rows != 1)
    return error("rows need a row axis among its parallel axes, other than the vector axis");
  if (s.task_axis >= 0 && (!among(kernel.parallel, s.task_axis) || s.task_size < 1 ||
                           s.task_size % tile_size(s, s.task_axis) != 0))
    return error("tasks need a parallel axis, and each has whole tiles");
  for (size_t i = 0; i < kernel.body.size(); ++i)
    for (int input : inputs_of(kernel.body[i]))
      if (input < 0 || input >= static_cast<int>(i)) return error("an instruction uses a later one");
  for (const Store& store : kernel.stores)
    if (store.instr < 0 || store.instr >= static_cast<int>(kernel.body.size())) return error("a store of nothing");
  return Done{};
}

Dependence own_dependence(const Kernel& kernel, const Instr& instr, int step_axis) {
  Dependence d;
  for (const IndexTerm& term : instr.index.terms) {
    d.vector |= term.var == kernel.schedule.vector_axis;
    d.row |= term.var == kernel.schedule.row_axis;
    d.reduction |= among(kernel.reduction, term.var);
    d.step |= term.var == step_axis;
  }
  return d;
}

}  // namespace

Result<KernelFacts> KernelFacts::of(const Kernel& kernel) {
  RONDO_CHECK(check(kernel));
  KernelFacts facts;
  facts.vector_in_reduction = among(kernel.reduction, kernel.schedule.vector_axis);
  if (!kernel.reduction.empty()) facts.step_axis = kernel.reduction.back().var;
  std::vector<bool> after(kernel.body.size());  // depends on a reduce
  for (size_t i = 0; i < kernel.body.size(); ++i) {
    const Instr& instr = kernel.body[i];
    bool reduce = instr.kind == Instr::Kind::reduce;
    Dependence d = own_dependence(kernel, instr, facts.step_axis);
    for (int input : inputs_of(instr)) {
      const Dependence& from = facts.depends[input];
      d.vector |= from.vector, d.row |= from.row, d.reduction |= from.reduction, d.step |= from.step;
      after[i] = after[i] || after[input];
    }
    if (after[i] && (reduce || d.reduction))
      return internal_error(fmt::format("kernel {}: a reduction over the result of another", kernel.name));
    if (reduce) {
      after[i] = true;
      facts.reduces.push_back(static_cast<int>(i));
      d.reduction = d.step = false;
      if (facts.vector_in_reduction) d.vector = false;
    }
    facts.depends.push_back(d);
  }
  std::set<int> prepared;
  for (size_t i = 0; i < kernel.body.size(); ++i)
    if (kernel.body[i].kind == Instr::Kind::reduce || facts.depends[i].reduction)
      for (int input : inputs_of(kernel.body[i]))
        if (!facts.depends[input].reduction) prepared.insert(input);
  facts.prepared.assign(prepared.begin(), prepared.end());
  for (const Store& store : kernel.stores)
    if (facts.depends[store.instr].reduction)
      return internal_error(fmt::format("kernel {}: a store of a value inside the reduction", kernel.name));
  return facts;
}

}  // namespace rondo::emit
