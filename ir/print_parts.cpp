// Numbers, names, dims, types, tensors and attributes as text. Tested by tests/ir/text_test.cpp.
#include "ir/print_parts.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <limits>

#include "ir/lexer.h"

namespace rondo {
namespace {

constexpr int64_t kLiteralElements = 16;  // tensors up to here are written element by element
constexpr int64_t kBriefElements = 4;     // for the eye

template <class... Arguments>
void append(std::string& out, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Arguments>(arguments)...);
}

uint64_t bits_of(double value) {
  uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

template <class Real>
void print_finite(std::string& out, Real value) {
  const size_t begin = out.size();
  append(out, "{}", value);
  if (out.find_first_of(".en", begin) == std::string::npos) out += ".0";
}

/// Whether the element-wise form keeps every bit: it has one NaN and two truth values.
bool is_literal(const Tensor& tensor) {
  if (tensor.count() > kLiteralElements) return false;
  const std::string_view bytes = tensor.bytes();
  const auto size = static_cast<size_t>(byte_size(tensor.dtype()));
  const Tensor nan =
      is_float(tensor.dtype()) ? Tensor::scalar(tensor.dtype(), std::numeric_limits<double>::quiet_NaN()) : Tensor();
  for (int64_t i = 0; i < tensor.count(); ++i) {
    if (tensor.dtype() == DType::boolean && static_cast<uint8_t>(bytes[i]) > 1) return false;
    if (!is_float(tensor.dtype()) || !std::isnan(tensor.double_at(i))) continue;
    if (bytes.substr(i * size, size) != nan.bytes()) return false;
  }
  return true;
}

void print_element(std::string& out, const Tensor& tensor, int64_t i) {
  switch (kind(tensor.dtype())) {
    case DTypeKind::boolean: out += tensor.int_at(i) ? "true" : "false"; break;
    case DTypeKind::signed_int: append(out, "{}", tensor.int_at(i)); break;
    case DTypeKind::unsigned_int: append(out, "{}", static_cast<uint64_t>(tensor.int_at(i))); break;
    case DTypeKind::floating:
      if (tensor.dtype() == DType::f64)
        print_real(out, tensor.double_at(i));
      else
        print_real(out, static_cast<float>(tensor.double_at(i)));
  }
}

void print_statistics(std::string& out, const Tensor& tensor) {
  double sum = 0, low = std::numeric_limits<double>::infinity(), high = -low;
  int64_t nans = 0;
  for (int64_t i = 0; i < tensor.count(); ++i) {
    const double value = tensor.double_at(i);
    if (std::isnan(value)) {
      ++nans;
      continue;
    }
    sum += value;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  const int64_t numbers = tensor.count() - nans;
  append(out, "<");
  if (numbers > 0) append(out, "mean {:.4g}, min {:.4g}, max {:.4g}", sum / static_cast<double>(numbers), low, high);
  if (nans > 0) append(out, "{}{} NaN", numbers > 0 ? ", " : "", nans);
  append(out, ">");
}

void print_base64(std::string& out, std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  out.reserve(out.size() + (bytes.size() + 2) / 3 * 4 + 2);
  out += '"';
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t count = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t j = 0; j < 3; ++j) group = group << 8 | (j < count ? static_cast<uint8_t>(bytes[i + j]) : 0);
    for (size_t j = 0; j < 4; ++j) out += j <= count ? kDigits[group >> (18 - 6 * j) & 63] : '=';
  }
  out += '"';
}

template <class List, class Function>
void print_list(std::string& out, const List& list, Function element) {
  out += '[';
  for (size_t i = 0; i < list.size(); ++i) {
    if (i > 0) out += ", ";
    element(list[i]);
  }
  out += ']';
}

struct AttributePrinter {
  std::string& out;
  const PrintOptions& options;

