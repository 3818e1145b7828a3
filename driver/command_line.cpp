// The command line, read with CLI11, which stays in this file. Each command has one function here that declares its
// options and names the function that does the work. Tested by tests/driver/command_line_test.cpp.
#include "driver/command_line.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <functional>

#include "driver/options.h"
#include "driver/report.h"
#include "driver/stages.h"
#include "rondo_pool.h"
#include "support/closest.h"

namespace rondo {
namespace {

/// The texts of repeatable NAME=VALUE options, kept until they are split; and what is no option of the model itself.
struct RawModelOptions {
  std::vector<std::string> dims, states, constants, stream;
  bool time_passes = false;
};

NamePair split_pair(const std::string& text, const char* option, const char* form) {
  size_t equals = text.find('=');
  if (equals == 0 || equals == std::string::npos || equals + 1 == text.size())
    throw CLI::ValidationError(option, "'" + text + "' is not of the form " + form);
  return {text.substr(0, equals), text.substr(equals + 1)};
}

std::vector<NamePair> split_pairs(const std::vector<std::string>& texts, const char* option, const char* form) {
  std::vector<NamePair> pairs;
  for (const std::string& text : texts) {
    NamePair pair = split_pair(text, option, form);
    for (const NamePair& earlier : pairs)
      if (earlier.first == pair.first) throw CLI::ValidationError(option, "'" + pair.first + "' is given twice");
    pairs.push_back(std::move(pair));
  }
  return pairs;
}

std::map<std::string, int64_t> split_dims(const std::vector<std::string>& texts) {
  std::map<std::string, int64_t> dims;
  for (const auto& [name, text] : split_pairs(texts, "--dim", "NAME=N")) {
    int64_t value = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < 1)
      throw CLI::ValidationError("--dim", "'" + text + "' is not an integer of at least 1");
    dims[name] = value;
  }
  return dims;
}

/// One of these words; a mistyped one is told what it was perhaps meant to be.
CLI::Validator one_of(std::vector<std::string> words) {
  const auto check = [words = std::move(words)](const std::string& given) -> std::string {
    if (std::find(words.begin(), words.end(), given) != words.end()) return "";
    return fmt::format("'{}' is none of {}{}", given, fmt::join(words, ", "), did_you_mean(given, words));
  };
  return CLI::Validator(check, "");  // the option's own text lists the words
}

std::string check_identifier(const std::string& text) {
  bool good = !text.empty() && !std::isdigit(static_cast<unsigned char>(text[0]));
  for (unsigned char c : text) good = good && (std::isalnum(c) || c == '_') && c < 128;
  return good ? "" : "'" + text + "' is not an identifier of C";
}

/// An option that may be repeated, with one value each time.
void add_repeatable(CLI::App& app, const char* name, std::vector<std::string>& values, const char* doc,
                    const char* form) {
  app.add_option(name, values, doc)->type_name(form)->type_size(1)->allow_extra_args(false);
}

const std::map<std::string, DType> kWeightWords{{"f32", DType::f32}, {"f16", DType::f16}, {"bf16", DType::bf16}};

const std::map<std::string, Unroll> kUnrollWords{
    {"auto", Unroll::by_cost}, {"never", Unroll::never}, {"always", Unroll::always}};

void add_weights_option(CLI::App& app, ModelOptions& options) {
  auto choose = [&options](const std::string& word) { options.weights = kWeightWords.at(word); };
  app.add_option_function<std::string>("--weights", choose,
                                       "the type in which float32 weights are stored; they compute in float32")
      ->type_name("f32|f16|bf16")
      ->check(one_of({"f32", "f16", "bf16"}));
}

/// Declares the options that every command with a MODEL takes.
void add_model_options(CLI::App& app, ModelOptions& options, RawModelOptions& raw) {
  std::vector<std::string> passes;
  for (std::string_view pass : pipeline_order()) passes.emplace_back(pass);
  for (std::string_view stage : plan_stages()) passes.emplace_back(stage);

  app.add_option("MODEL", options.model, "the model: .onnx, .json, .nam or .rir")->required();
  app.add_option("--target", options.target.triple, "an LLVM triple, or a name that 'rondo targets' lists")
      ->type_name("TRIPLE|NAME");
  app.add_option("--cpu", options.target.cpu, "the processor, as LLVM names it")->type_name("CPU");
  app.add_option("--features", options.target.features, "features to add or leave out, as +fma,-avx512f")
      ->type_name("LIST");
  app.add_option_function<std::string>(
         "-O", [&options](const std::string& word) { options.target.small_code = word == "size"; },
         "what code is to be: fast, the default, or short")
      ->type_name("speed|size")
      ->check(one_of({"speed", "size"}));
  app.add_flag("--matrix-unit", options.target.matrix_unit,
               "products of several rows on the processor's matrix unit (AMX), for which a library asks Linux as it is loaded");
  app.add_option("--name", options.name, "prefix of all symbols; default: the model file's stem")
      ->type_name("IDENT")
      ->check(check_identifier);
  add_repeatable(app, "--dim", raw.dims, "fix a symbolic dimension", "NAME=N");
  add_repeatable(app, "--state", raw.states, "OUTPUT feeds INPUT on the next call: hidden state", "INPUT=OUTPUT");
  app.add_flag("--stream", raw.stream,
               "a call is a step: it takes the next frames of a sequence and gives the next of the output, and what was "
               "before is state; =DIM or =INPUT:AXIS says what time is, where the model does not")
      ->type_name("[=DIM|INPUT:AXIS]");
  app.add_option("--streams", options.streams,
                 "one call moves on N independent streams, which lie along a new first axis of inputs, outputs and states")
      ->type_name("N")
      ->check(CLI::Range(1, 1024));
  app.add_option(
         "--ragged", options.ragged,
         "what recurrent layers give past the end of a shorter sequence: zero, as ONNX has it, or the state, carried")
      ->type_name("zero|carry")
      ->check(one_of({"zero", "carry"}));
  add_repeatable(app, "--const", raw.constants, "freeze an input", "INPUT=VALUE|FILE.npy");
  app.add_option_function<std::string>(
         "--unroll", [&options](const std::string& word) { options.unroll = kUnrollWords.at(word); },
         "whether short scans become straight-line code")
      ->type_name("auto|never|always")
      ->check(one_of({"auto", "never", "always"}));
  app.add_option_function<std::string>(
         "--math", [&options](const std::string& word) { options.fast_math = word == "fast"; },
         "how exact activations are: exact, the default, or fast, to 1e-4 absolute")
      ->type_name("exact|fast")
      ->check(one_of({"exact", "fast"}));
  app.add_option("--without", options.without,
                 fmt::format("leave out a pass or a stage of planning: {}", fmt::join(passes, ", ")))
      ->type_name("PASS")
      ->type_size(1)
      ->allow_extra_args(false)
      ->check(one_of(passes));
  app.add_option("--tuning", options.tuning, "use the schedules that 'compile --save-tuning' wrote")->type_name("FILE");
  app.add_flag("--time-passes", raw.time_passes, "print the seconds each step takes");
}

void add_constants_options(CLI::App& app, ModelOptions& options) {
  app.add_option("--weights-section", options.weights_section, "the section of the read-only weights")
      ->type_name("NAME")
      ->excludes(app.get_option("--external-weights"));
}

void add_external_weights_option(CLI::App& app, ModelOptions& options) {
  app.add_flag("--external-weights", options.external_weights,
               "leave the weights out of the code: every call brings them, this model's or, from 'rondo weights', "
               "those of another with the same architecture");
}

void add_threads_option(CLI::App& app, ModelOptions& options) {
  app.add_option("--threads", options.threads, "threads that share the work of one call; default: 1")
      ->type_name("N")
      ->check(CLI::Range(1, RONDO_POOL_LARGEST));
}

/// A picture is of one graph, or of all stages anyhow, and shows no weights.
void refuse_for_pictures(const InspectOptions& options) {
  if (options.format == "text") return;
  if (!options.diff.empty()) throw CLI::ValidationError("--diff", "is for text; --format=html shows all stages");
  if (options.after_all) throw CLI::ValidationError("--after-all", "is for text; --format=html shows all stages");
  if (options.full_weights) throw CLI::ValidationError("--weights", "full weights are for text");
}

void finish_model_options(ModelOptions& options, const RawModelOptions& raw, std::optional<Stages>& stages) {
  options.stages = &stages.emplace(raw.time_passes);
  options.dims = split_dims(raw.dims);
  options.states = split_pairs(raw.states, "--state", "INPUT=OUTPUT");
  options.constants = split_pairs(raw.constants, "--const", "INPUT=VALUE");
  if (raw.stream.empty()) return;
  options.stream = raw.stream;
  std::erase(*options.stream, "true");  // what CLI11 makes of an option without a value
}

/// One run of the program: the options of every command, and the work that the one chosen asks for.
struct CommandLine {
  CLI::App app{"rondo compiles trained recurrent networks ahead of time."};
  CompileOptions compile_options;
  WeightsOptions weights_options;
  RunOptions run_options;
  VerifyOptions verify_options;
  InspectOptions inspect_options;
  BenchOptions bench_options;
  RawModelOptions raw;  // of the one command that is given
  std::vector<std::string> raw_inputs, raw_outputs;
  std::function<Status()> work;
  std::optional<Stages> stages;

