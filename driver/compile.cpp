// The whole story: read -> bind -> expand -> optimise -> make_plan -> verify -> generate -> link -> header -> write.
// A .rir file enters where its level says. Entry: compile. Tested by tests/driver/compile_test.cpp.
#include "driver/compile.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "driver/constants.h"
#include "driver/files.h"
#include "driver/model_report.h"
#include "driver/names.h"
#include "driver/report.h"
#include "driver/sizes.h"
#include "driver/stages.h"
#include "driver/tune.h"
#include "driver/tuning_file.h"
#include "frontend/file.h"
#include "frontend/frontend.h"
#include "frontend/where.h"
#include "ir/verify.h"
#include "passes/stream.h"

namespace rondo {
namespace {

constexpr uint64_t kLargestText = uint64_t{1} << 32;

/// Runs a stage; the user may watch.
template <class Work>
auto stage(const ModelOptions& options, std::string_view name, Work work) {
  return run_stage(options.stages, name, std::move(work));
}

Result<Parsed> read_by_ending(const std::string& path, FileFacts& facts) {
  if (has_ending(path, ".rir")) {
    RONDO_TRY(std::string text, read_file(path, kLargestText));
    facts = {"rondo's own text", "", text.size()};
    return parse(text);
  }
  Diagnostics warnings;
  Result<Graph> graph = read_model(path, warnings, facts);
  report(warnings);
  if (!graph) return std::move(graph).errors();
  Parsed source;
  source.graph = std::move(*graph);
  source.graph->name = identifier_from(stem_of(path));
  return source;
}

Result<Graph> to_core(Graph graph, const std::string& path) {
  if (graph.level == Level::core) return graph;
  Diagnostics warnings;
  Result<Graph> core = expand(graph, warnings);
  // Without what it must know, the same model may be compiled again with it, and would say it all again.
  const bool again = !core && std::any_of(core.errors().begin(), core.errors().end(), [](const Diagnostic& error) {
    return !error.wanted_inputs.empty() || !error.wanted_dims.empty();
  });
  set_file(warnings, path);
  if (!again) report(warnings);
  if (core) return core;
  Diagnostics errors = std::move(core).errors();
  tell_where(graph, errors);
  return errors;
}

Status refuse_graph_options(const ModelOptions& options) {
  if (options.dims.empty() && options.states.empty() && !options.stream && options.constants.empty() && options.without.empty() &&
      options.streams == 0 && options.ragged.empty() && options.unroll == Unroll::by_cost && options.weights == DType::f32 && !options.fast_math &&
      options.tuning.empty())
    return Done{};
  return invalid(
      "the text is at the plan level, where --dim, --state, --stream, --streams, --ragged, --const, --unroll, --weights, --math, --without and "
      "--tuning come too late");
}

/// A plan as the user wrote it: what the verifier finds is the text's fault.
Result<Plan> enter_plan(Plan plan, const ModelOptions& options) {
  RONDO_CHECK(refuse_graph_options(options));
  RONDO_CHECK(check_sizes(plan));
  Status valid = verify(plan);
  if (valid) return plan;
  Diagnostics errors = std::move(valid).errors();
  for (Diagnostic& error : errors) error.severity = Severity::invalid;
  return errors;
}

Result<Plan> plan_graph(Graph graph, const ModelOptions& options, const Target& target) {
  Diagnostics remarks;
  RONDO_TRY(Graph core, lower_to_core(std::move(graph), options, target, {}, remarks));
  if (options.tuning.empty()) return plan_core(core, options, target, {});
  RONDO_TRY(Tuning tuning, about_file(read_tuning(options.tuning, target), options.tuning));
  return about_file(plan_core(core, options, target, {.tuning = &tuning}), options.tuning);
}

Result<std::string> emit_form(const CompileOptions& options) {
  std::string form = options.emit;
  if (form.empty()) form = std::filesystem::path(options.output).extension().string();
  if (form.starts_with('.')) form.erase(0, 1);
  for (const char* known : {"so", "o", "a", "ll", "s"})
    if (form == known) return form;
  Diagnostic error = invalid("the ending does not tell what to write; .so, .o, .a, .ll and .s do, or --emit");
  error.file = options.output;
  return error;
}

Status check_report(const CompileOptions& options, const std::string& form) {
  if (options.report.empty() || (form != "ll" && form != "s")) return Done{};
  return invalid("--report is about machine code, which ." + form + " is not: .o, .a and .so are");
}

struct Built {
  std::string file, report;
};

Result<Built> build(const Plan& plan, const Target& target, const CompileOptions& options,
                    const CodegenOptions& codegen, const std::string& form) {
  const std::string file_name = std::filesystem::path(options.output).filename().string();
  Form level = form == "ll" ? Form::llvm : form == "s" ? Form::assembly : Form::object;
  RONDO_TRY(std::string code, stage(options.model, "generate", [&] { return generate(plan, target, level, codegen); }));
  Built built;
  if (!options.report.empty()) {
    RONDO_TRY(Audit facts, stage(options.model, "audit", [&] { return audit(plan, target, codegen, code); }));
    const ModelReport report = model_report(plan, target, std::move(facts), codegen.external_constants);
    built.report = has_ending(options.report, ".json") ? report_json(report) : report_text(report);
  }
  if (form == "so") {
    RONDO_TRY(built.file, stage(options.model, "link", [&] { return link_shared(code, target, file_name, options.debug); }));
  } else if (form == "a") {
    RONDO_TRY(built.file, make_archive(code, target, stem_of(file_name) + ".o"));
  } else {
    built.file = std::move(code);
  }
  return built;
}

}  // namespace

CodegenOptions codegen_options(const ModelOptions& options) {
  return {.external_constants = options.external_weights, .constants_section = options.weights_section};
}

Result<Parsed> read_source(const ModelOptions& options) {
  FileFacts facts;
  return read_source(options, facts);
}

Result<Parsed> read_source(const ModelOptions& options, FileFacts& facts) {
  RONDO_TRY(Parsed source,
            about_file(stage(options, "read", [&] { return read_by_ending(options.model, facts); }), options.model));
  std::string& name = source.graph ? source.graph->name : source.plan->name;
  name = identifier_from(!options.name.empty() ? options.name : !name.empty() ? name : stem_of(options.model));
  return source;
}

Status bind_options(Graph& graph, const ModelOptions& options) {
  for (const auto& [input, value] : options.constants) RONDO_CHECK(bind_constant(graph, input, value));
  if (!options.ragged.empty()) RONDO_CHECK(bind_ragged(graph, options.ragged));
  RONDO_CHECK(bind_dims(graph, options.dims));
  for (const auto& [input, output] : options.states) RONDO_CHECK(bind_state(graph, input, output));
  return Done{};
}

Result<Graph> lower_to_core(Graph graph, const ModelOptions& options, const Target& target, const PassObserver& observe,
                            Diagnostics& remarks) {
  RONDO_CHECK(bind_options(graph, options));
  RONDO_TRY(Graph core, stage(options, "expand", [&] { return to_core(std::move(graph), options.model); }));
  return optimise_core(std::move(core), options, target, observe, remarks);
}

Result<Graph> optimise_core(Graph core, const ModelOptions& options, const Target& target, const PassObserver& observe,
                            Diagnostics& remarks) {
  RONDO_CHECK(verify(core));
  if (options.stream) {
    if (observe) observe("expand", core, true);
    RONDO_TRY(core, stage(options, "stream", [&] {
                return make_step(std::move(core), {*options.stream, options.external_weights}, target.facts(), remarks);
              }));
  } else if (core.stepping.frames == 0) {
    core.timing.clear();  // where a call takes whole sequences, time is an axis like others
  }
  if (options.streams > 0) {
    RONDO_TRY(core, stage(options, "interleave_streams", [&] { return interleave_streams(core, options.streams); }));
    RONDO_CHECK(verify(core));
  }
  RONDO_CHECK(check_sizes(core));
  if (observe) observe(options.stream ? "stream" : "expand", core, true);
  PipelineOptions pipeline{options.without, options.unroll, {}, {}, options.external_weights};
  pipeline.begin = [&](std::string_view pass) {
    if (options.stages) options.stages->begin(pass);
  };
  pipeline.observe = [&](std::string_view pass, const Graph& after, bool changed) {
    if (options.stages) options.stages->end(changed);
    if (observe) observe(pass, after, changed);
  };
  RONDO_CHECK(optimise(core, target.facts(), pipeline, remarks));
  return core;
}

Result<Plan> plan_core(const Graph& core, const ModelOptions& options, const Target& target, PlanOptions plan_options) {
  plan_options.without = options.without;
  plan_options.fast_math = options.fast_math;
  plan_options.weights = options.weights;
  RONDO_TRY(Plan plan, stage(options, "make_plan", [&] { return make_plan(core, target.facts(), plan_options); }));
  RONDO_CHECK(verify(plan));
  RONDO_CHECK(check_sizes(plan));
  return plan;
}

Result<Plan> lower_to_plan(Parsed source, const ModelOptions& options, const Target& target) {
  return about_file(source.plan ? enter_plan(std::move(*source.plan), options)
                                : plan_graph(std::move(*source.graph), options, target),
                    options.model);
}

Result<std::string> build_shared(const Plan& plan, const Target& target, const ModelOptions& options,
                                 const std::string& file_name, const CodegenOptions& codegen) {
  RONDO_TRY(std::string object,
            stage(options, "generate", [&] { return generate(plan, target, Form::object, codegen); }));
  return stage(options, "link", [&] { return link_shared(object, target, file_name, codegen.lines.has_value()); });
}

Status compile(const CompileOptions& options) {
  RONDO_TRY(std::string form, emit_form(options));
  RONDO_CHECK(check_report(options, form));
  if (options.model.target.small_code && (options.tune || !options.model.tuning.empty()))
    return invalid("-O size takes the shortest schedules, --tune and --tuning the fastest: one or the other");
  RONDO_TRY(Target target, Target::find(options.model.target));
  RONDO_TRY(Parsed source, read_source(options.model));
  std::string tuning;
  RONDO_TRY(Plan plan, options.tune ? tune(std::move(source), options, target, tuning)
                                    : lower_to_plan(std::move(source), options.model, target));
  CodegenOptions codegen = codegen_options(options.model);
  const std::string text_path = with_ending(options.output, ".plan");
  PlanText text;
  if (options.debug) {
    text = print_with_lines(plan, {.costs = true});
    codegen.lines = {std::filesystem::path(text_path).filename().string(), std::move(text.lines)};
  }
  RONDO_TRY(Built built, about_file(build(plan, target, options, codegen, form), options.model.model));
  const std::string header = make_header(plan, codegen);
  const std::string weights_blob = options.model.external_weights ? weights_of(plan) : "";
  std::vector<std::pair<std::string, std::string_view>> files{{options.output, built.file},
                                                              {with_ending(options.output, ".h"), header}};
  if (options.model.external_weights) files.emplace_back(with_ending(options.output, ".weights"), weights_blob);
  if (options.debug) files.emplace_back(text_path, text.text);
  if (!options.save_tuning.empty()) files.emplace_back(options.save_tuning, tuning);
  if (!options.report.empty() && options.report != "-") files.emplace_back(options.report, built.report);
  RONDO_CHECK(write_files(files));
  if (options.report == "-") fmt::print("{}", built.report);
  return Done{};
}

}  // namespace rondo
