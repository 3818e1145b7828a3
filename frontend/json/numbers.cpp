// Nested lists of numbers as arrays; see numbers.h.
#include "frontend/json/numbers.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cmath>

namespace rondo {
namespace {

/// The shape along first items; every other list is compared with it.
std::vector<int64_t> shape_of(const JsonNode& node) {
  std::vector<int64_t> shape;
  for (const JsonNode* at = &node; at->kind == JsonKind::list; at = &at->parts->items[0]) {
    shape.push_back(static_cast<int64_t>(at->parts->items.size()));
    if (at->parts->items.empty()) break;
  }
  return shape;
}

std::string describe(const std::vector<int64_t>& shape, size_t axis) {
  if (axis == shape.size()) return "a number";
  return fmt::format("a list of {}, as the lists before it", shape[axis]);
}

Status append(const Json& json, size_t axis, Numbers& numbers) {
  if (axis == numbers.shape.size()) {
    if (!json.is(JsonKind::number)) return json.expected(describe(numbers.shape, axis));
    RONDO_TRY(const double value, json.number());
    numbers.values.push_back(value);
    return Done{};
  }
  if (!json.is(JsonKind::list) || static_cast<int64_t>(json.size()) != numbers.shape[axis])
    return json.expected(describe(numbers.shape, axis));
  const bool leaves = axis + 1 == numbers.shape.size();
  for (size_t i = 0; i < json.size(); ++i) {
    const JsonNode& node = json.node().parts->items[i];
    if (leaves && node.kind == JsonKind::number && std::abs(node.number()) < 3e38)  // the usual case, without a pointer
      numbers.values.push_back(node.number());
    else
      RONDO_CHECK(append(json.item(i), axis + 1, numbers));
  }
  return Done{};
}

int digit_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

Result<std::string> joined_text(const Json& json) {
  if (json.is(JsonKind::text)) return json.text();
  RONDO_CHECK(json.require(JsonKind::list, "base64, as a text or a list of texts"));
  std::string whole;
  for (size_t i = 0; i < json.size(); ++i) {
    RONDO_TRY(const std::string part, json.item(i).text());
    whole += part;
  }
  return whole;
}

}  // namespace

Result<Numbers> read_numbers(const Json& json) {
  Numbers numbers;
  numbers.shape = shape_of(json.node());
  numbers.place = json.place();
  RONDO_CHECK(append(json, 0, numbers));
  return numbers;
}

std::string shown_size(int64_t size) { return size == kAnySize ? "any" : std::to_string(size); }

Status require_shape(const Numbers& numbers, const std::vector<int64_t>& want, std::string_view meaning) {
  bool same = numbers.shape.size() == want.size();
  for (size_t axis = 0; same && axis < want.size(); ++axis)
    same = want[axis] == kAnySize || want[axis] == numbers.shape[axis];
  if (same) return Done{};
  std::vector<std::string> sizes;
  for (int64_t size : want) sizes.push_back(shown_size(size));
  return invalid(fmt::format("found an array [{}]; accepted: [{}]: {}", fmt::join(numbers.shape, ", "),
                             fmt::join(sizes, ", "), meaning),
                 numbers.place);
}

Numbers transposed(const Numbers& numbers, const std::vector<int64_t>& perm) {
  const size_t rank = perm.size();
  std::vector<int64_t> stride(rank, 1), step(rank), index(rank, 0);
  for (size_t axis = rank; axis-- > 1;) stride[axis - 1] = stride[axis] * numbers.shape[axis];
  Numbers result{std::vector<int64_t>(rank), {}, numbers.place};
  for (size_t axis = 0; axis < rank; ++axis) {
    result.shape[axis] = numbers.shape[static_cast<size_t>(perm[axis])];
    step[axis] = stride[static_cast<size_t>(perm[axis])];
  }
  result.values.reserve(numbers.values.size());
  for (int64_t offset = 0; result.values.size() < numbers.values.size();) {  // `index` counts like an odometer
    result.values.push_back(numbers.values[static_cast<size_t>(offset)]);
    for (size_t axis = rank; axis-- > 0;) {
      offset += step[axis];
      if (++index[axis] < result.shape[axis]) break;
      offset -= step[axis] * index[axis];
      index[axis] = 0;
    }
  }
  return result;
}

Numbers reshaped(Numbers numbers, std::vector<int64_t> shape) {
  numbers.shape = std::move(shape);
  return numbers;
}

Result<std::string> decode_base64(const Json& json) {
  RONDO_TRY(const std::string text, joined_text(json));
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  const size_t digits = std::min(text.find('='), text.size()), padding = text.size() - digits;
  if (text.size() % 4 != 0 || padding > 2 || text.find_first_not_of('=', digits) != std::string::npos)
    return json.error("the base64 text is cut or misses its padding; accepted: groups of 4 characters");
  uint32_t group = 0;
  for (size_t i = 0; i < digits; ++i) {
    const int digit = digit_of(text[i]);
    if (digit < 0)
      return json.error(fmt::format("character {} of the base64 text is none; accepted: A-Z a-z 0-9 + /", i));
    group = group << 6 | static_cast<uint32_t>(digit);
    if (i % 4 == 3) {
      for (int shift : {16, 8, 0}) bytes += static_cast<char>(group >> shift & 0xff);
      group = 0;
    }
  }
  if (padding == 1) bytes += {static_cast<char>(group >> 10 & 0xff), static_cast<char>(group >> 2 & 0xff)};
  if (padding == 2) bytes += static_cast<char>(group >> 4 & 0xff);
  return bytes;
}

Result<Numbers> read_base64(const Json& json) {
  RONDO_TRY(const std::string bytes, decode_base64(json));
  if (bytes.size() % sizeof(float) != 0)
    return json.error(fmt::format("{} bytes, which are no float32 numbers; accepted: a multiple of 4", bytes.size()));
  Numbers numbers;
  numbers.place = json.place();
  numbers.shape = {static_cast<int64_t>(bytes.size() / sizeof(float))};
  for (size_t at = 0; at < bytes.size(); at += sizeof(float)) {
    float value = 0;
    std::memcpy(&value, bytes.data() + at, sizeof(float));
    if (!std::isfinite(value))
      return json.error(fmt::format("number {} is not finite; accepted: finite numbers", at / sizeof(float)));
    numbers.values.push_back(value);
  }
  return numbers;
}

}  // namespace rondo
