// Reals, tensors and attributes from text: the part of TextReader that reads data. Tested by tests/ir/text*_test.cpp.
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>

#include "ir/parse_parts.h"

namespace rondo {
namespace {

constexpr int8_t kNoDigit = -1;

constexpr std::array<int8_t, 256> kBase64 = [] {
  std::array<int8_t, 256> table{};
  for (auto& entry : table) entry = kNoDigit;
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < digits.size(); ++i) table[static_cast<uint8_t>(digits[i])] = static_cast<int8_t>(i);
  return table;
}();

/// The bytes, or nothing if `text` is not the base64 of exactly `size` bytes.
std::optional<std::string> decode_base64(std::string_view text, size_t size) {
  if (text.size() != (size + 2) / 3 * 4) return std::nullopt;
  std::string bytes;
  bytes.reserve(size);
  for (size_t i = 0; i < text.size(); i += 4) {
    const size_t count = std::min<size_t>(3, size - bytes.size());
    uint32_t group = 0;
    for (size_t j = 0; j < 4; ++j) {
      const int8_t digit = kBase64[static_cast<uint8_t>(text[i + j])];
      if (j <= count ? digit == kNoDigit : text[i + j] != '=') return std::nullopt;
      group = group << 6 | (j <= count ? static_cast<uint32_t>(digit) : 0);
    }
    if ((group & (0xFFFFFFu >> (8 * count))) != 0) return std::nullopt;  // bits beyond the last byte
    for (size_t j = 0; j < count; ++j) bytes += static_cast<char>(group >> (16 - 8 * j) & 0xFF);
  }
  return bytes;
}

bool is_real_literal(std::string_view number) {
  return !number.starts_with("0x") && number.find_first_of(".eE") != std::string_view::npos;
}

template <class Real>
std::optional<Real> to_real(std::string_view text) {
  Real value{};
  auto [stop, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

/// A list attribute of one kind from its elements; nothing if they are of several.
std::optional<Attribute> to_list(std::vector<Attribute>& elements) {
  const auto collect = [&]<class T>(T) -> std::optional<Attribute> {
    std::vector<T> list;
    list.reserve(elements.size());
    for (Attribute& element : elements) {
      if (!std::holds_alternative<T>(element)) return std::nullopt;
      list.push_back(std::get<T>(std::move(element)));
    }
    return list;
  };
  if (elements.empty()) return std::vector<int64_t>{};
  if (std::holds_alternative<double>(elements[0])) return collect(double{});
  if (std::holds_alternative<std::string>(elements[0])) return collect(std::string{});
  if (auto integers = collect(int64_t{})) return integers;
  std::vector<Dim> dims;
  for (const Attribute& element : elements) {
    if (const auto* value = std::get_if<int64_t>(&element))
      dims.emplace_back(*value);
    else if (const auto* dim = std::get_if<Dim>(&element))
      dims.push_back(*dim);
    else
      return std::nullopt;
  }
  return dims;
}

}  // namespace

Result<double> TextReader::unsigned_real(const Token& token) {
  if (token.is_word("inf")) return std::numeric_limits<double>::infinity();
  if (token.is_word("nan")) {
    if (!take_mark("(")) return std::numeric_limits<double>::quiet_NaN();
    const Token number = next();
    uint64_t bits = 0;
    const std::string_view digits = number.text.substr(std::min<size_t>(2, number.text.size()));
    auto [stop, code] = std::from_chars(digits.data(), digits.data() + digits.size(), bits, 16);
    double value;
    std::memcpy(&value, &bits, sizeof value);
    if (!number.text.starts_with("0x") || code != std::errc() || stop != digits.data() + digits.size() ||
        value == value)
      return error(number, "expected the 64 bits of a NaN in hexadecimal, such as 0x7ff8000000000000");
    RONDO_CHECK(expect_mark(")"));
    return value;
  }
  if (auto value = to_real<double>(token.text)) return *value;
  return error(token, "expected a number that fits f64");
}

/// A real literal with its sign, if one stands here; integers are none.
Result<std::optional<double>> TextReader::maybe_real() {
  const Lexer start = lexer_;
  const bool negative = take_mark("-");
  const bool is_real =
      at_word("inf") || at_word("nan") || (peek().kind == Token::Kind::number && is_real_literal(peek().text));
  if (!is_real) {
    lexer_ = start;
    return std::optional<double>();
  }
  RONDO_TRY(const double value, unsigned_real(next()));
  return std::optional<double>(negative ? -value : value);
}

Result<double> TextReader::real() {
  RONDO_TRY(const std::optional<double> value, maybe_real());
  if (value) return *value;
  if (!at_mark("-") && peek().kind != Token::Kind::number) return expected("a number");
  RONDO_TRY(const int64_t whole, integer());
  return static_cast<double>(whole);
}

Result<std::vector<int64_t>> TextReader::tensor_shape() {
  std::vector<int64_t> shape;
  RONDO_CHECK(expect_mark("["));
  RONDO_CHECK(read_list(*this, "]", [&]() -> Status {
    if (peek().kind != Token::Kind::number) return expected("a size; a tensor's sizes are numbers");
    RONDO_TRY(const int64_t size, integer());
    shape.push_back(size);
    return Done{};
  }));
  return shape;
}

Result<Tensor> TextReader::tensor() {
  const auto dtype = peek().kind == Token::Kind::word ? find_dtype(peek().text) : std::nullopt;
  if (!dtype) return expected("a tensor such as f32[2] {1.0, 2.0}");
  next();
  return tensor(*dtype);
}

Result<Tensor> TextReader::tensor(DType dtype) {
  const Token start = peek();
  RONDO_TRY(std::vector<int64_t> shape, tensor_shape());
  int64_t bytes = byte_size(dtype);
  bool empty = false;
  for (int64_t size : shape) {
    empty |= size == 0;
    if (size != 0 && __builtin_mul_overflow(bytes, size, &bytes)) return error(start, "this tensor is too large");
  }
  const int64_t count = empty ? 0 : bytes / byte_size(dtype);
  if (take_mark("{")) return tensor_elements(dtype, std::move(shape), count);
  if (peek().kind == Token::Kind::text) return tensor_base64(dtype, std::move(shape), count);
  if (at_mark("<"))
    return error("this text shows statistics in place of the elements; print it with full weights to read it back");
  return expected("the tensor's elements in '{}', or as base64 in quotes");
}

/// A value of `dtype`'s range; u64 as the int64 with the same bits.
Result<int64_t> TextReader::integer_element(DType dtype) {
  if (dtype == DType::boolean) {
    if (!at_word("true") && !at_word("false")) return expected("true or false");
    return int64_t{next().text == "true"};
  }
  const int bits = 8 * byte_size(dtype);
  const bool is_signed = kind(dtype) == DTypeKind::signed_int;
  const bool negative = is_signed && take_mark("-");
  if (peek().kind != Token::Kind::number) return expected(fmt::format("an element of type {}", to_string(dtype)));
  const Token token = next();
  RONDO_TRY(const uint64_t value, magnitude(token));
  const uint64_t largest = is_signed ? (uint64_t{1} << (bits - 1)) - 1 + negative : ~uint64_t{0} >> (64 - bits);
  if (value > largest) return error(token, fmt::format("this number does not fit {}", to_string(dtype)));
  return static_cast<int64_t>(negative ? 0 - value : value);
}

/// Read in the element's own precision, so that it is rounded once.
Result<double> TextReader::real_element(DType dtype) {
  if (dtype != DType::f32) return real();
  const Lexer start = lexer_;
  const bool negative = take_mark("-");
  if (peek().kind == Token::Kind::number) {
    const Token token = next();
    const auto value = to_real<float>(token.text);
    if (!value) return error(token, "expected a number that fits f32");
    return static_cast<double>(negative ? -*value : *value);
  }
  lexer_ = start;
  return real();
}

Result<Tensor> TextReader::tensor_elements(DType dtype, std::vector<int64_t> shape, int64_t count) {
  const Token start = peek();
  std::vector<double> reals;
  std::vector<int64_t> integers;
  RONDO_CHECK(read_list(*this, "}", [&]() -> Status {
    if (is_float(dtype)) {
      RONDO_TRY(const double value, real_element(dtype));
      reals.push_back(value);
    } else {
      RONDO_TRY(const int64_t value, integer_element(dtype));
      integers.push_back(value);
    }
    return Done{};
  }));
  const size_t found = reals.size() + integers.size();
  if (found != static_cast<size_t>(count))
    return error(start, fmt::format("expected {} elements, found {}", count, found));
  return is_float(dtype) ? Tensor::from_doubles(dtype, std::move(shape), reals)
                         : Tensor::from_ints(dtype, std::move(shape), integers);
}

Result<Tensor> TextReader::tensor_base64(DType dtype, std::vector<int64_t> shape, int64_t count) {
  const Token token = next();
  auto bytes = decode_base64(token.text, static_cast<size_t>(count) * byte_size(dtype));
  if (!bytes)
    return error(token, fmt::format("expected the base64 of {} bytes", static_cast<size_t>(count) * byte_size(dtype)));
  return Tensor(dtype, std::move(shape), *std::move(bytes));
}

Result<Attribute> TextReader::number_or_dim() {
  RONDO_TRY(const std::optional<double> real, maybe_real());
  if (real) return Attribute(*real);
  RONDO_TRY(Dim value, dim());
  if (auto constant = value.constant()) return Attribute(*constant);
  return Attribute(std::move(value));
}

Result<Attribute> TextReader::attribute_list() {
  const Token start = peek();
  std::vector<Attribute> elements;
  RONDO_CHECK(read_list(*this, "]", [&]() -> Status {
    if (peek().kind == Token::Kind::text) {
      RONDO_TRY(std::string element, text());
      elements.emplace_back(std::move(element));
    } else {
      RONDO_TRY(Attribute element, number_or_dim());
      elements.push_back(std::move(element));
    }
    return Done{};
  }));
  if (auto list = to_list(elements)) return *std::move(list);
  return error(start, "a list holds integers and dimensions, or reals, or strings, not several of these");
}

Result<Attribute> TextReader::attribute() {
  if (peek().kind == Token::Kind::text) {
    RONDO_TRY(std::string value, text());
    return Attribute(std::move(value));
  }
  if (take_mark("[")) return attribute_list();
  const auto dtype = peek().kind == Token::Kind::word ? find_dtype(peek().text) : std::nullopt;
  if (!dtype) {
    const auto kind = peek().kind;
    const bool starts = kind == Token::Kind::number || kind == Token::Kind::symbol || kind == Token::Kind::word ||
                        at_mark("-") || at_mark("(");
    if (!starts) return expected("an attribute's value: a number, a string, a list, a dimension, a type or a tensor");
    return number_or_dim();
  }
  next();
  if (!at_mark("[")) return Attribute(*dtype);
  RONDO_TRY(Tensor value, tensor(*dtype));
  return Attribute(std::move(value));
}

}  // namespace rondo
