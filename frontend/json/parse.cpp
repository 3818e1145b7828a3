// Text to JsonNode with nlohmann's event parser, which stays in this file: its tree would keep the last of two members
// of one name, and accept any depth. See parse_json in json.h.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "frontend/file.h"
#include "frontend/json/json.h"
#include "support/source.h"

namespace rondo {
namespace {

using Library = nlohmann::json;

constexpr size_t kMostMembers = size_t{1} << 16;  // of one object; find() walks through them

/// A list or object that is not closed yet.
struct Open {
  JsonNode* node;
  std::unordered_set<std::string> names;
};

/// Walks through the text and keeps count, so that events have a place.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, size_t& count) : at_(at), count_(&count) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    ++at_, ++*count_;
    return *this;
  }
  friend bool operator==(const CountingIterator& a, const CountingIterator& b) { return a.at_ == b.at_; }
  friend bool operator!=(const CountingIterator& a, const CountingIterator& b) { return a.at_ != b.at_; }

 private:
  const char* at_;
  size_t* count_;  // of characters read
};

/// Receives the parser's events. A function that returns false ends the parse with `error` set.
class Receiver {
 public:
  explicit Receiver(std::string_view text) : text_(text) {}

  size_t& read() { return read_; }

  // The interface that nlohmann's parser calls.
  bool null() { return add({}) != nullptr; }
  bool boolean(bool value) { return add_whole(JsonKind::boolean, value); }
  bool number_integer(int64_t value) { return add_whole(JsonKind::number, value); }
  bool number_unsigned(uint64_t value) {
    if (value <= INT64_MAX) return add_whole(JsonKind::number, static_cast<int64_t>(value));
    return add_real(static_cast<double>(value));
  }
  bool number_float(double value, const std::string& digits) {
    if (!std::isfinite(value)) return fail(fmt::format("the number {} is too large for float64", in_quotes(digits)));
    return add_real(value);
  }
  bool string(std::string& value) {
    JsonNode* node = add(JsonKind::text);
    if (node) node->parts->text = std::move(value);
    return node != nullptr;
  }
  bool binary(Library::binary_t&) { return fail("binary data; accepted: JSON text"); }
  bool start_object(size_t) { return open(JsonKind::object); }
  bool start_array(size_t) { return open(JsonKind::list); }
  bool end_object() { return open_.pop_back(), true; }
  bool end_array() { return open_.pop_back(), true; }
  bool key(std::string& name) {
    Open& object = open_.back();
    if (!object.names.insert(name).second) {
      object.node->parts->names.push_back(name);  // for the pointer
      return fail(fmt::format("the member {} is given twice; accepted: each name once", in_quotes(name)));
    }
    if (object.names.size() > kMostMembers) return fail(fmt::format("an object of more than {} members", kMostMembers));
    object.node->parts->names.push_back(std::move(name));
    return true;
  }
  bool parse_error(size_t position, const std::string&, const Library::exception& exception) {
    std::string what =
        exception.what();  // "[json…] parse error at line 1, column 2: syntax error … - what; last read…"
    if (size_t dash = what.find(" - "); dash != std::string::npos) what = what.substr(dash + 3);
    if (size_t end = what.find("] "); what.starts_with("[json") && end != std::string::npos)
      what = what.substr(end + 2);
    const std::string shown = in_quotes(what);
    read_ = position;
    return fail(fmt::format("this is not JSON: {}; accepted: JSON, in which NaN, Infinity, comments and trailing commas "
                            "do not occur",
                            shown.substr(1, shown.size() - 2)));
  }

  Diagnostic error() const { return error_; }
  JsonNode take() { return std::move(root_); }

 private:
  bool fail(std::string message) {
    const size_t at = std::min(read_ > 0 ? read_ - 1 : 0, end_of_text(text_));
    error_ = invalid(message + excerpt(text_, at), line_and_column(text_, at) + ": " + pointer());
    return false;
  }

  std::string pointer() const {
    std::string text;
    for (const Open& open : open_) {
      const JsonParts& parts = *open.node->parts;
      if (open.node->kind == JsonKind::list)
        text += "/" + std::to_string(parts.items.size() - (&open == &open_.back() ? 0 : 1));
      else if (!parts.names.empty())
        text += "/" + pointer_step(parts.names.back());
    }
    return text.empty() ? "/" : text;
  }

  JsonNode* add(JsonKind kind) {
    JsonNode node;
    node.kind = kind;
    node.parts = std::make_unique<JsonParts>();
    return add(std::move(node));
  }
  /// The node in its place: the document, or the innermost open list or object.
  JsonNode* add(JsonNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return &root_;
    }
    auto& items = open_.back().node->parts->items;
    items.push_back(std::move(node));
    return &items.back();
  }
  bool add_whole(JsonKind kind, int64_t value) {
    JsonNode node;
    node.kind = kind;
    node.whole = true;
    node.integer = value;
    return add(std::move(node)) != nullptr;
  }
  bool add_real(double value) {
    JsonNode node;
    node.kind = JsonKind::number;
    node.real = value;
    return add(std::move(node)) != nullptr;
  }
  bool open(JsonKind kind) {
    if (open_.size() >= kDeepestJson)
      return fail(fmt::format("lists and objects are nested more than {} deep", kDeepestJson));
    JsonNode* node = add(kind);
    open_.push_back({node, {}});
    return true;
  }

  std::string_view text_;
  size_t read_ = 0;  // characters, where a CountingIterator counts them
  JsonNode root_;
  std::vector<Open> open_;  // their nodes stay where they are: a list grows only after its last item is closed
  Diagnostic error_;
};

}  // namespace

Result<JsonNode> parse_json(std::string_view text) {
  Receiver receiver(text);
  try {
    if (Library::sax_parse(text.begin(), text.end(), &receiver)) return receiver.take();
    Receiver counting(text);  // slower; only to say where
    size_t& read = counting.read();
    (void)Library::sax_parse(CountingIterator(text.data(), read), CountingIterator(text.data() + text.size(), read),
                             &counting);
    return counting.error();
  } catch (const std::exception& exception) {
    return invalid(fmt::format("this is not JSON: {}", exception.what()), "1:1: /");
  }
}

}  // namespace rondo
