// See dims.h.
#include "driver/dims.h"

#include <fmt/format.h>

namespace rondo {
namespace {

/// coefficient * symbol + constant = actual, solved for the symbol.
struct Linear {
  std::string symbol;
  int64_t coefficient;
};

std::optional<Linear> as_linear(const Dim& dim) {
  if (dim.terms().size() != 1) return std::nullopt;
  const Dim::Term& term = dim.terms()[0];
  if (term.factors.size() != 1 || term.factors[0]->kind != Dim::Atom::Kind::symbol) return std::nullopt;
  return Linear{term.factors[0]->name, term.coefficient};
}

std::map<std::string, Dim> as_dims(const Dim::Values& values) {
  std::map<std::string, Dim> dims;
  for (const auto& [name, value] : values) dims.emplace(name, Dim(value));
  return dims;
}

}  // namespace

Status DimSolver::add(const std::string& name, const Type& type, const Tensor& tensor) {
  std::string place = "'" + name + "'";
  if (tensor.dtype() != type.dtype)
    return invalid(fmt::format("holds {}, where the model takes {}", to_string(tensor.type()), to_string(type)), place);
  if (tensor.shape().size() != type.shape.size())
    return invalid(fmt::format("has the shape {}, where the model takes {}", to_string(tensor.type().shape),
                               to_string(type.shape)),
                   place);
  for (size_t i = 0; i < type.shape.size(); ++i)
    pending_.push_back({fmt::format("{} dimension {}", place, i), type.shape[i], tensor.shape()[i]});
  return settle();
}

Status DimSolver::settle() {
  for (bool changed = true; changed;) {
    changed = false;
    std::vector<Pending> open = std::move(pending_);
    pending_.clear();
    for (const Pending& one : open) {
      RONDO_TRY(bool done, settle_one(one));
      if (done)
        changed = true;
      else
        pending_.push_back(one);
    }
  }
  return Done{};
}

Result<bool> DimSolver::settle_one(const Pending& one) {
  Dim rest = one.dim.substitute(as_dims(values_));
  if (auto constant = rest.constant()) {
    if (*constant == one.actual) return true;
    std::string reason;
    std::set<std::string> symbols;
    one.dim.collect_symbols(symbols);
    for (const std::string& symbol : symbols)
      reason += fmt::format("; {} = {} from {}", symbol, values_.at(symbol), origins_.at(symbol));
    return invalid(fmt::format("is {}, where the model takes {}{}", one.actual, one.dim.to_string(), reason),
                   one.place);
  }
  std::optional<Linear> linear = as_linear(rest);
  if (!linear) return false;
  int64_t numerator = one.actual - rest.constant_part();
  if (numerator % linear->coefficient != 0 || numerator / linear->coefficient < 1)
    return invalid(fmt::format("is {}, which {} can never be", one.actual, rest.to_string()), one.place);
  values_[linear->symbol] = numerator / linear->coefficient;
  origins_[linear->symbol] = one.place;
  return true;
}

Status DimSolver::finish(const std::vector<std::string>& symbols) {
  std::string missing, options;
  for (const std::string& symbol : symbols) {
    if (values_.count(symbol)) continue;
    missing += (missing.empty() ? "" : ", ") + symbol;
    options += fmt::format(" --dim={}=N", symbol);
  }
  if (missing.empty()) return Done{};
  return invalid(fmt::format("no data tell the dimensions {}; fix them with{}", missing, options));
}

Result<Type> parse_type(std::string_view text) {
  size_t open = text.find('[');
  if (open == std::string_view::npos || !text.ends_with(']')) return invalid(fmt::format("'{}' is not a type", text));
  std::optional<DType> dtype = find_dtype(text.substr(0, open));
  if (!dtype) return invalid(fmt::format("'{}' is not an element type", text.substr(0, open)));
  Type type{*dtype, {}};
  std::string_view inside = text.substr(open + 1, text.size() - open - 2);
  int depth = 0;
  for (size_t start = 0, i = 0; i <= inside.size() && !inside.empty(); ++i) {
    if (i < inside.size() && inside[i] == '(') ++depth;
    if (i < inside.size() && inside[i] == ')') --depth;
    if (i < inside.size() && (inside[i] != ',' || depth > 0)) continue;
    RONDO_TRY(Dim dim, Dim::parse(inside.substr(start, i - start)));
    type.shape.push_back(dim);
    start = i + 1;
  }
  return type;
}

}  // namespace rondo