  CommandLine() {
    app.require_subcommand(1);
    app.set_version_flag("--version",
                         "rondo " RONDO_VERSION ", C interface " + std::to_string(RONDO_INTERFACE_VERSION));
    app.footer(
        "Example: rondo compile vad.onnx -o vad.so --state=h=h_out\n"
        "'rondo COMMAND --help' tells each command's options.");
    declare_compile();
    declare_weights();
    declare_run();
    declare_verify();
    declare_inspect();
    declare_bench();
    app.add_subcommand("targets", "list the targets that --target takes by name")
        ->footer("Example: rondo targets")
        ->callback([this] { work = list_targets; });
  }

  /// Whether a word may begin the line; if not, it is said.
  bool knows(const std::string& word) const {
    if (word.empty() || word[0] == '-') return true;
    std::vector<std::string> commands;
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
      commands.push_back(command->get_name());
    if (std::find(commands.begin(), commands.end(), word) != commands.end()) return true;
    const std::string hint = did_you_mean(word, commands);
    report({invalid("'" + word + "' is no command" + (hint.empty() ? "; 'rondo --help' lists them" : hint))});
    return false;
  }

 private:
  void declare_compile() {
    CLI::App* command = app.add_subcommand("compile", "compile a model to machine code and a C header");
    add_model_options(*command, compile_options.model, raw);
    add_weights_option(*command, compile_options.model);
    command
        ->add_option("-o,--output", compile_options.output,
                     "the file to write (.so .o .a .ll .s); the header is written beside it")
        ->type_name("OUT")
        ->required();
    add_external_weights_option(*command, compile_options.model);
    add_constants_options(*command, compile_options.model);
    command->add_option("--emit", compile_options.emit, "what to write; default: OUT's ending tells")
        ->type_name("so|o|a|ll|s")
        ->check(one_of({"so", "o", "a", "ll", "s"}));
    command->add_option("--report", compile_options.report,
                        "write what the code takes, layer by layer, and its real-time certificate; FILE.json as JSON, - to "
                        "the standard output")
        ->type_name("FILE");
    command->add_flag("-g", compile_options.debug,
                      "line tables for debuggers and profilers, of the plan's text, which is written beside OUT as .plan");
    CLI::Option* tune = command->add_flag("--tune", compile_options.tune,
                                          "measure other schedules of the kernels on this machine, and use the best");
    command->add_option("--tune-seconds", compile_options.tune_seconds, "how long to measure; default: 5")
        ->needs(tune)
        ->check(CLI::Range(0.1, 3600.0));
    command->add_option("--save-tuning", compile_options.save_tuning, "write what --tune chose, for --tuning=FILE")
        ->type_name("FILE")
        ->needs(tune);
    tune->excludes(command->get_option("--tuning"));
    command->footer("Example: rondo compile vad.onnx -o vad.o --dim=batch=1 --state=h=h_out --cpu=skylake");
    command->callback([this] {
      finish_model_options(compile_options.model, raw, stages);
      work = [this] { return compile(compile_options); };
    });
  }

