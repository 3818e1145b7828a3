// corpus_lane CHECK PROGRAM LIST: runs one check of the program on every model of a list, each model in processes of
// its own, and prints a line per failure and the counts. Exit code 77 where the corpus is absent.
//
//   verify     rondo verify, on all data recorded beside the model
//   verify_sensitive  the same to 3e-4: models that make more of float32's rounding than the usual tolerance allows
//   refuse     rondo compile ends with an error that names the file and the place in it
//   artefacts  the object has no undefined symbol; another folder gives the same bytes; so does the text of the model,
//   of
//              the expanded graph and of the plan, read back; the text of the optimised graph gives the right numbers
//   bench      rondo bench times a call and each kernel
#include <cstdio>
#include <functional>
#include <map>

#include "tests/corpus/lists.h"
#include "tests/elf_symbols.h"
#include "tests/process.h"

namespace fs = std::filesystem;
using namespace rondo::test;

namespace {

using Check = std::string (*)(const std::string& program, const fs::path& folder);  // empty: passed

std::string failed(const std::string& what, const Outcome& outcome) {
  std::string how =
      outcome.signal ? "signal " + std::to_string(outcome.signal) : "exit " + std::to_string(outcome.exit_code);
  std::string text = outcome.errors;
  for (size_t at = 0, end; at < outcome.output.size(); at = end + 1) {
    end = std::min(outcome.output.find('\n', at), outcome.output.size());
    std::string line = outcome.output.substr(at, end - at);
    if (line.find("WRONG") != std::string::npos) text += line + "\n";
  }
  return what + ": " + how + "\n" + text;
}

std::string verify(const std::string& program, const fs::path& folder) {
  Outcome outcome = run({program, "verify", model_of(folder).string(), "--data", folder.string()});
  return outcome.exit_code == 0 ? "" : failed("verify", outcome);
}

std::string verify_sensitive(const std::string& program, const fs::path& folder) {
  Outcome outcome = run({program, "verify", model_of(folder).string(), "--data", folder.string(), "--atol=3e-4"});
  return outcome.exit_code == 0 ? "" : failed("verify", outcome);
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

std::string artefacts(const std::string& program, const fs::path& folder) {
  Scratch scratch;
  fs::create_directory_symlink(folder, scratch.path / "elsewhere");
  const std::string first = (scratch.path / "model.o").string(), second = (scratch.path / "model2.o").string();
  auto compile = [&](const std::string& model, const std::string& out) {
    return run({program, "compile", model, "-o", out});
  };
  Outcome outcome = compile(model_of(folder).string(), first);
  if (outcome.exit_code != 0) return failed("compile", outcome);
  const std::string object = read_all(first);
  auto undefined = undefined_symbols(object);
  if (!undefined) return "the object has no readable symbol table\n";
  if (!undefined->empty()) return "undefined symbol " + undefined->front() + "\n";

  outcome = compile((scratch.path / "elsewhere" / model_of(folder).filename()).string(), second);
  if (outcome.exit_code != 0) return failed("compile from elsewhere", outcome);
  if (read_all(second) != object) return "compiled from another folder, the object differs\n";
  if (read_all((scratch.path / "model.h").string()) != read_all((scratch.path / "model2.h").string()))
    return "compiled from another folder, the header differs\n";

  const std::pair<const char*, const char*> texts[] = {
      {"model", "--level=model"}, {"expanded", "--after=expand"}, {"core", "--level=core"}, {"plan", "--level=plan"}};
  for (const auto& [name, option] : texts) {
    const std::string text = (scratch.path / (std::string(name) + ".rir")).string();
    outcome = run({program, "inspect", model_of(folder).string(), option, "-o", text});
    if (outcome.exit_code != 0) return failed(std::string("inspect ") + option, outcome);
    if (std::string(name) == "core") {  // passes that see it again may find more to do: the numbers must stay
      outcome = run({program, "verify", text, "--data", folder.string()});
      if (outcome.exit_code != 0) return failed("verify core.rir", outcome);
      continue;
    }
    outcome = compile(text, second);
    if (outcome.exit_code != 0) return failed(std::string("compile ") + name + ".rir", outcome);
    if (read_all(second) != object) return std::string("compiled from ") + name + ".rir, the object differs\n";
  }
  return "";
}

std::string refuse(const std::string& program, const fs::path& folder) {
  Scratch scratch;
  const std::string model = model_of(folder).string();
  Outcome outcome = run({program, "compile", model, "-o", (scratch.path / "model.o").string()});
  if (outcome.exit_code != 1) return failed("compile", outcome);
  if (outcome.errors.find(model + ": /") == std::string::npos) return "the message names no place\n" + outcome.errors;
  if (outcome.errors.find("internal error") != std::string::npos) return outcome.errors;
  return fs::is_empty(scratch.path) ? "" : "something was left behind\n";
}

/// Dimensions that only data would tell become 2.
std::string bench(const std::string& program, const fs::path& folder) {
  std::vector<std::string> command{program, "bench", model_of(folder).string(), "--seconds=0.01"};
  Outcome outcome = run(command);
  const std::string asks = "the data do not tell the dimensions ", end = "; fix them";
  if (size_t at = outcome.errors.find(asks); at != std::string::npos) {
    std::string names = outcome.errors.substr(at + asks.size());
    names = names.substr(0, names.find(end)) + ", ";
    for (size_t begin = 0, comma; (comma = names.find(", ", begin)) != std::string::npos; begin = comma + 2)
      command.push_back("--dim=" + names.substr(begin, comma - begin) + "=2");
    outcome = run(command);
  }
  if (outcome.exit_code != 0) return failed("bench", outcome);
  return outcome.output.find("GFLOP/s") == std::string::npos ? "no table\n" : "";
}

const std::map<std::string, Check> kChecks{{"verify", verify},
                                           {"verify_sensitive", verify_sensitive},
                                           {"refuse", refuse},
                                           {"artefacts", artefacts},
                                           {"bench", bench}};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4 || !kChecks.count(argv[1])) {
    std::fputs("usage: corpus_lane verify|verify_sensitive|refuse|artefacts|bench PROGRAM LIST\n", stderr);
    return 2;
  }
  const fs::path corpus = corpus_folder();
  if (corpus.empty()) {
    std::puts("SKIP: no corpus at $RONDO_CORPUS or ../shared/corpus");
    return kSkip;
  }
  const List list = read_list(argv[3], corpus);
  int passed = 0, bad = 0;
  for (const fs::path& folder : list.folders) {
    std::string problem = kChecks.at(argv[1])(argv[2], folder);
    (problem.empty() ? passed : bad)++;
    if (!problem.empty()) std::printf("FAIL %s: %s", fs::relative(folder, corpus).c_str(), problem.c_str());
    std::fflush(stdout);
  }
  std::printf("%s %s: %d models passed, %d failed\n", argv[1], fs::path(argv[3]).stem().c_str(), passed, bad);
  if (list.expected >= 0 && list.expected != static_cast<int>(list.folders.size())) {
    std::printf("FAIL: the list gives %zu models, where it expects %d\n", list.folders.size(), list.expected);
    return 1;
  }
  return bad == 0 && passed > 0 ? 0 : 1;
}
