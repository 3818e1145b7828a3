// Nodes are paired by all that they compute first, then by what they say themselves, then by what they and their
// results are called; those with regions also if only their results' names differ. See diff.h.
#include "ir/diff.h"

#include <fmt/format.h>

#include <algorithm>

#include "ir/align.h"
#include "ir/print_parts.h"
#include "ir/statements.h"

namespace rondo {
namespace {

constexpr int kContext = 2;  // lines shown around what changed

size_t mix(size_t hash, size_t more) { return (hash ^ (more + 0x9e3779b97f4a7c15ull + (hash << 6) + (hash >> 2))); }
size_t hash_of(std::string_view text) { return std::hash<std::string_view>()(text); }

std::string type_text(const Value* value) {
  std::string text;
  if (value && value->type) print_type(text, *value->type);
  return text;
}

/// The keys of one graph's nodes (see Keys), and of its parameters.
class KeyMaker {
 public:
  explicit KeyMaker(const Graph& graph) {
    for (const auto& param : graph.params) {
      const size_t type = hash_of(type_text(param.get())), name = hash_of(param->name);
      of_params.push_back({mix(type, name), type});
      whole_[param.get()] = mix(mix(type, name), static_cast<size_t>(param->name.empty() ? param->index + 1 : 0));
    }
    for (const auto& node : graph.nodes) of_nodes.push_back(add(*node));
    whole = of_params.size();
    for (const auto& keys : of_nodes) whole = mix(whole, keys[0]);
    for (const Value* output : graph.outputs) whole = mix(whole, whole_.at(output));
    for (const Equality& fact : graph.equalities)
      whole = mix(whole, hash_of(fact.a.to_string() + "=" + fact.b.to_string()));
  }

  Keys of_params, of_nodes;
  size_t whole = 0;  // of all that the graph is

 private:
  std::vector<size_t> add(const Node& node) {
    const size_t place = mix(hash_of(info(node.op).word), hash_of(node.name));
    size_t loose = place;
    for (const auto& result : node.results) loose = mix(loose, result ? hash_of(result->name) : 1);
    size_t own = mix(loose, hash_of(node.kind));
    for (const auto& [name, value] : node.attributes.entries()) own = mix(mix(own, hash_of(name)), attribute(value));
    for (const auto& result : node.results) own = mix(own, hash_of(type_text(result.get())));
    size_t all = own;
    for (const Value* operand : node.operands) all = mix(all, operand ? whole_.at(operand) : 2);
    for (const auto& region : node.regions) all = mix(all, KeyMaker(*region).whole);
    for (const auto& result : node.results)
      if (result) whole_[result.get()] = mix(all, static_cast<size_t>(result->index));
    return {all, own, loose, node.regions.empty() ? all : place};
  }

  static size_t attribute(const Attribute& value) {
    if (const auto* tensor = std::get_if<Tensor>(&value))
      return mix(hash_of(tensor->bytes()), hash_of(to_string(tensor->type())));
    std::string text;
    print_attribute(text, value, {});
    return hash_of(text);
  }

  std::unordered_map<const Value*, size_t> whole_;  // of all that a value is computed from
};

struct Line {
  char mark;
  int depth;
  std::string text;
};

/// How many nodes of each operator went, came and changed.
struct Tally {
  std::map<std::string_view, int> gone, came, changed;

  static void count(std::map<std::string_view, int>& counts, const Node& node) {
    ++counts[info(node.op).word];
    for (const auto& region : node.regions)
      for (const auto& inner : region->nodes) count(counts, *inner);
  }
  static std::string list(const std::map<std::string_view, int>& counts) {
    std::string text;
    for (const auto& [word, count] : counts) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, word);
    return text;
  }
  std::string text() const {
    std::string text;
    for (const auto& [counts, what] :
         {std::pair{&gone, "gone"}, std::pair{&came, "new"}, std::pair{&changed, "changed"}})
      if (!counts->empty()) text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", what, list(*counts));
    return text.empty() ? "no node, only what stands around them" : text;
  }
};

/// Two graphs, of which one became the other.
struct Pairing {
  const Graph &before, &after;
  ValueNames names;      // of after
  ValueNames old_names;  // of before: the names of what its values became
  std::vector<std::pair<size_t, size_t>> nodes;

  Pairing(const Graph& a, const Graph& b) : before(a), after(b), names(b), old_names(a) {
    const KeyMaker old_keys(a), keys(b);
    for (const auto& param : a.params) mark_old(param.get());
    for (const auto& node : a.nodes)
      for (const auto& result : node->results) mark_old(result.get());
    for (const auto& [i, j] : align(old_keys.of_params, keys.of_params)) became(*a.params[i], *b.params[j]);
    nodes = align(old_keys.of_nodes, keys.of_nodes);
    for (const auto& [i, j] : nodes) {
      const auto &old_results = a.nodes[i]->results, &results = b.nodes[j]->results;
      for (size_t r = 0; r < std::min(old_results.size(), results.size()); ++r)
        if (old_results[r] && results[r]) became(*old_results[r], *results[r]);
    }
  }

 private:
  void mark_old(const Value* value) {
    if (!value) return;
    ValueNames::Entry entry = old_names.of(value);
    entry.text += '\'';
    old_names.set(value, std::move(entry));
  }
  void became(const Value& old_value, const Value& value) { old_names.set(&old_value, names.of(&value)); }
};

class Differ {
 public:
  explicit Differ(const PrintOptions& options) : statements_(options) {}

