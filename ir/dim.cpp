// Canonical integer expressions. A Dim is a constant plus terms; a term is a coefficient times a sorted product of
// atoms; an atom is a symbol or a floor_div, min or max of dims that no rule below simplifies.
#include "ir/dim.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace rondo {
namespace {

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

int64_t saturating_add(int64_t a, int64_t b) {
  int64_t sum;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return a < 0 ? kMin : kMax;
}

int64_t saturating_mul(int64_t a, int64_t b) {
  int64_t product;
  if (!__builtin_mul_overflow(a, b, &product)) return product;
  return (a < 0) == (b < 0) ? kMax : kMin;
}

int64_t floor_quotient(int64_t a, int64_t b) {
  if (b == -1) return a == kMin ? kMax : -a;
  int64_t quotient = a / b;
  return (a % b != 0 && (a < 0) != (b < 0)) ? quotient - 1 : quotient;
}

using AtomPtr = std::shared_ptr<const Dim::Atom>;

std::strong_ordering compare(const Dim::Atom& a, const Dim::Atom& b) {
  if (auto order = a.kind <=> b.kind; order != 0) return order;
  if (a.kind == Dim::Atom::Kind::symbol) return a.name.compare(b.name) <=> 0;
  if (auto order = *a.a <=> *b.a; order != 0) return order;
  return *a.b <=> *b.b;
}

std::strong_ordering compare(const std::vector<AtomPtr>& a, const std::vector<AtomPtr>& b) {
  if (auto order = b.size() <=> a.size(); order != 0) return order;  // higher degree first
  for (size_t i = 0; i < a.size(); ++i)
    if (auto order = compare(*a[i], *b[i]); order != 0) return order;
  return std::strong_ordering::equal;
}

bool before(const AtomPtr& a, const AtomPtr& b) { return compare(*a, *b) < 0; }

/// Sorts terms and adds up those with equal factors.
std::vector<Dim::Term> normalise(std::vector<Dim::Term> terms) {
  std::sort(terms.begin(), terms.end(), [](const auto& a, const auto& b) { return compare(a.factors, b.factors) < 0; });
  std::vector<Dim::Term> sum;
  for (Dim::Term& term : terms) {
    if (!sum.empty() && compare(sum.back().factors, term.factors) == 0)
      sum.back().coefficient = saturating_add(sum.back().coefficient, term.coefficient);
    else
      sum.push_back(std::move(term));
  }
  std::erase_if(sum, [](const Dim::Term& term) { return term.coefficient == 0; });
  return sum;
}

/// factors / divisor as a multiset; nothing if divisor is not contained.
std::optional<std::vector<AtomPtr>> divide(const std::vector<AtomPtr>& factors, const std::vector<AtomPtr>& divisor) {
  std::vector<AtomPtr> rest;
  size_t matched = 0;
  for (const AtomPtr& factor : factors) {
    if (matched < divisor.size() && compare(*factor, *divisor[matched]) == 0)
      ++matched;
    else
      rest.push_back(factor);
  }
  if (matched != divisor.size()) return std::nullopt;
  return rest;
}

}  // namespace

Dim Dim::from_terms(int64_t constant, std::vector<Term> terms) {
  Dim dim(constant);
  terms = normalise(std::move(terms));
  if (!terms.empty()) dim.terms_ = std::make_shared<const std::vector<Term>>(std::move(terms));
  return dim;
}

Dim Dim::symbol(std::string name) { return from_atom({Atom::Kind::symbol, std::move(name), nullptr, nullptr}); }

const std::vector<Dim::Term>& Dim::terms() const {
  static const std::vector<Term> none;
  return terms_ ? *terms_ : none;
}

std::optional<int64_t> Dim::constant() const {
  if (terms_) return std::nullopt;
  return constant_;
}

std::optional<std::string> Dim::symbol_name() const {
  if (constant_ != 0 || terms().size() != 1) return std::nullopt;
  const Term& term = terms()[0];
  if (term.coefficient != 1 || term.factors.size() != 1) return std::nullopt;
  if (term.factors[0]->kind != Atom::Kind::symbol) return std::nullopt;
  return term.factors[0]->name;
}

