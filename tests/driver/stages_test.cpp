// The line that shows the stage on a terminal, through a pseudo-terminal; and that nothing of it goes anywhere else.
#include "driver/stages.h"

#include <doctest/doctest.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/driver/fixtures.h"

using namespace rondo::test;
using namespace std::chrono_literals;

namespace {

/// What a terminal receives on stderr from `work`, done in a process of its own.
template <class Work>
std::string on_terminal(const char* kind, Work work, int expected_exit_code = 0) {
  int master = -1, terminal = -1;
  REQUIRE(openpty(&master, &terminal, nullptr, nullptr, nullptr) == 0);
  const pid_t child = fork();
  if (child == 0) {
    setenv("TERM", kind, 1);
    dup2(terminal, STDERR_FILENO);
    close(master);
    work();
    _exit(0);
  }
  close(terminal);
  std::string text;
  char chunk[512];
  for (ssize_t got; (got = read(master, chunk, sizeof chunk)) > 0;) text.append(chunk, static_cast<size_t>(got));
  close(master);
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == expected_exit_code);
  return text;
}

void long_work() {
  rondo::Stages stages(false);
  stages.begin("read");
  std::this_thread::sleep_for(700ms);
  stages.end();
  stages.begin("generate");
  stages.end();
}

void short_work() {
  rondo::Stages stages(false);
  for (const char* stage : {"read", "generate"}) {
    stages.begin(stage);
    stages.end();
  }
}

/// What stands in the last line after all that was written.
std::string last_line(std::string text) {
  const size_t cleared = text.rfind("\r\033[K");
  return cleared == text.npos ? text : text.substr(cleared + 4);
}

}  // namespace

TEST_CASE("on a terminal, long work shows its stage in one line, which is gone in the end") {
  const std::string text = on_terminal("xterm", long_work);
  CAPTURE(text);
  CHECK(text.find("\r\033[Krondo: read ...") != text.npos);
  CHECK(text.find("\r\033[Krondo: generate ...") != text.npos);
  CHECK(text.find('\n') == text.npos);
  CHECK(last_line(text).empty());
}

TEST_CASE("short work shows nothing, and neither does a terminal that cannot take a line back") {
  CHECK(on_terminal("xterm", short_work).empty());
  CHECK(on_terminal("dumb", long_work).empty());
}

TEST_CASE("the program shows its stages on a terminal, and nothing in a pipe or a file") {
  const std::vector<std::string> command{program(), "bench", sample("sine.onnx"), "--dim=time=1", "--seconds=0.7"};
  const std::string text = on_terminal("xterm", [&] { become(command, open("/dev/null", O_WRONLY), 2, {}); });
  CAPTURE(text);
  CHECK(text.find("\r\033[Krondo: measure ...") != text.npos);
  CHECK(last_line(text).empty());
  const Outcome outcome = run(command);
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.errors.find("rondo: ") == outcome.errors.npos);
  CHECK(outcome.errors.find('\033') == outcome.errors.npos);
  CHECK(outcome.output.find('\033') == outcome.output.npos);
}

TEST_CASE("an error stands on a line of its own after the stage") {
  const std::string text = on_terminal(
      "xterm",
      [] {
        become({program(), "inspect", sample("absent.onnx")}, 1, 2, {});
      },
      1);
  CHECK(text.find("absent.onnx: error: ") != text.npos);
  CHECK(last_line(text).find("error") != text.npos);
}

TEST_CASE("--time-passes tells each stage once, with what it took") {
  const Outcome outcome =
      run({program(), "compile", sample("sine.onnx"), "-o", Folder() / "absent/sine.so", "--time-passes"});
  for (const char* stage : {"read ", "expand ", "fuse_gates ", "make_plan ", "generate ", "link "}) {
    CAPTURE(stage);
    const size_t at = outcome.errors.find(stage);
    REQUIRE(at != outcome.errors.npos);
    CHECK(outcome.errors.find(" ms", at) < outcome.errors.find('\n', at));
  }
}
