// Names, numbers and dims from text. Tensors and attributes: ir/parse_values.cpp. Tested by tests/ir/text*_test.cpp.
#include "ir/parse_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "ir/print_parts.h"

namespace rondo {
namespace {

constexpr int kMaxDimNesting = 16;
constexpr int64_t kMaxDimSize = 1000;  // symbols and numbers in one expression
// Simplifying floor, min and max takes up to three times as long for each level of nesting. Few levels are free; what
// deeper ones cost is limited for the whole text.
constexpr int kFreeHeight = 4;
constexpr int64_t kMaxDimWork = 2'000'000;

std::string shown(const Token& token) {
  constexpr size_t kShown = 24;
  std::string text;
  if (token.kind == Token::Kind::end) return "the end of the text";
  if (token.kind == Token::Kind::text) {
    text = fmt::format("\"{}{}\"", token.text.substr(0, kShown), token.text.size() > kShown ? "..." : "");
  } else {
    text = fmt::format("'{}{}{}'", token.kind == Token::Kind::value ? "%" : "", token.text.substr(0, kShown),
                       token.text.size() > kShown ? "..." : "");
  }
  if (is_utf8(text)) return text;
  return token.kind == Token::Kind::text ? "a string" : "a name";
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

bool TextReader::take_mark(std::string_view mark) {
  if (!at_mark(mark)) return false;
  next();
  return true;
}

bool TextReader::take_word(std::string_view word) {
  if (!at_word(word)) return false;
  next();
  return true;
}

Diagnostic TextReader::expected(std::string_view what) const {
  if (peek().kind == Token::Kind::bad) return error(std::string(peek().text));
  return error(fmt::format("expected {}, found {}", what, shown(peek())));
}

Status TextReader::expect_mark(std::string_view mark) {
  if (take_mark(mark)) return Done{};
  return expected(fmt::format("'{}'", mark));
}

Status TextReader::expect_word(std::string_view word) {
  if (take_word(word)) return Done{};
  return expected(fmt::format("'{}'", word));
}

/// The bytes a quotation stands for: \" \\ \` \n \t and \xHH are escapes.
Result<std::string> TextReader::unquote(const Token& token) {
  std::string result;
  result.reserve(token.text.size());
  for (size_t i = 0; i < token.text.size(); ++i) {
    if (token.text[i] != '\\') {
      result += token.text[i];
      continue;
    }
    const char escape = ++i < token.text.size() ? token.text[i] : '\0';
    if (escape == '"' || escape == '\\' || escape == '`') {
      result += escape;
    } else if (escape == 'n' || escape == 't') {
      result += escape == 'n' ? '\n' : '\t';
    } else if (escape == 'x' && i + 2 < token.text.size() && hex_digit(token.text[i + 1]) >= 0 &&
               hex_digit(token.text[i + 2]) >= 0) {
      result += static_cast<char>(hex_digit(token.text[i + 1]) * 16 + hex_digit(token.text[i + 2]));
      i += 2;
    } else {
      return error(token, "unknown escape in a quotation; accepted are \\\" \\\\ \\` \\n \\t and \\xHH");
    }
  }
  return result;
}

Result<std::string> TextReader::text() {
  if (peek().kind != Token::Kind::text) return expected("a string in quotes");
  return unquote(next());
}

Result<std::string> TextReader::name() {
  if (peek().kind == Token::Kind::word) return std::string(next().text);
  if (peek().kind != Token::Kind::text) return expected("a name");
  return unquote(next());
}

Result<uint64_t> TextReader::magnitude(const Token& token) {
  uint64_t value = 0;
  const char* end = token.text.data() + token.text.size();
  auto [stop, code] = std::from_chars(token.text.data(), end, value);
  if (code == std::errc::result_out_of_range) return error(token, "this number is too large for 64 bits");
  if (code != std::errc() || stop != end) return error(token, "expected an integer");
  return value;
}

Result<int64_t> TextReader::integer() {
  const bool negative = take_mark("-");
  if (peek().kind != Token::Kind::number) return expected("an integer");
  const Token token = next();
  RONDO_TRY(const uint64_t value, magnitude(token));
  const uint64_t limit = static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) + negative;
  if (value > limit) return error(token, "this number is too large for 64 bits");
  return static_cast<int64_t>(negative ? 0 - value : value);
}

Result<int> TextReader::small_integer(std::string_view what) {
  const Token token = peek();
  if (token.kind != Token::Kind::number) return expected(what);
  RONDO_TRY(const int64_t value, integer());
  if (value > std::numeric_limits<int>::max()) return error(token, fmt::format("{} is too large", what));
  return static_cast<int>(value);
}

Result<Timing> TextReader::timing() {
  Timing timing;
  if (take_word("output"))
    timing.port = Timing::Port::output;
  else
    RONDO_CHECK(expect_word("input"));
  RONDO_TRY(timing.name, text());
  RONDO_CHECK(expect_word("axis"));
  RONDO_TRY(timing.axis, small_integer("an axis"));
  if (take_word("latency")) {
    RONDO_TRY(timing.latency, integer());
  }
  return timing;
}

Result<std::string> TextReader::symbol() {
  if (peek().kind == Token::Kind::symbol) return unquote(next());
  if (peek().kind != Token::Kind::word || is_reserved_symbol(peek().text)) return expected("a dimension's name");
  return std::string(next().text);
}

// sum = product {("+" | "-") product};  product = factor {"*" factor};
// factor = number | symbol | ("floor" | "min" | "max") "(" sum "," sum ")" | "(" sum ")" | "-" factor

Result<Dim> TextReader::dim() {
  dim_depth_ = 0;
  RONDO_TRY(SizedDim result, dim_sum());
  return std::move(result.dim);
}

Result<TextReader::SizedDim> TextReader::checked(const Token& start, SizedDim dim) {
  if (dim.size > kMaxDimSize) return error(start, "this dimension's expression is too large");
  return dim;
}

Result<TextReader::SizedDim> TextReader::dim_sum() {
  const Token start = peek();
  RONDO_TRY(SizedDim sum, dim_product());
  while (at_mark("+") || at_mark("-")) {
    const bool minus = next().text == "-";
    RONDO_TRY(SizedDim term, dim_product());
    RONDO_TRY(sum, checked(start, {sum.dim, sum.size + term.size, std::max(sum.height, term.height)}));
    sum.dim = minus ? sum.dim - term.dim : sum.dim + term.dim;
  }
  return sum;
}

Result<TextReader::SizedDim> TextReader::dim_product() {
  const Token start = peek();
  RONDO_TRY(SizedDim product, dim_factor());
  while (take_mark("*")) {
    RONDO_TRY(SizedDim factor, dim_factor());
    const auto terms = [](const Dim& dim) {
      return static_cast<int64_t>(dim.terms().size()) + (dim.constant_part() != 0 || dim.terms().empty());
    };
    const int64_t size = product.size * terms(factor.dim) + factor.size * terms(product.dim);
    RONDO_TRY(product, checked(start, {product.dim, size, std::max(product.height, factor.height)}));
    product.dim = product.dim * factor.dim;
  }
  return product;
}

Result<TextReader::SizedDim> TextReader::dim_factor() {
  const Token start = peek();
  struct Depth {
    int& depth;
    ~Depth() { --depth; }
  } depth{++dim_depth_};
  if (dim_depth_ > kMaxDimNesting) return error("this dimension's expression is nested too deeply");
  if (take_mark("-")) {
    if (peek().kind == Token::Kind::number) {  // so that the smallest integer can be read
      RONDO_TRY(const uint64_t value, magnitude(peek()));
      if (value == uint64_t{1} << 63) {
        next();
        return SizedDim{Dim(std::numeric_limits<int64_t>::min())};
      }
    }
    RONDO_TRY(SizedDim operand, dim_factor());
    return SizedDim{-operand.dim, operand.size, operand.height};
  }
  if (take_mark("(")) {
    RONDO_TRY(SizedDim inner, dim_sum());
    RONDO_CHECK(expect_mark(")"));
    return inner;
  }
  if (start.kind == Token::Kind::number) {
    RONDO_TRY(const int64_t value, integer());
    return SizedDim{Dim(value)};
  }
  for (std::string_view word : {"floor", "min", "max"})
    if (take_word(word)) return dim_call(word);
  if (start.kind != Token::Kind::word && start.kind != Token::Kind::symbol) return expected("a dimension");
  RONDO_TRY(std::string name, symbol());
  return SizedDim{Dim::symbol(std::move(name))};
}

Result<TextReader::SizedDim> TextReader::dim_call(std::string_view word) {
  const Token start = peek();
  RONDO_CHECK(expect_mark("("));
  RONDO_TRY(SizedDim a, dim_sum());
  RONDO_CHECK(expect_mark(","));
  RONDO_TRY(SizedDim b, dim_sum());
  RONDO_CHECK(expect_mark(")"));
  RONDO_TRY(SizedDim call, checked(start, {Dim(), a.size + b.size + 1, std::max(a.height, b.height) + 1}));
  if (call.height > kFreeHeight) dim_work_ += static_cast<int64_t>(std::pow(3, call.height));
  if (dim_work_ > kMaxDimWork) return error(start, "this text's dimensions are nested too deeply");
  call.dim = word == "floor" ? floor_div(a.dim, b.dim) : word == "min" ? min(a.dim, b.dim) : max(a.dim, b.dim);
  return call;
}

Result<Type> TextReader::type() {
  const auto dtype = peek().kind == Token::Kind::word ? find_dtype(peek().text) : std::nullopt;
  if (!dtype) return expected("a type such as f32[2, T]");
  next();
  RONDO_CHECK(expect_mark("["));
  Type type{*dtype, {}};
  RONDO_CHECK(read_list(*this, "]", [&]() -> Status {
    RONDO_TRY(Dim size, dim());
    type.shape.push_back(std::move(size));
    return Done{};
  }));
  return type;
}

Status parse_stepping(TextReader& reader, Stepping& stepping) {
  for (auto [word, number] : {std::pair{"streams", &stepping.streams}, {"frames", &stepping.frames}, {"latency", &stepping.latency}}) {
    RONDO_CHECK(reader.expect_word(word));
    RONDO_TRY(*number, reader.small_integer("a number that is not negative"));
  }
  return Done{};
}

}  // namespace rondo
