// A JSON document as readers see it: values that know where they are, so that every error names a JSON pointer
// (RFC 6901), what was found there and what would be accepted. Entries: parse_json, read_json_text.
//
// A document is a tree of at most kDeepest levels, without duplicate members, and with finite numbers only.
// Tested by tests/frontend/json_test.cpp.
#pragma once

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/error_list.h"

namespace rondo {

struct JsonParts;

enum class JsonKind : uint8_t { null, boolean, number, text, list, object };

/// One value of the document. Small, since weights are many.
struct JsonNode {
  JsonKind kind = JsonKind::null;
  bool whole = false;  // a number written as an integer that fits int64_t
  union {
    int64_t integer = 0;  // whole numbers, and 0 or 1 for booleans
    double real;
  };
  std::unique_ptr<JsonParts> parts;  // of texts, lists and objects

  double number() const { return whole ? static_cast<double>(integer) : real; }
};

struct JsonParts {
  std::string text;
  std::vector<JsonNode> items;     // of lists, and the values of objects
  std::vector<std::string> names;  // of an object's members, in the order of the file
};

/// Deeper nesting than any model has; bounds every recursion over a document.
inline constexpr int kDeepestJson = 64;

Result<JsonNode> parse_json(std::string_view text);

/// Where in the text the value at a pointer (of this document) begins; of a pointer to nothing, as far as it leads.
size_t place_in_text(std::string_view text, const JsonNode& document, std::string_view pointer);

/// A value and its place. The document must outlive it.
class Json {
 public:
  explicit Json(const JsonNode& node, std::string pointer = {}) : node_(&node), pointer_(std::move(pointer)) {}

  const JsonNode& node() const { return *node_; }
  JsonKind kind() const { return node_->kind; }
  bool is(JsonKind kind) const { return node_->kind == kind; }
  /// "/layers/2/weights"; "/" for the document.
  std::string place() const { return pointer_.empty() ? "/" : pointer_; }
  /// "the number 3", "a list of 4", "the text 'abc'".
  std::string found() const;

  // Errors at this place.
  Diagnostic error(std::string message) const { return rondo::invalid(std::move(message), place()); }
  Diagnostic refused(std::string message) const { return rondo::unsupported(std::move(message), place()); }
  /// "found a list of 4; accepted: …"
  Diagnostic expected(std::string_view accepted) const;

  // Members and items.
  size_t size() const { return node_->parts ? node_->parts->items.size() : 0; }
  Json item(size_t i) const;
  const std::string& name(size_t i) const { return node_->parts->names[i]; }
  /// A member of an object; nothing if it is absent, or if this is no object.
  std::optional<Json> find(std::string_view name) const;
  bool has(std::string_view name) const { return find(name).has_value(); }
  /// A member that must be there; `accepted` says what it should be.
  Result<Json> member(std::string_view name, std::string_view accepted) const;
  /// Like find, but null counts as absent.
  std::optional<Json> find_value(std::string_view name) const;
  /// Members whose names are not among these are errors. What is read from the object should wait for it to be right: a
  /// misspelt member is one that is missing, too.
  Status only(std::initializer_list<std::string_view> names) const;

  // Values of one kind, or errors.
  Status require(JsonKind kind, std::string_view accepted) const;
  Result<int64_t> integer(int64_t low, int64_t high) const;
  /// A number that float32 can hold.
  Result<double> number() const;
  Result<std::string> text() const;
  Result<bool> boolean() const;
  /// A list of integers, or one integer as a list of one.
  Result<std::vector<int64_t>> integers(int64_t low, int64_t high) const;

 private:
  const JsonNode* node_;
  std::string pointer_;
};

/// Pointers become line, column and pointer, and messages show the line. Then they stand in the text's order.
void place_in_lines(Diagnostics& diagnostics, std::string_view text, const JsonNode& root);

/// What a text says: `read` makes it of the document. Errors tell line, column and pointer, and show the line.
template <class Read>
auto read_json_text(std::string_view text, Read read) -> decltype(read(std::declval<const Json&>())) {
  RONDO_TRY(const JsonNode root, parse_json(text));
  auto result = read(Json(root));
  if (result) return result;
  Diagnostics errors = std::move(result).errors();
  place_in_lines(errors, text, root);
  return errors;
}

/// A name as a step of a JSON pointer: ~ and / escaped, control characters replaced, long names cut.
std::string pointer_step(std::string_view name);

}  // namespace rondo
