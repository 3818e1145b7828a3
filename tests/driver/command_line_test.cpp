// Exit codes, and what stands on which stream.
#include <doctest/doctest.h>

#include "tests/driver/fixtures.h"

using namespace rondo::test;

TEST_CASE("help and version are on stdout with exit code 0") {
  for (const char* command : {"compile", "run", "verify", "inspect", "bench", "targets"}) {
    CAPTURE(command);
    Outcome outcome = run({program(), command, "--help"});
    CHECK(outcome.exit_code == 0);
    CHECK(outcome.output.find("Example: rondo " + std::string(command)) != std::string::npos);
    CHECK(outcome.errors.empty());
  }
  CHECK(run({program(), "--help"}).exit_code == 0);
  Outcome version = run({program(), "--version"});
  CHECK(version.exit_code == 0);
  CHECK(version.output.starts_with("rondo "));
}

TEST_CASE("wrong usage is exit code 2 with a word on stderr") {
  const std::string sine = sample("sine.onnx");
  const std::vector<std::vector<std::string>> wrong{
      {},
      {"nonsense"},
      {"compile"},
      {"compile", sine},
      {"compile", sine, "-o", "x.o", "--nonsense"},
      {"compile", sine, "-o", "x.o", "--dim=time"},
      {"compile", sine, "-o", "x.o", "--dim=time=0"},
      {"compile", sine, "-o", "x.o", "--dim=time=1x"},
      {"compile", sine, "-o", "x.o", "--dim=time=1", "--dim=time=2"},
      {"compile", sine, "-o", "x.o", "--name=no-identifier"},
      {"compile", sine, "-o", "x.o", "--emit=exe"},
      {"compile", sine, "-o", "x.o", "--without=nonsense"},
      {"compile", sine, "-o", "x.o", "--unroll=perhaps"},
      {"compile", sine, "-o", "x.o", "--weights=f8"},
      {"compile", sine, "-o", "x.o", "--weights=full"},
      {"compile", sine, "-o", "x.o", "--math=inexact"},
      {"verify", sine},
      {"inspect", sine, "--level=source"},
      {"inspect", sine, "--after=remove_dead", "--after-all"},
  };
  for (const auto& arguments : wrong) {
    std::vector<std::string> command{program()};
    command.insert(command.end(), arguments.begin(), arguments.end());
    Outcome outcome = run(command);
    CAPTURE(arguments.size());
    CAPTURE(outcome.errors);
    CHECK(outcome.exit_code == 2);
    CHECK(!outcome.errors.empty());
    CHECK(outcome.output.empty());
  }
}

TEST_CASE("a mistyped command is told the one that was perhaps meant") {
  CHECK(run({program(), "inspct"}).errors == "error: 'inspct' is no command; did you mean 'inspect'?\n");
  CHECK(run({program(), "nonsense"}).errors == "error: 'nonsense' is no command; 'rondo --help' lists them\n");
}

TEST_CASE("work that fails is exit code 1, and the message names the file") {
  Folder folder;
  const std::string damaged = folder.write("damaged.onnx", "not a model");
  const std::string unknown = folder.write("model.txt", "not a model");
  const std::string text = folder.write("damaged.rir", "graph {{{");
  for (const std::string& model : {damaged, unknown, text, folder / "absent.onnx"}) {
    CAPTURE(model);
    Outcome outcome = run({program(), "compile", model, "-o", folder / "out.o"});
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.errors.find(model + ":") != std::string::npos);
    CHECK(!std::filesystem::exists(folder / "out.o"));
  }
}

TEST_CASE("unknown names are errors that list the known ones") {
  Folder folder;
  const std::string sine = sample("sine.onnx"), out = folder / "out.o";
  auto fails = [&](const std::string& option, const std::string& listed) {
    Outcome outcome = run({program(), "compile", sine, "-o", out, option});
    CAPTURE(option);
    CAPTURE(outcome.errors);
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.errors.find(listed) != std::string::npos);
  };
  fails("--dim=batch=3", "time");
  fails("--state=h=hn", "h0");
  fails("--state=h0=h", "hn");
  fails("--const=h=0", "h0");
  fails("--target=pdp11", "");
  CHECK(folder.file_count() == 0);
}

TEST_CASE("targets are listed by name") {
  Outcome outcome = run({program(), "targets"});
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.output.find("cortex-m4") != std::string::npos);
}
