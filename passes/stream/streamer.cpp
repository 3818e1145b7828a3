// See streamer.h: the walk, the step's ports and states.
#include "passes/stream/streamer.h"

#include <fmt/format.h>

#include <algorithm>

#include "passes/query.h"

namespace rondo {
namespace {

StreamRule find_rule(Op op) {
  if (is_pointwise(op)) return stream_pointwise;
  struct Row {
    Op op;
    StreamRule rule;
  };
  static constexpr Row kRows[] = {
#define RONDO_CORE_OP(word, min, max, results, doc) {Op::word, stream_##word},
#include "ir/ops.def"
  };
  for (const Row& row : kRows)
    if (row.op == op) return row.rule;
  return nullptr;
}

/// The first of the symbols that the types and attributes of a node, or of its regions, speak of; empty: none.
std::string mentioned(const Node& node, const std::set<std::string>& symbols) {
  std::set<std::string> found;
  for (const auto& result : node.results)
    for (const Dim& dim : result->type->shape) dim.collect_symbols(found);
  for (const auto& [name, attribute] : node.attributes.entries()) {
    if (const auto* dim = std::get_if<Dim>(&attribute)) dim->collect_symbols(found);
    if (const auto* dims = std::get_if<std::vector<Dim>>(&attribute))
      for (const Dim& dim : *dims) dim.collect_symbols(found);
  }
  for (const std::string& symbol : symbols)
    if (found.count(symbol)) return symbol;
  for (const auto& region : node.regions)
    for (const auto& inner : region->nodes)
      if (std::string symbol = mentioned(*inner, symbols); !symbol.empty()) return symbol;
  return "";
}

bool speaks_of(const Equality& fact, const std::set<std::string>& symbols) {
  std::set<std::string> found;
  fact.a.collect_symbols(found);
  fact.b.collect_symbols(found);
  return std::any_of(symbols.begin(), symbols.end(), [&](const std::string& symbol) { return found.count(symbol); });
}

}  // namespace

Streamer::Streamer(const Graph& whole, const TimeAxes& axes, int64_t hop, const TargetFacts& target)
    : whole_(whole), axes_(axes), hop_(hop), target_(target), step_(Level::core) {}

Result<Graph> Streamer::run() {
  step_.name = whole_.name;
  step_.bindings = whole_.bindings;
  step_.equalities = whole_.equalities;
  add_ports();
  RONDO_CHECK(walk());
  RONDO_CHECK(finish());
  return std::move(step_);
}

void Streamer::add_ports() {
  for (const Value* input : whole_.inputs()) {
    Streamed& made = values_[input];
    Type type = *input->type;
    const auto axis = axes_.inputs.find(input->name);
    if (axis != axes_.inputs.end()) {
      made.axis = axis->second;
      made.frames = hop_;
      type.shape[static_cast<size_t>(made.axis)] = hop_;
      step_.timing.push_back({Timing::Port::input, input->name, made.axis});
    } else {
      made.of_call = true;
    }
    made.value = step_.add_param(std::move(type), input->name);
  }
  for (const State& state : whole_.states) {
    Streamed& made = values_[state.current];
    made.value = add_state(state.name, *state.current->type, state.initial);
    made.of_state = true;
  }
}

Value* Streamer::add_state(std::string name, Type type, std::optional<Tensor> initial) {
  const auto taken = [&](const std::string& one) {
    return std::any_of(step_.params.begin(), step_.params.end(), [&](const auto& param) { return param->name == one; });
  };
  std::string unique = name;
  for (int number = 2; taken(unique); ++number) unique = fmt::format("{}_{}", name, number);
  Value* current = step_.add_param(std::move(type), unique);
  step_.states.push_back({unique, current, nullptr, std::move(initial)});
  return current;
}

void Streamer::set_next(const Value* state, Value* next) {
  for (State& each : step_.states)
    if (each.current == state) each.next = next;
}

Value* Streamer::steps_before() {
  if (!count_) count_ = add_state("steps", Type{DType::i64, {}}, std::nullopt);
  return count_;
}

Value* Streamer::steps_modulo(int64_t rows) {
  Value*& count = modulo_[rows];
  if (!count) count = add_state(fmt::format("steps_modulo_{}", rows), Type{DType::i32, {}}, std::nullopt);
  return count;
}

Value*& Streamer::kept(const Streamed& s, int64_t frames, bool ring, const std::optional<Tensor>& initial) {
  for (Kept& each : kept_)
    if (each.frames == s.value && each.axis == s.axis && each.count == frames && each.ring == ring &&
        each.initial == initial)
      return each.all;
  return kept_.emplace_back(s.value, s.axis, frames, ring, initial, nullptr).all;
}

Status Streamer::walk() {
  for (const auto& node : whole_.nodes) RONDO_CHECK(stream(*node));
  return Done{};
}

Status Streamer::stream(const Node& node) {
  std::vector<Streamed> operands;
  bool timed = false, so_far = false;
  for (const Value* operand : node.operands) {
    operands.push_back(values_.at(operand));
    timed |= operands.back().timed();
    so_far |= operands.back().so_far;
    if (const std::string& why = operands.back().unusable; !why.empty())
      return unsupported("--stream: " + why, node.place);
  }
  Builder b(step_, &node);
  StreamNode at(*this, node, operands, b);
  std::vector<Streamed> results;
  if (!timed)
    results = copy(b, node, operands);
  else if (so_far)
    results = at.refuse("its frames need a value that only the end of the sequence gives");
  else
    results = find_rule(node.op)(at);
  RONDO_CHECK(b.status());
  for (size_t i = 0; i < node.results.size(); ++i) {
    for (const Streamed& operand : operands) {
      results[i].of_call |= operand.of_call;
      results[i].of_state |= operand.of_state;
    }
    if (results[i].value->name.empty() && results[i].value->producer)
      results[i].value->name = node.result(int(i))->name;
    values_[node.result(static_cast<int>(i))] = results[i];
  }
  return Done{};
}

/// A node that has no frames: the step does what the whole sequence's graph does once.
std::vector<Streamed> Streamer::copy(Builder& b, const Node& node, const std::vector<Streamed>& operands) {
  Streamed like;
  std::vector<Value*> values;
  for (const Streamed& operand : operands) {
    values.push_back(operand.value);
    like.so_far |= operand.so_far;
  }
  std::vector<std::unique_ptr<Graph>> regions;
  for (const auto& region : node.regions) regions.push_back(region->clone());
  std::vector<Streamed> results;
  for (Value* value :
       b.node(node.op, std::move(values), node.attributes, static_cast<int>(node.results.size()), std::move(regions))) {
    results.push_back(like);
    results.back().value = value;
  }
  return results;
}

Status Streamer::finish() {
  for (size_t i = 0; i < whole_.outputs.size(); ++i) RONDO_CHECK(finish_output(i));
  for (const State& state : whole_.states) RONDO_CHECK(finish_state(state));
  finish_counts();
  remove_dead_nodes(step_);
  return refuse_lengths();
}

Status Streamer::finish_output(size_t number) {
  const Value* whole = whole_.outputs[number];
  const std::string& name = whole_.output_names[number];
  Streamed output = values_.at(whole);
  if (!output.unusable.empty()) return unsupported("--stream: " + output.unusable, "output '" + name + "'");
  if (output.timed()) {
    Node end;
    end.place = "output '" + name + "'";
    Builder b(step_, &end);
    StreamNode at(*this, end, {}, b);
    output = at.settled(at.plain(output));
    RONDO_CHECK(b.status());
    if (output.latency > INT32_MAX) return unsupported("--stream: its latency is too large", end.place);
    step_.timing.push_back({Timing::Port::output, name, output.axis, output.latency});
  }
  step_.outputs.push_back(output.value);
  step_.output_names.push_back(name);
  return Done{};
}

Status Streamer::finish_state(const State& state) {
  const Streamed& next = values_.at(state.next);
  const std::string place = "state '" + state.name + "'";
  if (!next.unusable.empty()) return unsupported("--stream: " + next.unusable, place);
  if (next.timed())
    return unsupported("--stream: what it becomes is a sequence, of which a step has only a part", place);
  set_next(values_.at(state.current).value, next.value);
  return Done{};
}

void Streamer::finish_counts() {
  Builder b(step_);
  if (count_) set_next(count_, b.add(count_, b.scalar(DType::i64, 1)));
  for (const auto& [rows, count] : modulo_) {
    const auto number = [&](int64_t value) { return b.scalar(DType::i32, static_cast<double>(value)); };
    Value* next = b.add(count, number(1));
    set_next(count, b.select(b.less(next, number(rows)), next, number(0)));
  }
}

/// A step does not know how long its sequence will be.
Status Streamer::refuse_lengths() {
  for (const auto& node : step_.nodes)
    if (const std::string symbol = mentioned(*node, axes_.symbols); !symbol.empty())
      return unsupported(
          fmt::format("--stream: it needs the length of the sequence ({}), which a step does not know", symbol),
          node->place);
  std::erase_if(step_.equalities, [&](const Equality& fact) { return speaks_of(fact, axes_.symbols); });
  return Done{};
}

}  // namespace rondo
