// Interval arithmetic over dims. Tested by tests/ir/verify_test.cpp.
#include "ir/verify_access.h"

#include <algorithm>

namespace rondo {
namespace {

/// coefficient * [0, largest]; nothing where the coefficient's sign is not known.
std::optional<Range> scaled(const Dim& coefficient, const Range& values) {
  if (coefficient.lower_bound() >= 0) return Range{coefficient * values.low, coefficient * values.high};
  if (coefficient.upper_bound() <= 0) return Range{coefficient * values.high, coefficient * values.low};
  return std::nullopt;
}

/// A panel term is linear within a panel, and so is the start of one panel to the next: its extremes are at the ends
/// of the first panel, the last whole one, and the last.
std::optional<Range> panel_range(const IndexTerm& term, const Dim& extent) {
  const auto count = extent.constant(), stride = term.panel_stride.constant(), coefficient = term.coefficient.constant();
  if (!count || !stride || !coefficient || term.panel < 1) return std::nullopt;
  const auto at = [&](int64_t v) {
    return Dim(v / term.panel) * Dim(*stride) + Dim(v % term.panel) * Dim(*coefficient);
  };
  const int64_t last = *count - 1, first_end = term.panel - 1;
  const int64_t last_begin = last / term.panel * term.panel;
  Range range{at(0), at(0)};
  for (int64_t v : {first_end, last_begin - term.panel, last_begin - 1, last_begin, last}) {
    if (v < 0 || v > last) continue;
    range.low = min(range.low, at(v));
    range.high = max(range.high, at(v));
  }
  return range;
}

std::optional<Range> sum(const Range& a, const std::optional<Range>& b) {
  if (!b) return std::nullopt;
  return Range{a.low + b->low, a.high + b->high};
}

/// The range of an instruction's value, where it is an index or has been bounded.
std::optional<Range> range_of_value(const Instr& instr, const Extents& extents) {
  if (instr.kind == Instr::Kind::index) return range_of(instr.index, extents);
  if (instr.kind == Instr::Kind::bounded && instr.extent.lower_bound() >= 1) return Range{Dim(0), instr.extent - Dim(1)};
  return std::nullopt;
}

}  // namespace

std::optional<Range> range_of(const Index& index, const Extents& extents) {
  std::optional<Range> total = Range{index.constant, index.constant};
  for (const IndexTerm& term : index.terms) {
    const auto extent = extents.find(term.var);
    if (extent == extents.end()) return std::nullopt;
    total = sum(*total, term.panel == 0 ? scaled(term.coefficient, {Dim(0), extent->second - Dim(1)})
                                        : panel_range(term, extent->second));
    if (!total) return std::nullopt;
  }
  return total;
}

std::optional<Range> range_of_load(const Instr& load, const std::vector<Instr>& body, const Extents& extents) {
  std::optional<Range> total = range_of(load.index, extents);
  for (const Instr::Indirect& part : load.indirect) {
    if (!total) return std::nullopt;
    const std::optional<Range> value = range_of_value(body[part.instr], extents);
    if (!value) return std::nullopt;
    total = sum(*total, scaled(part.coefficient, *value));
  }
  return total;
}

bool leaves(const Range& range, const Dim& count) {
  return range.low.upper_bound() < 0 || provably_le(count, range.high);
}

}  // namespace rondo
