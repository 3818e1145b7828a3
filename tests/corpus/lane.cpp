// corpus_lane CHECK PROGRAM LIST [--write-exceptions]: runs one check of the program on every model of a list, each
// model in processes of its own, two at a time, and prints a line per failure and the counts. Models that the list names
// as unsupported must be refused as such; the other checks leave them out. Exit code 77 where the corpus is absent.
//
//   verify     rondo verify, on all data recorded beside the model
//   verify_short  the same with -O size
//   verify_sensitive  the same to 3e-4: models that make more of float32's rounding than the usual tolerance allows
//   refuse     rondo compile ends with an error that names the file and the place in it
//   artefacts  the object has no undefined symbol; the text of the plan, made from another folder, gives the same bytes;
//              the texts of the model and of the expanded graph give the same plan; the text of the optimised graph
//              gives the right numbers
//   bench      rondo bench times a call and each kernel
//
// --write-exceptions, with verify: the list then names what is refused as unsupported now, and nothing else.
#include <atomic>
#include <cstdio>
#include <cstring>
#include <map>
#include <sstream>
#include <thread>
#include <tuple>

#include "tests/corpus/lists.h"
#include "tests/corpus/structural.h"
#include "tests/elf_symbols.h"
#include "tests/process.h"

namespace fs = std::filesystem;
using namespace rondo::test;

namespace {

constexpr size_t kWorkers = 2;

struct Verdict {
  std::string problem;       // empty: passed
  bool unsupported = false;  // it was refused as such
};

using Check = Verdict (*)(const std::string& program, const fs::path& folder);

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

Verdict failed(const std::string& what, const Outcome& outcome) {
  std::string how =
      outcome.signal ? "signal " + std::to_string(outcome.signal) : "exit " + std::to_string(outcome.exit_code);
  std::string text = outcome.errors;
  for (size_t at = 0, end; at < outcome.output.size(); at = end + 1) {
    end = std::min(outcome.output.find('\n', at), outcome.output.size());
    std::string line = outcome.output.substr(at, end - at);
    if (has(line, "WRONG")) text += line + "\n";
  }
  const bool refused = outcome.exit_code == 1 && outcome.output.empty() && has(text, ": unsupported: ") &&
                       !has(text, ": internal error: ");
  return {what + ": " + how + "\n" + text, refused};
}

Verdict verify(const std::string& program, const fs::path& folder) {
  Outcome outcome = run({program, "verify", model_of(folder).string(), "--data", folder.string()});
  return outcome.exit_code == 0 ? Verdict{} : failed("verify", outcome);
}

Verdict verify_short(const std::string& program, const fs::path& folder) {
  Outcome outcome = run({program, "verify", model_of(folder).string(), "--data", folder.string(), "-O", "size"});
  return outcome.exit_code == 0 ? Verdict{} : failed("verify -O size", outcome);
}

Verdict verify_sensitive(const std::string& program, const fs::path& folder) {
  Outcome outcome = run({program, "verify", model_of(folder).string(), "--data", folder.string(), "--atol=3e-4"});
  return outcome.exit_code == 0 ? Verdict{} : failed("verify", outcome);
}

/// A folder that vanishes with what is in it.
struct Scratch {
  fs::path path;
  Scratch() {
    std::string text = (fs::temp_directory_path() / "rondo-lane.XXXXXX").string();
    path = mkdtemp(text.data());
  }
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
};

std::vector<std::string> with(std::vector<std::string> command, const std::vector<std::string>& options) {
  command.insert(command.end(), options.begin(), options.end());
  return command;
}

/// A plan's text without the places its steps came from, which are the lines of a text that was read.
std::string without_places(const std::string& plan) {
  std::istringstream lines(plan);
  std::string text;
  for (std::string line; std::getline(lines, line);) {
    const std::string word = line.substr(std::min(line.find_first_not_of(' '), line.size()));
    const size_t place = line.find(" @ \"");
    const bool step = word.starts_with("kernel ") || word.starts_with("loop ") || word.starts_with("choice ") ||
                      word.starts_with("measure ");
    if (step && place != std::string::npos) line.erase(place, line.rfind('"') + 1 - place);
    text += line + "\n";
  }
  return text;
}

/// The model's texts beside its object and header, which are in `scratch`. The plan is asked for by way of another folder, and its text compiles to the
/// same bytes; texts of the levels above lead to the same plan, and so to the same bytes again. Passes that see an
/// optimised graph again may find more to do: there the numbers must stay.
class Texts {
 public:
  Texts(const std::string& program, const fs::path& folder, const Scratch& scratch, const Structural& structural)
      : program_(program), folder_(folder), scratch_(scratch), structural_(structural) {
    fs::create_directory_symlink(folder, scratch.path / "elsewhere");
  }