  void declare_weights() {
    CLI::App* command = app.add_subcommand(
        "weights", "write a model's weights, for code of the same architecture compiled with --external-weights");
    add_model_options(*command, weights_options.model, raw);
    add_weights_option(*command, weights_options.model);
    command->add_option("-o,--output", weights_options.output, "the file to write")->type_name("FILE")->required();
    command->footer(
        "The options are those that the code was compiled with.\n"
        "Example: rondo compile amp.json -o amp.so --external-weights && rondo weights other.json -o other.weights");
    command->callback([this] {
      finish_model_options(weights_options.model, raw, stages);
      weights_options.model.external_weights = true;
      work = [this] { return weights(weights_options); };
    });
  }

  void declare_run() {
    CLI::App* command = app.add_subcommand("run", "compile a model, load it and call it once");
    add_model_options(*command, run_options.model, raw);
    add_weights_option(*command, run_options.model);
    add_external_weights_option(*command, run_options.model);
    add_threads_option(*command, run_options.model);
    add_repeatable(*command, "--input", raw_inputs, "an input's values", "NAME=FILE.npy");
    add_repeatable(*command, "--output", raw_outputs, "where to write an output; without any, all are printed",
                   "NAME=FILE.npy");
    command->add_flag("--steps", run_options.steps,
                      "call once for each step: all files have a leading axis of steps; state is carried along");
    command->footer("Example: rondo run vad.onnx --state=h=h_out --steps --input audio=audio.npy --output p=p.npy");
    command->callback([this] {
      finish_model_options(run_options.model, raw, stages);
      run_options.inputs = split_pairs(raw_inputs, "--input", "NAME=FILE.npy");
      run_options.outputs = split_pairs(raw_outputs, "--output", "NAME=FILE.npy");
      work = [this] { return run(run_options); };
    });
  }

