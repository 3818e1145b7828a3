// rondo inspect: the text of a model at one of its levels, or between two passes; pictures are picture.cpp's.
// Entry: inspect.
// Tested by tests/driver/inspect_test.cpp.
#include <fmt/format.h>

#include <cstdio>

#include "driver/compile.h"
#include "driver/files.h"
#include "driver/picture.h"
#include "driver/report.h"
#include "ir/diff.h"

namespace rondo {
namespace {

class Inspector {
 public:
  explicit Inspector(const InspectOptions& options) : options_(options) {
    print_options_.full_weights = options.full_weights || has_ending(options.output, ".rir");
    print_options_.brief = !print_options_.full_weights;
    print_options_.costs = true;
  }

  Result<std::string> text() {
    RONDO_TRY(Parsed source, read_source(options_.model));
    RONDO_TRY(Target target, Target::find(options_.model.target));
    const bool watching = !options_.after.empty() || options_.after_all || !options_.diff.empty();
    const std::string level = options_.level.empty() ? "core" : options_.level;
    if (source.plan && (watching || level != "plan"))
      return invalid("the text is at the plan level; nothing above it can be shown");
    if (watching) return between_passes(std::move(*source.graph), target);
    if (level == "model") return model_text(std::move(*source.graph));
    if (level == "plan") {
      RONDO_TRY(Plan plan, lower_to_plan(std::move(source), options_.model, target));
      return print(plan, print_options_);
    }
    Diagnostics remarks;
    RONDO_TRY(Graph core, lower_to_core(std::move(*source.graph), options_.model, target, {}, remarks));
    return core_text(core);
  }

 private:
  std::string with_costs(const Graph& graph, const NodeCosts& costs) const {
    PrintOptions options = print_options_;
    options.node_costs = &costs;
    return print(graph, options);
  }
  std::string core_text(const Graph& core) const { return with_costs(core, costs_of(core)); }

  /// What the file says. Types come from expansion; what cannot be expanded is reported and stands in the text as it
  /// is.
  Result<std::string> model_text(Graph graph) {
    if (graph.level != Level::model) return invalid("the text is at the core level; the model level is above it");
    RONDO_CHECK(bind_options(graph, options_.model));
    std::string bare = print(graph, print_options_);
    Diagnostics warnings;
    Result<Graph> core = expand(graph, warnings);
    Diagnostics remarks = std::move(warnings);
    if (!core) remarks.insert(remarks.end(), core.errors().begin(), core.errors().end());
    set_file(remarks, options_.model.model);
    report(remarks);
    return core ? with_costs(graph, costs_of_model(graph, *core)) : bare;
  }

  bool asked_for(std::string_view pass) const {
    return options_.after_all || pass == options_.after || pass == options_.diff;
  }

  /// Of each pass that is asked for, the graph after it or what it changed. A pass that runs several times is shown
  /// each time.
  Result<std::string> between_passes(Graph graph, const Target& target) {
    std::string text;
    Diagnostics remarks;
    size_t told = 0;
    std::unique_ptr<Graph> before;
    auto observe = [&](std::string_view pass, const Graph& core, bool changed) {
      if (asked_for(pass)) {
        text += fmt::format("# after {}{}\n", pass, changed ? "" : " (unchanged)");
        for (; told < remarks.size(); ++told) text += "# " + to_string(remarks[told]) + "\n";
        if (!options_.diff.empty())
          text += changed ? diff(*before, core, print_options_) + "\n" : "";
        else if (changed || !options_.after_all)
          text += core_text(core) + "\n";
      }
      told = remarks.size();
      if (!options_.diff.empty()) before = core.clone();
    };
    RONDO_TRY(Graph core, lower_to_core(std::move(graph), options_.model, target, observe, remarks));
    if (text.empty()) return invalid(fmt::format("the pass '{}' did not run", options_.after + options_.diff));
    return text;
  }

  const InspectOptions& options_;
  PrintOptions print_options_;
};

}  // namespace

Status inspect(const InspectOptions& options) {
  auto in_format = [&]() -> Result<std::string> {
    if (options.format == "dot") return dot_picture(options);
    if (options.format == "html") return html_picture(options);
    return Inspector(options).text();
  };
  RONDO_TRY(std::string text, about_file(in_format(), options.model.model));
  if (!options.output.empty()) return write_files({{options.output, text}});
  fmt::print("{}", text);
  return Done{};
}

}  // namespace rondo
