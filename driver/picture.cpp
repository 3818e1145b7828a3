// A picture is drawn from what the passes' observer sees: nothing here knows a pass or an operator.
#include "driver/picture.h"

#include <fmt/format.h>

#include <filesystem>

#include "codegen/audit.h"
#include "driver/compile.h"
#include "driver/report.h"
#include "view/dot.h"
#include "view/story.h"

namespace rondo {
namespace {

Status refuse_above_plan(const Parsed& source, const InspectOptions& options) {
  if (!source.plan || (options.after.empty() && (options.level.empty() || options.level == "plan"))) return Done{};
  return invalid("the text is at the plan level; nothing above it can be shown");
}

/// The model with the types that expansion finds. What cannot be expanded is reported; it stands in the graph all the
/// same.
Result<Graph> typed_model(const Graph& source, const ModelOptions& options, Diagnostics& errors) {
  if (source.level != Level::model) return invalid("the text is at the core level; the model level is above it");
  Graph model = std::move(*source.clone());
  RONDO_CHECK(bind_options(model, options));
  Diagnostics warnings;
  Result<Graph> core = expand(model, warnings);
  if (!core) errors = std::move(core).errors();
  set_file(errors, options.model);
  return model;
}

class PageMaker {
 public:
  explicit PageMaker(const InspectOptions& options) : options_(options) {}

  Result<std::string> make(Parsed source, const Target& target) {
    const ModelOptions& model = options_.model;
    story_.title = source.graph ? source.graph->name : source.plan->name;
    story_.file = std::filesystem::path(model.model).filename().string();
    story_.target = target.spec().triple + " " + target.spec().cpu;
    story_.rondo = RONDO_VERSION;
    if (source.plan) {
      RONDO_TRY(Plan plan, lower_to_plan(std::move(source), model, target));
      return finish(std::move(plan), target);
    }
    if (source.graph->level == Level::model) {
      Diagnostics errors;
      RONDO_TRY(Graph typed, typed_model(*source.graph, model, errors));
      add("model", typed, errors);
      report(errors);
      if (!errors.empty()) return story_.page();
    }
    RONDO_TRY(Graph core, core_stages(std::move(*source.graph), target));
    RONDO_TRY(Plan plan, plan_core(core, model, target, {}));
    return finish(std::move(plan), target);
  }

 private:
  void add(std::string_view stage, const Graph& graph, const Diagnostics& notes) {
    std::vector<std::string> texts;
    for (const Diagnostic& note : notes) texts.push_back(to_string(note));
    story_.add(std::string(stage), graph, std::move(texts));
  }

  /// A stage for each pass that changed something, and for the one at which the page is to open.
  Result<Graph> core_stages(Graph graph, const Target& target) {
    Diagnostics remarks;
    size_t told = 0;
    auto observe = [&](std::string_view pass, const Graph& core, bool changed) {
      const Diagnostics fresh(remarks.begin() + static_cast<std::ptrdiff_t>(told), remarks.end());
      told = remarks.size();
      if (!changed && fresh.empty() && pass != options_.after) return;
      add(pass, core, fresh);
    };
    return lower_to_core(std::move(graph), options_.model, target, observe, remarks);
  }

  Result<std::string> finish(Plan plan, const Target& target) {
    const CodegenOptions options = codegen_options(options_.model);
    RONDO_TRY(std::string object, generate(plan, target, Form::object, options));
    RONDO_TRY(Audit facts, audit(plan, target, options, object));
    view::MachineCode code;
    for (const KernelFacts& kernel : facts.kernels) code.kernels.push_back(kernel.code_bytes);
    for (const FunctionFacts& function : facts.functions) code.functions[function.name] = function.code_bytes;
    story_.add(std::move(plan), std::move(code));
    RONDO_CHECK(choose_opening());
    return story_.page();
  }

  /// The last stage of the level or the pass that was asked for; without either, the first.
  Status choose_opening() {
    const std::string& wanted = options_.after.empty() ? options_.level : options_.after;
    if (wanted.empty()) return Done{};
    const auto& stages = story_.stages();
    for (size_t i = stages.size(); i-- > 0;)
      if (wanted == (options_.after.empty() ? stages[i].level : stages[i].name)) return story_.opens_at = i, Done{};
    return invalid(options_.after.empty() ? fmt::format("there is no {} level to open the page at", wanted)
                                          : fmt::format("the pass '{}' did not run", wanted));
  }

  const InspectOptions& options_;
  view::Story story_;
};

Result<std::string> dot_of_plan(Parsed source, const InspectOptions& options, const Target& target) {
  RONDO_TRY(Plan plan, lower_to_plan(std::move(source), options.model, target));
  return view::dot(view::scene_of(plan), plan.name);
}

Result<std::string> dot_of_model(const Graph& graph, const InspectOptions& options) {
  Diagnostics errors;
  RONDO_TRY(Graph model, typed_model(graph, options.model, errors));
  report(errors);
  return view::dot(view::scene_of(model), model.name);
}

}  // namespace

Result<std::string> dot_picture(const InspectOptions& options) {
  RONDO_TRY(Parsed source, read_source(options.model));
  RONDO_TRY(Target target, Target::find(options.model.target));
  RONDO_CHECK(refuse_above_plan(source, options));
  if (source.plan || options.level == "plan") return dot_of_plan(std::move(source), options, target);
  if (options.level == "model" && options.after.empty()) return dot_of_model(*source.graph, options);
  std::string after;
  auto observe = [&](std::string_view pass, const Graph& core, bool) {
    if (pass == options.after) after = view::dot(view::scene_of(core), core.name);
  };
  Diagnostics remarks;
  RONDO_TRY(Graph core, lower_to_core(std::move(*source.graph), options.model, target, observe, remarks));
  if (options.after.empty()) return view::dot(view::scene_of(core), core.name);
  if (after.empty()) return invalid(fmt::format("the pass '{}' did not run", options.after));
  return after;
}

Result<std::string> html_picture(const InspectOptions& options) {
  RONDO_TRY(Parsed source, read_source(options.model));
  RONDO_TRY(Target target, Target::find(options.model.target));
  RONDO_CHECK(refuse_above_plan(source, options));
  return PageMaker(options).make(std::move(source), target);
}

}  // namespace rondo
