// Values of a JSON document; see json.h.
#include "frontend/json/json.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cfloat>
#include <cmath>

#include "frontend/file.h"
#include "support/closest.h"

namespace rondo {

std::string pointer_step(std::string_view name) {
  constexpr size_t kLongest = 100;
  std::string step;
  for (char c : name.substr(0, kLongest)) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '~')
      step += "~0";
    else if (c == '/')
      step += "~1";
    else
      step += code < 0x20 || code == 0x7f ? '?' : c;
  }
  return step + (name.size() > kLongest ? "…" : "");
}

std::string Json::found() const {
  switch (kind()) {
    case JsonKind::null: return "null";
    case JsonKind::boolean: return node_->integer ? "true" : "false";
    case JsonKind::number:
      return node_->whole ? fmt::format("the number {}", node_->integer) : fmt::format("the number {}", node_->real);
    case JsonKind::text: return "the text " + in_quotes(node_->parts->text);
    case JsonKind::list: return size() == 0 ? "an empty list" : fmt::format("a list of {}", size());
    case JsonKind::object: return "an object";
  }
  return "something else";
}

Diagnostic Json::expected(std::string_view accepted) const {
  return error(fmt::format("found {}; accepted: {}", found(), accepted));
}

Json Json::item(size_t i) const {
  const std::string step = is(JsonKind::object) ? pointer_step(name(i)) : std::to_string(i);
  return Json(node_->parts->items[i], pointer_ + "/" + step);
}

std::optional<Json> Json::find(std::string_view name) const {
  if (!is(JsonKind::object)) return std::nullopt;
  for (size_t i = 0; i < size(); ++i)
    if (this->name(i) == name) return item(i);
  return std::nullopt;
}

std::optional<Json> Json::find_value(std::string_view name) const {
  std::optional<Json> found = find(name);
  return found && found->is(JsonKind::null) ? std::nullopt : found;
}

Result<Json> Json::member(std::string_view name, std::string_view accepted) const {
  RONDO_CHECK(require(JsonKind::object, "an object"));
  if (std::optional<Json> found = find(name)) return *found;
  return error(fmt::format("the member '{}' is missing; accepted: {}", name, accepted));
}

Status Json::only(std::initializer_list<std::string_view> names) const {
  ErrorList errors;
  for (size_t i = 0; i < size(); ++i)
    if (std::find(names.begin(), names.end(), name(i)) == names.end())
      errors.add(
          {item(i).refused(fmt::format("the member {} means nothing here; accepted: {}{}", in_quotes(name(i)),
                                       fmt::join(names, ", "), did_you_mean(name(i), {names.begin(), names.end()})))});
  return errors.status();
}

Status Json::require(JsonKind kind, std::string_view accepted) const {
  if (!is(kind)) return expected(accepted);
  return Done{};
}

Result<int64_t> Json::integer(int64_t low, int64_t high) const {
  std::optional<int64_t> value;
  if (is(JsonKind::number) && node_->whole) value = node_->integer;
  if (is(JsonKind::number) && !node_->whole && std::abs(node_->real) < 9e15 && node_->real == std::floor(node_->real))
    value = static_cast<int64_t>(node_->real);
  if (value && *value >= low && *value <= high) return *value;
  if (high == INT64_MAX) return expected(low == INT64_MIN ? "an integer" : fmt::format("an integer, at least {}", low));
  return expected(fmt::format("an integer from {} to {}", low, high));
}

Result<double> Json::number() const {
  RONDO_CHECK(require(JsonKind::number, "a number"));
  const double value = node_->number();
  if (std::abs(value) > FLT_MAX) return expected("a number that float32 can hold");
  return value;
}

Result<std::string> Json::text() const {
  RONDO_CHECK(require(JsonKind::text, "a text"));
  return node_->parts->text;
}

Result<bool> Json::boolean() const {
  RONDO_CHECK(require(JsonKind::boolean, "true or false"));
  return node_->integer != 0;
}

Result<std::vector<int64_t>> Json::integers(int64_t low, int64_t high) const {
  std::vector<int64_t> values;
  if (is(JsonKind::number)) {
    RONDO_TRY(const int64_t value, integer(low, high));
    return std::vector<int64_t>{value};
  }
  RONDO_CHECK(require(JsonKind::list, "an integer or a list of integers"));
  for (size_t i = 0; i < size(); ++i) {
    RONDO_TRY(const int64_t value, item(i).integer(low, high));
    values.push_back(value);
  }
  return values;
}

}  // namespace rondo
