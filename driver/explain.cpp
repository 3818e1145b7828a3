// See explain.h.
#include "driver/explain.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "driver/compile.h"
#include "frontend/traps.h"
#include "ir/cost.h"
#include "support/places.h"

namespace rondo {
namespace {

constexpr size_t kWidth = 110;     // of a line
constexpr size_t kMostOthers = 8;  // operators that are named
constexpr size_t kMostPlaces = 4;  // that one remark names

std::string bytes_text(double bytes) {
  if (bytes < 10 * 1024) return fmt::format("{:.0f} bytes", bytes);
  if (bytes < 10 * 1024 * 1024) return fmt::format("{:.0f} KiB", bytes / 1024);
  return fmt::format("{:.0f} MiB", bytes / 1024 / 1024);
}

std::string counted(int64_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

/// "0 <= N-2", which a graph writes as min(0, N-2) = 0; else "A = B".
std::string condition(const Equality& fact) {
  const bool one_term = fact.a.constant_part() == 0 && fact.a.terms().size() == 1;
  const Dim::Term* term = one_term ? &fact.a.terms()[0] : nullptr;
  if (term && term->coefficient == 1 && term->factors.size() == 1 && term->factors[0]->kind == Dim::Atom::Kind::min) {
    const Dim &a = *term->factors[0]->a, &b = *term->factors[0]->b;
    if (fact.b == a) return fmt::format("{} <= {}", a.to_string(), b.to_string());
    if (fact.b == b) return fmt::format("{} <= {}", b.to_string(), a.to_string());
  }
  return fmt::format("{} = {}", fact.a.to_string(), fact.b.to_string());
}

/// Sections of sentences; each sentence begins a line, and long ones are wrapped.
class Report {
 public:
  void section(std::string_view title) { text_ += fmt::format("{}{}\n", text_.empty() ? "" : "\n", title); }
  void say(const std::string& text, size_t indent = 2) {
    std::string_view sentence = text;
    std::string line(indent, ' ');
    while (!sentence.empty()) {
      const size_t end = std::min(sentence.find(' '), sentence.size());
      if (line.size() + end + 1 > kWidth) {
        text_ += line + "\n";
        line = std::string(indent + 4, ' ');
      }
      if (line.back() != ' ') line += ' ';
      line += sentence.substr(0, end);
      sentence.remove_prefix(std::min(end + 1, sentence.size()));
    }
    text_ += line + "\n";
  }
  /// What is so of several places is said once.
  void say_all(const Diagnostics& remarks) {
    std::vector<std::pair<std::string, std::vector<std::string>>> places_by_message;
    for (const Diagnostic& each : remarks) {
      const auto same = [&](const auto& known) { return known.first == each.message; };
      auto known = std::find_if(places_by_message.begin(), places_by_message.end(), same);
      if (known == places_by_message.end()) known = places_by_message.insert(known, {each.message, {}});
      if (!each.place.empty()) known->second.push_back(shown_places(each.place));
    }
    for (auto& [message, places] : places_by_message) {
      const size_t more = places.size() > kMostPlaces ? places.size() - kMostPlaces : 0;
      places.resize(places.size() - more);
      const std::string rest = more > 0 ? fmt::format(" and {} more", more) : "";
      say(fmt::format("{}{}{}{}.", fmt::join(places, ", "), rest, places.empty() ? "" : ": ", message));
    }
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

/// What a graph holds, regions included.
struct Contents {
  int64_t nodes = 0, constants = 0, weights = 0, weight_bytes = 0;
  std::map<std::string, int64_t> operators;
  std::vector<const Node*> recurrent;

  explicit Contents(const Graph& graph) { add(graph); }

 private:
  void add(const Graph& graph) {
    for (const auto& node : graph.nodes) {
      for (const auto& region : node->regions) add(*region);
      const Attribute* value = node->attributes.find("value");
      if (const auto* tensor = value ? std::get_if<Tensor>(value) : nullptr;
          tensor && (node->op == Op::Constant || node->op == Op::constant)) {
        ++constants;
        if (is_float(tensor->dtype())) weights += tensor->count(), weight_bytes += std::ssize(tensor->bytes());
        continue;
      }
      ++nodes;
      ++operators[node->kind.empty() ? std::string(info(node->op).word) : node->kind];
      if (node->op == Op::LSTM || node->op == Op::GRU || node->op == Op::RNN || node->op == Op::scan ||
          node->op == Op::Loop || node->op == Op::Scan)
        recurrent.push_back(node.get());
    }
  }
};

std::string operators_text(const std::map<std::string, int64_t>& operators) {
  std::vector<std::pair<std::string, int64_t>> sorted(operators.begin(), operators.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  std::vector<std::string> words;
  for (size_t i = 0; i < std::min(sorted.size(), kMostOthers); ++i)
    words.push_back(fmt::format("{} {}", sorted[i].second, sorted[i].first));
  if (sorted.size() > kMostOthers) words.push_back(fmt::format("and {} other operators", sorted.size() - kMostOthers));
  return fmt::format("{}", fmt::join(words, ", "));
}

/// LSTM 'lstm' has 12 hidden units, walks forward over f32[time, 1, 1].
std::string recurrent_text(const Node& node) {
  std::string text = node.place;
  if (text.empty()) text = fmt::format("{} '{}'", info(node.op).word, node.name);
  const Attribute *hidden = node.attributes.find("hidden_size"), *direction = node.attributes.find("direction");
  const auto* word = direction ? std::get_if<std::string>(direction) : nullptr;
  if (hidden && std::get_if<int64_t>(hidden)) text += fmt::format(" has {} hidden units", std::get<int64_t>(*hidden));
  text += fmt::format("{} {}", text == node.place ? " walks" : ", walks", word ? *word : "forward");
  const Value* x = node.operands.empty() ? nullptr : node.operands[0];
  if (x && x->type) text += " over " + to_string(*x->type);
  return text + ".";
}

/// Remarks of a plan begin with "kernel 'NAME': "; calls visit("kernel 'NAME'") once for each, in their order.
template <class Visit>
void for_each_kernel_name(const Diagnostics& remarks, Visit visit) {
  std::set<std::string> seen;
  for (const Diagnostic& each : remarks)
    if (std::string kernel = each.message.substr(0, each.message.find(": ")); seen.insert(kernel).second) visit(kernel);
}

class Explainer {
 public:
  explicit Explainer(const ModelOptions& options) : options_(options) {}

  Result<std::string> run() {
    FileFacts facts;
    RONDO_TRY(Parsed source, read_source(options_, facts));
    RONDO_TRY(const Target target, Target::find(options_.target));
    if (!source.graph) return invalid("the text is at the plan level; --explain begins at a graph");
    Graph graph = std::move(*source.graph);
    RONDO_CHECK(bind_options(graph, options_));
    Diagnostics warnings;
    Result<Graph> core =
        graph.level == Level::core ? Result<Graph>(std::move(*graph.clone())) : expand(graph, warnings);
    tell_file(graph, facts);
    tell_assumptions(graph, core ? core->equalities : std::vector<Equality>(), warnings);
    report_.section("Traps that exporters are known for");
    const Diagnostics traps = find_traps(graph, facts);
    report_.say_all(traps);
    if (traps.empty()) report_.say("None was found.");
    if (Status compiled = core ? compile(std::move(*core), target) : Status(core.errors()); !compiled) {
      report_.section("What is in the way");
      report_.say_all(compiled.errors());
    }
    return report_.take();
  }

 private:
  void tell_file(const Graph& graph, const FileFacts& facts) {
    report_.section("What the file says");
    report_.say(fmt::format(
        "It is {}{}, {}, {}.", facts.format, graph.opset ? fmt::format(", operator set {}", graph.opset) : "",
        bytes_text(static_cast<double>(facts.bytes)),
        facts.producer.empty() ? "which does not say what wrote it" : "written by " + facts.producer));
    const Contents contents(graph);
    report_.say(fmt::format("{}: {}.", counted(contents.nodes, "node"), operators_text(contents.operators)));
    for (const Node* node : contents.recurrent) report_.say(recurrent_text(*node));
    report_.say(fmt::format("{} {} {} weights, {}.", counted(contents.constants, "constant"),
                            contents.constants == 1 ? "holds" : "hold", contents.weights,
                            bytes_text(static_cast<double>(contents.weight_bytes))));
    for (const Value* input : graph.inputs()) tell_value("Input", input->name, *input);
    for (const State& state : graph.states) tell_value("State", state.name, *state.current);
    for (size_t i = 0; i < graph.outputs.size(); ++i) tell_value("Output", graph.output_names[i], *graph.outputs[i]);
  }

  void tell_value(std::string_view role, const std::string& name, const Value& value) {
    report_.say(fmt::format("{} '{}': {}.", role, name, value.type ? to_string(*value.type) : "of unknown type"));
  }

  void tell_assumptions(const Graph& graph, const std::vector<Equality>& facts, const Diagnostics& warnings) {
    report_.section("What is assumed");
    std::set<std::string> symbols;
    for (const auto& param : graph.params)
      if (param->type)
        for (const Dim& dim : param->type->shape) dim.collect_symbols(symbols);
    for (const std::string& symbol : symbols)
      report_.say(
          fmt::format("Dimension '{0}' is any size from 1 on, which each call tells; --dim={0}=N fixes it.", symbol));
    for (const State& state : graph.states)
      report_.say(fmt::format("State '{}' is kept from call to call, and starts {}.", state.name,
                              state.initial ? "with values that the file has" : "from zeros"));
    for (const Equality& fact : facts)
      report_.say(fmt::format("Every call must have {}, because of {}.", condition(fact),
                              fact.reason.empty() ? "the graph" : fact.reason));
    report_.say_all(warnings);
    if (symbols.empty() && graph.states.empty() && facts.empty() && warnings.empty()) report_.say("Nothing.");
  }

  Status compile(Graph core, const Target& target) {
    report_.section("Why the passes decided as they did");
    Diagnostics remarks;
    size_t told = 0;
    auto observe = [&](std::string_view pass, const Graph&, bool) {
      for (; told < remarks.size(); ++told) report_.say(fmt::format("{}: {}.", pass, remarks[told].message));
    };
    RONDO_TRY(core, optimise_core(std::move(core), options_, target, observe, remarks));
    if (remarks.empty()) report_.say("None had a choice that costs decide.");
    Diagnostics plan_remarks;
    RONDO_TRY(Plan plan, plan_core(core, options_, target, {.remarks = &plan_remarks}));
    tell_plan(plan, plan_remarks);
    return Done{};
  }

  void tell_plan(const Plan& plan, const Diagnostics& remarks) {
    report_.section("Why the plan is as it is");
    for_each_kernel_name(remarks, [&](const std::string& kernel) {
      report_.say(kernel);
      for (const Diagnostic& each : remarks)
        if (each.message.starts_with(kernel + ": ")) report_.say(each.message.substr(kernel.size() + 2) + ".", 4);
    });
    if (!plan.states.empty()) report_.say("No kernel is divided among threads, since the model has state.");
    Dim multiply_adds, functions;
    for (const PlacedCost& placed : costs_of(plan)) {
      multiply_adds += placed.cost.runs * placed.cost.multiply_adds;
      functions += placed.cost.runs * placed.cost.functions;
    }
    report_.say(fmt::format("One call: {} multiply-adds and {} functions such as tanh.", multiply_adds.to_string(),
                            functions.to_string()));
    report_.say(fmt::format("Memory: {} of constants, {} bytes of state, {} bytes of scratch.",
                            bytes_text(static_cast<double>(plan.constant_bytes)), plan.state_bytes.to_string(),
                            plan.scratch_bytes.to_string()));
  }

  const ModelOptions& options_;
  Report report_;
};

}  // namespace

Result<std::string> explain(const ModelOptions& options) { return Explainer(options).run(); }

}  // namespace rondo