  void operator()(int64_t value) const { append(out, "{}", value); }
  void operator()(double value) const { print_real(out, value); }
  void operator()(const std::string& value) const { print_text(out, value); }
  void operator()(const Dim& value) const { print_dim(out, value); }
  void operator()(DType value) const { out += to_string(value); }
  void operator()(const Tensor& value) const { print_tensor(out, value, options); }
  template <class T>
  void operator()(const std::vector<T>& values) const {
    print_list(out, values, [this](const T& value) { (*this)(value); });
  }
};

}  // namespace

void print_text(std::string& out, std::string_view text, char quote) {
  const bool plain = is_utf8(text);
  out += quote;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == quote || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n' || c == '\t') {
      out += c == '\n' ? "\\n" : "\\t";
    } else if (byte < 0x20 || byte == 0x7F || (byte >= 0x80 && !plain)) {
      append(out, "\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  out += quote;
}

void print_name(std::string& out, std::string_view name) {
  if (is_word(name))
    out += name;
  else
    print_text(out, name);
}

void print_real(std::string& out, double value) {
  if (!std::isnan(value)) return print_finite(out, value);
  if (bits_of(value) == bits_of(std::numeric_limits<double>::quiet_NaN()))
    out += "nan";
  else
    append(out, "nan(0x{:016x})", bits_of(value));
}

void print_real(std::string& out, float value) {
  if (std::isnan(value))
    out += "nan";
  else
    print_finite(out, value);
}

bool is_reserved_symbol(std::string_view name) {
  constexpr std::string_view kReserved[] = {"_", "floor", "inf", "max", "min", "nan"};
  for (std::string_view word : kReserved)
    if (name == word) return true;
  return find_dtype(name).has_value();
}

void print_dim(std::string& out, const Dim& dim) {
  if (auto constant = dim.constant()) return append(out, "{}", *constant);
  std::set<std::string> names;
  dim.collect_symbols(names);
  std::map<std::string, Dim> quoted;
  for (const std::string& name : names) {
    if (is_word(name) && !is_reserved_symbol(name)) continue;
    std::string text;
    print_text(text, name, '`');
    quoted.emplace(name, Dim::symbol(text));
  }
  out += quoted.empty() ? dim.to_string() : dim.substitute(quoted).to_string();
}

void print_type(std::string& out, const Type& type) {
  out += to_string(type.dtype);
  print_list(out, type.shape, [&](const Dim& dim) { print_dim(out, dim); });
}

void print_tensor(std::string& out, const Tensor& tensor, const PrintOptions& options) {
  out += to_string(tensor.dtype());
  print_list(out, tensor.shape(), [&](int64_t size) { append(out, "{}", size); });
  out += ' ';
  const int64_t shown = options.brief ? kBriefElements : kLiteralElements;
  if (tensor.count() <= shown && is_literal(tensor)) {
    out += '{';
    for (int64_t i = 0; i < tensor.count(); ++i) {
      if (i > 0) out += ", ";
      print_element(out, tensor, i);
    }
    out += '}';
  } else if (options.full_weights || tensor.count() <= shown) {
    print_base64(out, tensor.bytes());
  } else {
    print_statistics(out, tensor);
  }
}

std::string print_stepping(const Stepping& stepping) {
  if (stepping == Stepping()) return "";
  return fmt::format("stepping streams {} frames {} latency {}", stepping.streams, stepping.frames, stepping.latency);
}

void print_timing(std::string& out, const Timing& timing) {
  append(out, "time {} ", to_string(timing.port));
  print_text(out, timing.name);
  append(out, " axis {}", timing.axis);
  if (timing.latency != 0) append(out, " latency {}", timing.latency);
}

void print_attribute(std::string& out, const Attribute& value, const PrintOptions& options) {
  std::visit(AttributePrinter{out, options}, value);
}

std::string print_counts(std::initializer_list<std::pair<Dim, std::string_view>> counts) {
  std::string text;
  for (const auto& [count, what] : counts) {
    if (count.is(0)) continue;
    if (!text.empty()) text += ", ";
    print_dim(text, count);
    append(text, " {}", what);
  }
  return text;
}

}  // namespace rondo
