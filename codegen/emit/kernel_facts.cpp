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
  const bool along_reduction = nest_of(kernel, s.vector_axis) >= 0;
  bool vector_known = among(kernel.parallel, s.vector_axis) || along_reduction;
  if (s.vector_axis >= 0 ? !vector_known : s.lanes != 1 || s.vectors != 1)
    return error("lanes and vectors need a vector axis among its axes");
  if (along_reduction && kernel.reductions.size() > 1) return error("lanes along one of several reductions");
  if (s.row_axis >= 0 ? !among(kernel.parallel, s.row_axis) || s.row_axis == s.vector_axis : s.rows != 1)
    return error("rows need a row axis among its parallel axes, other than the vector axis");
  if (s.task_axis >= 0 && (!among(kernel.parallel, s.task_axis) || s.task_size < 1 ||
                           s.task_size % tile_size(s, s.task_axis) != 0))
    return error("tasks need a parallel axis, and each has whole tiles");
  for (size_t i = 0; i < kernel.body.size(); ++i)
    for (int input : inputs_of(kernel.body[i]))
      if (input < 0 || input >= static_cast<int>(i)) return error("an instruction uses a later one");
  auto exists = [&](int instr) { return instr >= 0 && instr < static_cast<int>(kernel.body.size()); };
  for (const Store& store : kernel.stores) {
    if (!exists(store.instr)) return error("a store of nothing");
    for (const Instr::Indirect& part : store.indirect)
      if (!exists(part.instr)) return error("a store at no place");
  }
  return Done{};
}

Dependence own_dependence(const Kernel& kernel, const Instr& instr) {
  Dependence d;
  for (const IndexTerm& term : instr.index.terms) {
    d.vector |= term.var == kernel.schedule.vector_axis;
    d.row |= term.var == kernel.schedule.row_axis;
    const int nest = nest_of(kernel, term.var);
    if (nest < 0) continue;
    d.nest = nest;
    d.step |= term.var == kernel.reductions[nest].back().var;
  }
  return d;
}

std::vector<int> count_uses(const Kernel& kernel) {
  std::vector<int> uses(kernel.body.size(), 0);
  for (const Instr& instr : kernel.body)
    for (int input : inputs_of(instr)) ++uses[input];
  for (const Store& store : kernel.stores) {
    ++uses[store.instr];
    for (const Instr::Indirect& part : store.indirect) ++uses[part.instr];
  }
  return uses;
}

}  // namespace

Result<KernelFacts> KernelFacts::of(const Kernel& kernel) {
  RONDO_CHECK(check(kernel));
  KernelFacts facts;
  facts.vector_in_reduction = nest_of(kernel, kernel.schedule.vector_axis) >= 0;
  facts.reduces.resize(kernel.reductions.size());
  facts.prepared.resize(kernel.reductions.size());
  facts.uses = count_uses(kernel);
  std::vector<int> after(kernel.body.size(), -1);  // the last nest among whose results it is
  for (size_t i = 0; i < kernel.body.size(); ++i) {
    const Instr& instr = kernel.body[i];
    bool reduce = instr.kind == Instr::Kind::reduce;
    Dependence d = own_dependence(kernel, instr);
    for (int input : inputs_of(instr)) {
      const Dependence& from = facts.depends[input];
      d.vector |= from.vector, d.row |= from.row, d.step |= from.step;
      if (from.nest >= 0 && d.nest >= 0 && from.nest != d.nest)
        return internal_error(fmt::format("kernel {}: a value inside two reductions", kernel.name));
      d.nest = std::max(d.nest, from.nest);
      after[i] = std::max(after[i], after[input]);
    }
    const int nest = reduce ? instr.nest : d.nest;
    if (nest >= 0 && after[i] >= nest)
      return internal_error(fmt::format("kernel {}: a reduction over the result of a later one", kernel.name));
    if (reduce) {
      after[i] = nest;
      facts.reduces.at(nest).push_back(static_cast<int>(i));
      d.step = false;
      d.nest = -1;
      if (facts.vector_in_reduction) d.vector = false;
    }
    facts.depends.push_back(d);
  }
  std::vector<std::set<int>> prepared(kernel.reductions.size());
  for (size_t i = 0; i < kernel.body.size(); ++i) {
    const Instr& instr = kernel.body[i];
    const int nest = instr.kind == Instr::Kind::reduce ? instr.nest : facts.depends[i].nest;
    if (nest < 0) continue;
    for (int input : inputs_of(instr))
      if (facts.depends[input].nest < 0) prepared[nest].insert(input);
  }
  for (size_t nest = 0; nest < prepared.size(); ++nest)
    facts.prepared[nest].assign(prepared[nest].begin(), prepared[nest].end());
  for (const Store& store : kernel.stores) {
    bool inside = facts.depends[store.instr].nest >= 0;
    for (const Instr::Indirect& part : store.indirect) inside |= facts.depends[part.instr].nest >= 0;
    if (inside) return internal_error(fmt::format("kernel {}: a store of a value inside the reduction", kernel.name));
  }
  return facts;
}

}  // namespace rondo::emit