Dim operator+(const Dim& a, const Dim& b) {
  int64_t constant = saturating_add(a.constant_, b.constant_);
  if (!b.terms_ && !a.terms_) return Dim(constant);
  std::vector<Dim::Term> terms = a.terms();
  terms.insert(terms.end(), b.terms().begin(), b.terms().end());
  return Dim::from_terms(constant, std::move(terms));
}

Dim operator-(const Dim& a, const Dim& b) { return a + Dim(-1) * b; }

Dim operator*(const Dim& a, const Dim& b) {
  if (!a.terms_ && !b.terms_) return Dim(saturating_mul(a.constant_, b.constant_));
  std::vector<Dim::Term> terms;
  for (const Dim::Term& term : a.terms())
    terms.push_back({saturating_mul(term.coefficient, b.constant_), term.factors});
  for (const Dim::Term& term : b.terms())
    terms.push_back({saturating_mul(term.coefficient, a.constant_), term.factors});
  for (const Dim::Term& left : a.terms()) {
    for (const Dim::Term& right : b.terms()) {
      std::vector<AtomPtr> factors = left.factors;
      factors.insert(factors.end(), right.factors.begin(), right.factors.end());
      std::sort(factors.begin(), factors.end(), before);
      terms.push_back({saturating_mul(left.coefficient, right.coefficient), std::move(factors)});
    }
  }
  return Dim::from_terms(saturating_mul(a.constant_, b.constant_), std::move(terms));
}

std::strong_ordering operator<=>(const Dim& a, const Dim& b) {
  if (a.terms_ != b.terms_) {
    const auto &left = a.terms(), &right = b.terms();
    for (size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
      if (auto order = compare(left[i].factors, right[i].factors); order != 0) return order;
      if (auto order = left[i].coefficient <=> right[i].coefficient; order != 0) return order;
    }
    if (auto order = left.size() <=> right.size(); order != 0) return order;
  }
  return a.constant_ <=> b.constant_;
}

// floor((b * q + r) / b) = q + floor(r / b): whatever divides exactly is taken out of the quotient.
Dim floor_div(const Dim& a, const Dim& b) {
  auto atom = [](const Dim& n, const Dim& d) {
    return Dim::from_atom({Dim::Atom::Kind::floor_div, "", std::make_shared<const Dim>(n), std::make_shared<const Dim>(d)});
  };
  if (b.is(1)) return a;
  if (b.is(0)) return atom(a, b);
  if (a.constant() && b.constant()) return Dim(floor_quotient(a.constant_, b.constant_));
  if (b.lower_bound() < 1) return atom(a, b);
  if (b.terms().size() + (b.constant_ != 0) > 1) {  // b is a sum: only whole multiples are taken out
    int64_t ratio = a.terms().empty() ? 0 : a.terms()[0].coefficient / b.terms()[0].coefficient;
    Dim rest = a - Dim(ratio) * b;
    if (rest.lower_bound() >= 0 && provably_le(rest + 1, b)) return Dim(ratio);
    return atom(a, b);
  }
  const int64_t divisor = b.constant() ? b.constant_ : b.terms()[0].coefficient;
  const std::vector<AtomPtr> factors = b.constant() ? std::vector<AtomPtr>{} : b.terms()[0].factors;
  std::vector<Dim::Term> quotient, rest;
  for (const Dim::Term& term : a.terms()) {
    auto left = divide(term.factors, factors);
    if (left && term.coefficient % divisor == 0)
      quotient.push_back({term.coefficient / divisor, std::move(*left)});
    else
      rest.push_back(term);
  }
  int64_t whole = 0, part = a.constant_;
  if (b.constant()) whole = floor_quotient(part, divisor), part -= whole * divisor;
  Dim taken(whole);
  for (Dim::Term& term : quotient) {
    Dim product(term.coefficient);
    for (const AtomPtr& factor : term.factors) product *= Dim::from_terms(0, {{1, {factor}}});
    taken += product;
  }
  Dim remainder = Dim::from_terms(part, std::move(rest));
  if (remainder.is(0) || (remainder.lower_bound() >= 0 && provably_le(remainder + 1, b))) return taken;
  return taken + atom(remainder, b);
}

