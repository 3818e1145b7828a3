// Formulas of rondo's own JSON; see own.h and docs/json.md. The grammar, each rule a function below:
//
//   formula   names '=' sum               names: one, or several with commas for an operator with several results
//   sum       product (('+' | '-') product)*                        Add, Sub
//   product   factor (('*' | '/' | '@') factor)*                    Mul, Div, MatMul
//   factor    '-' factor | number | '[' integers ']' | '(' sum ')' | name | Operator '(' arguments ')'
//   argument  '_' (left out) | attribute '=' literal | sum
//   literal   number | 'text' | '[' numbers or texts ']'
//
// A number is a float32 scalar, [integers] an int64 vector. An attribute's number is an integer unless it has a point
// or an exponent.
#include <fmt/format.h>

#include <charconv>

#include "frontend/file.h"
#include "frontend/json/own.h"

namespace rondo {
namespace {

bool starts_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool continues_name(char c) { return starts_name(c) || (c >= '0' && c <= '9') || c == '.'; }
bool starts_number(char c) { return (c >= '0' && c <= '9') || c == '.'; }

/// A number as it is written.
struct Literal {
  bool whole = false;
  int64_t integer = 0;
  double real = 0;
};

class FormulaReader {
 public:
  FormulaReader(std::string_view text, OwnScope& scope, std::string place)
      : text_(text), scope_(scope), place_(std::move(place)) {}

  Status read() {
    std::vector<std::string> names;
    Status done = read(names);
    if (done) return done;
    for (const std::string& name : names) scope_.stand_in(name);
    if (names.empty()) scope_.lose_names();
    return done;
  }

 private:
  Status read(std::vector<std::string>& names) {
    do {
      RONDO_TRY(std::string name, read_name("a result's name"));
      names.push_back(std::move(name));
    } while (accept(','));
    RONDO_CHECK(expect('=', "'=' behind the results' names"));
    results_ = static_cast<int>(names.size());
    RONDO_TRY(Value * value, sum(0));
    skip_blanks();
    if (at_ != text_.size()) return fail("an operator or the end of the formula");
    return name_results(names, value);
  }

  Diagnostic fail(std::string_view accepted) const {
    const std::string found = at_ < text_.size() ? in_quotes(text_.substr(at_, 1)) : "the end";
    return invalid(fmt::format("found {} at character {} of the formula; accepted: {}", found, at_ + 1, accepted),
                   place_);
  }

