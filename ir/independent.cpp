#include "ir/independent.h"

#include <algorithm>
#include <limits>

#include "ir/verify_access.h"

namespace rondo {
namespace {

/// Elements of a buffer that a step reads or writes while its variables run over their extents.
struct Access {
  int buffer = 0;
  bool writes = false;
  std::optional<Index> index;  // nothing: any element
  Extents extents;
};

class Accesses {
 public:
  explicit Accesses(const Step& step) { visit(step, {}); }

  std::vector<Access> found;

 private:
  void visit(const Step& step, Extents extents) {
    if (const auto* kernel = std::get_if<Kernel>(&step.what)) return this->kernel(*kernel, std::move(extents));
    for_each_read(step, [&](int buffer) { found.push_back({buffer, false, std::nullopt, {}}); });
    if (const auto* loop = std::get_if<Loop>(&step.what)) extents[loop->var] = loop->trip;
    for_each_nested(step, [&](const std::vector<Step>& nested) {
      for (const Step& each : nested) visit(each, extents);
    });
  }

  void kernel(const Kernel& kernel, Extents extents) {
    for_each_axis(kernel, [&](const Axis& axis) { extents[axis.var] = axis.extent; });
    const auto add = [&](int buffer, bool writes, const Index& index, bool known) {
      found.push_back({buffer, writes, known ? std::optional(index) : std::nullopt, extents});
    };
    for (const Instr& instr : kernel.body)
      if (instr.kind == Instr::Kind::load) add(instr.buffer, false, instr.index, instr.indirect.empty());
    for (const Store& store : kernel.stores) add(store.buffer, true, store.index, store.indirect.empty());
    if (kernel.schedule.turn >= 0) add(kernel.schedule.turn, true, {}, false);
  }
};

/// The range of an index without the terms that are multiples of `modulus`; nothing where that is not known.
std::optional<Range> residues(const Access& access, int64_t modulus) {
  Index index = *access.index;
  std::erase_if(index.terms, [&](const IndexTerm& term) {
    return term.panel == 0 && term.coefficient.constant() && *term.coefficient.constant() % modulus == 0;
  });
  return range_of(index, access.extents);
}

bool apart_modulo(const Access& a, const Access& b, int64_t modulus) {
  const std::optional<Range> first = residues(a, modulus), second = residues(b, modulus);
  if (!first || !second) return false;
  // Moved so that the first begins at 0: the second must then begin behind it and end before the next turn.
  const Dim distance = second->low - first->low;
  const Dim begin = distance - floor_div(distance, Dim(modulus)) * Dim(modulus);
  return provably_le(first->high - first->low + Dim(1), begin) &&
         provably_le(begin + (second->high - second->low) + Dim(1), Dim(modulus));
}

bool apart(const Access& a, const Access& b) {
  if (!a.index || !b.index) return false;
  const std::optional<Range> first = range_of(*a.index, a.extents), second = range_of(*b.index, b.extents);
  if (!first || !second) return false;
  if (provably_le(first->high + Dim(1), second->low) || provably_le(second->high + Dim(1), first->low)) return true;
  for (const Access* access : {&a, &b})
    for (const IndexTerm& term : access->index->terms) {
      const int64_t coefficient = term.coefficient.constant().value_or(0);
      if (term.panel > 0 || coefficient == std::numeric_limits<int64_t>::min()) continue;
      if (const int64_t stride = std::abs(coefficient); stride > 1 && apart_modulo(a, b, stride)) return true;
    }
  return false;
}

}  // namespace

bool independent(const Plan& plan, const Step& a, const Step& b) {
  const Accesses first(a), second(b);
  const auto meet = [&](const Access& x, const Access& y) {
    return x.buffer == y.buffer && (x.writes || y.writes) && plan.buffers[x.buffer].kind != Buffer::Kind::constant &&
           !apart(x, y);
  };
  return std::none_of(first.found.begin(), first.found.end(), [&](const Access& x) {
    return std::any_of(second.found.begin(), second.found.end(), [&](const Access& y) { return meet(x, y); });
  });
}

}  // namespace rondo