Dim ceil_div(const Dim& a, const Dim& b) { return floor_div(a + b - 1, b); }

Dim min(const Dim& a, const Dim& b) {
  if (provably_le(a, b)) return a;
  if (provably_le(b, a)) return b;
  const Dim &first = a < b ? a : b, &second = a < b ? b : a;
  return Dim::from_atom({Dim::Atom::Kind::min, "", std::make_shared<const Dim>(first), std::make_shared<const Dim>(second)});
}

Dim max(const Dim& a, const Dim& b) {
  if (provably_le(a, b)) return b;
  if (provably_le(b, a)) return a;
  const Dim &first = a < b ? a : b, &second = a < b ? b : a;
  return Dim::from_atom({Dim::Atom::Kind::max, "", std::make_shared<const Dim>(first), std::make_shared<const Dim>(second)});
}

namespace {

struct Interval {
  int64_t low, high;
};

int64_t bounded_add(int64_t a, int64_t b) {  // the limits are infinities
  if (a == kMin || b == kMin) return kMin;
  if (a == kMax || b == kMax) return kMax;
  return saturating_add(a, b);
}

Interval interval_of(const Dim::Atom& atom) {
  const Interval a{atom.a->lower_bound(), atom.a->upper_bound()}, b{atom.b->lower_bound(), atom.b->upper_bound()};
  if (atom.kind == Dim::Atom::Kind::min) return {std::min(a.low, b.low), std::min(a.high, b.high)};
  if (atom.kind == Dim::Atom::Kind::max) return {std::max(a.low, b.low), std::max(a.high, b.high)};
  if (b.low < 1) return {kMin, kMax};
  int64_t low = a.low == kMin ? kMin : a.low < 0 ? floor_quotient(a.low, b.low) : b.high == kMax ? 0 : a.low / b.high;
  int64_t high = a.high == kMax ? kMax : a.high < 0 ? -1 : a.high / b.low;
  return {low, high};
}

Interval interval_of(const Dim::Term& term) {
  Interval product{term.factors[0]->low, term.factors[0]->high};
  for (size_t i = 1; i < term.factors.size(); ++i) {
    const Dim::Atom& next = *term.factors[i];
    if (product.low < 0 || next.low < 0) return {kMin, kMax};
    product = {saturating_mul(product.low, next.low), saturating_mul(product.high, next.high)};
  }
  int64_t low = saturating_mul(product.low, term.coefficient), high = saturating_mul(product.high, term.coefficient);
  return term.coefficient < 0 ? Interval{high, low} : Interval{low, high};
}

}  // namespace

Dim Dim::from_atom(Atom atom) {
  if (atom.kind != Atom::Kind::symbol) {
    const Interval bounds = interval_of(atom);
    atom.low = bounds.low, atom.high = bounds.high;
  }
  return from_terms(0, {Term{1, {std::make_shared<const Atom>(std::move(atom))}}});
}

// Bounds of the terms apart are not tight where an atom hides a symbol that another term has: T - min(T, B). There, the
// atom is replaced by what bounds it. At most kMaxCases atoms are tried at each of a few depths.
int64_t Dim::lower_bound(const Dim& dim, int depth) {
  int64_t bound = dim.constant_;
  for (const Term& term : dim.terms()) bound = bounded_add(bound, interval_of(term).low);
  constexpr int kMaxCases = 4;
  int cases = 0;
  for (const Term& term : dim.terms()) {
    if (depth == 0 || bound >= 0 || cases == kMaxCases) break;
    if (term.factors.size() != 1 || term.factors[0]->kind == Atom::Kind::symbol) continue;
    bound = std::max(bound, bound_by_cases(dim, term, depth - 1));
    ++cases;
  }
  return bound;
}

