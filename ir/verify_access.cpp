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
  const auto count = extent.constant(), stride = term.panel_stride.constant(),
             coefficient = term.coefficient.constant();
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
  if (instr.kind == Instr::Kind::bounded && instr.extent.lower_bound() >= 1)
    return Range{Dim(0), instr.extent - Dim(1)};
  return std::nullopt;
}

constexpr int64_t kWitnesses = 4096;  // iterations looked at for a conflict
constexpr int64_t kSymbolValue = 7;

std::optional<int64_t> at_sample(const Dim& dim) {
  std::set<std::string> names;
  dim.collect_symbols(names);
  Dim::Values values;
  for (const std::string& name : names) values.emplace(name, kSymbolValue);
  const Result<int64_t> number = dim.evaluate(values);
  if (!number) return std::nullopt;
  return *number;
}

/// An index with numbers for dims.
struct SampledIndex {
  struct Term {
    int var;
    int64_t coefficient, panel, panel_stride;
  };
  int64_t constant = 0;
  std::vector<Term> terms;

  int64_t at(const std::map<int, int64_t>& variables) const {
    Dim sum(constant);  // saturates
    for (const Term& term : terms) {
      const int64_t v = variables.at(term.var);
      sum += term.panel > 0 ? Dim(v / term.panel) * Dim(term.panel_stride) + Dim(v % term.panel) * Dim(term.coefficient)
                            : Dim(v) * Dim(term.coefficient);
    }
    return *sum.constant();
  }
};

std::optional<SampledIndex> sampled(const Index& index) {
  SampledIndex result;
  const auto constant = at_sample(index.constant);
  if (!constant) return std::nullopt;
  result.constant = *constant;
  for (const IndexTerm& term : index.terms) {
    const auto coefficient = at_sample(term.coefficient), stride = at_sample(term.panel_stride);
    if (!coefficient || !stride) return std::nullopt;
    result.terms.push_back({term.var, *coefficient, term.panel, *stride});
  }
  return result;
}

/// The first iterations of a kernel, those of the loops around it at their first.
class Witnesses {
 public:
  Witnesses(const Kernel& kernel, const Extents& extents) {
    for (const auto& [var, extent] : extents) variables_[var] = 0;
    size_t axes = 0;
    for_each_axis(kernel, [&](const Axis&) { ++axes; });
    axes = std::max<size_t>(1, axes);
    int64_t most = 2;
    const auto total = [&](int64_t each) {
      int64_t product = 1;
      for (size_t i = 0; i < axes && product <= kWitnesses; ++i) product *= each;
      return product;
    };
    while (total(most + 1) <= kWitnesses) ++most;
    if (total(most) > kWitnesses) most = 0;  // too many axes
    for_each_axis(kernel, [&](const Axis& axis) {
      const auto extent = at_sample(axis.extent);
      counts_.emplace_back(axis.var, std::min(extent.value_or(0), most));
      empty_ |= counts_.back().second < 1;
    });
  }

  const std::map<int, int64_t>& variables() const { return variables_; }
  bool empty() const { return empty_; }
  /// Steps to the next iteration; false after the last.
  bool advance() {
    for (size_t i = counts_.size(); i-- > 0;) {
      int64_t& value = variables_[counts_[i].first];
      if (++value < counts_[i].second) return true;
      value = 0;
    }
    return false;
  }

 private:
  std::map<int, int64_t> variables_;
  std::vector<std::pair<int, int64_t>> counts_;  // parallel axes, then reduction axes
  bool empty_ = false;
};

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

std::optional<Range> range_of(const Index& index, const std::vector<Instr::Indirect>& indirect,
                              const std::vector<Instr>& body, const Extents& extents) {
  std::optional<Range> total = range_of(index, extents);
  for (const Instr::Indirect& part : indirect) {
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

bool reads_another(const Kernel& kernel, const Instr& load, const Store& store, const Extents& extents) {
  if (!load.indirect.empty() || !store.indirect.empty() || load.index == store.index) return false;
  const auto read = sampled(load.index), written = sampled(store.index);
  Witnesses iterations(kernel, extents);
  if (!read || !written || iterations.empty()) return false;
  const auto known = [&](const Index& index) {
    return std::all_of(index.terms.begin(), index.terms.end(),
                       [&](const IndexTerm& term) { return iterations.variables().count(term.var) != 0; });
  };
  if (!known(load.index) || !known(store.index)) return false;
  const auto element = [&] {
    std::vector<int64_t> position;
    for (const Axis& axis : kernel.parallel) position.push_back(iterations.variables().at(axis.var));
    return position;
  };
  std::map<int64_t, std::vector<int64_t>> writers;  // place -> the element stored there
  do writers.emplace(written->at(iterations.variables()), element());
  while (iterations.advance());
  do {
    const auto writer = writers.find(read->at(iterations.variables()));
    if (writer != writers.end() && writer->second != element()) return true;
  } while (iterations.advance());
  return false;
}

}  // namespace rondo
