// The reference evaluator's frame: one node by the table of operators, a region step by step, and a whole graph with
// its symbols solved. The operators' meanings are in ir/ops/. Tested by tests/ir/reference_test.cpp.
#include "ir/reference.h"

#include <fmt/format.h>

#include "ir/measure.h"
#include "ir/ops/region_evaluator.h"

namespace rondo {
namespace {

using EvaluateFunction = Result<std::vector<Array>> (*)(const EvaluateContext&);

constexpr EvaluateFunction kEvaluate[] = {
#define RONDO_CORE_OP(word, min, max, results, doc) evaluate_##word,
#define RONDO_POINTWISE_OP(word, operands, signature, doc) evaluate_##word,
#define RONDO_MODEL_OP(word, doc) nullptr,
#include "ir/ops.def"
};

std::string describe(const Array& array) {
  return fmt::format("{}[{}]", to_string(array.dtype), fmt::join(array.shape, ", "));
}

}  // namespace

Status check_type(const Array& array, const Type& type, const Dim::Values& symbols) {
  bool fits = array.dtype == type.dtype && array.shape.size() == type.shape.size();
  for (size_t axis = 0; fits && axis < type.shape.size(); ++axis) {
    const Result<int64_t> size = type.shape[axis].evaluate(symbols);
    fits = !size || *size == array.shape[axis];
  }
  if (fits) return Done{};
  return invalid(fmt::format("got {} where {} is expected", describe(array), to_string(type)));
}

Result<std::vector<Array>> evaluate(const Node& node, std::span<const Array* const> operands,
                                    const Dim::Values& symbols) {
  if (!is_core(node.op))
    return internal_error(fmt::format("{}: only core operators can be evaluated", info(node.op).word), node.place);
  if (operands.size() != node.operands.size())
    return internal_error(
        fmt::format("{}: {} operands are given, not {}", info(node.op).word, operands.size(), node.operands.size()),
        node.place);
  const auto explain = [&](Diagnostics errors) {
    for (Diagnostic& error : errors)
      if (error.place.empty()) error.place = node.place;
    return errors;
  };
  for (size_t i = 0; i < operands.size(); ++i)
    if (node.operands[i]->type)
      if (Status fits = check_type(*operands[i], *node.operands[i]->type, symbols); !fits)
        return explain(fits.errors());
  auto results = kEvaluate[static_cast<size_t>(node.op)](EvaluateContext{node, operands, symbols});
  if (!results) return explain(results.errors());
  for (size_t i = 0; i < results->size(); ++i)
    if (node.results[i]->type)
      if (Status fits = check_type((*results)[i], *node.results[i]->type, symbols); !fits)
        return explain(fits.errors());
  return results;
}

// --- Regions

Status check_equality(const Dim& a, const Dim& b, const std::string& reason, const Dim::Values& symbols) {
  RONDO_TRY(const int64_t left, a.evaluate(symbols));
  RONDO_TRY(const int64_t right, b.evaluate(symbols));
  if (left == right) return Done{};
  return invalid(fmt::format("{}: {} is {}, but {} is {}", reason, a.to_string(), left, b.to_string(), right));
}

namespace {

/// What a graph requires of this symbol and others that are measured by now.
bool is_ready(const Equality& equality, const std::string& symbol, const Dim::Values& symbols) {
  std::set<std::string> names;
  equality.a.collect_symbols(names);
  equality.b.collect_symbols(names);
  bool known = names.count(symbol) != 0;
  for (const std::string& name : names) known = known && symbols.count(name) != 0;
  return known;
}

}  // namespace

Status RegionEvaluator::bind(const Node& measure, const Array& value) {
  const std::string& symbol = measure.attributes.text("symbol");
  symbols_[symbol] = value.ints[0] - measure.attributes.integer("low") + 1;
  for (const Equality& equality : graph_.equalities)
    if (is_ready(equality, symbol, symbols_))
      RONDO_CHECK(check_equality(equality.a, equality.b, equality.reason, symbols_));
  return Done{};
}

RegionEvaluator::RegionEvaluator(const Graph& graph, const Dim::Values& symbols) : graph_(graph), symbols_(symbols) {
  int next = 0;
  for (const auto& param : graph.params) slots_.emplace(param.get(), next++);
  for (const auto& node : graph.nodes) {
    Step step{node.get()};
    for (const Value* operand : node->operands) step.operands.push_back(find_slot(operand));
    for (const auto& result : node->results) {
      slots_.emplace(result.get(), next);
      step.results.push_back(next++);
    }
    steps_.push_back(std::move(step));
  }
  for (const Value* output : graph.outputs) outputs_.push_back(find_slot(output));
  for (const State& state : graph.states) outputs_.push_back(find_slot(state.next));
  values_.resize(next);
  current_.resize(next, nullptr);

  if (complete_) find_dying();
}

int RegionEvaluator::find_slot(const Value* value) {
  const auto found = slots_.find(value);
  complete_ = complete_ && found != slots_.end();
  return complete_ ? found->second : 0;
}

void RegionEvaluator::find_dying() {
  std::vector<bool> live(values_.size(), false);
  for (int output : outputs_) live[output] = true;
  for (size_t i = 0; i < graph_.params.size(); ++i) live[i] = true;  // the caller's
  for (const Step& step : steps_)
    if (tensor_of(*step.node)) live[step.results[0]] = true;
  for (size_t i = steps_.size(); i-- > 0;) {
    Step& step = steps_[i];
    for (const auto* used : {&step.operands, &step.results})
      for (int slot : *used)
        if (!live[slot]) live[slot] = true, step.dying.push_back(slot);
  }
}

Status RegionEvaluator::run_step(const Step& step) {
  if (tensor_of(*step.node) && current_[step.results[0]]) return Done{};
  std::vector<const Array*> operands;
  for (int slot : step.operands) operands.push_back(current_[slot]);
  RONDO_TRY(std::vector<Array> results, evaluate(*step.node, operands, symbols_));
  if (step.node->op == Op::measure) RONDO_CHECK(bind(*step.node, results[0]));
  for (size_t i = 0; i < results.size(); ++i) {
    values_[step.results[i]] = std::move(results[i]);
    current_[step.results[i]] = &values_[step.results[i]];
  }
  for (int slot : step.dying) values_[slot] = Array{};
  return Done{};
}

Result<std::vector<Array>> RegionEvaluator::run(std::span<const Array* const> arguments) {
  if (arguments.size() != graph_.params.size())
    return internal_error(fmt::format("{} arguments for {} parameters", arguments.size(), graph_.params.size()));
  if (!complete_) return internal_error("a value is used that is not defined before");
  for (size_t i = 0; i < arguments.size(); ++i) current_[i] = arguments[i];
  for (const Step& step : steps_) RONDO_CHECK(run_step(step));
  std::vector<Array> outputs;
  for (int slot : outputs_) outputs.push_back(*current_[slot]);
  return outputs;
}

// --- Whole graphs

namespace {

std::string describe_param(const Graph& graph, size_t i) {
  const std::string& name = graph.params[i]->name;
  return name.empty() ? fmt::format("argument {}", i) : fmt::format("argument '{}'", name);
}

/// Gives a value to every symbol that is by itself a size of an argument.
Status solve_symbols(const Array& argument, const Type& type, Dim::Values& symbols) {
  if (argument.dtype != type.dtype || argument.shape.size() != type.shape.size())
    return invalid(fmt::format("got {} where {} is expected", describe(argument), to_string(type)));
  for (size_t axis = 0; axis < type.shape.size(); ++axis) {
    const std::optional<std::string> name = type.shape[axis].symbol_name();
    if (!name) continue;
    if (argument.shape[axis] < 1) return invalid(fmt::format("dimension '{}' must be at least 1, not 0", *name));
    symbols.emplace(*name, argument.shape[axis]);
  }
  return Done{};
}

/// Symbols bound to others get their values from them, or are found to agree.
Status apply_bindings(const Graph& graph, Dim::Values& symbols) {
  for (const auto& [name, dim] : graph.bindings) {
    if (symbols.count(name) == 0) {
      RONDO_TRY(const int64_t value, dim.evaluate(symbols));
      symbols.emplace(name, value);
    }
    RONDO_CHECK(check_equality(Dim::symbol(name), dim, "dimensions that must be equal", symbols));
  }
  for (const Equality& equality : graph.equalities)
    if (!is_measured(equality)) RONDO_CHECK(check_equality(equality.a, equality.b, equality.reason, symbols));
  return Done{};
}

}  // namespace

Result<std::vector<Array>> evaluate(const Graph& graph, std::vector<Array> arguments) {
  if (graph.level != Level::core) return internal_error("only core graphs can be evaluated");
  if (arguments.size() != graph.params.size())
    return invalid(fmt::format("{} arguments are given, not {}", arguments.size(), graph.params.size()));
  Dim::Values symbols;
  const auto at_param = [&](size_t i, Status status) {
    Diagnostics errors = std::move(status).errors();
    for (Diagnostic& error : errors) error.place = describe_param(graph, i);
    return errors;
  };
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (!graph.params[i]->type) return internal_error("a parameter has no type", describe_param(graph, i));
    if (Status solved = solve_symbols(arguments[i], *graph.params[i]->type, symbols); !solved)
      return at_param(i, std::move(solved));
  }
  RONDO_CHECK(apply_bindings(graph, symbols));
  std::vector<const Array*> pointers;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (Status fits = check_type(arguments[i], *graph.params[i]->type, symbols); !fits)
      return at_param(i, std::move(fits));
    pointers.push_back(&arguments[i]);
  }
  return RegionEvaluator(graph, symbols).run(pointers);
}

}  // namespace rondo