/// A lower bound of `dim` found by replacing the atom of one of its terms by what bounds it.
int64_t Dim::bound_by_cases(const Dim& dim, const Term& term, int depth) {
  std::vector<Term> others;
  for (const Term& other : dim.terms())
    if (&other != &term) others.push_back(other);
  const Dim rest = from_terms(dim.constant_, std::move(others)), factor(term.coefficient);
  const Atom& atom = *term.factors[0];
  auto with = [&](const Dim& replacement) { return lower_bound(rest + replacement, depth); };
  if (atom.kind == Atom::Kind::floor_div) {  // a - d + 1 <= d * floor(a / d) <= a
    const auto divisor = atom.b->constant();
    if (!divisor || *divisor < 1 || term.coefficient % *divisor != 0) return kMin;
    const Dim scale(term.coefficient / *divisor);
    return with(scale * (term.coefficient < 0 ? *atom.a : *atom.a - *divisor + 1));
  }
  const int64_t a = with(factor * *atom.a), b = with(factor * *atom.b);
  const bool either = (atom.kind == Atom::Kind::min) == (term.coefficient < 0);
  return either ? std::max(a, b) : std::min(a, b);
}

int64_t Dim::lower_bound() const { return terms_ ? lower_bound(*this, 3) : constant_; }

int64_t Dim::upper_bound() const {
  if (!terms_) return constant_;
  int64_t negated = (Dim(0) - *this).lower_bound();
  return negated == kMin ? kMax : -negated;
}

Result<int64_t> Dim::evaluate(const Values& values) const {
  int64_t sum = constant_;
  for (const Term& term : terms()) {
    int64_t product = term.coefficient;
    for (const auto& factor : term.factors) {
      int64_t value;
      if (factor->kind == Atom::Kind::symbol) {
        auto found = values.find(factor->name);
        if (found == values.end()) return invalid(fmt::format("dimension '{}' has no value", factor->name));
        value = found->second;
      } else {
        RONDO_TRY(int64_t a, factor->a->evaluate(values));
        RONDO_TRY(int64_t b, factor->b->evaluate(values));
        if (factor->kind == Atom::Kind::floor_div && b == 0)
          return invalid(fmt::format("dimension '{}' divides by zero", to_string()));
        value = factor->kind == Atom::Kind::floor_div ? floor_quotient(a, b)
                : factor->kind == Atom::Kind::min     ? std::min(a, b)
                                                      : std::max(a, b);
      }
      product = saturating_mul(product, value);
    }
    sum = saturating_add(sum, product);
  }
  return sum;
}

Dim Dim::substitute(const std::map<std::string, Dim>& bindings) const {
  if (!terms_) return *this;
  Dim sum(constant_);
  for (const Term& term : terms()) {
    Dim product(term.coefficient);
    for (const auto& factor : term.factors) {
      if (factor->kind == Atom::Kind::symbol) {
        auto found = bindings.find(factor->name);
        product *= found == bindings.end() ? Dim::symbol(factor->name) : found->second;
        continue;
      }
      Dim a = factor->a->substitute(bindings), b = factor->b->substitute(bindings);
      product *= factor->kind == Atom::Kind::floor_div ? floor_div(a, b)
                 : factor->kind == Atom::Kind::min     ? min(a, b)
                                                       : max(a, b);
    }
    sum += product;
  }
  return sum;
}

void Dim::collect_symbols(std::set<std::string>& names) const {
  for (const Term& term : terms()) {
    for (const auto& factor : term.factors) {
      if (factor->kind == Atom::Kind::symbol) {
        names.insert(factor->name);
      } else {
        factor->a->collect_symbols(names);
        factor->b->collect_symbols(names);
      }
    }
  }
}

std::string Dim::to_string() const {
  if (!terms_) return std::to_string(constant_);
  std::string text;
  for (const Term& term : terms()) {
    if (term.coefficient < 0)
      text += "-";
    else if (!text.empty())
      text += "+";
    uint64_t magnitude = term.coefficient < 0 ? 0 - static_cast<uint64_t>(term.coefficient) : term.coefficient;
    if (magnitude != 1) text += fmt::format("{}*", magnitude);
    for (size_t i = 0; i < term.factors.size(); ++i) {
      const Atom& atom = *term.factors[i];
      if (i > 0) text += "*";
      if (atom.kind == Atom::Kind::symbol) {
        text += atom.name;
        continue;
      }
      text += atom.kind == Atom::Kind::floor_div ? "floor" : atom.kind == Atom::Kind::min ? "min" : "max";
      text += fmt::format("({}, {})", atom.a->to_string(), atom.b->to_string());
    }
  }
  if (constant_ != 0) text += fmt::format("{:+}", constant_);
  return text;
}