  void declare_verify() {
    CLI::App* command = app.add_subcommand("verify", "compile a model, run recorded data through it and compare");
    add_model_options(*command, verify_options.model, raw);
    add_weights_option(*command, verify_options.model);
    add_threads_option(*command, verify_options.model);
    command
        ->add_option("--data", verify_options.data,
                     "folders with recorded data: input_K.pb and output_K.pb; inputs/NAME.npy and outputs/NAME.npy; "
                     "x.csv and y.csv; stream.json; or folders of such folders")
        ->type_name("DIR")
        ->required();
    command->add_option("--rtol", verify_options.relative, "relative tolerance; default: by element type")
        ->check(CLI::NonNegativeNumber);
    command->add_option("--atol", verify_options.absolute, "absolute tolerance; default: by element type")
        ->check(CLI::NonNegativeNumber);
    add_external_weights_option(*command, verify_options.model);
    add_constants_options(*command, verify_options.model);
    command->add_option("--outputs", verify_options.outputs, "a folder for what was computed: K.NAME.npy of recording K")
        ->type_name("DIR");
    command->add_option("--runner", verify_options.runner,
                        "run the program elsewhere: on QEMU's machine for the target, or by a command to which the "
                        "program's path is appended")
        ->type_name("qemu|COMMAND");
    command->footer("Example: rondo verify vad.onnx --data recordings/stream --rtol=1e-4 --atol=1e-5");
    command->callback([this] {
      finish_model_options(verify_options.model, raw, stages);
      work = [this] { return verify(verify_options); };
    });
  }