  Verdict check() {
    const fs::path elsewhere = scratch_.path / "elsewhere" / model_of(folder_).filename();
    for (const auto& [name, option, model] : {std::tuple("plan", "--level=plan", elsewhere),
                                              std::tuple("model", "--level=model", model_of(folder_)),
                                              std::tuple("expanded", "--after=expand", model_of(folder_)),
                                              std::tuple("core", "--level=core", model_of(folder_))}) {
      const Outcome outcome =
          run(with({program_, "inspect", model.string(), option, "-o", text(name)}, structural_.options));
      if (outcome.exit_code != 0) return failed(std::string("inspect ") + option, outcome);
    }
    for (const auto& step : {&Texts::same_object, &Texts::same_plans, &Texts::same_numbers})
      if (Verdict verdict = (this->*step)(); !verdict.problem.empty()) return verdict;
    return {};
  }

 private:
  std::string text(const std::string& name) const { return (scratch_.path / (name + ".rir")).string(); }

  Verdict same_object() {
    const std::string again = (scratch_.path / "again").string(), first = (scratch_.path / "model").string();
    const Outcome outcome = run({program_, "compile", text("plan"), "-o", again + ".o"});
    if (outcome.exit_code != 0) return failed("compile plan.rir", outcome);
    for (const char* ending : {".o", ".h"})
      if (read_all(again + ending) != read_all(first + ending))
        return {std::string("compiled from plan.rir, the ") + ending + " differs\n"};
    return {};
  }

  Verdict same_plans() {
    for (const char* name : {"model", "expanded"}) {
      const Outcome outcome = run({program_, "inspect", text(name), "--level=plan", "-o", text("plan2")});
      if (outcome.exit_code != 0) return failed(std::string("inspect --level=plan of ") + name + ".rir", outcome);
      if (without_places(read_all(text("plan2"))) != without_places(read_all(text("plan"))))
        return {std::string("from ") + name + ".rir, the plan differs\n"};
    }
    return {};
  }

  Verdict same_numbers() {
    const Outcome outcome = run({program_, "verify", text("core"), "--data", structural_.data.string()});
    return outcome.exit_code == 0 ? Verdict{} : failed("verify core.rir", outcome);
  }

