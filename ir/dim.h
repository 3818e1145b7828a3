// Dim: the size of a tensor's dimension, an integer expression over named symbols.
// The expression is canonical, so two dims are equal exactly when they print the same.
// Every symbol stands for an integer >= 1; entry points check that.
// Constant arithmetic saturates at the int64 limits, so absurd sizes stay absurd and are refused
// where sizes are checked, never wrapped. Tested by dim_test.cpp.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "support/result.h"

namespace rondo {

class Dim {
 public:
  Dim() = default;  // zero
  Dim(int64_t constant) : constant_(constant) {}
  static Dim symbol(std::string name);

  std::optional<int64_t> constant() const;
  bool is(int64_t value) const { return !terms_ && constant_ == value; }
  /// The name, if this dim is just one symbol.
  std::optional<std::string> symbol_name() const;

  friend Dim operator+(const Dim& a, const Dim& b);
  friend Dim operator-(const Dim& a, const Dim& b);
  friend Dim operator*(const Dim& a, const Dim& b);
  friend Dim operator-(const Dim& a) { return Dim(0) - a; }
  Dim& operator+=(const Dim& other) { return *this = *this + other; }
  Dim& operator*=(const Dim& other) { return *this = *this * other; }
  friend Dim floor_div(const Dim& a, const Dim& b);
  friend Dim ceil_div(const Dim& a, const Dim& b);
  friend Dim min(const Dim& a, const Dim& b);
  friend Dim max(const Dim& a, const Dim& b);

  /// Proven bounds for all symbols >= 1; int64 limits where nothing is known.
  int64_t lower_bound() const;
  int64_t upper_bound() const;
  friend bool provably_le(const Dim& a, const Dim& b) { return (b - a).lower_bound() >= 0; }

  using Values = std::map<std::string, int64_t>;
  /// The number for given symbol values; an error names a symbol that has none, or a division by 0.
  Result<int64_t> evaluate(const Values& values) const;
  Dim substitute(const std::map<std::string, Dim>& bindings) const;
  void collect_symbols(std::set<std::string>& names) const;

  /// "4", "T", "2*T+1", "floor(T-1, 2)+1", "min(T, 5)".
  std::string to_string() const;
  static Result<Dim> parse(std::string_view text);

  friend bool operator==(const Dim& a, const Dim& b) { return (a <=> b) == 0; }
  friend std::strong_ordering operator<=>(const Dim& a, const Dim& b);

  // The canonical form, for code generation: constant + sum of coefficient * product of atoms.
  struct Atom {
    enum class Kind { symbol, floor_div, min, max } kind;
    std::string name;                  // symbol
    std::shared_ptr<const Dim> a, b;   // the other kinds
    int64_t low = 1, high = INT64_MAX;  // proven bounds, kept because nested atoms would ask again and again
  };
  struct Term {
    int64_t coefficient;
    std::vector<std::shared_ptr<const Atom>> factors;  // sorted, at least one
  };
  int64_t constant_part() const { return constant_; }
  const std::vector<Term>& terms() const;

 private:
  static Dim from_terms(int64_t constant, std::vector<Term> terms);
  static Dim from_atom(Atom atom);
  static int64_t lower_bound(const Dim& dim, int depth);
  static int64_t bound_by_cases(const Dim& dim, const Term& term, int depth);
  int64_t constant_ = 0;
  std::shared_ptr<const std::vector<Term>> terms_;  // null: none
};

using Shape = std::vector<Dim>;

/// Product of all dims; 1 for a scalar.
Dim element_count(const Shape& shape);
/// "[T, 1, 4*H]"
std::string to_string(const Shape& shape);
/// The shape as numbers, if every dim is constant.
std::optional<std::vector<int64_t>> constant_shape(const Shape& shape);

}  // namespace rondo