  void declare_inspect() {
    CLI::App* command = app.add_subcommand("inspect", "print a model at one of its levels, or draw it");
    add_model_options(*command, inspect_options.model, raw);
    add_external_weights_option(*command, inspect_options.model);
    command->add_option("--level", inspect_options.level, "what the file says, what is computed, or how; default: core")
        ->type_name("model|core|plan")
        ->check(one_of({"model", "core", "plan"}));
    command
        ->add_option(
            "--format", inspect_options.format,
            "text; a graph for Graphviz; or a page for a browser that shows all stages and opens at --level or "
            "--after; default: text")
        ->type_name("text|dot|html")
        ->check(one_of({"text", "dot", "html"}));
    std::vector<std::string> passes{"expand", "stream"};
    for (std::string_view pass : pipeline_order()) passes.emplace_back(pass);
    CLI::Option* after = command
                             ->add_option("--after", inspect_options.after,
                                          fmt::format("the core graph after a pass has run: {}", fmt::join(passes, ", ")))
                             ->type_name("PASS")
                             ->check(one_of(passes));
    CLI::Option* after_all =
        command->add_flag("--after-all", inspect_options.after_all, "the core graph after each pass")->excludes(after);
    command->add_option("--diff", inspect_options.diff, "what a pass changes in the core graph")
        ->type_name("PASS")
        ->check(one_of(std::vector<std::string>(passes.begin() + 1, passes.end())))
        ->excludes(after)
        ->excludes(after_all);
    command->add_flag("--explain", inspect_options.explain,
                      "say in sentences what was read, which traps of exporters were found, and why passes decided as they did");
    auto weights = [this](const std::string& word) {
      const auto stored = kWeightWords.find(word);
      if (stored != kWeightWords.end())
        inspect_options.model.weights = stored->second;
      else
        inspect_options.full_weights = word == "full";
    };
    command
        ->add_option_function<std::vector<std::string>>(
            "--weights", [weights](const auto& words) { std::for_each(words.begin(), words.end(), weights); },
            "the type in which float32 weights are stored; or large constants as statistics, or in full so that the "
            "text can be read back; may be given for both")
        ->type_name("f32|f16|bf16|brief|full")
        ->type_size(1)
        ->allow_extra_args(false)
        ->check(one_of({"f32", "f16", "bf16", "brief", "full"}));
    command->add_option("-o,--output", inspect_options.output, "the file to write; .rir means --weights=full")
        ->type_name("FILE");
    command->footer(
        "Example: rondo inspect vad.onnx --level=plan\n"
        "         rondo inspect vad.onnx --format=html -o vad.html");
    command->callback([this] {
      finish_model_options(inspect_options.model, raw, stages);
      refuse_for_pictures(inspect_options);
      work = [this] { return inspect(inspect_options); };
    });
  }

  void declare_bench() {
    CLI::App* command = app.add_subcommand("bench", "compile a model and time its calls on this machine");
    add_model_options(*command, bench_options.model, raw);
    add_weights_option(*command, bench_options.model);
    add_external_weights_option(*command, bench_options.model);
    add_threads_option(*command, bench_options.model);
    add_repeatable(*command, "--input", raw_inputs, "an input's values; default: noise, and ones for integers",
                   "NAME=FILE.npy");
    command->add_option("--seconds", bench_options.seconds, "how long to measure; default: 1")
        ->check(CLI::Range(0.001, 3600.0));
    command->add_flag("--json", bench_options.json, "print the figures as JSON");
    command->add_option("--compare", bench_options.compare, "an earlier run's --json, to say what is faster or slower now")
        ->type_name("FILE.json");
    command->add_flag("--vs-ort{libonnxruntime.so.1}", bench_options.ort,
                      "measure ONNX Runtime beside it, on the same inputs: --vs-ort=LIBRARY, or the system's own")
        ->type_name("LIBRARY");
    command->footer("Example: rondo bench vad.onnx --dim=time=100");
    command->callback([this] {
      finish_model_options(bench_options.model, raw, stages);
      bench_options.inputs = split_pairs(raw_inputs, "--input", "NAME=FILE.npy");
      work = [this] { return bench(bench_options); };
    });
  }
};

}  // namespace

int run_command_line(int argc, const char* const* argv) {
  CommandLine line;
  if (argc > 1 && !line.knows(argv[1])) return 2;
  try {
    line.app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    int code = line.app.exit(error);  // prints help and version to stdout, errors to stderr
    return code == 0 ? 0 : 2;
  }
  Status status = line.work();
  if (status && std::fflush(stdout) == 0) return 0;
  if (!status)
    report(status.errors());
  else
    report({invalid("cannot write to the standard output")});
  return 1;
}

}  // namespace rondo