  std::string run(const Graph& before, const Graph& after) {
    const Pairing pairing(before, after);
    std::vector<std::string> old_params, params;
    for (const auto& param : before.params)
      old_params.push_back(statements_.parameter(before, *param, pairing.old_names));
    for (const auto& param : after.params) params.push_back(statements_.parameter(after, *param, pairing.names));
    texts(old_params, params, 0);
    body(pairing, nullptr, nullptr, 0);
    return arrange();
  }

 private:
  void line(char mark, int depth, std::string text) { lines_.push_back({mark, depth, std::move(text)}); }

  void texts(const std::vector<std::string>& before, const std::vector<std::string>& after, int depth) {
    const auto keys = [](const std::vector<std::string>& texts) {
      Keys keys;
      for (const std::string& text : texts) keys.push_back({hash_of(text)});
      return keys;
    };
    size_t i = 0, j = 0;
    const auto up_to = [&](size_t i_end, size_t j_end) {
      for (; i < i_end; ++i) line('-', depth, before[i]);
      for (; j < j_end; ++j) line('+', depth, after[j]);
    };
    for (const auto& [same_i, same_j] : align(keys(before), keys(after))) {
      up_to(same_i, same_j);
      line(' ', depth, after[same_j]);
      i = same_i + 1, j = same_j + 1;
    }
    up_to(before.size(), after.size());
  }

  void body(const Pairing& p, const Node* old_around, const Node* around, int depth) {
    texts(statements_.facts(p.before), statements_.facts(p.after), depth);
    size_t i = 0, j = 0;
    const auto up_to = [&](size_t i_end, size_t j_end) {
      for (; i < i_end; ++i) {
        Tally::count(tally_.gone, *p.before.nodes[i]);
        whole('-', *p.before.nodes[i], p.before, p.old_names, old_around, depth);
      }
      for (; j < j_end; ++j) {
        Tally::count(tally_.came, *p.after.nodes[j]);
        whole('+', *p.after.nodes[j], p.after, p.names, around, depth);
      }
    };
    for (const auto& [same_i, same_j] : p.nodes) {
      up_to(same_i, same_j);
      pair(p, *p.before.nodes[i++], *p.after.nodes[j++], old_around, around, depth);
    }
    up_to(p.before.nodes.size(), p.after.nodes.size());
    texts(statements_.ends(p.before, p.old_names), statements_.ends(p.after, p.names), depth);
  }

  /// A node on one side alone, with all that is in it.
  void whole(char mark, const Node& node, const Graph& graph, const ValueNames& names, const Node* around, int depth) {
    line(mark, depth, statements_.node(node, graph, names, around));
    for (const auto& region : node.regions) {
      const ValueNames inner(*region);
      line(mark, depth + 1, statements_.region(*region, graph, inner) + " {");
      for (const std::string& fact : statements_.facts(*region)) line(mark, depth + 2, fact);
      for (const auto& each : region->nodes) whole(mark, *each, *region, inner, &node, depth + 2);
      for (const std::string& end : statements_.ends(*region, inner)) line(mark, depth + 2, end);
      line(mark, depth + 1, "}");
    }
  }

  void pair(const Pairing& p, const Node& old_node, const Node& node, const Node* old_around, const Node* around,
            int depth) {
    const std::string old_text = statements_.node(old_node, p.before, p.old_names, old_around);
    const std::string text = statements_.node(node, p.after, p.names, around);
    if (old_text == text) {
      line(' ', depth, text);
    } else {
      ++tally_.changed[info(node.op).word];
      line('-', depth, old_text);
      line('+', depth, text);
    }
    for (size_t r = 0; r < std::max(old_node.regions.size(), node.regions.size()); ++r) {
      static const Graph nothing;
      const Graph& old_region = r < old_node.regions.size() ? *old_node.regions[r] : nothing;
      const Graph& region = r < node.regions.size() ? *node.regions[r] : nothing;
      const Pairing inner(old_region, region);
      texts({statements_.region(old_region, p.before, inner.old_names) + " {"},
            {statements_.region(region, p.after, inner.names) + " {"}, depth + 1);
      body(inner, &old_node, &node, depth + 2);
      line(' ', depth + 1, "}");
    }
  }

  /// Marks what is near line k, and the heads of the regions that it is in.
  void show_around(size_t k, std::vector<bool>& shown) const {
    const size_t first = k < kContext ? 0 : k - kContext, last = std::min(k + kContext, lines_.size() - 1);
    for (size_t near = first; near <= last; ++near) shown[near] = true;
    int depth = lines_[k].depth;
    for (size_t above = k; above-- > 0 && depth > 0;)
      if (lines_[above].depth < depth) depth = lines_[above].depth, shown[above] = true;
  }

  /// What changed and what is around it; where several lines are left out stands "...".
  std::string arrange() const {
    std::vector<bool> shown(lines_.size(), false);
    for (size_t k = 0; k < lines_.size(); ++k)
      if (lines_[k].mark != ' ') show_around(k, shown);
    if (std::find(shown.begin(), shown.end(), true) == shown.end()) return "";
    std::string out = "# " + tally_.text() + "\n";
    for (size_t k = 0; k < lines_.size();) {
      const size_t next = std::find(shown.begin() + static_cast<std::ptrdiff_t>(k), shown.end(), true) - shown.begin();
      const std::string indent(2 * static_cast<size_t>(lines_[k].depth), ' ');
      if (next - k < 2) {
        out += fmt::format("{} {}{}\n", lines_[k].mark, indent, lines_[k].text);
        ++k;
      } else {
        out += fmt::format("  {}...\n", indent);
        k = next;
      }
    }
    return out;
  }

  const Statements statements_;
  std::vector<Line> lines_;
  Tally tally_;
};

}  // namespace

std::string diff(const Graph& before, const Graph& after, const PrintOptions& options) {
  return Differ(options).run(before, after);
}

}  // namespace rondo
