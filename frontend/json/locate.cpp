// Pointers become places in the text, which is walked beside its tree, since that knows the members' names. The text is
// JSON, or there would be no tree. Tested by tests/frontend/json_test.cpp.
#include <algorithm>

#include "frontend/json/json.h"
#include "support/source.h"

namespace rondo {
namespace {

class Walker {
 public:
  explicit Walker(std::string_view text) : text_(text) { skip_space(); }

  size_t at() const { return at_; }

  /// From the beginning of a list or object to the beginning of the value of its item or member number `index`.
  void enter(bool is_object, size_t index) {
    ++at_;
    for (size_t i = 0;; ++i) {
      skip_space();
      if (is_object) skip_name();
      if (i == index) return;
      skip_value();
      skip_to_next();
    }
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_space() {
    while (peek() == ' ' || peek() == '\n' || peek() == '\t' || peek() == '\r') ++at_;
  }
  void skip_string() {
    for (++at_; at_ < text_.size() && peek() != '"'; ++at_)
      if (peek() == '\\') ++at_;
    ++at_;
  }
  void skip_name() {
    skip_string();
    skip_space();
    ++at_;  // the colon
    skip_space();
  }
  void skip_value() {
    int depth = 0;
    do {
      const char c = peek();
      if (c == '"') {
        skip_string();
        continue;
      }
      depth += (c == '[' || c == '{') - (c == ']' || c == '}');
      ++at_;
    } while (at_ < text_.size() && (depth > 0 || (peek() != ',' && peek() != ']' && peek() != '}')));
  }
  void skip_to_next() {
    skip_space();
    if (peek() == ',') ++at_;
  }

  std::string_view text_;
  size_t at_ = 0;
};

/// Which of a node's parts a step of a pointer names; how many there are if none.
size_t find_part(const JsonNode& node, std::string_view step) {
  const size_t count = node.parts ? node.parts->items.size() : 0;
  for (size_t i = 0; i < count; ++i)
    if (step == (node.kind == JsonKind::object ? pointer_step(node.parts->names[i]) : std::to_string(i))) return i;
  return count;
}

}  // namespace

size_t place_in_text(std::string_view text, const JsonNode& document, std::string_view pointer) {
  Walker walker(text);
  const JsonNode* node = &document;
  while (pointer.size() > 1 && pointer[0] == '/') {
    pointer.remove_prefix(1);
    const std::string_view step = pointer.substr(0, pointer.find('/'));
    const size_t part = find_part(*node, step);
    if (!node->parts || part == node->parts->items.size()) break;
    walker.enter(node->kind == JsonKind::object, part);
    node = &node->parts->items[part];
    pointer.remove_prefix(step.size());
  }
  return walker.at();
}

void place_in_lines(Diagnostics& diagnostics, std::string_view text, const JsonNode& root) {
  std::vector<std::pair<size_t, Diagnostic>> placed;
  for (Diagnostic& each : diagnostics) {
    size_t at = each.untold > 0 ? text.size() : 0;
    if (each.place.starts_with('/')) {
      at = place_in_text(text, root, each.place.substr(0, each.place.find(' ')));
      each.place = line_and_column(text, at) + ": " + each.place;
      each.message += excerpt(text, at);
    }
    placed.emplace_back(at, std::move(each));
  }
  std::stable_sort(placed.begin(), placed.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (size_t i = 0; i < placed.size(); ++i) diagnostics[i] = std::move(placed[i].second);
}

}  // namespace rondo
