// Types and tensors of rondo's own JSON; see own.h.
#include <fmt/format.h>

#include "frontend/file.h"
#include "frontend/json/numbers.h"
#include "frontend/json/own.h"
#include "frontend/tensor_bytes.h"

namespace rondo {
namespace {

constexpr int64_t kMostFilled = int64_t{1} << 26;  // elements of a tensor of one number

constexpr std::string_view kTypeForm = "an element type and sizes, such as f32[T, 2]";

/// The parts between commas outside parentheses.
std::vector<std::string> split_sizes(std::string_view text) {
  std::vector<std::string> parts(1);
  int depth = 0;
  for (char c : text) {
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (c == ',' && depth == 0)
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t") == std::string_view::npos; }

Result<std::vector<int64_t>> read_sizes(const Json& json) {
  RONDO_CHECK(json.require(JsonKind::list, "a shape, a list of sizes"));
  return json.integers(0, INT64_MAX);
}

/// Elements as they are written, any number of them, as a tensor.
Result<Tensor> tensor_of(const Json& json, DType dtype, std::vector<int64_t> shape,
                         const std::vector<const JsonNode*>& elements) {
  std::vector<double> reals;
  std::vector<int64_t> integers;
  for (const JsonNode* node : elements) {
    const Json element(*node, json.place());
    if (is_float(dtype)) {
      RONDO_CHECK(element.require(JsonKind::number, "numbers"));
      if (dtype == DType::f64)
        reals.push_back(node->number());
      else {
        RONDO_TRY(const double value, element.number());
        reals.push_back(value);
      }
    } else if (dtype == DType::boolean) {
      RONDO_TRY(const bool value, element.boolean());
      integers.push_back(value);
    } else {
      const int bits = 8 * byte_size(dtype);
      const bool is_signed = kind(dtype) == DTypeKind::signed_int;
      const int64_t high = bits == 64 ? INT64_MAX : (int64_t{1} << (is_signed ? bits - 1 : bits)) - 1;
      RONDO_TRY(const int64_t value, element.integer(is_signed ? -high - 1 : 0, high));
      integers.push_back(value);
    }
  }
  return is_float(dtype) ? Tensor::from_doubles(dtype, std::move(shape), reals)
                         : Tensor::from_ints(dtype, std::move(shape), integers);
}

}  // namespace

Result<Type> read_own_type(const Json& json) {
  RONDO_TRY(const std::string text, json.text());
  const size_t open = text.find('[');
  const std::optional<DType> dtype = find_dtype(text.substr(0, open));
  if (!dtype || open == std::string::npos || text.back() != ']') return json.expected(kTypeForm);
  Type type{*dtype, {}};
  const std::string sizes = text.substr(open + 1, text.size() - open - 2);
  if (is_blank(sizes)) return type;
  for (const std::string& size : split_sizes(sizes)) {
    Result<Dim> dim = Dim::parse(size);
    if (!dim)
      return json.error(
          fmt::format("{} is no size: {}; accepted: {}", in_quotes(size), dim.errors()[0].message, kTypeForm));
    if (auto constant = dim->constant(); constant && *constant < 0) return json.expected("sizes of at least 0");
    type.shape.push_back(*dim);
  }
  if (type.shape.size() > kMaxRank) return json.refused(fmt::format("more than {} axes", kMaxRank));
  return type;
}

namespace {

/// Nested lists of elements of any kind, flattened, with their shape.
struct Elements {
  std::vector<int64_t> shape;
  std::vector<const JsonNode*> leaves;
};

Status flatten(const Json& json, size_t axis, Elements& elements) {
  if (!json.is(JsonKind::list)) {
    if (axis != elements.shape.size()) return json.expected(fmt::format("a list of {}", elements.shape[axis]));
    elements.leaves.push_back(&json.node());
    return Done{};
  }
  if (axis == elements.shape.size() || static_cast<int64_t>(json.size()) != elements.shape[axis])
    return json.expected(axis == elements.shape.size() ? "an element, as in the lists before it"
                                                       : fmt::format("a list of {}", elements.shape[axis]));
  for (size_t i = 0; i < json.size(); ++i) RONDO_CHECK(flatten(json.item(i), axis + 1, elements));
  return Done{};
}

Result<Tensor> read_nested(const Json& json, DType dtype) {
  Elements elements;
  for (const JsonNode* at = &json.node(); at->kind == JsonKind::list; at = &at->parts->items[0]) {
    elements.shape.push_back(static_cast<int64_t>(at->parts->items.size()));
    if (at->parts->items.empty()) break;
  }
  RONDO_CHECK(flatten(json, 0, elements));
  return tensor_of(json, dtype, std::move(elements.shape), elements.leaves);
}

/// One number for all elements of a shape.
Result<Tensor> read_filled(const Json& value, DType dtype, std::vector<int64_t> shape) {
  RONDO_TRY(const int64_t bytes, checked_byte_count(dtype, shape, value.place()));
  if (bytes / byte_size(dtype) > kMostFilled)
    return value.refused(fmt::format("one number for more than {} elements", kMostFilled));
  RONDO_TRY(const Tensor one, read_nested(value, dtype));
  std::string all;
  for (int64_t i = 0; i < bytes; i += byte_size(dtype)) all += one.bytes();
  return tensor_from_bytes(dtype, std::move(shape), std::move(all), value.place());
}

}  // namespace

Result<Tensor> read_own_tensor(const Json& json) {
  constexpr std::string_view kForm =
      "a number or nested lists of numbers (float32), or an object such as {\"i64\": [1, 2]} or {\"f32\": 0, "
      "\"shape\": [3]}";
  if (json.is(JsonKind::list) || json.is(JsonKind::number)) return read_nested(json, DType::f32);
  RONDO_CHECK(json.require(JsonKind::object, kForm));
  size_t typed = 0;  // the member that is called after an element type
  while (typed < json.size() && !find_dtype(json.name(typed))) ++typed;
  if (typed == json.size()) return json.expected(kForm);
  RONDO_CHECK(json.only({json.name(typed), "shape"}));
  const DType dtype = *find_dtype(json.name(typed));
  const Json value = json.item(typed);
  const std::optional<Json> given = json.find("shape");
  if (!given)
    return value.is(JsonKind::text) ? Result<Tensor>(json.error("base64 without 'shape'; accepted: both"))
                                    : read_nested(value, dtype);
  RONDO_TRY(std::vector<int64_t> shape, read_sizes(*given));
  if (value.is(JsonKind::list)) {
    RONDO_TRY(const Tensor flat, read_nested(value, dtype));
    RONDO_TRY(const int64_t bytes, checked_byte_count(dtype, shape, given->place()));
    if (static_cast<size_t>(bytes) != flat.bytes().size())
      return given->error(fmt::format("has not as many elements as the list, {}", flat.count()));
    return flat.reshaped(std::move(shape));
  }
  if (!value.is(JsonKind::text)) return read_filled(value, dtype, std::move(shape));
  RONDO_TRY(std::string bytes, decode_base64(value));
  return tensor_from_bytes(dtype, std::move(shape), std::move(bytes), value.place());
}

}  // namespace rondo
