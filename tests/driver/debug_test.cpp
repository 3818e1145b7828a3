// compile -g: what debuggers and profilers read refers to lines of the plan's text. Read back with LLVM's tools and gdb,
// which are not rondo's; skipped, loudly, where they are missing.
#include <doctest/doctest.h>

#include <sstream>

#include "driver/process.h"
#include "tests/driver/fixtures.h"

using namespace rondo::test;

namespace {

constexpr const char* kDwarfdump = "llvm-dwarfdump-19";

/// Whether there is such a program; said where there is none.
bool has(const std::string& name) {
  const bool there = !rondo::find_program({name}).empty();
  if (!there) MESSAGE("SKIPPED: needs ", name);
  return there;
}

Outcome run_tool(std::vector<std::string> command) {
  command.insert(command.begin(), "/usr/bin/env");
  return run(command);
}

void compile(const std::string& out, const std::vector<std::string>& options = {}) {
  std::vector<std::string> command =
      with_state({program(), "compile", sample("sine.onnx"), "-o", out, "--dim=time=1"});
  command.insert(command.end(), options.begin(), options.end());
  const Outcome outcome = run(command);
  CAPTURE(outcome.errors);
  REQUIRE(outcome.exit_code == 0);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// The number, from 1, of the first line with these words.
int line_with(const std::string& text, const std::string& words) {
  const std::vector<std::string> lines = lines_of(text);
  for (size_t i = 0; i < lines.size(); ++i)
    if (lines[i].find(words) != std::string::npos) return static_cast<int>(i) + 1;
  FAIL("no line with ", words, " in ", text);
  return 0;
}

struct Row {
  std::string address;
  int line;
};

/// The rows of the line table that begin statements.
std::vector<Row> line_table(const std::string& object) {
  std::vector<Row> rows;
  for (const std::string& line : lines_of(run_tool({kDwarfdump, "--debug-line", object}).output)) {
    Row row;
    std::istringstream words(line);
    if (line.starts_with("0x") && line.find("is_stmt") != std::string::npos && words >> row.address >> row.line)
      rows.push_back(row);
  }
  return rows;
}

}  // namespace

TEST_CASE("addresses lead to the lines of the plan that they compute") {
  if (!has(kDwarfdump) || !has("llvm-symbolizer-19")) return;
  Folder folder;
  compile(folder / "sine.so", {"-g"});
  const std::string plan = read_all(folder / "sine.plan");
  const std::vector<std::string> text = lines_of(plan);
  CHECK(text.at(0) == "plan \"sine\" {");
  std::string reduces, stores;  // addresses
  for (const Row& row : line_table(folder / "sine.so")) {
    if (row.line == 0) continue;
    REQUIRE(row.line <= static_cast<int>(text.size()));
    const std::string& line = text[row.line - 1];
    // Nothing executes in lines that describe.
    for (const char* words : {" buffer ", " input ", " output ", " state ", " memory ", "#"})
      CHECK_MESSAGE(line.find(words) == std::string::npos, line);
    if (reduces.empty() && line.find("reduce sum") != std::string::npos) reduces = row.address;
    if (stores.empty() && line.find(" store ") != std::string::npos) stores = row.address;
    if (row.address != reduces && row.address != stores) continue;
    const Outcome outcome = run_tool({"llvm-symbolizer-19", "--obj=" + (folder / "sine.so"), row.address});
    CHECK_MESSAGE(outcome.output.find("sine.plan:" + std::to_string(row.line) + ":") != std::string::npos,
                  outcome.output);
  }
  CHECK(!reduces.empty());
  CHECK(!stores.empty());
}

TEST_CASE("the tables are well-formed for every kind of object, and name no folder") {
  Folder folder, other;
  for (const char* target : {"x86-64-v3", "cortex-m4", "aarch64", "rv32imc", "aarch64-macos"}) {
    CAPTURE(target);
    compile(folder / "sine.o", {"-g", std::string("--target=") + target});
    compile(other / "sine.o", {"-g", std::string("--target=") + target});
    CHECK(read_all(folder / "sine.o") == read_all(other / "sine.o"));
    CHECK(read_all(folder / "sine.o").find(folder.path()) == std::string::npos);
    if (!has(kDwarfdump)) continue;
    const Outcome outcome = run_tool({kDwarfdump, "--verify", "--error-display=full", folder / "sine.o"});
    CHECK_MESSAGE(outcome.exit_code == 0, outcome.output);
    CHECK(!line_table(folder / "sine.o").empty());
  }
  compile(folder / "sine.o", {"-g", "--target=x86-64-windows"});  // CodeView
  CHECK(read_all(folder / "sine.o").find("sine.plan") != std::string::npos);
}

TEST_CASE("debug information changes no instruction; without -g there is none") {
  if (!has("llvm-objcopy-19")) return;
  Folder folder;
  std::string code[2];
  for (int debug : {0, 1}) {
    const std::string object = folder / "sine.o";
    compile(object, debug ? std::vector<std::string>{"-g"} : std::vector<std::string>{});
    CHECK(std::filesystem::exists(folder / "sine.plan") == (debug == 1));
    CHECK((read_all(object).find("debug_line") != std::string::npos) == (debug == 1));
    REQUIRE(run_tool({"llvm-objcopy-19", "-O", "binary", "--only-section=.text", object, folder / "text"}).exit_code == 0);
    code[debug] = read_all(folder / "text");
  }
  CHECK(code[0].size() > 100);
  CHECK(code[0] == code[1]);
}

TEST_CASE("gdb stops at a line of the plan and shows it") {
  if (!has("gdb")) return;
  Folder folder;
  compile(folder / "sine.so", {"-g"});
  const std::string source = folder.write("use.c", R"(#include "sine.h"
_Alignas(RONDO_ALIGNMENT) char state[SINE_STATE_BYTES], scratch[SINE_SCRATCH_BYTES + 1];
int main(void) { float x = 0.5f, y; sine_reset(state, NULL); return sine_step(state, &x, &y, scratch); }
)");
  const Outcome built = run({RONDO_C_COMPILER, "-I" + folder.path(), source, folder / "sine.so",
                             "-Wl,-rpath," + folder.path(), "-o", folder / "use"});
  REQUIRE_MESSAGE(built.exit_code == 0, built.errors);
  const std::string plan = read_all(folder / "sine.plan");
  const int line = line_with(plan, "reduce sum");
  const std::string where = "sine.plan:" + std::to_string(line);
  const Outcome outcome =
      run_tool({"gdb", "-nx", "-batch", "-ex", "set debuginfod enabled off", "-ex", "set breakpoint pending on", "-ex",
           "directory " + folder.path(), "-ex", "break " + where, "-ex", "run", "-ex", "info line", folder / "use"});
  CAPTURE(outcome.output);
  CAPTURE(outcome.errors);
  if (outcome.errors.find("ptrace") != std::string::npos) {
    MESSAGE("SKIPPED: this machine lets no debugger run");
    return;
  }
  CHECK(outcome.output.find(" at " + where) != std::string::npos);
  CHECK(outcome.output.find(std::to_string(line) + "\t" + lines_of(plan)[line - 1]) != std::string::npos);
}