namespace {

/// expression = product {("+" | "-") product}; product = factor {"*" factor};
/// factor = number | name | ("floor" | "min" | "max") "(" expression "," expression ")" | "(" expression ")" | "-" factor
class DimParser {
 public:
  explicit DimParser(std::string_view text) : text_(text) {}

  Result<Dim> parse() {
    RONDO_TRY(Dim dim, expression());
    if (skip(), position_ != text_.size()) return error("the end of the expression");
    return dim;
  }

 private:
  static constexpr int kMaxDepth = 64;

  Diagnostic error(std::string_view expected) const {
    return invalid(fmt::format("dimension '{}': expected {} at character {}", text_, expected, position_ + 1));
  }
  void skip() {
    while (position_ < text_.size() && text_[position_] == ' ') ++position_;
  }
  bool take(char c) {
    skip();
    if (position_ >= text_.size() || text_[position_] != c) return false;
    ++position_;
    return true;
  }

  Result<Dim> expression() {
    if (++depth_ > kMaxDepth) return error("fewer nested parentheses");
    RONDO_TRY(Dim sum, product());
    for (;;) {
      if (take('+')) {
        RONDO_TRY(Dim next, product());
        sum += next;
      } else if (take('-')) {
        RONDO_TRY(Dim next, product());
        sum = sum - next;
      } else {
        --depth_;
        return sum;
      }
    }
  }

  Result<Dim> product() {
    RONDO_TRY(Dim result, factor());
    while (take('*')) {
      RONDO_TRY(Dim next, factor());
      result *= next;
    }
    return result;
  }

  Result<Dim> factor() {
    if (take('-')) {
      if (++depth_ > kMaxDepth) return error("fewer signs");
      RONDO_TRY(Dim operand, factor());
      --depth_;
      return -operand;
    }
    if (take('(')) {
      RONDO_TRY(Dim inner, expression());
      if (!take(')')) return error("')'");
      return inner;
    }
    size_t start = position_;
    auto accepted = [&](auto test) {
      while (position_ < text_.size() && test(static_cast<unsigned char>(text_[position_]))) ++position_;
      return std::string(text_.substr(start, position_ - start));
    };
    if (start < text_.size() && isdigit(static_cast<unsigned char>(text_[start]))) {
      int64_t value = 0;
      for (char digit : accepted([](unsigned char c) { return isdigit(c) != 0; }))
        value = saturating_add(saturating_mul(value, 10), digit - '0');
      return Dim(value);
    }
    std::string name = accepted([](unsigned char c) { return isalnum(c) != 0 || c == '_'; });
    if (name.empty()) return error("a number, a name or '('");
    if ((name != "floor" && name != "min" && name != "max") || !take('(')) return Dim::symbol(std::move(name));
    RONDO_TRY(Dim a, expression());
    if (!take(',')) return error("','");
    RONDO_TRY(Dim b, expression());
    if (!take(')')) return error("')'");
    return name == "floor" ? floor_div(a, b) : name == "min" ? min(a, b) : max(a, b);
  }

  std::string_view text_;
  size_t position_ = 0;
  int depth_ = 0;
};

}  // namespace

Result<Dim> Dim::parse(std::string_view text) { return DimParser(text).parse(); }

Dim element_count(const Shape& shape) {
  Dim count(1);
  for (const Dim& dim : shape) count *= dim;
  return count;
}

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) text += (i > 0 ? ", " : "") + shape[i].to_string();
  return text + "]";
}

std::optional<std::vector<int64_t>> constant_shape(const Shape& shape) {
  std::vector<int64_t> numbers;
  for (const Dim& dim : shape) {
    if (!dim.constant()) return std::nullopt;
    numbers.push_back(*dim.constant());
  }
  return numbers;
}

}  // namespace rondo