  const std::string& program_;
  const fs::path folder_;
  const Scratch& scratch_;
  const Structural& structural_;
};

Verdict artefacts(const std::string& program, const fs::path& folder) {
  Scratch scratch;
  const std::string made = (scratch.path / "model.o").string();
  Structural structural{.data = folder};
  auto compile = [&] {
    return run(with({program, "compile", model_of(folder).string(), "-o", made}, structural.options));
  };
  Outcome outcome = compile();
  if (outcome.exit_code != 0) {  // it may want what the recording has
    structural = find_structural(program, folder, scratch.path);
    if (!structural.problem.empty()) return {structural.problem};
    outcome = compile();
    if (outcome.exit_code != 0) return failed("compile", outcome);
  }
  auto undefined = undefined_symbols(read_all(made));
  if (!undefined) return {"the object has no readable symbol table\n"};
  if (!undefined->empty()) return {"undefined symbol " + undefined->front() + "\n"};
  return Texts(program, folder, scratch, structural).check();
}

Verdict refuse(const std::string& program, const fs::path& folder) {
  Scratch scratch;
  const std::string model = model_of(folder).string();
  Outcome outcome = run({program, "compile", model, "-o", (scratch.path / "model.o").string()});
  if (outcome.exit_code != 1) return failed("compile", outcome);
  if (!has(outcome.errors, (model + ":").c_str()) || !has(outcome.errors, ": /")) return {"the message names no place\n" + outcome.errors};
  if (has(outcome.errors, "internal error")) return {outcome.errors};
  return {fs::is_empty(scratch.path) ? "" : "something was left behind\n"};
}

/// On the first recorded inputs.
Verdict bench(const std::string& program, const fs::path& folder) {
  const fs::path model = model_of(folder);
  std::vector<std::string> command{program, "bench", model.string(), "--seconds=0.01"};
  const std::vector<std::string> names = input_names(program, model);
  for (size_t i = 0; i < names.size(); ++i)
    command.push_back("--input=" + names[i] + "=" +
                      (folder / "test_data_set_0" / ("input_" + std::to_string(i) + ".pb")).string());
  const Outcome outcome = run(command);
  if (outcome.exit_code != 0) return failed("bench", outcome);
  return {has(outcome.output, "GFLOP/s") ? "" : "no table\n"};
}

const std::map<std::string, Check> kChecks{{"verify", verify},
                                           {"verify_short", verify_short},
                                           {"verify_sensitive", verify_sensitive},
                                           {"refuse", refuse},
                                           {"artefacts", artefacts},
                                           {"bench", bench}};

std::vector<Verdict> run_all(Check check, const std::string& program, const std::vector<fs::path>& folders) {
  std::vector<Verdict> verdicts(folders.size());
  std::atomic<size_t> next = 0;
  auto work = [&] {
    for (size_t i; (i = next++) < folders.size();) verdicts[i] = check(program, folders[i]);
  };
  std::vector<std::thread> workers;
  for (size_t i = 0; i < kWorkers; ++i) workers.emplace_back(work);
  for (std::thread& worker : workers) worker.join();
  return verdicts;
}

/// What is wrong with a verdict, given what the list says of the model.
std::string judge(const Verdict& verdict, bool exception) {
  if (!exception) return verdict.problem;
  if (verdict.problem.empty()) return "passes, and the list names it as unsupported\n";
  return verdict.unsupported ? "" : "is not refused as unsupported: " + verdict.problem;
}

}  // namespace

int main(int argc, char** argv) {
  const bool write = argc == 5 && std::strcmp(argv[4], "--write-exceptions") == 0 && std::strcmp(argv[1], "verify") == 0;
  if ((argc != 4 && !write) || !kChecks.count(argv[1])) {
    std::fputs("usage: corpus_lane verify|verify_short|verify_sensitive|refuse|artefacts|bench PROGRAM LIST [--write-exceptions]\n", stderr);
    return 2;
  }
  const fs::path corpus = corpus_folder();
  if (corpus.empty()) {
    std::puts("SKIP: no corpus at $RONDO_CORPUS or ../shared/corpus");
    return kSkip;
  }
  const bool verifying = std::strcmp(argv[1], "verify") == 0;
  List list = read_list(argv[3], corpus);
  if (!verifying) std::erase_if(list.folders, [&](const fs::path& folder) { return list.unsupported.count(folder); });
  const std::vector<Verdict> verdicts = run_all(kChecks.at(argv[1]), argv[2], list.folders);
  int passed = 0, refused = 0, bad = 0;
  std::set<std::string> exceptions;
  for (size_t i = 0; i < verdicts.size(); ++i) {
    const std::string name = fs::relative(list.folders[i], corpus).string();
    if (verdicts[i].unsupported) exceptions.insert(name);
    const bool exception = write ? verdicts[i].unsupported : verifying && list.unsupported.count(list.folders[i]);
    const std::string problem = judge(verdicts[i], exception);
    (!problem.empty() ? bad : exception ? refused : passed)++;
    if (!problem.empty()) std::printf("FAIL %s: %s", name.c_str(), problem.c_str());
  }
  if (write && !write_exceptions(argv[3], exceptions)) return 1;
  std::printf("%s %s: %d models passed, %d refused as the list says, %d failed\n", argv[1],
              fs::path(argv[3]).stem().c_str(), passed, refused, bad);
  return bad == 0 && passed > 0 ? 0 : 1;
}
