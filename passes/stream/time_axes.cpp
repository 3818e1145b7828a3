#include "passes/stream/time_axes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

namespace rondo {
namespace {

class Finder {
 public:
  explicit Finder(const Graph& core) : core_(core), inputs_(core.inputs()) {}

  Result<TimeAxes> said(const std::vector<std::string>& texts) const {
    TimeAxes axes;
    for (const std::string& text : texts) RONDO_CHECK(add_said(axes, text));
    return axes;
  }

  TimeAxes known(const std::vector<Timing>& timing) const {
    TimeAxes axes;
    for (const Timing& each : timing)
      if (const Value* input = find(each.name); input && each.axis < input->type->rank()) add(axes, *input, each.axis);
    return axes;
  }

  /// Every dimension by name, then every axis of a known size.
  std::vector<TimeAxes> all() const {
    std::vector<TimeAxes> found;
    std::set<std::string> seen;
    for (const Value* input : inputs_)
      for (int axis = 0; axis < input->type->rank(); ++axis) {
        const Dim& dim = input->type->shape[static_cast<size_t>(axis)];
        const std::optional<std::string> symbol = dim.symbol_name();
        if (!symbol && (!dim.constant() || dim.is(1))) continue;
        if (symbol && !seen.insert(*symbol).second) continue;
        TimeAxes axes;
        add(axes, *input, axis);
        found.push_back(std::move(axes));
      }
    std::stable_sort(found.begin(), found.end(),
                     [](const TimeAxes& a, const TimeAxes& b) { return a.symbols.size() > b.symbols.size(); });
    return found;
  }

 private:
  const Value* find(const std::string& name) const {
    for (const Value* input : inputs_)
      if (input->name == name) return input;
    return nullptr;
  }

  /// An axis, and all others of the same dimension.
  void add(TimeAxes& axes, const Value& input, int axis) const {
    const Dim& dim = input.type->shape[static_cast<size_t>(axis)];
    const std::optional<std::string> symbol = dim.symbol_name();
    std::string text = symbol ? *symbol : fmt::format("{}:{}", input.name, axis);
    if (!axes.text.empty()) text = axes.text + ", " + text;
    axes.text = std::move(text);
    axes.inputs[input.name] = axis;
    if (!symbol) return;
    axes.symbols.insert(*symbol);
    for (const Value* other : inputs_)
      for (int i = 0; i < other->type->rank(); ++i)
        if (other->type->shape[static_cast<size_t>(i)] == dim) axes.inputs.emplace(other->name, i);
  }

  Status add_said(TimeAxes& axes, const std::string& text) const {
    for (const Value* input : inputs_)
      for (int axis = 0; axis < input->type->rank(); ++axis)
        if (input->type->shape[static_cast<size_t>(axis)] == Dim::symbol(text)) {
          add(axes, *input, axis);
          return Done{};
        }
    const size_t colon = text.rfind(':');
    const Value* input = colon == std::string::npos ? nullptr : find(text.substr(0, colon));
    int axis = -1;
    if (input) {
      const char *first = text.data() + colon + 1, *last = text.data() + text.size();
      const auto [end, error] = std::from_chars(first, last, axis);
      if (error != std::errc{} || end != last) axis = -1;
    }
    if (!input || axis < 0 || axis >= input->type->rank())
      return invalid(fmt::format("--stream={}: no dimension and no INPUT:AXIS of the model; it has {}", text, ports()));
    add(axes, *input, axis);
    return Done{};
  }

  std::string ports() const {
    std::vector<std::string> texts;
    for (const Value* input : inputs_) texts.push_back(fmt::format("'{}' {}", input->name, to_string(*input->type)));
    return fmt::format("{}", fmt::join(texts, ", "));
  }

  const Graph& core_;
  const std::vector<Value*> inputs_;
};

}  // namespace

Result<std::vector<TimeAxes>> possible_time_axes(const Graph& core, const StreamRequest& request) {
  const Finder finder(core);
  if (!request.axes.empty()) {
    RONDO_TRY(TimeAxes axes, finder.said(request.axes));
    return std::vector<TimeAxes>{std::move(axes)};
  }
  if (TimeAxes axes = finder.known(core.timing); !axes.inputs.empty()) return std::vector<TimeAxes>{std::move(axes)};
  std::vector<TimeAxes> all = finder.all();
  if (all.empty()) return invalid("--stream: no input has an axis that could be time");
  return all;
}

}  // namespace rondo
