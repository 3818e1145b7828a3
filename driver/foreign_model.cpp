// See foreign_model.h. The harness's sources are texts inside this program; Clang, which is found in PATH, compiles them
// for the target, and lld, which is inside this program, links them.
#include "driver/foreign_model.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "driver/files.h"
#include "driver/foreign_job.h"
#include "driver/process.h"
#include "frontend/file.h"
#include "harness_text.h"

namespace rondo {
namespace {

constexpr int64_t kMostErrors = 1 << 20;

std::string text_of(const std::string& file) {
  for (const auto& [name, text] : kHarnessFiles)
    if (name == file) return text;
  return "";
}

Result<std::string> compile_c(const Target& target, const std::string& folder, const std::string& file) {
  const std::string clang = find_program({"clang-19", "clang"});
  if (clang.empty())
    return invalid("running code for another processor needs Clang, to compile a start-up file for it; neither clang-19 "
                   "nor clang is in PATH");
  std::vector<std::string> words = clang_arguments(target);
  words.insert(words.begin(), clang);
  for (const char* word : {"-std=gnu11", "-O2", "-ffreestanding", "-fno-builtin", "-fno-pic", "-fno-stack-protector",
                           "-fno-asynchronous-unwind-tables", "-fno-unwind-tables", "-c"})
    words.emplace_back(word);
  words.insert(words.end(), {folder + "/" + file, "-o", folder + "/" + file + ".o"});
  RONDO_TRY(Finished finished, run_program(words, kMostErrors));
  if (finished.code != 0)
    return invalid(fmt::format("{} cannot compile the harness for {}: {}", clang, target.spec().triple,
                               finished.printed.substr(0, 600)));
  return read_file(folder + "/" + file + ".o", uint64_t{1} << 32);
}

Status write_harness(const std::string& folder) {
  std::vector<std::pair<std::string, std::string_view>> files;
  for (const auto& [name, text] : kHarnessFiles) files.emplace_back(folder + "/" + name, text);
  return write_files(files);
}

Slot slot_of(const Plan& plan, const Port& port, Timing::Port kind) {
  const Timing* timing = find_timing(plan.timing, kind, port.name);
  return timing ? Slot{port.name, port.type, timing->axis, timing->latency} : Slot{port.name, port.type};
}

Ports ports_of(const Plan& plan) {
  Ports ports;
  for (const Port& port : plan.inputs) ports.inputs.push_back(slot_of(plan, port, Timing::Port::input));
  for (const Port& port : plan.outputs) ports.outputs.push_back(slot_of(plan, port, Timing::Port::output));
  for (const StateSlot& slot : plan.states) ports.states.push_back({slot.name, slot.type});
  ports.symbols = plan.symbols;
  return ports;
}

}  // namespace

Result<ForeignModel> ForeignModel::build(Parsed source, const ModelOptions& options, const std::string& runner) {
  RONDO_TRY(Target target, Target::find(options.target));
  RONDO_TRY(Emulator emulator, find_emulator(target));
  if (runner == "qemu" && find_program({emulator.command[0]}).empty())
    return invalid(fmt::format("{} is not in PATH; Debian's packages qemu-user, qemu-system-arm and qemu-system-misc have "
                               "QEMU's programs",
                               emulator.command[0]));
  RONDO_TRY(Plan plan, lower_to_plan(std::move(source), options, target));
  ForeignModel model(std::move(plan), std::move(target));
  model.codegen_ = codegen_options(options);
  RONDO_TRY(model.object_,
            about_file(generate(model.plan_, model.target_, Form::object, model.codegen_), options.model));
  model.ports_ = ports_of(model.plan_);
  model.runner_ = runner;
  model.emulator_ = std::move(emulator);
  RONDO_TRY(TemporaryFolder folder, TemporaryFolder::create());
  RONDO_CHECK(write_harness(folder.path()));
  std::vector<std::string> files{model.emulator_.start};
  RONDO_TRY(std::vector<std::string> missing, undefined_symbols(model.object_));
  if (!missing.empty()) files.emplace_back("soft_float.c");
  for (const std::string& file : files) {
    RONDO_TRY(std::string part, compile_c(model.target_, folder.path(), file));
    model.parts_.push_back(std::move(part));
  }
  return model;
}

Result<Played> ForeignModel::play(const Script& script) const {
  RONDO_TRY(TemporaryFolder folder, TemporaryFolder::create());
  const std::string data = folder.path() + "/data.bin", program = folder.path() + "/program";
  RONDO_TRY(ForeignJob job, ForeignJob::make(plan_, plan_.name, script, data, codegen_.external_constants));
  const std::string header = make_header(plan_, codegen_);
  RONDO_CHECK(write_harness(folder.path()));
  RONDO_CHECK(write_files({{data, job.data}, {folder.path() + "/job.h", job.header}, {folder.path() + "/model.h", header}}));
  RONDO_TRY(std::string harness, compile_c(target_, folder.path(), "harness.c"));

  std::vector<std::string> objects{std::move(harness), object_};
  objects.insert(objects.end(), parts_.begin(), parts_.end());
  const std::string script_text = emulator_.memory.empty() ? "" : emulator_.memory + text_of("sections.ld");
  RONDO_TRY(std::string image, link_program(objects, target_, script_text));
  RONDO_CHECK(write_files({{program, image}}));
  ::chmod(program.c_str(), 0755);

  std::vector<std::string> words = emulator_.command;
  if (runner_ != "qemu") words = {"/bin/sh", "-c", runner_ + " \"$0\""};
  words.push_back(program);
  RONDO_TRY(Finished finished, run_program(words, job.printed_bytes * 3 + kMostErrors));
  RONDO_TRY(std::string bytes, read_printed(finished.printed, job.printed_bytes));
  return cut(plan_, script, job, bytes);
}

}  // namespace rondo