  Status name_results(const std::vector<std::string>& names, Value* value) {
    Node* node = value->producer;
    if (names.size() == 1) {
      // A formula that is only a name or a parameter gives it a second name.
      if (!node || !value->name.empty()) value = scope_.append(Op::Identity, {value}, {}, 1, place_);
      return scope_.define(names[0], value, place_);
    }
    if (!node || node->results.size() != names.size())
      return invalid("several results need one operator that has them: a, b = Operator(…)", place_);
    for (size_t i = 0; i < names.size(); ++i) {
      if (names[i] == "_")
        node->results[i].reset();
      else
        RONDO_CHECK(scope_.define(names[i], node->result(static_cast<int>(i)), place_));
    }
    return Done{};
  }

  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) ++at_;
  }
  char peek() {
    skip_blanks();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool accept(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  Status expect(char c, std::string_view accepted) {
    if (!accept(c)) return fail(accepted);
    return Done{};
  }

  Result<std::string> read_name(std::string_view accepted) {
    if (!starts_name(peek())) return fail(accepted);
    const size_t start = at_;
    while (at_ < text_.size() && continues_name(text_[at_])) ++at_;
    return std::string(text_.substr(start, at_ - start));
  }

  Result<Literal> read_number() {
    const bool negative = accept('-');
    if (!starts_number(peek())) return fail("a number");
    const char *start = text_.data() + at_, *end = text_.data() + text_.size();
    Literal number;
    auto [real_end, error] = std::from_chars(start, end, number.real);
    if (error != std::errc{}) return fail("a number that float64 can hold");
    auto [whole_end, whole_error] = std::from_chars(start, end, number.integer);
    number.whole = whole_error == std::errc{} && whole_end == real_end;
    if (negative) number.integer = -number.integer, number.real = -number.real;
    at_ = static_cast<size_t>(real_end - text_.data());
    return number;
  }

  Result<Value*> sum(int depth) {
    RONDO_TRY(Value * value, product(depth));
    for (;;) {
      const char c = peek();
      if (c != '+' && c != '-') return value;
      ++at_;
      RONDO_TRY(Value * right, product(depth));
      value = scope_.append(c == '+' ? Op::Add : Op::Sub, {value, right}, {}, 1, place_);
    }
  }

  Result<Value*> product(int depth) {
    RONDO_TRY(Value * value, factor(depth));
    for (;;) {
      const char c = peek();
      if (c != '*' && c != '/' && c != '@') return value;
      ++at_;
      RONDO_TRY(Value * right, factor(depth));
      value = scope_.append(c == '*' ? Op::Mul : c == '/' ? Op::Div : Op::MatMul, {value, right}, {}, 1, place_);
    }
  }

  Result<Value*> factor(int depth) {
    if (depth > kDeepestOwn) return unsupported(fmt::format("a formula nested more than {} deep", kDeepestOwn), place_);
    const char c = peek();
    if (c == '-' && at_ + 1 < text_.size() && !starts_number(text_[at_ + 1])) {
      ++at_;
      RONDO_TRY(Value * value, factor(depth + 1));
      return scope_.append(Op::Neg, {value}, {}, 1, place_);
    }
    if (c == '-' || starts_number(c)) {
      RONDO_TRY(const Literal number, read_number());
      if (std::abs(number.real) > 3.4e38) return fail("a number that float32 can hold");
      return scope_.constant(Tensor::scalar(DType::f32, number.real), place_);
    }
    if (accept('(')) {
      RONDO_TRY(Value * value, sum(depth + 1));
      RONDO_CHECK(expect(')', "')'"));
      return value;
    }
    if (c == '[') return vector();
    RONDO_TRY(const std::string name, read_name("a value, a number, an operator or '('"));
    return peek() == '(' ? call(name, depth) : scope_.require(name, place_);
  }

  Result<Value*> vector() {
    RONDO_TRY(const Attribute list, literal());
    const auto* integers = std::get_if<std::vector<int64_t>>(&list);
    if (!integers) return fail("a list of integers");
    return scope_.constant(Tensor::vector_i64(*integers), place_);
  }

  Result<Value*> call(const std::string& name, int depth) {
    RONDO_TRY(const Op op, find_own_operator(name, place_));
    const int results = depth == 0 ? results_ : 1;
    RONDO_CHECK(expect('(', "'('"));
    std::vector<Value*> operands;
    Attributes attributes;
    for (bool first = true; !accept(')'); first = false) {
      if (!first) RONDO_CHECK(expect(',', "',' or ')'"));
      RONDO_CHECK(argument(operands, attributes, depth));
    }
    return scope_.append(op, std::move(operands), std::move(attributes), results, place_);
  }

  Status argument(std::vector<Value*>& operands, Attributes& attributes, int depth) {
    const size_t start = (skip_blanks(), at_);
    if (starts_name(peek())) {
      RONDO_TRY(const std::string name, read_name("a name"));
      if (name == "_") return operands.push_back(nullptr), Status(Done{});
      if (accept('=')) {
        if (attributes.has(name)) return invalid(fmt::format("attribute {} is given twice", in_quotes(name)), place_);
        RONDO_TRY(Attribute value, literal());
        attributes.set(name, std::move(value));
        return Done{};
      }
      at_ = start;
    }
    RONDO_TRY(Value * value, sum(depth + 1));
    operands.push_back(value);
    return Done{};
  }

  Result<std::string> read_text() {
    RONDO_CHECK(expect('\'', "a text in '…'"));
    const size_t end = text_.find('\'', at_);
    if (end == std::string_view::npos) return fail("a text that ends with '");
    std::string text(text_.substr(at_, end - at_));
    at_ = end + 1;
    return text;
  }

  Result<Attribute> literal() {
    if (peek() == '\'') {
      RONDO_TRY(std::string text, read_text());
      return Attribute(std::move(text));
    }
    if (!accept('[')) {
      RONDO_TRY(const Literal number, read_number());
      return number.whole ? Attribute(number.integer) : Attribute(number.real);
    }
    std::vector<std::string> texts;
    std::vector<int64_t> integers;
    std::vector<double> reals;
    bool whole = true;
    for (bool first = true; !accept(']'); first = false) {
      if (!first) RONDO_CHECK(expect(',', "',' or ']'"));
      if (peek() == '\'') {
        RONDO_TRY(std::string text, read_text());
        texts.push_back(std::move(text));
        continue;
      }
      RONDO_TRY(const Literal number, read_number());
      whole = whole && number.whole;
      integers.push_back(number.integer);
      reals.push_back(number.real);
    }
    if (!texts.empty())
      return reals.empty() ? Result<Attribute>(Attribute(std::move(texts))) : fail("texts or numbers alone");
    return whole ? Attribute(std::move(integers)) : Attribute(std::move(reals));
  }

  std::string_view text_;
  OwnScope& scope_;
  std::string place_;
  size_t at_ = 0;
  int results_ = 1;  // of the outermost call
};

}  // namespace

Status read_own_formula(const Json& json, OwnScope& scope) {
  RONDO_TRY(const std::string text, json.text());
  return FormulaReader(text, scope, json.place()).read();
}

}  // namespace rondo
